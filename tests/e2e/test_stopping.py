"""Stopping: what is in flight is answered, a load balancer can see it coming, and nothing keeps it from ending."""
import http.client
import json
import socket
import threading
import time

from support.people import PASSWORD, login, person


def test_F45_sigterm_answers_what_is_in_flight_and_ends_with_0(own_house):
    house = own_house()
    someone = person(house)
    answers, lost = [], []
    body = json.dumps({"username": someone.username, "password": PASSWORD})

    def work():
        connection, asked_at = house.client().connect(), None
        for _ in range(400):
            try:
                asked_at = None
                connection.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
                asked_at = time.monotonic()
                response = connection.getresponse()
                response.read()
                answers.append(response.status)
                if response.will_close:
                    return
            except (OSError, http.client.HTTPException) as error:
                lost.append((asked_at, error))
                return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    started = time.monotonic()
    assert house.stop() == 0
    assert time.monotonic() - started < 11
    for thread in threads:
        thread.join()
    # What is asked later may find the connection closed; a half answer is lost whenever it was asked for.
    in_flight = [error for asked_at, error in lost if (asked_at or started) < started or isinstance(error, http.client.IncompleteRead)]
    assert not in_flight, in_flight[:3]
    assert answers and set(answers) <= {200, 503}


def test_F46_sigterm_twice_or_early_still_ends(make_house):
    house = make_house()
    house.start()
    with socket.create_connection(house.address()) as stuck:
        stuck.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
        time.sleep(0.1)
        house.process.terminate()
        time.sleep(0.1)
        house.process.terminate()
        assert house.process.wait(13) == 0
    for delay_s in (0.001, 0.005, 0.01, 0.02, 0.05):
        house.spawn()
        time.sleep(delay_s)
        house.process.terminate()
        assert house.process.wait(5) in (0, -15), delay_s
    house.start()


def readiness(house):
    """The status, None when nobody listens any more."""
    try:
        return house.client("admin").get("/health/ready").status
    except OSError:
        return None


def test_F45_readiness_says_503_before_anything_is_refused(own_house):
    house = own_house({"server": {"drain_delay_ms": 1500}})
    house.process.terminate()
    time.sleep(0.3)
    assert readiness(house) == 503
    assert house.client().get("/.well-known/jwks.json").status == 200, "a load balancer that has not looked yet loses nothing"
    assert house.process.wait(10) == 0


def test_F45_the_delay_empties_the_connections(own_house):
    house = own_house({"server": {"drain_delay_ms": 3000}})
    with socket.create_connection(house.address(), timeout=10) as client:
        client.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"connection: close" not in client.recv(65536).lower()
        house.process.terminate()
        time.sleep(0.3)
        client.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 200") and b"connection: close" in answer.lower(), answer[:400]
    assert house.process.poll() is None, "long before the end of the delay"
    assert house.process.wait(10) == 0


def test_F45_readiness_can_be_asked_until_the_last_request_is_answered(own_house):
    house = own_house()
    body = b'{"username":"nobody","password":"tidal-copper-orchard-57"}'
    with socket.create_connection(house.address(), timeout=10) as client:
        client.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        time.sleep(0.2)
        house.process.terminate()
        time.sleep(0.3)
        assert readiness(house) == 503
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 401")
    assert house.process.wait(10) == 0 and readiness(house) is None


def test_idle_connections_do_not_hold_up_the_end(own_house):
    house = own_house()
    idle = [socket.create_connection(house.address()) for _ in range(200)]
    started = time.monotonic()
    assert house.stop() == 0 and time.monotonic() - started < 2
    for connection in idle:
        connection.close()
