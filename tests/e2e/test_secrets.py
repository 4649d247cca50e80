"""S-13, S-86, S-105: after the whole run, no secret that went over the wire stands in a log, an event or a table."""
import pytest
from support import spec
from support.mail import Mailbox, code_in
from support.people import OTHER_PASSWORD, PASSWORD, login, person, register


def files_of(house):
    return [p for p in house.data.rglob("*") if p.is_file() and p.suffix != ".eml" and p.parent.name != "keys"]


def traces(house, secrets):
    """{file name: [names of secrets found in it]}"""
    found = {}
    for path in [house.log_path, *files_of(house)]:
        content = path.read_bytes()
        hits = [name for name, secret in secrets.items() if secret.encode() in content]
        if hits:
            found[path.name] = hits
    return found


def test_S105_planted_secrets_are_nowhere(house, mailbox):
    password, other = "canary-of-ROOK-4471-plover", "canary-of-WREN-9923-lapwing"
    address = "canary.secrets@example.com"
    challenge = house.client().post("/api/v1/challenges", {"type": "email", "value": address}).json()["id"]
    code = mailbox.code_for(address)
    house.client().post(f"/api/v1/challenges/{challenge}/verify", {"code": code})
    someone = person(house, password=password, email=address, challenge_id=challenge)
    secrets = {"password": password, "access": someone.access, "refresh": someone.refresh_token, "code": code}
    login(house, someone.username, "canary-wrong-SWIFT-1187")
    secrets["wrong password"] = "canary-wrong-SWIFT-1187"
    register(house, someone.username, password)
    house.client().post("/api/v1/auth/refresh", {"refresh_token": someone.refresh_token + "x"})
    house.client().get("/api/v1/users/me", token=someone.access + "x")
    house.client().get(f"/api/v1/users/me?access_token={someone.access}")
    house.client().request("POST", "/api/v1/auth/login", body=b'{"password":"%s"' % password.encode(), headers={"Content-Type": "application/json"})
    someone.rotate()
    secrets.update({"second access": someone.access, "second refresh": someone.refresh_token})
    someone.request("PUT", "/api/v1/users/me/password", json={"current_password": password, "new_password": other})
    secrets["new password"] = other
    recovery = house.client().post("/api/v1/auth/recover", {"email": address}).json()["challenge_id"]
    secrets["recovery code"] = mailbox.code_for(address, 2)
    house.client().post("/api/v1/auth/reset", {"challenge_id": recovery, "code": secrets["recovery code"], "new_password": PASSWORD})
    mailbox.wait_for(address, 3, with_code=False)  # a welcome, and twice that the password was changed
    secrets["service key"] = (house.data / "keys" / "service-auth.key").read_text().strip()
    assert not traces(house, secrets)


def test_S86_no_mailed_code_of_the_run_stands_in_the_log(house, whole_run):
    codes = {code for code in map(code_in, Mailbox(house).messages()) if code}
    log = house.log().decode(errors="replace")
    assert codes and not [code for code in codes if f'"{code}"' in log or f" {code}" in log]


def test_the_passwords_of_the_run_are_in_no_file(house):
    assert not traces(house, {"password": PASSWORD, "other": OTHER_PASSWORD})


def test_S105_no_token_of_any_kind_is_in_the_log(house):
    log = house.log()
    assert b"eyJ" not in log, "a JWT"
    assert b"$argon2" not in log and b"BEGIN" not in log


@pytest.mark.skipif(not spec.seen, reason="nothing was asked")
def test_the_log_of_the_run_is_free_of_internal_errors(house):
    bad = [line for line in house.log().splitlines() if b'"level":"error"' in line or b"terminate called" in line]
    assert not bad, bad[:3]
