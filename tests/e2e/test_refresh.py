"""Refresh tokens: one use each, one successor, a family that dies as a whole."""
import time

import pytest
from support.parallel import at_once
from support.people import person, refresh
from support.process import faked_clock


@pytest.fixture
def strict(own_house):
    """A house whose replay window is over quickly."""
    return own_house({"token": {"refresh_replay_window_ms": 300}})


def tokens_of(answer):
    assert answer.status == 200, answer
    return answer.json()


def test_a_refresh_rotates_the_token_and_keeps_the_session(house, ada):
    first = tokens_of(ada.refresh())
    assert first["refresh_token"] != ada.refresh_token and first["session_id"] == ada.session_id
    assert first["refresh_expires_in"] <= 2592000
    assert house.client().get("/api/v1/users/me", token=first["access_token"]).status == 200
    assert tokens_of(refresh(house, first["refresh_token"]))["refresh_token"] != first["refresh_token"]


def test_S31_the_token_just_used_gets_the_same_successor_within_the_window(house, ada):
    first, again = tokens_of(ada.refresh()), tokens_of(ada.refresh())
    assert first["refresh_token"] == again["refresh_token"] and first["session_id"] == again["session_id"]
    assert house.client().get("/api/v1/users/me", token=again["access_token"]).status == 200
    assert refresh(house, first["refresh_token"]).status == 200


def test_S29_a_hundred_parallel_refreshes_have_one_successor(house, ada):
    answers = at_once(100, lambda _: ada.refresh())
    assert {a.status for a in answers} == {200}
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    assert refresh(house, answers[0].json()["refresh_token"]).status == 200


def test_S30_reuse_after_the_window_ends_the_family_and_its_access_tokens(strict):
    someone = person(strict)
    old, access = someone.refresh_token, someone.access
    someone.rotate()
    time.sleep(0.4)
    reused = refresh(strict, old)
    assert (reused.status, reused.code) == (401, "invalid_refresh_token")
    assert someone.refresh().status == 401
    for token in (access, someone.access):
        assert strict.client().get("/api/v1/users/me", token=token).status == 401


def test_S31_an_older_predecessor_ends_the_family_inside_the_window_too(house, ada):
    oldest = ada.refresh_token
    ada.rotate().rotate()
    assert refresh(house, oldest).status == 401
    assert ada.refresh().status == 401 and ada.me().status == 401


def test_S32_ten_rotations_in_one_second_leave_no_older_token_alive(house):
    for replayed in range(8):
        someone = person(house)
        tokens = [someone.refresh_token] + [someone.rotate().refresh_token for _ in range(10)]
        assert refresh(house, tokens[replayed]).status == 401
        assert refresh(house, tokens[-1]).status == 401


def test_reuse_ends_one_family_only(strict):
    someone = person(strict)
    other = someone.login()
    old = someone.refresh_token
    someone.rotate()
    time.sleep(0.4)
    assert refresh(strict, old).status == 401
    assert other.me().status == 200 and other.refresh().status == 200


def test_S33_revocation_and_reuse_survive_a_restart(strict):
    someone, bystander = person(strict), person(strict)
    old = someone.refresh_token
    someone.rotate()
    bystander.request("POST", "/api/v1/auth/logout")
    strict.restart()
    time.sleep(0.4)
    assert bystander.me().status == 401 and bystander.refresh().status == 401
    assert refresh(strict, old).status == 401
    assert someone.refresh().status == 401 and someone.me().status == 401


def test_S28_garbage_and_ids_are_not_refresh_tokens(house, ada):
    for token in ("x", ada.session_id, ada.access, ada.refresh_token + "A", ada.refresh_token[:-1], ada.refresh_token.swapcase(), "A" * 512):
        assert refresh(house, token).status == 401, token
    assert ada.refresh().status == 200, "guessing did not end the family"


def test_S34_logout_and_refresh_race_to_a_dead_session(house):
    for _ in range(30):
        someone = person(house)
        answers = at_once(2, lambda i: someone.refresh() if i else someone.request("POST", "/api/v1/auth/logout"))
        assert answers[0].status == 204, answers
        if answers[1].status == 200:
            assert refresh(house, answers[1].json()["refresh_token"]).status == 401
            assert house.client().get("/api/v1/users/me", token=answers[1].json()["access_token"]).status == 401
        assert someone.refresh().status == 401


@pytest.mark.long
def test_S36_a_chain_of_refreshes_ends_with_the_session(make_house, sanitized):
    if sanitized:
        pytest.skip("libfaketime does not work with a sanitizer")
    house = make_house({"token": {"session_lifetime_s": 3600}})
    house.start()
    someone = person(house)
    for minutes in (25, 50):
        house.stop()
        house.extra_env = faked_clock(offset_s=minutes * 60)
        house.start()
        assert someone.rotate().me().status == 200
    house.stop()
    house.extra_env = faked_clock(offset_s=61 * 60)
    house.start()
    assert someone.refresh().status == 401
