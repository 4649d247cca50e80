"""A reset that fails uses nothing up, and no code outlives the password it was mailed for."""
import threading

from support.mail import Mailbox
from support.parallel import at_once
from support.people import OTHER_PASSWORD, PASSWORD, fresh_name, login, verified_person
from test_recovery import recover, reset


def test_a_password_with_ones_own_name_leaves_code_sessions_and_password_as_they_were(house, mailbox):
    someone = verified_person(house, mailbox, username="wilhelmina" + fresh_name("w").split(".")[2])
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    for _ in range(6):
        answer = reset(house, challenge, code, f"my {someone.username} harbour 9")
        assert answer.status == 422 and answer.field_codes == {"new_password": "password_blocked"}, answer
    assert someone.me().status == 200 and login(house, someone.username, PASSWORD).status == 200
    assert reset(house, challenge, code).status == 204
    assert someone.me().status == 401 and login(house, someone.username, OTHER_PASSWORD).status == 200


def reset_in_a_storm(house, challenge, code):
    over, answers = threading.Event(), []

    def storm(index):
        if index:
            while not over.is_set():
                login(house, fresh_name(), OTHER_PASSWORD)
            return
        try:
            answers.append(reset(house, challenge, code).status)
        finally:
            over.set()

    at_once(7, storm)
    return answers[0]


def test_an_overload_does_not_use_up_the_code(own_house):
    house = own_house({"password": {"hash_threads": 1, "hash_queue_max": 1, "hash_wait_ms": 1}})
    box, status = Mailbox(house), 204
    for _ in range(10):  # now and then one finds the queue empty
        someone = verified_person(house, box)
        challenge = recover(house, someone.user["email"]).json()["challenge_id"]
        code = box.code_for(someone.user["email"], 2)
        status = reset_in_a_storm(house, challenge, code)
        if status == 503:
            break
    assert status == 503
    assert someone.me().status == 200, "nothing was replaced: nobody is thrown out"
    assert reset(house, challenge, code).status == 204
    assert login(house, someone.username, OTHER_PASSWORD).status == 200


def test_S85_a_code_mailed_before_the_password_was_changed_resets_nothing(house, mailbox):
    someone = verified_person(house, mailbox)
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    changed = someone.request("PUT", "/api/v1/users/me/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD})
    assert changed.status == 204
    assert reset(house, challenge, code, "marble-canyon-lantern-4").status == 422
    assert someone.me().status == 200 and login(house, someone.username, OTHER_PASSWORD).status == 200
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    assert reset(house, challenge, mailbox.code_for(someone.user["email"], 3), "marble-canyon-lantern-4").status == 204
