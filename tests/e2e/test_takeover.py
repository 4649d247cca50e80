"""What a stolen access token must not be enough for, and what the owner hears of changes to the ways into their account."""
import time

import pytest
from support.mail import text_of
from support.people import OTHER_PASSWORD, PASSWORD, fresh_email, login, solved_challenge, verified_person
from test_identifiers import PATH, attach, listed
from test_recovery import recover, reset


def alerts(mailbox, address):
    return [m for m in mailbox.messages(address) if "Recover it now" in text_of(m)]


def wait_for_alerts(mailbox, address, count):
    until = time.monotonic() + 8
    while len(alerts(mailbox, address)) < count:
        assert time.monotonic() < until, (address, [m["Subject"] for m in mailbox.messages(address)])
        time.sleep(0.02)
    return [str(m["Subject"]) for m in alerts(mailbox, address)]


def owner_of_two(house, mailbox):
    owner, second = verified_person(house, mailbox), fresh_email("second")
    assert attach(owner, second, challenge_id=solved_challenge(house, second, mailbox)).status == 201
    wait_for_alerts(mailbox, owner.user["email"], 1)
    return owner, owner.user["email"], second


@pytest.mark.parametrize("password, status, code", [(None, 422, "required"), ("", 403, "current_password_wrong"), (OTHER_PASSWORD, 403, "current_password_wrong")])
def test_S14_an_access_token_alone_attaches_no_address(house, mailbox, password, status, code):
    victim, address = verified_person(house, mailbox), fresh_email("thief")
    body = {"type": "email", "value": address, "challenge_id": solved_challenge(house, address, mailbox)}
    answer = victim.request("POST", PATH, json=body if password is None else {**body, "current_password": password})
    assert answer.status == status and (answer.code == code or answer.field_codes == {"current_password": code}), answer
    assert [i["value"] for i in listed(victim)] == [victim.user["email"]]
    recover(house, address)
    assert login(house, victim.username, PASSWORD).status == 200


def test_S14_the_owner_hears_of_an_address_that_was_added(house, mailbox):
    _, first, second = owner_of_two(house, mailbox)
    assert wait_for_alerts(mailbox, first, 1) == ["An address was added to your account at Gatehouse"]
    assert alerts(mailbox, second) == [], "it is the one that was added"
    assert second not in text_of(alerts(mailbox, first)[0])


def test_S14_the_owner_hears_of_an_address_that_was_removed_there_and_at_the_others(house, mailbox):
    owner, first, second = owner_of_two(house, mailbox)
    assert owner.request("DELETE", f"{PATH}/{listed(owner)[0]['id']}").status == 204
    assert wait_for_alerts(mailbox, first, 2)[-1] == wait_for_alerts(mailbox, second, 1)[-1] == "An address was removed from your account at Gatehouse"


def test_S14_S88_the_owner_hears_of_a_new_password_however_it_was_set(house, mailbox):
    owner, first, second = owner_of_two(house, mailbox)
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert owner.request("PUT", "/api/v1/users/me/password", json=body).status == 204
    assert wait_for_alerts(mailbox, second, 1) == wait_for_alerts(mailbox, first, 2)[1:] == ["The password of your account at Gatehouse was changed"]
    challenge = recover(house, second).json()["challenge_id"]
    assert reset(house, challenge, mailbox.code_for(second, 2), PASSWORD).status == 204
    wait_for_alerts(mailbox, first, 3)
    wait_for_alerts(mailbox, second, 2)
    for message in alerts(mailbox, first) + alerts(mailbox, second):
        assert PASSWORD not in str(message) and OTHER_PASSWORD not in str(message)
        assert time.strftime("%Y-%m-%d", time.gmtime()) in text_of(message)
