"""What a stolen access token must not be enough for."""
import pytest
from support.people import OTHER_PASSWORD, PASSWORD, fresh_email, login, solved_challenge, verified_person
from test_identifiers import PATH, listed
from test_recovery import recover


@pytest.mark.parametrize("password, status, code", [(None, 422, "required"), ("", 403, "current_password_wrong"), (OTHER_PASSWORD, 403, "current_password_wrong")])
def test_S14_an_access_token_alone_attaches_no_address(house, mailbox, password, status, code):
    victim, address = verified_person(house, mailbox), fresh_email("thief")
    body = {"type": "email", "value": address, "challenge_id": solved_challenge(house, address, mailbox)}
    answer = victim.request("POST", PATH, json=body if password is None else {**body, "current_password": password})
    assert answer.status == status and (answer.code == code or answer.field_codes == {"current_password": code}), answer
    assert [i["value"] for i in listed(victim)] == [victim.user["email"]]
    recover(house, address)
    assert login(house, victim.username, PASSWORD).status == 200
