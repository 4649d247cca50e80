"""Logs: one JSON object a line, whatever is thrown at them."""
import json

from support.people import fresh_name, login, register


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
