"""Health, metrics and the documents that others read."""
import gzip
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest
from support.people import OTHER_PASSWORD, PASSWORD, login, person
from support.roles import run_ok


def test_live_and_ready_say_so(house):
    assert house.client("admin").get("/health/live").json()["status"] == "ok"
    ready = house.client("admin").get("/health/ready")
    assert ready.status == 200 and ready.json()["ready"] is True and ready.json()["checks"]["database"] == "ok"


def test_metrics_are_in_the_text_format_and_count(house, ada):
    before = requests_of(house)
    for _ in range(10):
        ada.me()
    text = house.client("admin").get("/metrics").body.decode()
    sample = re.compile(r'^[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? -?([0-9.e+-]+|NaN|\+Inf)( \d+)?$')
    for line in text.splitlines():
        assert line.startswith("# ") or sample.match(line), line
    assert requests_of(house) >= before + 10


def test_metrics_say_what_runs_and_what_it_takes(house):
    text = house.client("admin").get("/metrics").body.decode()
    assert re.search(r'^gatehouse_build_info\{version="[0-9.]+"\} 1$', text, re.M)
    for name in ("process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_virtual_memory_bytes"):
        assert house.metric(name) > 0, name
    assert abs(house.metric("process_resident_memory_bytes") / 1024 - house.rss_kib()) < house.rss_kib() / 5
    assert abs(time.time() - house.metric("process_start_time_seconds")) < 6 * 3600
    packed = house.client("admin").get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert packed.header("content-encoding") == "gzip" and b"process_open_fds" in gzip.decompress(packed.body)


def requests_of(house):
    """The number of public requests by whatever counter carries it."""
    text = house.client("admin").get("/metrics").body.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if re.match(r"gatehouse_gateway_requests_total[{ ]", line))


def test_S67_metrics_name_no_person(house, ada):
    login(house, ada.username, PASSWORD + "x")
    text = house.client("admin").get("/metrics").body.decode()
    assert ada.username not in text and ada.id not in text


def test_the_key_set_holds_public_members_of_a_usable_key(house):
    keys = house.client().get("/.well-known/jwks.json").json()["keys"]
    assert {"d", "p", "q", "k"}.isdisjoint({member for key in keys for member in key})
    assert len({k["kid"] for k in keys}) == len(keys) >= 1


def test_discovery_points_at_the_key_set(house):
    document = house.client().get("/.well-known/openid-configuration").json()
    assert document["jwks_uri"] == document["issuer"] + "/.well-known/jwks.json"


def test_documents_honour_their_etags(house):
    for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration", "/openapi.json"):
        etag = house.client().get(path).header("etag")
        again = house.client().get(path, headers={"If-None-Match": etag})
        assert again.status == 304 and again.header("etag") == etag, path


def test_readiness_falls_first_when_stopping(own_house):
    """F-45: while a slow request is being answered the process is alive, not ready, and takes no new connections for long."""
    house = own_house({"server": {"drain_timeout_ms": 3000}})
    admin = house.client("admin", keeps=True)
    assert admin.get("/health/ready").status == 200
    someone = person(house)
    slow = house.client(keeps=True).connect()
    slow.putrequest("POST", "/api/v1/auth/login")
    body = b'{"username":"%s","password":"%s"}' % (someone.username.encode(), PASSWORD.encode())
    slow.putheader("Content-Type", "application/json")
    slow.putheader("Content-Length", str(len(body)))
    slow.endheaders(body[:10])
    time.sleep(0.1)
    house.process.terminate()
    time.sleep(0.2)
    try:
        answer = admin.get("/health/ready")
        assert answer.status == 503 and answer.json()["ready"] is False
    except OSError:
        pass  # the admin listener may be gone already
    slow.send(body[10:])
    answer = slow.getresponse()
    assert answer.status == 200 and answer.getheader("connection", "").lower() == "close"
    assert house.process.wait(5) == 0


def test_version_and_help_answer_without_a_configuration(binary):
    version = subprocess.run([binary, "version"], capture_output=True, text=True, timeout=5)
    assert version.returncode == 0 and re.search(r"\d+\.\d+\.\d+", version.stdout)
    usage = subprocess.run([binary, "--help"], capture_output=True, text=True, timeout=5)
    assert usage.returncode == 0 and "serve" in usage.stdout
    mistake = subprocess.run([binary, "srve"], capture_output=True, text=True, timeout=5)
    assert mistake.returncode != 0 and "serve" in mistake.stderr


def test_operators_create_show_and_disable_users(house):
    out = house.cli("user", "create", "op.created." + str(time.time_ns()), input=PASSWORD + "\n")
    assert out.returncode == 0, out.stderr
    name = re.search(r"op\.created\.\d+", out.stdout).group(0)
    someone = login(house, name, PASSWORD)
    assert someone.status == 200
    run_ok(house, "user", "disable", name)
    assert login(house, name, PASSWORD).status == 401
    assert house.client().get("/api/v1/users/me", token=someone.json()["access_token"]).status == 401
    assert house.client().post("/api/v1/auth/refresh", {"refresh_token": someone.json()["refresh_token"]}).status == 401


def test_help_knows_families_and_says_what_is_none(binary):
    def run(*words):
        return subprocess.run([binary, *words], capture_output=True, text=True, timeout=5)
    for words in (("help", "role"), ("role", "--help"), ("help", "events", "dead")):
        done = run(*words)
        assert done.returncode == 0 and words[0 if words[1] == "--help" else 1] in done.stdout and "serve" not in done.stdout, done
    assert run("help", "foo").returncode == 2 and "foo" in run("help", "foo").stderr
    assert "`gatehouse user show`" in run("user", "sho", "ada").stderr


def heed_signals():  # as under a shell: whoever runs the tests in the background may have had them ignored
    for heeded in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(heeded, signal.SIG_DFL)


class Prompted:
    """A command at a terminal, as a person meets it."""

    def __init__(self, house, *arguments):
        self.master, self.slave = pty.openpty()
        house.write_config()
        self.process = subprocess.Popen([house.binary, *arguments, "--config", str(house.config_path)], cwd=house.folder, env=house.environment(),
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True, preexec_fn=heed_signals)
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master), os.close(self.slave)

    def wait_for(self, text, wait_s=10):
        until = time.monotonic() + wait_s
        while text not in self.said and time.monotonic() < until:
            if select.select([self.master], [], [], 0.1)[0]:
                self.said += os.read(self.master, 4096).decode()
        assert text in self.said, self.said
        self.said = self.said.split(text, 1)[1]

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)


def test_a_new_password_is_typed_twice_on_a_terminal(house):
    for again, status in ((OTHER_PASSWORD, 1), (PASSWORD, 0)):
        with Prompted(house, "user", "create", "op.twice") as terminal:
            terminal.wait_for("Password of op.twice: ")
            terminal.type(PASSWORD)
            terminal.wait_for("again: ")
            assert not terminal.echoes()
            terminal.type(again)
            assert terminal.process.wait(10) == status and terminal.echoes()
            terminal.wait_for("op.twice" if status == 0 else "not the same")
            assert PASSWORD not in terminal.said
        assert login(house, "op.twice", PASSWORD).status == (200 if status == 0 else 401)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_at_a_prompt_gives_the_echo_back(house, name):
    with Prompted(house, "user", "create", "op.ended") as terminal:
        terminal.wait_for("Password of op.ended: ")
        assert not terminal.echoes()
        terminal.process.send_signal(signal.Signals[name])
        assert terminal.process.wait(10) == -signal.Signals[name] and terminal.echoes()


def test_help_columns_line_up_and_a_word_too_many_is_named(binary):
    def run(*words):
        return subprocess.run([binary, *words], capture_output=True, text=True, timeout=5)
    lines = run("help").stdout.splitlines()
    starts = {line.index(doc) for line in lines for doc in ("create a role, or replace", "list roles and", "give a user a role") if doc in line}
    assert len(starts) == 1, starts
    for words in (("serve", "extra"), ("version", "extra")):
        done = run(*words)
        assert done.returncode == 2 and '"extra"' in done.stderr, done


def test_a_permission_that_is_none_is_named(house):
    for wrong in ("reports:*", "Reports:read", "reports:read,users:read"):
        done = house.cli("role", "put", "reporter", wrong)
        assert done.returncode == 1 and wrong in done.stderr and "wildcards" in done.stderr, done


def test_a_mistake_is_said_once_and_without_sql(house):
    said = house.cli("role", "put", "auditor", "notaperm").stderr
    assert said.count("A permission is written") == 1, said
    unknown = house.cli("events", "dead", "replay", "nosuch", "all")
    assert unknown.returncode == 1 and "notification.mail" in unknown.stderr, unknown
