"""gatehouse login|whoami|sessions|logout: a client of any instance."""
import json
import os
import stat
import subprocess

import pytest
from support.parallel import at_once
from support.people import PASSWORD, fresh_name, login, person


@pytest.fixture
def at(house, tmp_path):
    """at(command …, input=…) runs a client command with a configuration folder of its own."""
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*arguments, input=None):
        url = ("--url", f"http://127.0.0.1:{house.ports['public']}")
        return subprocess.run([house.binary, *arguments, *url], input=input, text=True, capture_output=True, env=env, timeout=20)

    run.folder = tmp_path
    return run


def test_login_whoami_sessions_logout(house, ada, at):
    done = at("login", "--username", ada.username, input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    kept = [p for p in at.folder.rglob("*") if p.is_file()]
    assert kept and all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in kept)
    assert PASSWORD.encode() not in b"".join(p.read_bytes() for p in kept)
    shown = at("whoami")
    assert shown.returncode == 0 and ada.username in shown.stdout and ada.id in shown.stdout
    listed = at("sessions")
    assert listed.returncode == 0 and len([l for l in listed.stdout.splitlines() if "127.0.0.1" in l]) == 2
    assert at("logout").returncode == 0
    assert at("whoami").returncode != 0
    assert len(ada.get("/api/v1/sessions").json()["sessions"]) == 1


def test_all_sessions_are_listed(house, ada, at):
    for _ in range(13):
        assert {a.status for a in at_once(4, lambda _: login(house, ada.username, PASSWORD))} == {200}
    assert at("login", "--username", ada.username, input=PASSWORD + "\n").returncode == 0
    assert len([line for line in at("sessions").stdout.splitlines() if "127.0.0.1" in line]) == 54
    assert len(json.loads(at("sessions", "--json").stdout)["sessions"]) == 54


def test_a_wrong_password_gets_a_sentence(house, ada, at):
    done = at("login", "--username", ada.username, input="wrong-password-here\n")
    assert done.returncode != 0 and "wrong" in done.stderr.lower() and "wrong-password-here" not in done.stderr
    assert not [p for p in at.folder.rglob("*") if p.is_file()]


def test_whoami_before_login_says_what_to_do(at):
    done = at("whoami")
    assert done.returncode != 0 and "gatehouse login" in done.stderr


def test_nobody_at_the_url_gets_a_sentence(house, tmp_path):
    done = subprocess.run([house.binary, "whoami", "--url", "http://127.0.0.1:1"], text=True, capture_output=True, timeout=10,
                          env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
    assert done.returncode != 0 and done.stderr.strip() and "terminate" not in done.stderr


def test_tokens_are_refreshed_by_itself(own_house, tmp_path):
    import time
    house = own_house({"token": {"access_lifetime_s": 60}})
    someone = person(house, fresh_name())
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    url = ("--url", f"http://127.0.0.1:{house.ports['public']}")

    def run(*arguments, **rest):
        return subprocess.run([house.binary, *arguments, *url], text=True, capture_output=True, env=env, timeout=20, **rest)

    assert run("login", "--username", someone.username, input=PASSWORD + "\n").returncode == 0
    file = next(p for p in tmp_path.rglob("*") if p.is_file() and "access_token" in p.read_text())
    before = file.read_text()
    import re
    file.write_text(re.sub(r'("access_token"\s*:\s*")[^"]+', r"\1x.y.z", before))
    time.sleep(0.05)
    shown = run("whoami")
    assert shown.returncode == 0 and someone.username in shown.stdout, shown.stderr
    assert file.read_text() != before and stat.S_IMODE(file.stat().st_mode) == 0o600
