"""Requests made up from api/openapi.yaml and then bent: whatever is sent, the answer is one that the description knows, and never 5xx."""
import os
import random

import pytest
from support import spec
from support.people import person

SEED = int(os.environ.get("GATEHOUSE_E2E_SEED", "1"))
ROUNDS = 40
TEXTS = ["", " ", "a", "ada", "Ada Lovelace", "x" * 64, "x" * 65, "x" * 1025, "ada@example.com", "\u00e9", "e\u0301", "\ufb01", "\u202e", "\u0000", "\U0001F9ED" * 40, "'", '"', "\\", "<b>",
         "null", "0", "-1", "../..", "%00", "\r\n", "\ufeff", "00000000-0000-0000-0000-000000000000", "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e", "12345678", "\uffff", "\u2028"]
VALUES = [None, True, False, 0, -1, 1, 2**31, 2**63, -2**63 - 1, 1.5, 1e308, [], {}, [None], [[]], {"a": {"a": {}}}, *TEXTS]


def sample(schema, rng):
    """A value that fits the schema, more or less."""
    schema = spec.resolve(schema)
    if "properties" in schema:
        required = set(schema.get("required", []))
        return {name: sample(inner, rng) for name, inner in schema["properties"].items() if name in required or rng.random() < 0.5}
    if "enum" in schema:
        return rng.choice(schema["enum"])
    return rng.choice(TEXTS) if rng.random() < 0.7 else "tidal-copper-orchard-57"


def bent(value, rng):
    """The same with one thing wrong with it."""
    value = dict(value)
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(4)
        if kind == 0 and value:
            value.pop(rng.choice(sorted(value)))
        elif kind == 1 and value:
            value[rng.choice(sorted(value))] = rng.choice(VALUES)
        elif kind == 2:
            value[rng.choice(TEXTS)[:70]] = rng.choice(VALUES)
    return value


def headers(rng):
    chosen = {}
    for name in ("If-Match", "If-None-Match", "Idempotency-Key", "x-correlation-id", "traceparent", "Accept-Encoding", "Accept", "Origin", "Range", "Expect-CT"):
        if rng.random() < 0.15:
            chosen[name] = rng.choice([t for t in TEXTS if t.isprintable()]).encode("utf-8").decode("latin-1")
    return chosen


@pytest.mark.parametrize("operation_id", [o.id for o in spec.OPERATIONS if o.listener == "public" and o.id != "delete_me"])
def test_whatever_is_sent_the_answer_is_a_described_one(house, operation_id):
    rng = random.Random(f"{SEED}.{operation_id}")
    operation = next(o for o in spec.OPERATIONS if o.id == operation_id)
    someone = person(house)
    for _ in range(ROUNDS):
        path = operation.path
        for parameter in ("user_id", "session_id", "identifier_id", "challenge_id"):
            value = rng.choice([someone.id, someone.session_id, "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e", "0", "me"])
            path = path.replace("{%s}" % parameter, value)
        if rng.random() < 0.2:
            path += "?" + rng.choice(["", "x", "page_size=1", "page_size=-1", "page_token=x", "a=b&a=c", "%00", "access_token=x", "&&&", "="])
        body = bent(sample(operation.request_schema(), rng), rng) if operation.request_schema() else None
        token = rng.choice([someone.access] * 4 + [None, "x.y.z"])
        answer = house.client().request(operation.method.upper(), path, json=body, token=token, headers=headers(rng))
        assert answer.status < 500, (path, body, answer)
        if someone.me().status == 401:
            someone = person(house)
