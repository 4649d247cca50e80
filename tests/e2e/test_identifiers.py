"""Addresses: attached, verified, detached, and whose they are."""
import pytest
from support.people import fresh_email, person, solved_challenge, verified_person

PATH = "/api/v1/users/me/identifiers"


def attach(someone, address, **rest):
    return someone.request("POST", PATH, json={"current_password": someone.password, "type": "email", "value": address, **rest})


def listed(someone):
    return someone.get(PATH).json()["identifiers"]


def test_an_address_is_attached_unverified_and_shown(ada):
    address = fresh_email()
    answer = attach(ada, address)
    assert answer.status == 201 and answer.json()["verified"] is False and answer.json()["verified_at"] is None
    assert answer.header("location") is None, "there is nothing to GET there"
    assert [i["value"] for i in listed(ada)] == [address]
    me = ada.me().json()
    assert (me["email"], me["email_verified"]) == (address, False)


def test_a_solved_challenge_verifies_an_address_that_is_there(house, ada, mailbox):
    address = fresh_email()
    first = attach(ada, address).json()
    again = attach(ada, address, challenge_id=solved_challenge(house, address, mailbox))
    assert again.status == 201 and again.json()["id"] == first["id"] and again.json()["verified"] is True
    assert ada.me().json()["email_verified"] is True
    by_mail = house.client().post("/api/v1/auth/login", {"email": address, "password": ada.password})
    assert by_mail.status == 200


def test_S89_the_first_who_proves_an_address_has_it(house, ada, mailbox):
    address = fresh_email()
    squatter = person(house, email=address)
    assert attach(ada, address, challenge_id=solved_challenge(house, address, mailbox)).status == 201
    late = attach(squatter, address, challenge_id=solved_challenge(house, address, mailbox, 2))
    assert (late.status, late.code) == (409, "identifier_taken")


def test_a_challenge_for_another_address_proves_nothing(house, ada, mailbox):
    challenge = solved_challenge(house, fresh_email(), mailbox)
    answer = attach(ada, fresh_email(), challenge_id=challenge)
    assert (answer.status, answer.code) == (409, "challenge_not_solved")


def test_a_detached_address_is_free_again(house, mailbox):
    someone = verified_person(house, mailbox)
    address = someone.user["email"]
    assert someone.request("DELETE", f"{PATH}/{listed(someone)[0]['id']}").status == 204
    assert listed(someone) == [] and someone.me().json()["email"] is None
    assert house.client().post("/api/v1/auth/login", {"email": address, "password": someone.password}).status == 401
    other = person(house, email=address, challenge_id=solved_challenge(house, address, mailbox, 2))
    assert other.user["email_verified"] is True


def test_S92_an_identifier_of_somebody_else_is_not_found(house, ada):
    attach(ada, fresh_email())
    eve = person(house)
    answer = eve.request("DELETE", f"{PATH}/{listed(ada)[0]['id']}")
    assert (answer.status, answer.code) == (404, "identifier_not_found")
    assert len(listed(ada)) == 1


def test_a_user_has_ten_identifiers_at_most(ada):
    assert [attach(ada, fresh_email()).status for _ in range(10)] == [201] * 10
    answer = attach(ada, fresh_email())
    assert (answer.status, answer.code) == (409, "too_many_identifiers")


@pytest.mark.parametrize("address", ["", "ada", "@example.com", "ada@", "a b@example.com", "ada@exa mple.com", "ada@@example.com", "ada@-x.com",
                                     "ada@example.com.", " ada@example.com", "ada@example.com\n", "ada@example.com\u0000", "a" * 250 + "@example.com",
                                     "ada@example..com", ".ada@example.com", "ada@[127.0.0.1]", "-f@example.com", "<ada@example.com>", "ada@example.com,eve@example.com",
                                     "ada@example.com\r\nBcc: eve@example.com"])
def test_S84_S68_addresses_that_are_none_are_refused(ada, address):
    answer = attach(ada, address)
    assert answer.status == 422 and "value" in answer.field_codes, answer


def test_S84_one_address_in_two_spellings_is_one(house, ada, mailbox):
    address = fresh_email("straus")
    attach(ada, address)
    assert attach(ada, address.upper()).status == 201
    assert len(listed(ada)) == 1


def test_another_type_of_identifier_is_refused(ada):
    answer = ada.request("POST", PATH, json={"current_password": ada.password, "type": "phone", "value": "+15550100"})
    assert answer.status == 422 and "type" in answer.field_codes
