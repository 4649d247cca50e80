"""A house, its actors and its judge, for one run of faults."""
import pathlib
import sqlite3
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "e2e"))

from checker import check  # noqa: E402
from history import Journal  # noqa: E402
from load import Actor  # noqa: E402
from support.process import House  # noqa: E402


class Stage:
    def __init__(self, binary, folder, seed, actors=6, config=None, env=None):
        self.house = House(binary, folder, config, env)
        self.seed, self.actor_count = seed, actors
        self.journal = Journal(pathlib.Path(folder) / "journal.jsonl")
        self.stop = threading.Event()
        self.actors, self.notes = [], []

    def open(self):
        start_s = self.house.start()
        self.actors = [Actor(i, self.seed, self.house, self.journal, self.stop) for i in range(self.actor_count)]
        for actor in self.actors:
            actor.start()
        return start_s

    def rest(self):
        """Ends the load and asks about everybody once more."""
        self.stop.set()
        for actor in self.actors:
            actor.join(30)
        crashed = [repr(actor.crash) for actor in self.actors if actor.crash]
        assert not crashed, crashed
        settling = [threading.Thread(target=actor.settle) for actor in self.actors]
        for thread in settling:
            thread.start()
        for thread in settling:
            thread.join()
        crashed = [repr(actor.crash) for actor in self.actors if actor.crash]
        assert not crashed, crashed

    def violations(self):
        """Everything that contradicts a promise. Stops the house."""
        found = check(self.journal.operations)
        found += [f"I14: status {o.status} for {o.kind} (operation {o.number})" for o in self.journal.operations if o.status in (500, 501, 504)]
        code = self.house.stop()
        if code != 0:
            found.append(f"I14: exit code {code} after SIGTERM")
        if report := self.house.sanitizer_report():
            found.append(f"I12: {report}")
        return found + self.database_violations()

    def database_violations(self):
        found = []
        for path in sorted(self.house.data.rglob("*")):
            if not path.is_file() or path.read_bytes()[:15] != b"SQLite format 3":
                continue
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
                if verdict != "ok":
                    found.append(f"I1: {path.name}: {verdict}")
                found += self.outbox_violations(path.name, database)
        return found

    @staticmethod
    def outbox_violations(name, database):
        if not database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'outbox'").fetchone():
            return []
        last, found = {}, []
        for subject, version in database.execute("SELECT subject, subject_version FROM outbox ORDER BY 1, 2"):
            if version != last.get(subject, 0) + 1:
                found.append(f"I4: {name}: subject {subject} goes from {last.get(subject, 0)} to {version}")
            last[subject] = version
        return found

    def summary(self):
        total = {}
        for actor in self.actors:
            for outcome, count in actor.done.items():
                total[outcome] = total.get(outcome, 0) + count
        return total

    def close(self):
        self.stop.set()
        self.house.kill()
        self.journal.close()
