"""The judge is judged: true histories pass, and each doctored one is caught by the promise it breaks."""
import copy

import pytest
from checker import check
from history import OK, REFUSED, UNKNOWN, Operation


def history(*steps):
    """(kind, outcome, status, asked, got) …, one second apart, all about one person unless `person` is asked."""
    operations = []
    for number, (kind, outcome, status, asked, got) in enumerate(steps):
        asked = dict(asked)
        person = asked.pop("person", "p1")
        operations.append(Operation(number, person, kind, asked, number + 0.0, number + 0.5, outcome, status, got))
    return operations


def tokens(session, generation):
    return {"session_id": session, "refresh_token": f"{session}.r{generation}", "access_token": f"{session}.a{generation}"}


REGISTER = ("register", OK, 201, {"username": "ada", "password": "one"}, {"user_id": "u1", **tokens("s1", 1)})
LOGIN = ("login", OK, 200, {"password": "one"}, tokens("s2", 1))
ME = ("me", OK, 200, {"session": "s1"}, {"user_id": "u1", "display_name": ""})
ROTATE = ("refresh", OK, 200, {"session": "s1", "token": "s1.r1"}, tokens("s1", 2))
REPLAY = ("refresh", OK, 200, {"session": "s1", "token": "s1.r1"}, tokens("s1", 2))
ROTATE_AGAIN = ("refresh", OK, 200, {"session": "s1", "token": "s1.r2"}, tokens("s1", 3))
END = ("end_session", OK, 204, {"ended": "s2"}, {})
MAYBE_CHANGED = ("change_password", UNKNOWN, 0, {"new": "two", "session": "s1"}, {})


def refused(step, status=401):
    return (step[0], REFUSED, status, step[3], {})


def unknown(step):
    return (step[0], UNKNOWN, 0, step[3], {})


READ_THEN_REFUSED = [("me", OK, 200, {"session": "s2"}, ME[4]), refused(("me", OK, 200, {"session": "s2"}, {}))]

TRUE_HISTORIES = {
    "a plain life": [REGISTER, LOGIN, ME, ROTATE, REPLAY, ROTATE_AGAIN, END],
    "unknown then found made": [unknown(REGISTER), REGISTER, LOGIN],
    "unknown then logged in": [unknown(REGISTER), LOGIN],
    "overload changes nothing": [REGISTER, ("login", REFUSED, 503, {"password": "one"}, {}), LOGIN],
    "wrong password refused": [REGISTER, ("login", REFUSED, 401, {"password": "two"}, {})],
    "a lost rotation is repeated": [REGISTER, unknown(ROTATE), ROTATE, ROTATE_AGAIN],
    "reuse kills the family": [REGISTER, ROTATE, ROTATE_AGAIN, refused(ROTATE), ("refresh", REFUSED, 401, {"session": "s1", "token": "s1.r3"}, {}), refused(ME)],
    "a reuse that may have been seen": [REGISTER, ROTATE, ROTATE_AGAIN, unknown(ROTATE), refused(ME)],
    "a change that may have happened": [REGISTER, ("change_password", UNKNOWN, 0, {"new": "two", "session": "s1"}, {}),
                                        ("login", REFUSED, 401, {"password": "one"}, {}), ("login", OK, 200, {"password": "two"}, tokens("s3", 1))],
    "the end of a session comes after the change that may have happened": [REGISTER, LOGIN, MAYBE_CHANGED, *READ_THEN_REFUSED],
    "a patch that may have happened": [REGISTER, ("patch", UNKNOWN, 0, {"display_name": "x"}, {}), ME, ME],
}

DOCTORED = {
    "a change that did not happen ends a session": ([REGISTER, LOGIN, MAYBE_CHANGED, LOGIN, *READ_THEN_REFUSED], "I1"),
    "acknowledged registration lost": ([REGISTER, refused(LOGIN)], "I1"),
    "retry refused": ([REGISTER, refused(REGISTER, 409)], "I1"),
    "retry made another user": ([REGISTER, (*REGISTER[:4], {"user_id": "u2", **tokens("s9", 1)})], "I2"),
    "two people own a name": ([REGISTER, ("register", OK, 201, {**REGISTER[3], "person": "p2"}, {"user_id": "u2", **tokens("s9", 1)})], "I2"),
    "old password lives on": ([REGISTER, ("change_password", OK, 204, {"new": "two", "session": "s1"}, {}), LOGIN], "I1"),
    "new password lost": ([REGISTER, ("change_password", OK, 204, {"new": "two", "session": "s1"}, {}), ("login", REFUSED, 401, {"password": "two"}, {})], "I1"),
    "change lost": ([REGISTER, ("patch", OK, 200, {"display_name": "x"}, {}), ME], "I1"),
    "change came back": ([REGISTER, ("patch", UNKNOWN, 0, {"display_name": "x"}, {}), ME, (*ME[:4], {"user_id": "u1", "display_name": "x"})], "I1"),
    "somebody else's data": ([REGISTER, (*ME[:4], {"user_id": "u7", "display_name": ""})], "I1"),
    "live session refused": ([REGISTER, refused(ME)], "I1"),
    "ended session reads": ([REGISTER, LOGIN, END, ("me", OK, 200, {"session": "s2"}, ME[4])], "I6"),
    "ended session refreshes": ([REGISTER, LOGIN, END, ("refresh", OK, 200, {"session": "s2", "token": "s2.r1"}, tokens("s2", 2))], "I7"),
    "two successors": ([REGISTER, ROTATE, (*REPLAY[:4], tokens("s1", 7))], "I7"),
    "retired token taken": ([REGISTER, ROTATE, ROTATE_AGAIN, REPLAY], "I7"),
    "reused family lives on": ([REGISTER, ROTATE, ROTATE_AGAIN, refused(ROTATE), ("refresh", OK, 200, {"session": "s1", "token": "s1.r3"}, tokens("s1", 4))], "I7"),
    "newest token refused": ([REGISTER, ROTATE, refused(ROTATE_AGAIN)], "I1"),
    "made-up token taken": ([REGISTER, ("refresh", OK, 200, {"session": "s1", "token": "zzz"}, tokens("s1", 2))], "I7"),
    "replay window ignored": ([REGISTER, ROTATE, refused(REPLAY)], "I7"),
    "deleted user logs in": ([REGISTER, ("delete", OK, 204, {}, {}), LOGIN], "I8"),
    "deleted user reads": ([REGISTER, ("delete", OK, 204, {}, {}), ME], "I6"),
}


@pytest.mark.parametrize("name", TRUE_HISTORIES)
def test_a_true_history_passes(name):
    assert check(history(*TRUE_HISTORIES[name])) == []


@pytest.mark.parametrize("name", DOCTORED)
def test_a_doctored_history_is_caught(name):
    steps, promise = DOCTORED[name]
    violations = check(history(*steps))
    assert violations and violations[0].startswith(promise + ":"), violations


def test_a_replay_long_after_its_window_is_caught():
    operations = history(REGISTER, ROTATE, REPLAY)
    late = copy.deepcopy(operations)
    late[2].began_s += 60
    late[2].ended_s += 60
    assert check(operations) == [] and check(late)
