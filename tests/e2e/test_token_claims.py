"""Claims under a signature that holds: only an access token of this house, of now and whole, is one."""
import json
import time

import pytest
from support.forger import Forger, decode
from support.people import person

ME = "/api/v1/users/me"


@pytest.fixture(scope="module")
def forger(house):
    return Forger(house)


@pytest.fixture
def claims(house):
    return json.loads(decode(person(house).access.split(".")[1]))


def status(house, token):
    return house.client().get(ME, token=token).status


def test_the_forger_can_sign(house, forger, claims):
    assert status(house, forger.sign(forger.header(), claims)) == 200


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "iat", "exp", "jti"])
def test_S48_every_claim_is_required(house, forger, claims, name):
    claims.pop(name)
    assert status(house, forger.sign(forger.header(), claims)) == 401


@pytest.mark.parametrize("value", ["\"%d\"", "%d.5", "1e400", "-1", "9223372036854775808", "null", "[%d]", "true", "{}", "\"\"", "%d0000000000"])
@pytest.mark.parametrize("name", ["exp", "iat"])
def test_S48_times_are_whole_numbers_of_a_sane_size(house, forger, claims, name, value):
    text = json.dumps(claims).replace(f'"{name}": {claims[name]}', f'"{name}": ' + (value % claims[name] if "%" in value else value))
    assert status(house, forger.sign(forger.header(), text)) == 401


@pytest.mark.parametrize("aud", [["gatehouse"], "gatehouse2", "gate", "", ["gatehouse", "other"], None, 7, "GATEHOUSE"])
def test_S48_the_audience_is_exactly_ours(house, forger, claims, aud):
    assert status(house, forger.sign(forger.header(), {**claims, "aud": aud})) == 401


@pytest.mark.parametrize("iss", ["http://evil.test", "", None, ["x"]])
def test_S48_the_issuer_is_exactly_ours(house, forger, claims, iss):
    assert status(house, forger.sign(forger.header(), {**claims, "iss": iss})) == 401


@pytest.mark.parametrize("change", [{"sub": ""}, {"sub": 7}, {"sub": None}, {"sid": ""}, {"sid": ["x"]}, {"jti": 7}, {"sub": "not-a-uuid"}, {"sid": "x" * 5000}])
def test_S48_names_have_their_type(house, forger, claims, change):
    assert status(house, forger.sign(forger.header(), {**claims, **change})) == 401


def test_S50_the_skew_is_60_seconds_on_both_sides(house, forger, claims):
    now = int(time.time())
    assert status(house, forger.sign(forger.header(), {**claims, "iat": now - 300, "exp": now - 50})) == 200
    assert status(house, forger.sign(forger.header(), {**claims, "iat": now - 400, "exp": now - 65})) == 401
    assert status(house, forger.sign(forger.header(), {**claims, "iat": now + 50, "exp": now + 350})) == 200
    assert status(house, forger.sign(forger.header(), {**claims, "iat": now + 70, "exp": now + 370})) == 401
    assert status(house, forger.sign(forger.header(), {**claims, "nbf": now + 3600})) == 401


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt;x", "refresh+jwt", "id+jwt", "", None, 7])
def test_S49_the_type_is_at_jwt(house, forger, claims, typ):
    assert status(house, forger.sign(forger.header(typ=typ), claims)) == 401


@pytest.mark.parametrize("name", ["sub", "exp", "sid"])
def test_S46_a_claim_that_stands_twice_is_refused(house, forger, claims, name):
    text = json.dumps(claims)
    twice = text[:-1] + f', "{name}": {json.dumps(claims[name])}' + "}"
    escaped = text[:-1] + f', "{name[:-1]}\\u{ord(name[-1]):04x}": {json.dumps(claims[name])}' + "}"
    nested = text[:-1] + ', "x": {"a": 1, "a": 2}}'
    for claims_text in (twice, escaped, nested):
        assert status(house, forger.sign(forger.header(), claims_text)) == 401, claims_text


def test_S46_a_header_member_that_stands_twice_is_refused(house, forger, claims):
    for first, second in (("none", "ES256"), ("ES256", "none"), ("ES256", "ES256")):
        header = json.dumps(forger.header())[:-1].replace('"ES256"', f'"{first}"') + f', "alg": "{second}"}}'
        assert status(house, forger.sign(header, claims)) == 401


@pytest.mark.parametrize("text", ["[]", "null", "7", '"x"', "", "{", "{}", "{} {}", '{"a":' * 200 + "1" + "}" * 200, "\ufeff{}"])
def test_S51_claims_are_one_small_object(house, forger, text):
    assert status(house, forger.sign(forger.header(), text)) == 401


def test_a_session_that_never_was_is_no_session(house, forger, claims):
    """The token of a session nobody opened: signed, in time, and yet it must not name a user who is not there."""
    ghost = {**claims, "sub": "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e"}
    assert status(house, forger.sign(forger.header(), ghost)) in (401, 404)
