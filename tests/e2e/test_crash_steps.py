"""F-3: the process dies as it enters each sync of each operation that changes something; afterwards the operation has happened or has not, or goes on
when it is repeated."""
import time

import pytest
from support import strace
from support.http import REFUSES_CONNECTION
from support.mail import Mailbox
from support.people import OTHER_PASSWORD, PASSWORD, fresh_email, login, person, register, verified_person

pytestmark = [pytest.mark.long, pytest.mark.skipif(not strace.AVAILABLE, reason="strace is not installed")]
ME = "/api/v1/users/me"
NTH_MAX = 4


@pytest.fixture
def crashing(own_house, sanitized):
    if sanitized:
        pytest.skip("a sanitized process cannot be traced")
    house = own_house({"server": {"shards": 1}})
    person(house)
    return house


def at_every_sync(house, prepare, act, check):
    """act(prepare()) once for each thread and sync that it makes; check(prepared, answer or None) after each restart. The number of crashes."""
    crashes = 0
    for position in range(len(strace.threads_of(house.pid))):
        for nth in range(1, NTH_MAX + 1):
            prepared = prepare()
            tids = sorted(strace.threads_of(house.pid))
            if position >= len(tids):
                break
            answer = crash_during(house, tids[position], nth, lambda: act(prepared))
            if house.process.poll() is None:
                break  # this thread syncs no more often than that
            crashes += 1
            house.process.wait(5)
            house.start()
            check(prepared, answer)
    assert crashes, "nothing was ever synced"
    return crashes


def crash_during(house, tid, nth, act):
    with strace.KillAtSync(tid, nth):
        try:
            answer = act()
        except (*REFUSES_CONNECTION, OSError):
            answer = None
        until = time.monotonic() + 0.15
        while house.process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
    return answer


def ends(someone):
    """What was left undone is done in the wake of the event."""
    until = time.monotonic() + 5
    while someone.me().status != 401:
        assert time.monotonic() < until, "the password is new and an old session lives"
        time.sleep(0.05)
    assert someone.refresh().status == 401


def test_a_password_change_is_whole_or_absent(crashing):
    def prepare():
        someone = person(crashing)
        return someone, someone.login()

    def act(prepared):
        return prepared[0].request("PUT", f"{ME}/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD})

    def check(prepared, answer):
        someone, other = prepared
        works = {p: login(crashing, someone.username, p).status == 200 for p in (PASSWORD, OTHER_PASSWORD)}
        assert list(works.values()).count(True) == 1, works
        if answer is not None and answer.status == 204:
            assert works[OTHER_PASSWORD]
        if works[OTHER_PASSWORD]:
            ends(other)

    at_every_sync(crashing, prepare, act, check)


def test_a_reset_is_whole_or_absent(crashing):
    box = Mailbox(crashing)

    def prepare():
        someone = verified_person(crashing, box)
        challenge = crashing.client().post("/api/v1/auth/recover", {"email": someone.user["email"]}).json()["challenge_id"]
        return someone, challenge, box.code_for(someone.user["email"], 2)

    def act(prepared):
        body = {"challenge_id": prepared[1], "code": prepared[2], "new_password": OTHER_PASSWORD}
        return crashing.client().post("/api/v1/auth/reset", body)

    def check(prepared, answer):
        someone = prepared[0]
        works = {p: login(crashing, someone.username, p).status == 200 for p in (PASSWORD, OTHER_PASSWORD)}
        assert list(works.values()).count(True) == 1, works
        if works[OTHER_PASSWORD]:
            ends(someone)

    at_every_sync(crashing, prepare, act, check)


def test_a_deletion_is_whole_or_absent_or_can_be_repeated(crashing):
    def check(someone, answer):
        if someone.me().status == 200:
            assert someone.request("DELETE", ME).status == 204
        elif login(crashing, someone.username, PASSWORD).status == 200:
            raise AssertionError("the account lives but its session does not: nothing that a person asked for")
        assert login(crashing, someone.username, PASSWORD).status == 401
        until = time.monotonic() + 5  # what was left undone is done in the wake of the event
        while someone.refresh().status != 401:
            assert time.monotonic() < until, "the session of a deleted user lives on"
            time.sleep(0.05)
        assert register(crashing, someone.username).status == 201, "the name is burnt"

    at_every_sync(crashing, lambda: person(crashing, email=fresh_email()), lambda someone: someone.request("DELETE", ME), check)


def test_a_refresh_can_be_repeated(crashing):
    def check(someone, answer):
        again = someone.refresh()
        assert again.status == 200, again
        if answer is not None and answer.status == 200:
            assert again.json()["refresh_token"] == answer.json()["refresh_token"]
        someone.take(again.json())
        assert someone.refresh().status == 200 and someone.me().status == 200

    at_every_sync(crashing, lambda: person(crashing), lambda someone: someone.refresh(), check)


def test_a_logout_is_whole_or_absent(crashing):
    def check(someone, answer):
        alive = someone.me().status, someone.refresh().status
        assert alive in ((200, 200), (401, 401)), alive
        assert not (answer is not None and answer.status == 204) or alive == (401, 401)

    at_every_sync(crashing, lambda: person(crashing), lambda someone: someone.request("POST", "/api/v1/auth/logout"), check)


def test_a_change_of_name_is_whole_or_absent(crashing):
    def check(someone, answer):
        new = someone.username + ".new"
        works = {name: login(crashing, name, PASSWORD).status == 200 for name in (someone.username, new)}
        assert list(works.values()).count(True) == 1, works
        assert works[new] or answer is None or answer.status != 200
        assert register(crashing, someone.username if works[new] else new).status == 201, "the other name is free"

    at_every_sync(crashing, lambda: person(crashing), lambda someone: someone.request("PATCH", ME, json={"username": someone.username + ".new"}), check)
