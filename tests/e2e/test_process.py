"""The process: starting, refusing to start, size, stopping."""
import os
import pathlib
import re
import resource
import shutil
import socket
import stat
import subprocess
import time

import pytest
from support.people import PASSWORD, login, person, register
from support.process import HOST, House, free_port
from support.roles import one_sentence


UNUSABLE = 4  # the data folder or an address


def refused(house, *arguments, env=None, wait_s=10, status=None, **rest):
    """Runs serve, which must end by itself, non-zero, with one sentence on stderr; that sentence."""
    house.write_config()
    return refused_with(house, ["serve", "--config", str(house.config_path), *arguments], env, wait_s, status, **rest)


def refused_with(house, arguments, env=None, wait_s=10, status=None, **rest):
    done = subprocess.run([house.binary, *arguments], cwd=house.folder, env={**house.environment(), **(env or {})}, capture_output=True, text=True,
                          errors="replace", timeout=wait_s, stdin=subprocess.DEVNULL, **rest)
    assert done.returncode == status if status else done.returncode > 0, done
    said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("{"))
    assert one_sentence(said), done.stderr
    return said


def test_it_is_ready_within_100_ms_on_an_existing_folder(own_house, sanitized):
    house = own_house()
    person(house)
    times = []
    for _ in range(7):
        house.stop()
        times.append(house.start())
    assert sanitized or sorted(times)[3] < 0.1, times


def test_it_idles_under_40_mb(own_house, sanitized):
    house = own_house()
    someone = person(house)
    for _ in range(200):
        someone.me()
    for _ in range(10):
        login(house, someone.username, PASSWORD)
    house.restart()
    time.sleep(0.5)
    assert sanitized or house.rss_kib() < 40 * 1024, house.rss_kib()


def test_the_data_folder_and_its_secrets_are_private(own_house):
    house = own_house()
    person(house)
    assert stat.S_IMODE(house.data.stat().st_mode) == 0o700
    loose = [p for p in house.data.rglob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert not loose, loose
    assert stat.S_IMODE((house.data / "control.sock").stat().st_mode) == 0o600


def test_S56_private_keys_are_not_readable_at_rest(own_house):
    house = own_house()
    house.stop()
    for path in (p for p in house.data.rglob("*") if p.is_file()):
        content = path.read_bytes()
        assert b"PRIVATE KEY" not in content, path
        assert bytes.fromhex("06082a8648ce3d030107") not in content, f"{path} holds a DER key of P-256"


def test_S15_there_is_no_default_account(own_house):
    house = own_house()
    for name in ("admin", "root", "gatehouse", "user", "test", "administrator"):
        for password in ("admin", "password", "gatehouse", "changeme"):
            assert login(house, name, password).status in (401, 422)


def test_a_second_start_on_the_same_folder_says_so(own_house):
    house = own_house()
    other = House(house.binary, house.folder / "second", {"storage": {"data_dir": str(house.data)}})
    said = refused(other)
    assert str(house.data) in said or "already" in said
    assert register(house).status == 201


def test_a_port_in_use_is_named(make_house):
    with socket.socket() as taken:
        port = free_port()
        taken.bind((HOST, port))
        taken.listen()
        house = make_house({"server": {"public_address": f"{HOST}:{port}"}})
        said = refused(house, status=UNUSABLE)
        assert str(port) in said and "server.public_address" in said


def test_a_port_of_another_instance_is_in_use_too(own_house, make_house):
    house = own_house()
    other = make_house({"server": {"public_address": f"{HOST}:{house.ports['public']}"}})
    assert str(house.ports["public"]) in refused(other)


def test_an_unwritable_folder_is_named(make_house):
    house = make_house({"storage": {"data_dir": "/proc/gatehouse-data"}})
    assert "/proc/gatehouse-data" in refused(house)
    house.config["storage"]["data_dir"] = str(house.folder / "file")
    (house.folder / "file").write_text("x")
    assert "file" in refused(house)


@pytest.mark.parametrize("text, expected", [
    ("server: [", "gatehouse.yaml"), ("\t- x\n y", "gatehouse.yaml"), ("server:\n  pubic_address: x\n", "public_address"),
    ("sever:\n  public_address: x\n", "server"), ("server:\n  shards: many\n", "shards"), ("password:\n  length_min: 4\n", "length_min"),
    ("token:\n  algorithm: HS256\n", "algorithm"), ("log:\n  level: loud\n", "level"), ("rate_limit:\n  enabled: perhaps\n", "enabled"),
    ("server:\n  public_address: nonsense\n", "nonsense"), ("password:\n  argon2_memory_kib: 64\n", "argon2_memory_kib"),
    ("server: 7\n", "server"), ("server.shards: 1\n", "below it"), ("shards: 1\n", "below it"), ("server:\n\tshards: 1\n", "tab"),
    ("server:\n  public_address: unix:/run/gatehouse.sock\n", "public_url"), ("- server\n", "gatehouse.yaml"), ("server:\n  shards: 1\n  shards: 2\n", "shards"),
    ("server:\n  trusted_proxies: [0.0.0.0/0]\n", "trusted_proxies"), ("server:\n  drain_timeout_ms: -1\n", "drain_timeout_ms"),
    ("token:\n  access_lifetime_s: 99999999999999999999\n", "access_lifetime_s"), ("\xc0\xc1: 1\n", "gatehouse.yaml")])
def test_S108_a_mistake_in_the_configuration_is_one_sentence(make_house, text, expected):
    house = make_house()
    house.config_path.write_bytes(text.encode("latin-1"))
    said = refused_with(house, ["serve", "--config", str(house.config_path), "--data-dir", str(house.data)])
    assert expected in said, said
    checked = subprocess.run([house.binary, "config", "check", "--config", str(house.config_path)], capture_output=True, text=True, errors="replace",
                             timeout=5)
    assert checked.returncode != 0 and expected in checked.stderr


def test_a_configuration_that_is_not_there_is_named(make_house):
    house = make_house()
    said = refused_with(house, ["serve", "--config", str(house.folder / "nowhere.yaml")])
    assert "nowhere.yaml" in said and "No such file" in said


def test_an_unknown_option_and_a_bad_environment_are_named(make_house):
    house = make_house()
    assert "--colour" in refused(house, "--colour")
    assert "SHARDS" in refused(house, env={"GATEHOUSE__SERVER__SHARDS": "many"}).upper()
    assert "SHARD" in refused(house, env={"GATEHOUSE__SERVER__SHARD": "1"}).upper()


def test_the_environment_overrides_and_print_says_where_from(make_house):
    house = make_house()
    env = {"GATEHOUSE__TOKEN__AUDIENCE": "from-the-environment"}
    done = house.cli("config", "print", env=env)
    assert done.returncode == 0 and re.search(r"audience.*from-the-environment.*GATEHOUSE__TOKEN__AUDIENCE", done.stdout), done.stdout
    assert re.search(r"enabled.*false.*gatehouse\.yaml", done.stdout), done.stdout
    assert re.search(r"level.*info.*default", done.stdout), done.stdout
    assert house.cli("config", "check").returncode == 0


def test_limits_that_are_off_are_said_at_start(own_house):
    assert b"rate_limit" in own_house().log()


def test_a_lost_master_key_stops_the_start(own_house):
    house = own_house()
    person(house)
    house.stop()
    (house.data / "keys" / "master.key").unlink()
    assert "master.key" in refused(house, status=UNUSABLE)


def test_S56_another_master_key_stops_the_start(own_house):
    house = own_house()
    person(house)
    house.stop()
    (house.data / "keys" / "master.key").write_bytes(os.urandom(32))
    assert "master.key" in refused(house, status=UNUSABLE)
    assert house.cli("role", "list").returncode != 0


@pytest.mark.parametrize("role", ["identity", "credential", "auth", "account", "notification"])
def test_a_lost_database_stops_the_start(own_house, role):
    house = own_house()
    house.stop()
    (house.data / f"{role}.db").unlink()
    assert f"{role}.db" in refused(house, status=UNUSABLE)
    assert not (house.data / f"{role}.db").exists()


def test_an_emptied_database_stops_the_start(own_house):
    house = own_house()
    house.stop()
    (house.data / "identity.db").write_bytes(b"")
    assert "identity.db" in refused(house)


def test_somebody_elses_folder_is_refused_and_left_as_it_was(make_house):
    house = make_house()
    house.data.mkdir(mode=0o755)
    (house.data / "letters.txt").write_text("x")
    assert "letters.txt" in refused(house)
    assert stat.S_IMODE(house.data.stat().st_mode) == 0o755 and [p.name for p in house.data.iterdir()] == ["letters.txt"]


def test_a_folder_of_another_user_is_refused(make_house):
    house = make_house()
    house.data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(house.data, 65534, 65534)
    else:
        house.config["storage"]["data_dir"] = "/usr"
    assert f"this process runs as user {os.geteuid()}" in refused(house)


@pytest.mark.parametrize("command", [("user", "show", "ada"), ("role", "list"), ("keys", "list"), ("events", "dead", "list"), ("migrate",)])
def test_an_operator_makes_no_platform_where_there_is_none(make_house, command):
    house = make_house()
    done = house.cli(*command)
    assert done.returncode == 4 and "--data-dir" in done.stderr and one_sentence(done.stderr), done
    assert not house.data.exists()


@pytest.mark.parametrize("sender", ["nobody", "", "a@example.com, b@example.com", "Two <a@example.com> <b@example.com>"])
def test_S108_a_sender_no_mail_can_have_stops_the_start(make_house, sender):
    house = make_house({"mail": {"from": sender}})
    assert "mail.from" in refused(house)
    assert house.cli("config", "check").returncode == 3


def test_S108_a_master_key_others_can_read_stops_the_start(own_house):
    house = own_house()
    house.stop()
    (house.data / "keys" / "master.key").chmod(0o644)
    assert "master.key" in refused(house, status=UNUSABLE)


@pytest.mark.parametrize("section, key", [("storage", "master_key_file"), ("internal", "service_auth_key_file")])
def test_a_key_file_that_is_no_key_stops_the_start_and_config_check_says_so(make_house, section, key):
    house = make_house()
    file = house.folder / "short.key"
    file.write_text("short")
    file.chmod(0o600)
    house.config[section] = {**house.config.get(section, {}), key: str(file)}
    assert "short.key" in refused(house, status=UNUSABLE)
    checked = house.cli("config", "check")
    assert checked.returncode == UNUSABLE and "short.key" in checked.stderr, checked


def test_a_full_disk_stops_the_start_and_is_called_that(own_house):
    house = own_house()
    house.stop()
    full = (resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    rest = {"preexec_fn": lambda: resource.setrlimit(*full), "restore_signals": False}  # SIGXFSZ stays ignored
    assert "disk is full" in refused(house, status=UNUSABLE, **rest)
    assert "disk is full" in refused_with(house, ["keys", "rotate", "--config", str(house.config_path)], status=UNUSABLE, **rest)


@pytest.mark.parametrize("damage", ["header", "truncated", "garbage"])
def test_a_damaged_database_stops_the_start(own_house, damage):
    house = own_house()
    person(house)
    house.stop()
    path = house.data / "identity.db"
    content = path.read_bytes()
    path.write_bytes({"header": b"x" * 100 + content[100:], "truncated": content[:len(content) // 2 + 7], "garbage": b"garbage" * 1000}[damage])
    said = refused(house, status=UNUSABLE)
    assert "identity" in said and "PRAGMA" not in said and "SELECT" not in said, said
    shutil.rmtree(house.data)


def test_a_database_of_a_newer_program_stops_the_start(own_house):
    import sqlite3
    house = own_house()
    house.stop()
    path = house.data / "identity.db"
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO schema_migrations (component, number, name, applied_at_ms, sql_sha256) VALUES ('role', 999, '0999_future', 0, '')")
    assert "newer" in refused(house, status=UNUSABLE)


def test_a_database_made_by_other_migrations_stops_the_start(own_house):
    import sqlite3
    house = own_house()
    house.stop()
    with sqlite3.connect(house.data / "identity.db") as database:
        database.execute("UPDATE schema_migrations SET sql_sha256 = '' WHERE component = 'role' AND number = 1")
    assert "0001_users" in refused(house)


def test_nothing_is_written_outside_the_data_folder(own_house):
    house = own_house()
    person(house)
    assert {p.name for p in house.folder.iterdir()} <= {"data", "gatehouse.yaml", "gatehouse.log"}
    assert not pathlib.Path(house.folder, "core").exists() and os.path.isdir(house.data)
