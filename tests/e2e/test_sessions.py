"""Sessions: listed to their owner, ended one by one or all but one, at once and everywhere."""
import pytest
from support.parallel import at_once
from support.people import person


def sessions(someone, query=""):
    answer = someone.get(f"/api/v1/sessions{query}")
    assert answer.status == 200, answer
    return answer.json()


def test_the_list_shows_each_session_and_which_is_this_one(ada):
    other = ada.login()
    listed = sessions(ada)["sessions"]
    assert {s["id"] for s in listed} == {ada.session_id, other.session_id}
    assert [s["id"] for s in listed if s["current"]] == [ada.session_id]
    assert all(s["source"] == "127.0.0.1" for s in listed)


def test_the_user_agent_is_kept_and_cut(house, ada):
    agent = "Firefox/" + "9" * 500
    body = {"username": ada.username, "password": ada.password}
    answer = house.client().post("/api/v1/auth/login", body, headers={"User-Agent": agent})
    session = next(s for s in sessions(ada)["sessions"] if s["id"] == answer.json()["session_id"])
    assert session["user_agent"] == agent[:256]


def test_pages_hold_every_session_once(ada):
    everything = {ada.session_id} | {ada.login().session_id for _ in range(6)}
    found, token = [], None
    while True:
        page = sessions(ada, "?page_size=3" + (f"&page_token={token}" if token else ""))
        assert len(page["sessions"]) <= 3
        found += [s["id"] for s in page["sessions"]]
        token = page["next_page_token"]
        if not token:
            break
    assert sorted(found) == sorted(everything)


@pytest.mark.parametrize("query", ["page_size=0", "page_size=101", "page_size=1e9", "page_size=-1", "page_size=x", "page_size=", "page_token=%00",
                                   "page_token=' OR 1=1--", "page_size=1&page_size=2", "page_token=" + "A" * 600])
def test_S98_S100_an_unreadable_page_is_refused(ada, query):
    answer = ada.get("/api/v1/sessions?" + query.replace(" ", "%20"))
    assert answer.status == 400, answer


def test_S95_a_page_token_of_somebody_else_shows_nothing_of_theirs(house, ada):
    eve = person(house)
    for _ in range(2):
        ada.login(), eve.login()
    token = sessions(ada, "?page_size=1")["next_page_token"]
    answer = eve.get(f"/api/v1/sessions?page_size=1&page_token={token}")
    if answer.status == 200:
        theirs = {s["id"] for s in sessions(ada)["sessions"]}
        assert not theirs & {s["id"] for s in answer.json()["sessions"]}
    else:
        assert answer.status == 400


def test_ending_one_session_ends_only_that(ada):
    other = ada.login()
    assert ada.request("DELETE", f"/api/v1/sessions/{other.session_id}").status == 204
    assert other.me().status == 401 and other.refresh().status == 401
    assert ada.me().status == 200
    assert [s["id"] for s in sessions(ada)["sessions"]] == [ada.session_id]


def test_ending_all_others_leaves_this_one(ada):
    others = [ada.login() for _ in range(3)]
    assert ada.request("DELETE", "/api/v1/sessions").status == 204
    assert {o.me().status for o in others} == {401} and {o.refresh().status for o in others} == {401}
    assert ada.me().status == 200 and ada.refresh().status == 200


def test_S92_a_session_of_somebody_else_is_not_found(house, ada):
    eve = person(house)
    answer = eve.request("DELETE", f"/api/v1/sessions/{ada.session_id}")
    assert (answer.status, answer.code) == (404, "session_not_found")
    assert ada.me().status == 200


def test_S38_a_session_id_opens_nothing(house, ada):
    assert house.client().get("/api/v1/users/me", token=ada.session_id).status == 401


def test_logout_ends_the_session_it_was_called_in(ada):
    other = ada.login()
    assert ada.request("POST", "/api/v1/auth/logout").status == 204
    assert ada.me().status == 401 and ada.refresh().status == 401 and ada.request("POST", "/api/v1/auth/logout").status == 401
    assert other.me().status == 200


def test_S37_a_revocation_counts_for_the_very_next_request_on_every_shard(house, ada):
    """Each connection is on a shard of the kernel's choosing: many connections reach both."""
    for _ in range(40):
        victim = ada.login()
        connections = [house.client(keeps=True) for _ in range(12)]
        assert {c.get("/api/v1/users/me", token=victim.access).status for c in connections} == {200}
        assert ada.request("DELETE", f"/api/v1/sessions/{victim.session_id}").status == 204
        assert {c.get("/api/v1/users/me", token=victim.access).status for c in connections} == {401}
        for connection in connections:
            connection.close()


@pytest.mark.long
def test_I6_no_request_begun_after_the_acknowledgement_passes(house, ada):
    for _ in range(10):
        victim = ada.login()
        state = {"acknowledged": False}
        late = []

        def hammer(index):
            if index == 0:
                assert ada.request("DELETE", f"/api/v1/sessions/{victim.session_id}").status == 204
                state["acknowledged"] = True
                return
            client = house.client(keeps=True)
            for _ in range(60):
                begun_after = state["acknowledged"]
                if client.get("/api/v1/users/me", token=victim.access).status == 200 and begun_after:
                    late.append(index)
            client.close()

        at_once(5, hammer)
        assert not late


@pytest.mark.long
def test_S41_the_number_of_sessions_is_bounded(house):
    someone = person(house)
    for _ in range(110):
        last = someone.login()
    answer = last.get("/api/v1/sessions?page_size=100")
    assert answer.status == 200 and len(answer.json()["sessions"]) <= 100 and answer.json()["next_page_token"] is None
    assert last.me().status == 200 and someone.me().status == 401, "the oldest went"
