"""Many and slow connections: closed in time, cheap while they wait, and nobody else feels them."""
import resource
import select
import socket
import time

import pytest
from support.http import read_all, statuses
from support.parallel import at_once
from support.people import PASSWORD, login, person

IDLE = 10_000


@pytest.fixture
def impatient(own_house):
    return own_house({"server": {"header_timeout_ms": 700, "body_timeout_ms": 900, "idle_timeout_ms": 1200}})


def drip(connection, octets):
    """One at a time, until the other side says something."""
    for octet in octets:
        if select.select([connection], [], [], 0.05)[0]:
            return
        connection.send(bytes([octet]))


def until_closed(connection, begun):
    received = read_all(connection)
    return time.monotonic() - begun, received


def test_S69_slow_headers_slow_bodies_and_silence_are_ended_in_time(impatient):
    address = impatient.address()

    def slow_header():
        with socket.create_connection(address, timeout=5) as connection:
            begun = time.monotonic()
            drip(connection, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100)
            return until_closed(connection, begun)

    def slow_body():
        with socket.create_connection(address, timeout=5) as connection:
            begun = time.monotonic()
            connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n")
            drip(connection, b" " * 100)
            return until_closed(connection, begun)

    def silent():
        with socket.create_connection(address, timeout=5) as connection:
            return until_closed(connection, time.monotonic())

    def idle_after_a_request():
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n")
            return until_closed(connection, time.monotonic())

    results = at_once(4, lambda i: (slow_header, slow_body, silent, idle_after_a_request)[i]())
    for elapsed_s, received in results:
        assert b"<silence>" not in received and elapsed_s < 3, (elapsed_s, received[:100])
    assert statuses(results[0][1]) in ([408], []) and statuses(results[1][1]) in ([408], [])
    assert statuses(results[3][1]) == [200]


def test_F33_slow_clients_do_not_slow_the_others(impatient, sanitized):
    someone = person(impatient)
    slow = [socket.create_connection(impatient.address()) for _ in range(300)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    client = impatient.client(keeps=True)
    times = sorted(client.get("/api/v1/users/me", token=someone.access).elapsed_s for _ in range(200))
    assert sanitized or times[150] < 0.02, times[150]
    for connection in slow:
        connection.close()


@pytest.mark.long
def test_a_client_that_does_not_read_is_cut_off(own_house, sanitized):
    house = own_house()
    with socket.create_connection(house.address(), timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.settimeout(0.5)
        sent = 0
        try:
            while sent < 50_000_000:
                sent += connection.send(request * 200)
        except OSError:
            pass
        assert sent < 20_000_000, "requests were read although their answers were not"
    assert sanitized or house.rss_kib() < 120 * 1024, house.rss_kib()
    assert person(house).me().status == 200


@pytest.mark.long
def test_ten_thousand_idle_connections_cost_little(own_house, sanitized):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 500:
        pytest.skip(f"only {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        house = own_house({"server": {"idle_timeout_ms": 120_000, "header_timeout_ms": 120_000, "connections_per_source_max": 20_000}})
        someone = person(house)
        for _ in range(300):
            someone.me()
        before = house.rss_kib()
        idle = open_idle(house.address(), IDLE)
        after = house.rss_kib()
        assert someone.me().status == 200 and login(house, someone.username, PASSWORD).status == 200
        each = (after - before) * 1024 / IDLE
        assert sanitized or each <= 8 * 1024, f"{each:.0f} octets each"
        for connection in idle:
            connection.close()
        assert someone.me().status == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_idle(address, count):
    """Connections that have each had one answer and wait."""
    request = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n"
    connections = []
    for index in range(count):
        connections.append(socket.create_connection(address, timeout=10))
        connections[-1].sendall(request)
        if index % 200 == 199:
            for connection in connections[-200:]:
                assert b" 200 " in connection.recv(4096)
    return connections


def slow_header(address, source="127.0.0.1"):
    connection = socket.create_connection(address, timeout=5, source_address=(source, 0))
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    return connection


def status_from(address, source):
    """Of one request from another address; None when it was not answered."""
    with socket.create_connection(address, timeout=5, source_address=(source, 0)) as connection:
        connection.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return (statuses(read_all(connection)) or [None])[0]


def test_S69_one_client_cannot_take_every_connection(own_house):
    house = own_house({"server": {"connections_max": 150, "shards": 2}})
    greedy = [slow_header(house.address()) for _ in range(700)]
    assert [status_from(house.address(), "127.0.0.2") for _ in range(40)] == [200] * 40
    for connection in greedy:
        connection.close()


def test_S69_many_slow_clients_make_room_for_one_who_is_not(own_house):
    house = own_house({"server": {"connections_max": 60, "connections_per_source_max": 60, "shards": 1}})
    slow = [slow_header(house.address(), f"127.0.1.{index}") for index in range(60)]
    time.sleep(2)  # a tenth of the time they would have, and a sweep
    assert [status_from(house.address(), "127.0.0.2") for _ in range(10)] == [200] * 10
    for connection in slow:
        connection.close()


@pytest.mark.parametrize("path", ["/api/v1/challenges", "/api/v1/challenges/0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e/verify"])
def test_S69_strangers_are_not_read_for_long(house, path):
    with socket.create_connection(house.address(), timeout=5) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 16385\r\n\r\n".encode())
        assert statuses(connection.recv(4096)) == [413]


@pytest.mark.long
def test_S69_bodies_that_never_end_cost_little_and_are_forgotten(own_house, sanitized):
    house = own_house({"server": {"connections_per_source_max": 20_000}})
    someone = person(house)  # and with it the memory of a hash, which is kept a while
    before = house.rss_kib()
    head = b"PATCH /api/v1/users/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n"
    stalled = []
    for _ in range(3000):
        stalled.append(socket.create_connection(house.address(), timeout=5))
        try:
            stalled[-1].sendall(head + b" " * 60_000)
        except OSError:  # refused with 503 meanwhile
            pass
    time.sleep(1)
    during = house.rss_kib() - before
    assert someone.me().status == 200 and login(house, someone.username, PASSWORD).status == 200
    for connection in stalled:
        connection.close()
    until = time.monotonic() + 15  # a hash gives its memory back after five seconds
    while (after := house.rss_kib() - before) > 40 * 1024 and time.monotonic() < until:
        time.sleep(0.2)
    assert sanitized or (during < 130 * 1024 and after <= 40 * 1024), (during, after)


def test_the_number_of_connections_is_bounded(own_house):
    house = own_house({"server": {"connections_max": 50, "shards": 1}})
    held = [socket.create_connection(house.address(), timeout=2) for _ in range(120)]
    time.sleep(0.3)
    for connection in held:
        connection.close()
    time.sleep(0.3)
    assert person(house).me().status == 200
    assert house.descriptors() < 120


@pytest.mark.long
def test_F36_running_out_of_descriptors_is_survived(make_house):
    house = make_house()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (160, hard))
    try:
        house.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    someone = person(house)
    held = []
    for _ in range(300):
        try:
            held.append(socket.create_connection(house.address(), timeout=1))
        except OSError:
            break
    before = house.cpu_s()
    time.sleep(1)
    busy_s = house.cpu_s() - before
    for connection in held:
        connection.close()
    time.sleep(0.5)
    assert someone.me().status == 200 and busy_s < 0.5, f"{busy_s} s of CPU while out of descriptors"
