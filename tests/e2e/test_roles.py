"""Roles and permissions: given on the command line, asked for on the internal listener."""
import json
import socket
import sqlite3
import struct
import threading
import time

import pytest
from support.http import REFUSES_CONNECTION
from support.people import person
from support.roles import run_ok


def service_key(house):
    return (house.data / "keys" / "service-auth.key").read_text().strip()


def permissions(house, user_id, key=None):
    headers = {"x-service-auth": service_key(house) if key is None else key}
    return house.client("internal").get(f"/internal/permissions/{user_id}", headers=headers)


def test_a_user_without_assignments_has_the_role_user(house, ada):
    answer = permissions(house, ada.id)
    assert answer.status == 200 and answer.json()["user_id"] == ada.id and answer.json()["roles"] == ["user"]


def test_a_role_gives_and_takes_permissions(house, ada):
    run_ok(house, "role", "put", "auditor", "reports:read", "users:read")
    run_ok(house, "role", "assign", ada.username, "auditor")
    assert permissions(house, ada.id).json()["permissions"] == ["reports:read", "users:read"]
    other = person(house)
    assert ada.get(f"/api/v1/users/{other.id}").status == 200
    run_ok(house, "role", "put", "auditor", "reports:read")
    assert ada.get(f"/api/v1/users/{other.id}").status == 403
    run_ok(house, "role", "remove", ada.username, "auditor")
    assert permissions(house, ada.id).json()["roles"] == ["user"]
    run_ok(house, "role", "delete", "auditor")
    assert "auditor" not in run_ok(house, "role", "list")


def test_assigning_twice_is_once(house, ada):
    run_ok(house, "role", "put", "twice", "a:b")
    for _ in range(2):
        run_ok(house, "role", "assign", ada.username, "twice")
    assert permissions(house, ada.id).json()["roles"].count("twice") == 1
    assert house.cli("role", "delete", "twice").returncode != 0, "a role in use stays"


@pytest.mark.parametrize("arguments", [("assign", "USER", "no-such-role"), ("assign", "nobody-of-that-name", "admin"), ("delete", "admin"),
                                       ("put", "Bad Name", "a:b"), ("put", "x", "nonsense"), ("frobnicate",)])
def test_a_mistake_gets_a_sentence(house, ada, arguments):
    done = house.cli("role", *(ada.username if a == "USER" else a for a in arguments))
    assert done.returncode != 0 and done.stderr.strip() and "terminate" not in done.stderr, done


@pytest.mark.parametrize("key", ["", "wrong", "Bearer x"])
def test_S60_the_internal_listener_takes_the_service_key_only(house, ada, key):
    assert permissions(house, ada.id, key).status == 401
    assert house.client("internal").get(f"/internal/permissions/{ada.id}", token=ada.access).status == 401


def test_internal_answers_for_ids_that_are_none(house):
    assert permissions(house, "42").status == 400
    assert permissions(house, "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e").status == 404


def test_S70_S102_listeners_serve_their_own_paths_only(house, ada):
    for path in (f"/internal/permissions/{ada.id}", "/metrics", "/health/live", "/health/ready"):
        assert house.client().get(path, headers={"x-service-auth": service_key(house)}).status == 404, path
    for listener in ("admin", "internal"):
        for path in ("/api/v1/users/me", "/openapi.json", "/.well-known/jwks.json"):
            assert house.client(listener).get(path, token=ada.access).status == 404, (listener, path)
    assert house.client("internal").get("/metrics").status == 404
    assert house.client("admin").get(f"/internal/permissions/{ada.id}", headers={"x-service-auth": service_key(house)}).status == 404


def test_the_role_commands_work_without_a_running_process(own_house):
    house = own_house()
    someone = person(house)
    house.stop()
    run_ok(house, "role", "assign", someone.username, "admin")
    assert "admin" in run_ok(house, "role", "list")
    shown = run_ok(house, "user", "show", someone.username)
    assert someone.id in shown
    house.start()
    assert permissions(house, someone.id).json()["roles"][0] == "admin"


def hang_up_during(house, database, send):
    """Sends a request while a database cannot be written, gives it up, and lets the database go."""
    lock = sqlite3.connect(house.data / f"{database}.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    connection = send()
    time.sleep(0.3)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    time.sleep(0.5)
    lock.execute("ROLLBACK")
    lock.close()
    time.sleep(1)


def command(house, name, arguments):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(house.data / "control.sock"))
    body = json.dumps(arguments)
    connection.sendall(f"POST /{name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection


def test_S96_a_role_taken_away_is_gone_although_nobody_waited_for_the_answer(own_house):
    house = own_house({"server": {"shards": 2}})
    admin, other, someone = person(house), person(house), person(house)
    for one in (admin, other):
        run_ok(house, "role", "assign", one.username, "admin")
    run_ok(house, "role", "put", "support", "users:read")
    run_ok(house, "role", "assign", someone.username, "support")

    def seen_by(whom):
        return {whom.get(f"/api/v1/users/{other.id}").status for _ in range(8)}

    assert seen_by(admin) == seen_by(someone) == {200}
    hang_up_during(house, "account", lambda: command(house, "role-remove", {"user": admin.username, "role": "admin"}))
    assert seen_by(admin) == {403}
    hang_up_during(house, "account", lambda: command(house, "role-put", {"role": "support", "permissions": ["reports:read"]}))
    assert seen_by(someone) == {403}


def test_a_deletion_that_fails_leaves_an_admin_what_they_were(own_house):
    house = own_house()
    admin, other = person(house), person(house)
    for one in (admin, other):
        run_ok(house, "role", "assign", one.username, "admin")
    lock = sqlite3.connect(house.data / "identity.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    assert admin.request("DELETE", "/api/v1/users/me").status == 503
    lock.execute("ROLLBACK")
    lock.close()
    assert permissions(house, admin.id).json()["roles"] == ["admin"]
    assert other.request("DELETE", "/api/v1/users/me").status == 204, "the one who did not go counts again"


def die_during(house, role, act):
    """Kills the house while it waits for a role's database."""
    def attempt():
        try:
            act()
        except (*REFUSES_CONNECTION, OSError):
            pass

    lock = sqlite3.connect(house.data / f"{role}.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    acting = threading.Thread(target=attempt)
    acting.start()
    time.sleep(0.5)
    house.kill()
    acting.join()
    lock.execute("ROLLBACK")
    lock.close()


def test_S96_an_admin_whose_deletion_a_crash_cut_short_counts_again(own_house):
    house = own_house()
    admin, other = person(house), person(house)
    for one in (admin, other):
        run_ok(house, "role", "assign", one.username, "admin")
    for act in (lambda: admin.request("DELETE", "/api/v1/users/me"), lambda: house.cli("user", "disable", admin.username)):
        die_during(house, "identity", act)
        house.start()
        assert admin.me().status == 200
        until = time.monotonic() + 8
        while house.cli("role", "remove", other.username, "admin").returncode != 0:
            assert time.monotonic() < until, "an admin who did not go counts as gone"
            time.sleep(0.1)
        run_ok(house, "role", "assign", other.username, "admin")


def test_S96_a_disabled_admin_is_none_of_the_last(own_house):
    house = own_house()
    admin, other = person(house), person(house)
    run_ok(house, "role", "assign", admin.username, "admin")
    assert house.cli("user", "disable", admin.username).returncode != 0
    assert admin.me().status == 200
    run_ok(house, "role", "assign", other.username, "admin")
    run_ok(house, "user", "disable", admin.username)
    for arguments in (("user", "disable", other.username), ("role", "remove", other.username, "admin")):
        assert house.cli(*arguments).returncode != 0, arguments
    assert other.request("DELETE", "/api/v1/users/me").code == "last_admin"
    run_ok(house, "user", "enable", admin.username)
    assert other.request("DELETE", "/api/v1/users/me").status == 204
