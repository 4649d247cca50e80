"""Deterministic crashes: kills a process the moment one of its threads makes its n-th fdatasync."""
import pathlib
import shutil
import subprocess
import time

AVAILABLE = shutil.which("strace") is not None
DURABLE_CALLS = "fdatasync,fsync"


def threads_of(pid):
    """{thread id: name}"""
    return {int(task.name): (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


class KillAtSync:
    """While entered: thread `tid` of the process dies of SIGKILL as it enters its n-th sync, and the process with it."""

    def __init__(self, tid, nth):
        self.command = ["strace", "-qq", "-p", str(tid), "-e", f"trace={DURABLE_CALLS}",
                        "-e", f"inject={DURABLE_CALLS}:signal=KILL:when={nth}"]
        self.tid = tid

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status = pathlib.Path(f"/proc/{self.tid}/status")
        until = time.monotonic() + 5
        while "TracerPid:\t0" in status.read_text():
            assert time.monotonic() < until and self.strace.poll() is None, "strace could not attach"
            time.sleep(0.002)
        return self

    def __exit__(self, *_):
        if self.strace.poll() is None:
            self.strace.terminate()
        self.strace.wait(10)
