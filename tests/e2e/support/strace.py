"""Deterministic faults of the system: threads that die at their n-th fdatasync, and disks that hang."""
import pathlib
import shutil
import subprocess
import time

AVAILABLE = shutil.which("strace") is not None
DURABLE_CALLS = "fdatasync,fsync"


def threads_of(pid):
    """{thread id: name}"""
    return {int(task.name): (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


class Traced:
    """While entered: strace with these arguments is attached to the threads."""

    def __init__(self, tids, *arguments):
        self.tids = tids
        self.command = ["strace", "-qq", *(part for tid in tids for part in ("-p", str(tid))), *arguments]

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 5
        for tid in self.tids:
            status = pathlib.Path(f"/proc/{tid}/status")
            while "TracerPid:\t0" in status.read_text():
                assert time.monotonic() < until and self.strace.poll() is None, "strace could not attach"
                time.sleep(0.002)
        return self

    def __exit__(self, *_):
        if self.strace.poll() is None:
            self.strace.terminate()
        self.strace.wait(10)


class HangingDisk(Traced):
    """While entered: whatever the threads ask of a file takes a minute."""

    def __init__(self, tids):
        calls = "fcntl,pread64,pwrite64,fdatasync,fsync,ftruncate"
        super().__init__(tids, "-e", f"trace={calls}", "-e", f"inject={calls}:delay_enter=60s")


class KillAtSync(Traced):
    """While entered: thread `tid` of the process dies of SIGKILL as it enters its n-th sync, and the process with it."""

    def __init__(self, tid, nth):
        super().__init__([tid], "-e", f"trace={DURABLE_CALLS}", "-e", f"inject={DURABLE_CALLS}:signal=KILL:when={nth}")
