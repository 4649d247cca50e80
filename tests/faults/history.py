"""The client journal: what was asked (on disk before it is sent) and what was answered."""
import dataclasses
import json
import os
import threading
import time

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


@dataclasses.dataclass
class Operation:
    """One request. `outcome`: ok was acknowledged, refused was answered 4xx (it had no effect), unknown may have happened or not."""
    number: int
    person: str  # whoever it is about; operations of one person never overlap
    kind: str
    asked: dict
    began_s: float = 0.0
    ended_s: float = 0.0
    outcome: str = UNKNOWN
    status: int = 0
    got: dict = dataclasses.field(default_factory=dict)


class Journal:
    """Appends to a file; a begun operation is on disk before its request leaves."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.operations = []

    def begin(self, person, kind, **asked):
        with self.lock:
            operation = Operation(len(self.operations), person, kind, asked)
            self.operations.append(operation)
        self.write({"at_s": round(time.monotonic(), 3), "begin": operation.number, "person": person, "kind": kind, "asked": asked})
        os.fsync(self.descriptor)
        operation.began_s = time.monotonic()
        return operation

    def end(self, operation, outcome, status, got):
        operation.ended_s = time.monotonic()
        operation.outcome, operation.status, operation.got = outcome, status, got
        self.write({"at_s": round(time.monotonic(), 3), "end": operation.number, "outcome": outcome, "status": status, "got": got})
        return operation

    def write(self, record):
        os.write(self.descriptor, json.dumps(record).encode() + b"\n")

    def close(self):
        os.close(self.descriptor)
