"""A Gatehouse process over a data folder of its own."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

import yaml

from .http import Client

HOST = "127.0.0.1"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SANITIZER_REPORTS = (b"AddressSanitizer", b"runtime error:", b"LeakSanitizer", b"ThreadSanitizer")


PORTS = random.sample(range(20000, 32000), 12000)  # below the range that the kernel gives to clients


def free_port():
    """Another one each time, and one that no connection takes meanwhile."""
    while True:
        port = PORTS.pop()
        PORTS.insert(0, port)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
                return port
            except OSError:
                continue


def merged(base, over):
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


class House:
    """`config` is laid over defaults that suit tests: free ports, limits off."""

    def __init__(self, binary, folder, config=None, env=None):
        self.binary, self.folder, self.extra_env = str(binary), pathlib.Path(folder), dict(env or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.ports = {name: free_port() for name in ("public", "admin", "internal")}
        defaults = {
            "server": {f"{name}_address": f"{HOST}:{port}" for name, port in self.ports.items()},
            "storage": {"data_dir": str(self.data)},
            "rate_limit": {"enabled": False},
        }
        self.config = merged(defaults, config or {})
        self.config_path, self.log_path = self.folder / "gatehouse.yaml", self.folder / "gatehouse.log"
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def address(self, listener="public"):
        return (HOST, self.ports[listener])

    def client(self, listener="public", **rest):
        return Client(self.address(listener), listener, **rest)

    def environment(self):
        return {**os.environ, **self.extra_env}

    def write_config(self):
        self.config_path.write_text(yaml.safe_dump(self.config))

    def spawn(self, arguments=()):
        self.write_config()
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([self.binary, "serve", "--config", str(self.config_path), *arguments], cwd=self.folder,
                                        env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        return self

    def start(self, wait_s=20, arguments=()):
        """Returns the seconds from exec to ready."""
        started = time.perf_counter()
        self.spawn(arguments)
        while time.perf_counter() - started < wait_s:
            if self.is_ready():
                return time.perf_counter() - started
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.log_tail()}")
            time.sleep(0.001)
        raise AssertionError(f"not ready after {wait_s} s:\n{self.log_tail()}")

    def is_ready(self):
        try:
            with socket.create_connection(self.address("admin"), timeout=5) as connection:
                connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def stop(self, wait_s=30):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(wait_s)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(10)

    def restart(self, **config):
        self.stop()
        self.config = merged(self.config, config)
        return self.start()

    def log(self):
        return self.log_path.read_bytes() if self.log_path.exists() else b""

    def log_tail(self, octets=4000):
        return self.log()[-octets:].decode(errors="replace")

    def sanitizer_report(self):
        log = self.log()
        return next((self.log_tail(8000) for mark in SANITIZER_REPORTS if mark in log), None)

    def cli(self, *arguments, input=None, env=None, timeout_s=20):
        """Another process of the same binary on the same configuration."""
        self.write_config()
        return subprocess.run([self.binary, *arguments, "--config", str(self.config_path)], cwd=self.folder, input=input, text=True,
                              env={**self.environment(), **(env or {})}, capture_output=True, timeout=timeout_s)

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What the kernel says of the process.

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def status_kib(self, name):
        return next(int(line.split()[1]) for line in self.proc("status").splitlines() if line.startswith(name + ":"))

    def rss_kib(self):
        return self.status_kib("VmRSS")

    def cpu_s(self):
        fields = self.proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.client("admin").get("/metrics").body.decode().splitlines():
            if line.startswith("#") or line.split("{")[0].split(" ")[0] != name:
                continue
            if all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total


def is_sanitized(binary):
    with open(binary, "rb") as file:
        content = file.read()
    return b"__asan_init" in content or b"__tsan_init" in content


def faked_clock(rate_file=None, offset_s=0):
    """Environment under which a process sees another wall clock; the steady clock stays true."""
    env = {"LD_PRELOAD": FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}
    if rate_file:
        return {**env, "FAKETIME_TIMESTAMP_FILE": str(rate_file)}
    return {**env, "FAKETIME": f"{offset_s:+d}s"}
