"""Logs: one JSON object a line, whatever is thrown at them."""
import json

from support.people import OTHER_PASSWORD, fresh_name, login, person, register


def test_S105_every_line_is_one_json_object_without_control_characters(house):
    register(house, fresh_name("x") + "\r\n{\"level\":\"error\"}\x1b[31m")
    login(house, "a\r\nb\x1b[0m\u2028", "x")
    house.client().get("/x%0d%0a%1b[31m", headers={"User-Agent": "a\x1b[31mb", "x-correlation-id": "evil\x1b"})
    for line in house.log().splitlines():
        if line.startswith(b"{"):
            json.loads(line)
        assert not [c for c in line if c < 0x20], line


def test_a_failed_request_can_be_found_by_its_correlation_id(own_house):
    house = own_house({"log": {"level": "debug"}})
    house.client().get("/openapi.json", headers={"x-correlation-id": "find.me.7"})
    assert b"find.me.7" in house.log()


def lines_of(house, correlation_id):
    """Those of the default level: this house writes more."""
    lines = [json.loads(line) for line in house.log().splitlines() if line.startswith(b"{")]
    return [line for line in lines if line.get("correlation_id") == correlation_id and line["level"] != "debug"]


def test_what_security_rests_on_is_told_with_who_did_it_and_nothing_secret(house):
    someone = person(house)
    body = {"current_password": someone.password, "new_password": OTHER_PASSWORD}
    changed = someone.request("PUT", "/api/v1/users/me/password", json=body, headers={"x-correlation-id": "told.1"})
    assert changed.status == 204, changed
    lines = lines_of(house, "told.1")
    assert {line["message"] for line in lines} == {"request", "a password was replaced"}
    assert {line["user_id"] for line in lines} == {someone.id}
    log = house.log()
    assert not [s for s in (OTHER_PASSWORD, someone.password, someone.username, someone.access) if s.encode() in log]


def test_a_wrong_password_is_told_once_for_an_account(own_house):
    house = own_house({"rate_limit": {"enabled": True}})
    name = fresh_name("guessed")
    user_id = person(house, name).id
    for turn in range(3):
        house.client().post("/api/v1/auth/login", json={"username": name, "password": "not the one 123"},
                            headers={"x-correlation-id": f"guess.{turn}"})
    told = [line for turn in range(3) for line in lines_of(house, f"guess.{turn}")]
    assert [(line["message"], line["user_id"]) for line in told] == [("a password was wrong", user_id)]


def test_what_went_as_it_should_and_what_was_refused_for_what_it_asked_have_no_line(house):
    person(house).get("/api/v1/users/me", headers={"x-correlation-id": "no.line.1"})
    house.client().get("/api/v1/users/me", headers={"x-correlation-id": "no.line.3"})
    house.client().get("/openapi.json", headers={"x-correlation-id": "no.line.2"})
    assert not [line for n in (1, 2, 3) for line in lines_of(house, f"no.line.{n}")]
