"""A disk that hangs, as a network file system does: who waits is told in time, and stopping ends."""
import signal
import time

import pytest

from support import strace
from support.people import PASSWORD, login, person

pytestmark = pytest.mark.skipif(not strace.AVAILABLE, reason="strace is not installed")


def database_threads(house):
    return [tid for tid, name in strace.threads_of(house.pid).items() if name.startswith(("r-", "w-"))]


def test_F39_while_the_disk_hangs_every_request_is_answered_at_its_deadline(own_house):
    house = own_house({"server": {"request_timeout_ms": 1500}})
    someone = person(house)
    with strace.HangingDisk(database_threads(house)):
        for _ in range(2):
            started = time.monotonic()
            assert login(house, someone.username, PASSWORD).status == 504
            assert time.monotonic() - started < 2.5
            started = time.monotonic()
            assert house.client("admin").get("/health/ready").status == 503
            assert time.monotonic() - started < 3
        assert house.client("admin").get("/health/live").status == 200
    until = time.monotonic() + 15
    while not house.is_ready():
        assert time.monotonic() < until, house.log_tail()
        time.sleep(0.05)
    assert login(house, someone.username, PASSWORD).status == 200


def test_F45_stopping_ends_although_the_disk_hangs(make_house):
    house = make_house({"server": {"request_timeout_ms": 500, "drain_timeout_ms": 1000}})
    house.start()
    someone = person(house)
    with strace.HangingDisk(database_threads(house)):
        assert login(house, someone.username, PASSWORD).status == 504
        started = time.monotonic()
        house.process.send_signal(signal.SIGTERM)
        while b"stopping hangs" not in house.log():
            assert time.monotonic() - started < 6
            time.sleep(0.05)
    assert house.process.wait(5) == 1, "not a clean end"  # not before strace lets go of the threads
    house.start()
    assert login(house, someone.username, PASSWORD).status == 200
