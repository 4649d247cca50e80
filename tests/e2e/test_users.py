"""Users: read, changed, deleted, by themselves and by those who may."""
import contextlib
import sqlite3
import threading
import time

import pytest
from support.mail import Mailbox
from support.parallel import at_once
from support.people import OTHER_PASSWORD, PASSWORD, Person, fresh_email, fresh_name, login, person, register
from support.roles import run_ok

ME = "/api/v1/users/me"


def with_role(house, role):
    someone = person(house)
    run_ok(house, "role", "assign", someone.username, role)
    return someone


def test_a_patch_changes_what_it_names(ada):
    before = ada.me()
    answer = ada.request("PATCH", ME, json={"display_name": "Ada Lovelace", "locale": "en-GB"})
    assert answer.status == 200
    changed = answer.json()
    assert (changed["display_name"], changed["locale"], changed["username"]) == ("Ada Lovelace", "en-GB", ada.username)
    assert changed["version"] == before.json()["version"] + 1 and answer.header("etag") != before.header("etag")
    assert ada.me().json() == changed


def test_an_empty_patch_changes_nothing(ada):
    before = ada.me()
    answer = ada.request("PATCH", ME, json={})
    assert answer.status == 200 and answer.json() == before.json() and answer.header("etag") == before.header("etag")


def test_an_etag_spares_the_body(ada):
    etag = ada.me().header("etag")
    for value in (etag, f'"x", {etag}', "*", f"W/{etag}"):
        answer = ada.me(headers={"If-None-Match": value})
        assert answer.status == 304 and answer.header("etag") == etag, value
    assert ada.me(headers={"If-None-Match": '"x"'}).status == 200


def test_if_match_lets_the_first_writer_win(ada):
    etag = ada.me().header("etag")
    answers = at_once(20, lambda i: ada.request("PATCH", ME, json={"display_name": f"name {i}"}, headers={"If-Match": etag}))
    assert sorted(a.status for a in answers) == [200] + [412] * 19
    assert ada.request("PATCH", ME, json={"display_name": "x"}, headers={"If-Match": "*"}).status == 200
    assert ada.request("PATCH", ME, json={"display_name": "y"}, headers={"If-Match": '"none"'}).status == 412
    assert ada.request("PATCH", ME, json={"display_name": "y"}, headers={"If-Match": "7"}).status == 400


def test_a_new_username_frees_the_old_one(house, ada):
    old, new = ada.username, fresh_name("lovelace")
    assert ada.request("PATCH", ME, json={"username": new}).status == 200
    assert login(house, new, PASSWORD).status == 200 and login(house, old, PASSWORD).status == 401
    assert register(house, old).status == 201
    taken = ada.request("PATCH", ME, json={"username": old})
    assert (taken.status, taken.code) == (409, "username_taken")


def test_only_the_spelling_of_ones_own_name_may_change(house, ada):
    answer = ada.request("PATCH", ME, json={"username": ada.username.title()})
    assert answer.status == 200 and answer.json()["username"] == ada.username.title()
    assert login(house, ada.username, PASSWORD).status == 200


def test_S92_S93_others_are_closed_without_the_permission(house, ada):
    eve = person(house)
    path = f"/api/v1/users/{ada.id}"
    body = {"username": ada.username, "display_name": "hacked", "locale": ""}
    assert eve.get(path).status == 403 and eve.request("PUT", path, json=body).status == 403
    nobody = "/api/v1/users/0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e"
    assert eve.get(nobody).status == 403, "and do not say who exists"
    assert ada.get(path).status == 200 and ada.me().json()["display_name"] == ""


def test_an_admin_reads_and_writes_others(house, ada):
    admin = with_role(house, "admin")
    path = f"/api/v1/users/{ada.id}"
    read = admin.get(path)
    assert read.status == 200 and read.json() == ada.me().json()
    assert admin.get(path, headers={"If-None-Match": read.header("etag")}).status == 304
    body = {"username": fresh_name("renamed"), "display_name": "Countess", "locale": "en-GB"}
    assert admin.request("PUT", path, json=body, headers={"If-Match": '"0"'}).status == 412
    written = admin.request("PUT", path, json=body, headers={"If-Match": read.header("etag")})
    assert written.status == 200 and written.json().items() >= body.items()
    assert admin.request("PUT", path, json={**body, "username": admin.username}).status == 409
    missing = admin.get("/api/v1/users/0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e")
    assert (missing.status, missing.code) == (404, "user_not_found")
    assert admin.request("PUT", "/api/v1/users/0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e", json=body).status == 404


def test_S57_S96_a_role_taken_away_counts_at_the_next_request(house, ada):
    admin, path = with_role(house, "admin"), f"/api/v1/users/{ada.id}"
    with_role(house, "admin")  # so that the first is not the last
    connections = [house.client(keeps=True) for _ in range(8)]
    assert {c.get(path, token=admin.access).status for c in connections} == {200}
    run_ok(house, "role", "remove", admin.username, "admin")
    assert {c.get(path, token=admin.access).status for c in connections} == {403}


@pytest.mark.parametrize("user_id", ["42", "..%2fadmin", "%2e%2e", "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5", "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e%00",
                                     "{0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e}", "0192f3a47c1e7b529d3e5f1a2b3c4d5e", "'%20OR%201=1--", "me%2f"])
def test_S63_S97_an_id_that_is_no_uuid_is_refused(ada, user_id):
    assert ada.get(f"/api/v1/users/{user_id}").status in (400, 404)
    assert ada.get("/api/v1/users/42").code == "malformed_id"


def test_a_change_is_seen_on_every_shard_at_once(house, ada):
    """S-110, flow 4: each connection is on a shard of the kernel's choosing; none may answer with what was."""
    connections = [house.client(keeps=True) for _ in range(12)]
    for round_number in range(25):
        name = f"round {round_number}"
        assert connections[0].patch(ME, {"display_name": name}, token=ada.access).status == 200
        assert {c.get(ME, token=ada.access).json()["display_name"] for c in connections} == {name}


def test_a_fill_that_races_a_change_does_not_bring_the_old_value_back(house, ada):
    stop = threading.Event()
    behind = []
    done = {"version": 1}

    def read(_):
        client = house.client(keeps=True)
        while not stop.is_set():
            least = done["version"]
            version = client.get(ME, token=ada.access).json()["version"]
            if version < least:
                behind.append((least, version))

    readers = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    for reader in readers:
        reader.start()
    for index in range(60):
        done["version"] = ada.request("PATCH", ME, json={"display_name": f"v{index}"}).json()["version"]
    stop.set()
    for reader in readers:
        reader.join()
    assert not behind, behind[:3]


@pytest.mark.parametrize("body, field", [({"display_name": "x" * 101}, "display_name"), ({"display_name": "a\u0000b"}, "display_name"),
                                         ({"display_name": "a\nb"}, "display_name"), ({"locale": "not a locale"}, "locale"),
                                         ({"locale": "x" * 40}, "locale"), ({"username": "a"}, "username"), ({"username": None}, "username"),
                                         ({"display_name": 7}, "display_name"), ({"email": "x@example.com"}, "email"), ({"status": "active"}, "status")])
def test_S94_a_field_that_may_not_be_so_is_named(ada, body, field):
    answer = ada.request("PATCH", ME, json=body)
    assert answer.status == 422 and list(answer.field_codes) == [field], answer


def test_a_put_names_every_field(ada):
    answer = ada.request("PUT", f"/api/v1/users/{ada.id}", json={"username": ada.username})
    assert answer.status == 422 and answer.field_codes == {"display_name": "required", "locale": "required"}


def test_deleting_an_account_ends_everything_of_it(house, ada):
    other = ada.login()
    assert ada.request("DELETE", ME, headers={"If-Match": '"0"'}).status == 412
    assert ada.request("DELETE", ME, headers={"If-Match": ada.me().header("etag")}).status == 204
    assert ada.me().status == 401 and other.me().status == 401 and other.refresh().status == 401
    assert login(house, ada.username, PASSWORD).status == 401
    newcomer = register(house, ada.username)
    assert newcomer.status == 201 and newcomer.json()["user"]["id"] != ada.id


def test_erasure_leaves_no_readable_trace(own_house):
    """The name, the address, the codes and what the client called itself are gone from every file, although others use
    the house; what events hold can no longer be decrypted."""
    house = own_house()
    name, address, agent = fresh_name("ephemera"), "ephemera.trace@example.com", "EphemeralBrowser/47"
    answer = register(house, name, email=address, headers={"user-agent": agent})
    someone = Person(house, answer.json()["user"], answer.json()["tokens"], PASSWORD)
    neighbour, over = person(house), threading.Event()
    someone.request("PATCH", ME, json={"display_name": "Ephemera Traceable"})
    Mailbox(house).wait_for(address)
    assert someone.request("DELETE", ME).status == 204

    def traces():
        left = {}
        for path in (p for p in house.data.rglob("*") if p.is_file() and p.suffix != ".eml"):
            content = path.read_bytes()
            found = [w for w in (name, address, agent, "Ephemera Traceable") if w.encode() in content]
            if found:
                left[path.name] = found
        return left

    def use_it():
        while not over.wait(0.1):
            neighbour.rotate()

    trickle = threading.Thread(target=use_it)
    trickle.start()
    until = time.monotonic() + 5  # the roles hear of it one after another, and none needs a stop for it
    while traces() and time.monotonic() < until:
        time.sleep(0.1)
    found = traces()
    over.set()
    trickle.join()
    assert not found, found
    house.stop()
    assert not traces(), traces()


def test_a_password_that_waits_to_be_hashed_does_not_outlive_its_user(own_house):
    house = own_house({"password": {"hash_threads": 1, "hash_wait_ms": 60000}})
    people, over = [person(house) for _ in range(4)], threading.Event()

    def change(someone):
        return someone.request("PUT", f"{ME}/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD})

    def run(index):
        if index < 6:
            while not over.is_set():
                login(house, fresh_name(), PASSWORD)
        elif index == 6:
            try:
                return at_once(4, lambda i: change(people[i]).status)
            finally:
                over.set()
        else:
            time.sleep(0.5)
            return [someone.request("DELETE", ME).status for someone in people]

    answers = at_once(8, run)
    assert answers[7] == [204] * 4 and set(answers[6]) <= {204, 401, 403, 404}, answers
    with contextlib.closing(sqlite3.connect(f"file:{house.data / 'credential.db'}?mode=ro", uri=True)) as database:
        assert database.execute("SELECT count(*) FROM passwords").fetchone() == (0,)


def test_the_last_admin_cannot_go(own_house):
    house = own_house()
    first, second = with_role(house, "admin"), with_role(house, "admin")
    answers = at_once(2, lambda i: (first, second)[i].request("DELETE", ME))
    assert sorted(a.status for a in answers) == [204, 409], "S-96: the race leaves one"
    last = first if answers[0].status == 409 else second
    assert house.cli("role", "remove", last.username, "admin").returncode != 0
    assert last.request("DELETE", ME).code == "last_admin"


def test_a_mail_address_is_not_a_username(house):
    for name in (fresh_email(), "ada@"):
        assert register(house, name).status == 422
