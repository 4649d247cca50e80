"""api/events: whatever stands in an outbox is in the envelope and of its type's schema, and what is promised is said."""
import json
import pathlib
import time

import jsonschema
from support.mail import Mailbox
from support.people import fresh_email, person
from support.roles import run_ok
from test_events import outbox

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "api" / "events"
SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in FOLDER.glob("*.schema.json")}
ROLES = ("identity", "credential", "auth", "account", "notification")
# A command, an outage, a code from a mail, and what is told only where limits are on.
NOT_PROVOKED = {"key.rotated.v1", "mail.failed.v1", "identifier.verified.v1", "password.verified_failed.v1"}


def envelope_of(row):
    occurred = row["occurred_at_ms"]
    event = {name: row[name] for name in ("event_id", "event_type", "source", "subject", "subject_version", "correlation_id", "trace_parent")}
    event["occurred_at"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(occurred // 1000)) + f".{occurred % 1000:03d}Z"
    if row["key_id"]:
        event["key_id"] = row["key_id"]
    return event | {"data": json.loads(row["data"])}


def test_the_schemas_are_schemas():
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_event_is_of_its_schema(own_house):
    house = own_house()
    address = fresh_email()
    someone, other = person(house, email=address), person(house)
    someone.request("PATCH", "/api/v1/users/me", json={"display_name": "x"})
    attached = someone.request("POST", "/api/v1/users/me/identifiers", json={"current_password": someone.password, "type": "email", "value": fresh_email()})
    someone.request("DELETE", f"/api/v1/users/me/identifiers/{attached.json()['id']}")
    someone.request("PUT", "/api/v1/users/me/password", json={"current_password": someone.password, "new_password": "lantern-quarry-mosaic-31"})
    house.client().post("/api/v1/challenges", {"type": "email", "value": fresh_email()})
    run_ok(house, "role", "assign", other.username, "admin")
    run_ok(house, "role", "assign", someone.username, "admin")
    run_ok(house, "role", "remove", someone.username, "admin")
    Mailbox(house).wait_for(address)
    someone.request("POST", "/api/v1/auth/logout")
    person(house).request("DELETE", "/api/v1/users/me")
    time.sleep(0.3)
    seen = set()
    for role in ROLES:
        for row in outbox(house, role):
            event = envelope_of(row)
            jsonschema.validate(event, SCHEMAS["envelope"])
            assert event["source"] == role
            schema = SCHEMAS[event["event_type"]]
            assert schema["x-source"] == role
            assert schema["x-sealed"] == ("key_id" in event), event["event_type"]
            if not schema["x-sealed"]:
                jsonschema.validate(event["data"], schema)
            seen.add(event["event_type"])
    promised = set(SCHEMAS) - {"envelope"}
    assert promised - seen <= NOT_PROVOKED, promised - seen
