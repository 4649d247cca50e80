"""Registering: one user per name and per key, whatever repeats, races or crashes."""
import http.client
import socket
import time

import pytest
from support import strace
from support.http import REFUSES_CONNECTION
from support.mail import Mailbox
from support.parallel import at_once
from support.people import OTHER_PASSWORD, PASSWORD, fresh_email, fresh_name, login, person, register, solved_challenge
from support.process import faked_clock


def test_a_registered_user_is_logged_in_and_can_log_in_again(house):
    name = fresh_name()
    answer = register(house, name)
    assert answer.status == 201
    user, tokens = answer.json()["user"], answer.json()["tokens"]
    assert user["username"] == name and user["status"] == "active" and user["email"] is None
    assert answer.header("location") == f"/api/v1/users/{user['id']}"
    me = house.client().get("/api/v1/users/me", token=tokens["access_token"])
    assert me.status == 200 and me.json() == user and me.header("etag") == answer.header("etag")
    assert login(house, name, PASSWORD).status == 200


def test_the_same_key_and_body_give_the_same_user_and_session(house):
    name, headers = fresh_name(), {"Idempotency-Key": fresh_name("key")}
    first, second = register(house, name, headers=headers), register(house, name, headers=headers)
    assert (first.status, second.status) == (201, 201)
    assert first.json()["user"]["id"] == second.json()["user"]["id"]
    assert first.json()["tokens"]["session_id"] == second.json()["tokens"]["session_id"]


def test_a_name_refused_under_overload_is_free_at_once(own_house):
    house = own_house({"server": {"shards": 1}, "password": {"hash_threads": 1, "hash_queue_max": 2}})
    names = [fresh_name("crowd") for _ in range(16)]
    answers = at_once(len(names), lambda i: register(house, names[i]))
    refused = [name for name, answer in zip(names, answers) if answer.status == 503]
    assert refused and {a.status for a in answers} <= {201, 503}, answers
    assert [register(house, name).status for name in refused] == [201] * len(refused)


def test_the_same_key_with_another_body_is_refused(house):
    headers = {"Idempotency-Key": fresh_name("key")}
    name = fresh_name()
    assert register(house, name, headers=headers).status == 201
    other = register(house, fresh_name(), headers=headers)
    assert (other.status, other.code) == (422, "idempotency_key_reused")


def test_the_same_key_with_another_password_opens_no_session(house):
    headers = {"Idempotency-Key": fresh_name("key")}
    name = fresh_name()
    assert register(house, name, headers=headers).status == 201
    other = register(house, name, OTHER_PASSWORD, headers=headers)
    assert other.status == 422 and b"access_token" not in other.body
    assert login(house, name, OTHER_PASSWORD).status == 401


@pytest.mark.parametrize("key", ["x" * 129, "a b\tc", "\u00e9"])
def test_a_malformed_idempotency_key_is_refused(house, key):
    answer = register(house, headers={"Idempotency-Key": key.encode()})
    assert answer.status == 400, answer


def test_a_taken_name_is_a_conflict(house, ada):
    answer = register(house, ada.username)
    assert (answer.status, answer.code) == (409, "username_taken")


def test_S84_fifty_parallel_registrations_of_one_name_make_one_user(house):
    name = fresh_name()
    answers = at_once(50, lambda _: register(house, name))
    assert sorted(a.status for a in answers) == [201] + [409] * 49


def test_twenty_parallel_retries_under_one_key_make_one_user(house):
    name, headers = fresh_name(), {"Idempotency-Key": fresh_name("key")}
    answers = at_once(20, lambda _: register(house, name, headers=headers))
    ids = {a.json()["user"]["id"] for a in answers if a.status == 201}
    assert len(ids) == 1 and {a.status for a in answers} <= {201, 409}, answers
    assert register(house, name, headers=headers).json()["user"]["id"] in ids


def test_S89_an_unproven_address_is_attached_unverified_and_hides_its_owner(house, mailbox):
    address = fresh_email()
    owner = person(house, email=address, challenge_id=solved_challenge(house, address, mailbox))
    assert owner.user["email_verified"] is True
    squatter = register(house, email=address)
    newcomer = register(house, email=fresh_email())
    assert squatter.status == newcomer.status == 201
    assert squatter.json()["user"]["email_verified"] is False
    by_mail = house.client().post("/api/v1/auth/login", {"email": address, "password": owner.password})
    assert by_mail.status == 200
    assert house.client().get("/api/v1/users/me", token=by_mail.json()["access_token"]).json()["id"] == owner.id


def test_a_challenge_that_is_not_solved_is_a_conflict(house):
    address = fresh_email()
    challenge = house.client().post("/api/v1/challenges", {"type": "email", "value": address}).json()["id"]
    answer = register(house, email=address, challenge_id=challenge)
    assert (answer.status, answer.code) == (409, "challenge_not_solved")


def test_S85_a_challenge_proves_only_its_own_address(house, mailbox):
    challenge = solved_challenge(house, fresh_email(), mailbox)
    answer = register(house, email=fresh_email(), challenge_id=challenge)
    assert (answer.status, answer.code) == (409, "challenge_not_solved")


def test_an_address_two_people_have_proven_belongs_to_the_first(house, mailbox):
    address = fresh_email()
    challenges = [solved_challenge(house, address, mailbox, count) for count in (1, 2)]
    assert register(house, email=address, challenge_id=challenges[1]).status == 201
    again = solved_challenge(house, address, mailbox, 3)
    answer = register(house, email=address, challenge_id=again)
    assert (answer.status, answer.code) == (409, "identifier_taken")


def test_S94_fields_nobody_may_set_are_refused_by_name(house):
    for field in ("role", "verified", "id", "created_at", "status", "email_verified"):
        answer = register(house, **{field: "admin"})
        assert answer.status == 422 and answer.field_codes == {field: "unknown_field"}, field


def durable_threads(house):
    """The threads that sync while one person registers."""
    return [tid for tid, name in strace.threads_of(house.pid).items()]


def register_into_a_crash(house, tid, nth, name, key):
    """True when the process died; the process is dead or alive afterwards."""
    with strace.KillAtSync(tid, nth):
        try:
            register(house, name, headers={"Idempotency-Key": key})
        except (*REFUSES_CONNECTION, OSError):
            pass
        for _ in range(50):
            if house.process.poll() is not None:
                return True
            time.sleep(0.002)
    return False


@pytest.mark.skipif(not strace.AVAILABLE, reason="strace is not installed")
@pytest.mark.long
def test_F3_a_crash_at_any_durable_step_neither_loses_nor_burns_the_name(own_house, sanitized):
    if sanitized:
        pytest.skip("a sanitized process cannot be traced")
    house = own_house({"server": {"shards": 1}})
    person(house)
    crashes = 0
    for position in range(len(durable_threads(house))):
        for nth in (1, 2, 3):
            name, key = fresh_name("crash"), fresh_name("key")
            tids = durable_threads(house)
            if position >= len(tids) or not register_into_a_crash(house, tids[position], nth, name, key):
                break
            crashes += 1
            house.process.wait(5)
            house.start()
            answer = register(house, name, headers={"Idempotency-Key": key})
            assert answer.status == 201, (position, nth, answer)
            assert login(house, name, PASSWORD).status == 200
    assert crashes >= 3, "identity, credential and auth each sync at least once"


@pytest.mark.skipif(not strace.AVAILABLE, reason="strace is not installed")
@pytest.mark.long
def test_the_sweeper_finishes_or_releases_what_a_crash_left_pending(make_house, sanitized):
    if sanitized:
        pytest.skip("a sanitized process cannot be traced")
    house = make_house({"server": {"shards": 1}})
    house.start()
    person(house)
    left = []
    for position in range(len(durable_threads(house))):
        name = fresh_name("swept")
        if register_into_a_crash(house, durable_threads(house)[position], 1, name, fresh_name("key")):
            house.process.wait(5)
            left.append(name)
            house.start()
    assert len(left) >= 3
    house.stop()
    house.extra_env = faked_clock(offset_s=180)
    house.start()
    until = time.monotonic() + 25
    pending = list(left)
    while pending and time.monotonic() < until:
        pending = [n for n in pending if login(house, n, PASSWORD).status != 200 and register(house, n).status != 201]
        time.sleep(0.5 if pending else 0)
    assert not pending, f"still burnt a minute later: {pending}"


def test_a_registration_whose_client_hangs_up_is_whole_or_absent(house):
    name = fresh_name("gone")
    body = b'{"username":"%s","password":"%s"}' % (name.encode(), PASSWORD.encode())
    with socket.create_connection(house.address()) as connection:
        connection.sendall(b"POST /api/v1/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    time.sleep(0.3)
    assert login(house, name, PASSWORD).status == 200 or register(house, name).status == 201


def test_the_welcome_mail_goes_out_once(house):
    address = fresh_email("welcome")
    person(house, email=address)
    box = Mailbox(house)
    box.wait_for(address, with_code=False)
    time.sleep(0.3)
    assert len([m for m in box.messages(address)]) == 1
