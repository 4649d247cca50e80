"""gatehouse backup: one consistent copy, of a busy instance and of one that does not run."""
import json
import shutil
import sqlite3
import stat
import threading
import time

import pytest
from support.mail import Mailbox
from support.people import PASSWORD, fresh_email, fresh_name, login, person, register
from support.roles import one_sentence, run_ok

ROLES = ("identity", "credential", "auth", "account", "notification")


class Load:
    """People who register and log in until told to stop; who was acknowledged, when, and how long a login took."""

    def __init__(self, house, threads=3):
        self.house, self.is_over, self.acknowledged, self.slowest_s = house, threading.Event(), {}, 0.0
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        while not self.is_over.is_set():
            name = fresh_name("busy")
            if register(self.house, name, email=f"{name}@example.com").status != 201:
                continue
            self.acknowledged[name] = time.monotonic()
            began = time.monotonic()
            login(self.house, name, PASSWORD)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)


def restored(make_house, backup):
    """As docs/guides/operations.md says: the folder is the data folder."""
    house = make_house()
    shutil.copytree(backup, house.data)
    house.data.chmod(0o700)
    house.start()
    return house


def test_a_backup_of_a_busy_instance_restores_whole(own_house, make_house):
    house = own_house()
    admin = person(house, email=fresh_email("admin"))
    run_ok(house, "role", "assign", admin.username, "admin")
    folder = house.folder / "backup"
    with Load(house) as load:
        while len(load.acknowledged) < 10:
            time.sleep(0.01)
        began = time.monotonic()
        said = json.loads(run_ok(house, "backup", str(folder), "--json"))
        time.sleep(0.3)
    assert said["folder"] == str(folder)
    assert {one["file"] for one in said["files"]} == {f"{role}.db" for role in ROLES} | {"keys/master.key", "keys/service-auth.key"}
    assert all(stat.S_IMODE(p.stat().st_mode) == (0o700 if p.is_dir() else 0o600) for p in [folder, *folder.rglob("*")])
    again = restored(make_house, folder)
    for name, when in load.acknowledged.items():
        answer = login(again, name, PASSWORD)
        assert answer.status == 200 or (answer.status == 401 and when >= began), (name, when - began, answer)
    assert login(again, admin.username, PASSWORD).status == 200
    late = fresh_email("late")
    person(again, email=late)
    Mailbox(again).wait_for(late)
    assert b"begins again" not in again.log(), "of one moment, no consumer is ahead of the log it reads"


def test_everybody_in_a_backup_gets_what_was_owed_to_them(own_house, make_house):
    """The events that nobody had handled when it was made are handled after it was restored."""
    house = own_house()
    folder = house.folder / "backup"
    with Load(house) as load:
        while len(load.acknowledged) < 5:
            time.sleep(0.01)
        run_ok(house, "backup", str(folder))
    again = restored(make_house, folder)
    with sqlite3.connect(f"file:{again.data / 'identity.db'}?mode=ro", uri=True) as database:
        created = {row[0] for row in database.execute("SELECT subject FROM outbox WHERE event_type = 'user.created.v1'")}
    until = time.monotonic() + 10
    while True:
        with sqlite3.connect(f"file:{again.data / 'account.db'}?mode=ro", uri=True) as database:
            known = {row[0] for row in database.execute("SELECT user_id FROM profiles")}
        if created <= known:
            break
        assert time.monotonic() < until, created - known
        time.sleep(0.1)


def test_nobody_waits_for_a_backup(own_house, sanitized):
    if sanitized:
        pytest.skip("times mean nothing")
    house = own_house()
    with sqlite3.connect(house.data / "account.db") as database:
        database.execute("CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                         " SELECT i, randomblob(1000) AS octets FROM n")
    with Load(house, threads=1) as load:
        run_ok(house, "backup", str(house.folder / "backup"), timeout_s=60)
        assert load.acknowledged
    assert load.slowest_s < 2, load.slowest_s


def test_a_backup_of_an_instance_that_does_not_run(own_house, make_house):
    house = own_house()
    someone = person(house)
    house.stop()
    said = run_ok(house, "backup", "backup")
    assert str(house.folder / "backup") in said and "identity.db" in said, said
    assert login(restored(make_house, house.folder / "backup"), someone.username, PASSWORD).status == 200


@pytest.mark.parametrize("is_running", [True, False])
def test_a_backup_overwrites_nothing(own_house, is_running):
    house = own_house()
    if not is_running:
        house.stop()
    folder = house.folder / "backup"
    folder.mkdir()
    (folder / "letters.txt").write_text("x")
    done = house.cli("backup", str(folder))
    assert done.returncode == 1 and "not empty" in done.stderr and one_sentence(done.stderr), done
    assert [p.name for p in folder.iterdir()] == ["letters.txt"]
    (folder / "letters.txt").unlink()
    run_ok(house, "backup", str(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert house.cli("backup", "/proc/backup").returncode == 1


def test_a_master_key_that_is_kept_elsewhere_is_named_and_not_copied(make_house):
    house = make_house()
    house.config["storage"]["master_key_file"] = str(house.folder / "master.key")
    house.start()
    said = json.loads(run_ok(house, "backup", str(house.folder / "backup"), "--json"))
    assert said["master_key_elsewhere"] == str(house.folder / "master.key")
    assert not list((house.folder / "backup").rglob("master.key"))
