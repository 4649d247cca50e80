"""Fixtures: one shared house for whatever does not disturb the others, and a factory for houses of one's own."""
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.mail import Mailbox  # noqa: E402
from support.people import person  # noqa: E402
from support.process import House, is_sanitized  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAST = ("test_secrets.py", "test_openapi.py")  # these judge the whole run


def pytest_addoption(parser):
    parser.addoption("--binary", default=str(ROOT / "build" / "release" / "gatehouse"), help="the gatehouse binary to test")
    parser.addoption("--measured", action="store_true", help="only what a sanitizer hides: sizes, times, crashes at each sync")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: LAST.index(item.path.name) + 1 if item.path.name in LAST else 0)
    if config.getoption("--measured"):
        items[:] = [item for item in items if "sanitized" in item.fixturenames]
    files = {item.path.name for item in items}
    config.is_whole_run = not config.option.markexpr and not config.option.keyword and files >= {path.name for path in pathlib.Path(__file__).parent.glob("test_*.py")}


@pytest.fixture(scope="session")
def binary(request):
    path = pathlib.Path(request.config.getoption("--binary")).resolve()
    assert path.exists(), f"{path} is not there; build it with ./dev build, or name one with --binary"
    return path


@pytest.fixture(scope="session")
def sanitized(binary):
    """True when the binary carries a sanitizer: sizes and times mean nothing then."""
    return is_sanitized(binary)


@pytest.fixture(scope="session")
def whole_run(request):
    return request.config.is_whole_run


@pytest.fixture(scope="session")
def scratch():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-e2e-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def finish(house):
    if house.process and house.process.poll() is None:
        code = house.stop()
        assert code == 0, f"exit code {code} after SIGTERM:\n{house.log_tail()}"
    report = house.sanitizer_report()
    assert not report, report


@pytest.fixture(scope="session")
def house(binary, scratch):
    """The shared one: limits off, two shards, never restarted by a test."""
    shared = House(binary, scratch / "shared", {"server": {"shards": 2}, "log": {"level": "debug"}})
    shared.start()
    yield shared
    finish(shared)


@pytest.fixture
def make_house(binary, scratch):
    """make_house(config) → a House of this test, not started."""
    made = []

    def make(config=None, **rest):
        made.append(House(binary, tempfile.mkdtemp(dir=scratch), config, **rest))
        return made[-1]

    yield make
    try:
        for one in made:
            finish(one)
    finally:
        for one in made:
            one.remove()


@pytest.fixture
def own_house(make_house):
    """own_house(config) → a House of this test, running."""
    def start(config=None, **rest):
        made = make_house(config, **rest)
        made.start()
        return made

    return start


@pytest.fixture
def mailbox(house):
    return Mailbox(house)


@pytest.fixture
def ada(house):
    return person(house)
