"""Processes under measurement: a Gatehouse with limits off, an nginx beside it, wrk, and what the kernel says each has used."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from support.people import PASSWORD, person  # noqa: E402, F401
from support.process import HOST, House, free_port  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]


def pinned(command, core):
    return ["taskset", "-c", str(core), *map(str, command)]


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def thread_cpu_s(pid):
    """{thread name: CPU seconds}, threads of one name added up; nanosecond resolution."""
    used = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            used[name] = used.get(name, 0.0) + int((task / "schedstat").read_text().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
    return used


def cpu_s(pid):
    return sum(thread_cpu_s(pid).values())


class Gatehouse(House):
    """Limits off; `core` pins the whole process to one core with one shard."""

    def __init__(self, binary, core=None, **config):
        super().__init__(binary, tempfile.mkdtemp(prefix="gatehouse-bench-"), {"log": {"level": "warn"}, **config})
        if core is not None:
            self.config["server"]["shards"] = 1
        self.core = core

    def __enter__(self):
        if self.core is not None:
            everywhere = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {self.core})
            try:
                self.start()
            finally:
                os.sched_setaffinity(0, everywhere)
        else:
            self.start()
        return self

    def __exit__(self, *_):
        try:
            assert self.stop() == 0, self.log_tail()
        finally:
            self.remove()


class Nginx:
    """One worker on one core that returns a constant JSON body: the yardstick."""

    def __init__(self, body, core):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx-bench-"))
        self.port, self.core = free_port(), core
        text = body.replace("\\", "\\\\").replace('"', '\\"').replace("$", "")
        (self.folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600s; server_tokens off;
  server {{ listen {HOST}:{self.port}; location / {{ default_type application/json; return 200 "{text}"; }} }} }}
""")

    def __enter__(self):
        self.process = subprocess.Popen(pinned(["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"], self.core), stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(5)

    @property
    def pid(self):
        return self.process.pid


def wrk(url, seconds, connections=64, threads=1, token=None, script=None, arguments=(), core=CLIENT_CORE):
    """(requests answered, of them not 2xx or 3xx, seconds)"""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if script:
        command += ["-s", str(script)]
    command += [url, "--", *map(str, arguments)]
    out = subprocess.run(pinned(command, core) if core is not None else command, capture_output=True, text=True, check=True).stdout
    requests, duration = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return int(requests), int(bad.group(1)) if bad else 0, float(duration), sum(map(int, errors.groups())) if errors else 0


def cpu_per_request_us(pid, url, seconds, **rest):
    """CPU of a process per request of a closed loop over 64 kept connections."""
    wrk(url, 1, **rest)
    before = cpu_s(pid)
    requests, bad, _, _ = wrk(url, seconds, **rest)
    used = cpu_s(pid) - before
    assert requests and not bad, f"{bad} of {requests} requests to {url} failed"
    return used / requests * 1e6


def open_loop(tools, port, path, token, rate, seconds):
    out = subprocess.run([str(tools / "open_loop"), str(port), path, token, str(rate), str(seconds)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)
