"""Events: nothing lost, each effect once, in order per subject, dead letters shown and replayed."""
import json
import os
import sqlite3
import time

import pytest
from support.mail import Mailbox
from support.people import fresh_email, fresh_name, person, register
from support.roles import run_ok


def outbox(house, role):
    """The events of a role's database, oldest first."""
    path = house.data / f"{role}.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM outbox ORDER BY 1")]


def types_of(house, role, subject):
    return [row["event_type"] for row in outbox(house, role) if row["subject"] == subject]


def test_every_act_leaves_its_event(own_house):
    house = own_house()
    someone = person(house, email=fresh_email())
    someone.request("PATCH", "/api/v1/users/me", json={"display_name": "x"})
    someone.request("PUT", "/api/v1/users/me/password", json={"current_password": someone.password, "new_password": "lantern-quarry-mosaic-31"})
    someone.request("POST", "/api/v1/auth/logout")
    run_ok(house, "role", "assign", someone.username, "admin")
    assert types_of(house, "identity", someone.id)[:3].count("user.created.v1") == 1
    assert {"identifier.attached.v1", "user.updated.v1"} <= set(types_of(house, "identity", someone.id))
    assert types_of(house, "credential", someone.id) == ["password.set.v1", "password.set.v1"]
    assert {"session.created.v1", "session.revoked.v1"} == set(types_of(house, "auth", someone.id))
    assert "role.assigned.v1" in types_of(house, "account", someone.id)


def test_I4_events_of_a_subject_count_without_gap(house, ada):
    for index in range(5):
        ada.request("PATCH", "/api/v1/users/me", json={"display_name": f"n{index}"})
    versions = [row["subject_version"] for row in outbox(house, "identity") if row["subject"] == ada.id]
    assert versions == list(range(1, len(versions) + 1))


def test_S86_personal_data_in_events_is_sealed(own_house):
    house = own_house()
    address, name = fresh_email("sealed"), fresh_name("sealed")
    person(house, name, email=address)
    house.client().post("/api/v1/challenges", {"type": "email", "value": fresh_email("sealed")})
    time.sleep(0.2)
    text = json.dumps(outbox(house, "identity"), default=repr)
    assert name not in text and "sealed" not in text and "example.com" not in text


@pytest.mark.long
def test_I5_mails_go_out_exactly_once_across_crashes(own_house):
    house = own_house()
    addresses = []
    for _ in range(4):
        for _ in range(5):
            address = fresh_email("once")
            if register(house, email=address).status == 201:
                addresses.append(address)
        house.kill()
        house.start()
    box = Mailbox(house)
    for address in addresses:
        box.wait_for(address)
    time.sleep(1.0)
    counts = {address: len(box.messages(address)) for address in addresses}
    assert set(counts.values()) == {1}, counts


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/chattr"), reason="cannot make a folder unwritable")
def test_a_mail_that_cannot_be_written_becomes_a_dead_letter_or_waits_and_is_sent_later(make_house):
    house = make_house()
    house.start()
    probe = fresh_email("probe")
    register(house, email=probe)
    Mailbox(house).wait_for(probe)
    folder = Mailbox(house).files()[0].parent
    aside = folder.with_name("mail-aside")
    folder.rename(aside)
    folder.write_text("a file where the folder should be")
    address = fresh_email("late")
    assert register(house, email=address).status == 201, "a mail that cannot go does not stop a registration"
    time.sleep(0.5)
    folder.unlink()
    aside.rename(folder)
    run_ok(house, "events", "dead", "list")
    run_ok(house, "events", "dead", "replay", "all")
    Mailbox(house).wait_for(address, wait_s=20)
    assert len(Mailbox(house).messages(address)) == 1


def test_F26_a_poison_event_becomes_a_dead_letter_that_can_be_replayed(make_house):
    """An event that cannot be read is set aside; the ones behind it go on; once mended it is delivered by replay."""
    house = make_house()
    house.start()
    first = fresh_email("before")
    register(house, email=first)
    Mailbox(house).wait_for(first)
    house.stop()
    path = house.data / "identity.db"
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM outbox WHERE event_type = 'user.created.v1' ORDER BY 1 DESC LIMIT 1").fetchone())
        offset_column = next(iter(row))
        row.pop(offset_column)
        row.update(event_id="0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e", subject="0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5f", subject_version=1, data="not json")
        columns = ", ".join(row)
        database.execute(f"INSERT INTO outbox ({columns}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    house.start()
    second = fresh_email("behind")
    register(house, email=second)
    Mailbox(house).wait_for(second)
    until = time.monotonic() + 20
    while "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e" not in (listed := run_ok(house, "events", "dead", "list")):
        assert time.monotonic() < until, listed
        time.sleep(0.2)
    assert "not json" not in listed
    assert house.cli("events", "dead", "replay", "999999").returncode != 0


def bury(database, row):
    """An outbox row as a dead letter of the mailer."""
    names = [name for name in row if name != "offset"]
    database.execute(f"INSERT INTO dead_letters (consumer, topic, offset, {', '.join(names)}, attempts, last_error, died_at_ms)"
                     f" VALUES ('notification.mail', 'gatehouse.identity', :offset, {', '.join(':' + name for name in names)}, 8, 'test', 0)", row)


def test_a_dead_letter_is_delivered_by_replay(own_house):
    """A delivered event is made a dead letter nobody has handled; replaying it has its effect, once, and empties the list."""
    house = own_house()
    address = fresh_email("replayed")
    register(house, email=address)
    Mailbox(house).wait_for(address)
    row = next(r for r in outbox(house, "identity") if r["event_type"] == "user.created.v1")
    house.stop()
    Mailbox(house).files()[0].unlink()  # a mail is named by its event, so that sending it twice leaves one
    with sqlite3.connect(house.data / "notification.db") as database:
        database.execute("DELETE FROM inbox WHERE event_id = ?", (row["event_id"],))
        bury(database, row)
    house.start()
    letters = json.loads(run_ok(house, "events", "dead", "list", "--json"))["dead_letters"]
    assert [(one["event_id"], one["consumer"]) for one in letters] == [(row["event_id"], "notification.mail")]
    run_ok(house, "events", "dead", "replay", str(letters[0]["id"]))
    Mailbox(house).wait_for(address)
    assert json.loads(run_ok(house, "events", "dead", "list", "--json"))["dead_letters"] == []


def test_F24_reading_everything_again_repeats_no_effect(own_house):
    house = own_house()
    addresses = [fresh_email("again") for _ in range(3)]
    for address in addresses:
        register(house, email=address)
        Mailbox(house).wait_for(address)
    house.stop()
    for role in ("notification", "account"):
        with sqlite3.connect(house.data / f"{role}.db") as database:
            database.execute("UPDATE consumer_offsets SET offset = 0")
    house.start()
    last = fresh_email("last")
    register(house, email=last)
    Mailbox(house).wait_for(last)
    assert [len(Mailbox(house).messages(a)) for a in addresses] == [1, 1, 1]


def test_an_older_database_that_is_put_back_skips_no_event(own_house):
    """Its log uses offsets again that the consumers have passed already."""
    house = own_house()
    first = fresh_email("first")
    register(house, email=first)
    Mailbox(house).wait_for(first)
    house.stop()
    older = (house.data / "identity.db").read_bytes()
    house.start()
    lost = [fresh_email("lost") for _ in range(3)]
    for address in lost:
        register(house, email=address)
        Mailbox(house).wait_for(address)
    house.stop()
    (house.data / "identity.db").write_bytes(older)
    house.start()
    late = fresh_email("late")
    newcomer = person(house, email=late)
    Mailbox(house).wait_for(late)
    until = time.monotonic() + 8
    while "account.updated.v1" not in types_of(house, "account", newcomer.id):
        assert time.monotonic() < until, "a newcomer without a profile"
        time.sleep(0.05)
    assert len(Mailbox(house).messages(first)) == 1
    said = [json.loads(line) for line in house.log().splitlines() if b"begins again" in line]
    assert {line["consumer"] for line in said if line["level"] == "error"} == {"account.profile", "gateway.account_end", "notification.mail"}
    house.restart()
    assert len([line for line in house.log().splitlines() if b"begins again" in line]) == len(said), "once is enough"
