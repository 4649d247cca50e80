"""tests/faults/run --seconds N --seed S: faults under load, each with a line of report; exit code 1 when a promise broke.

kill    SIGKILL at random moments under mixed load, restart, again (F-7)
disk    the data folder fills up: writes are refused with 503, reads go on, recovery without a restart (F-42)
clock   the wall clock jumps an hour either way under load (F-40)
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from stage import HERE, Stage
from support.people import PASSWORD, login, person, register
from support.process import faked_clock, is_sanitized

START_MAX_S = 2.0


def kill_at_random(binary, folder, seed, seconds):
    randomness = random.Random(seed)
    stage = Stage(binary, folder, seed)
    try:
        stage.open()
        until, starts, slow_factor = time.monotonic() + seconds, [], 10 if is_sanitized(binary) else 1
        while time.monotonic() < until:
            time.sleep(randomness.uniform(0.02, 1.2))
            stage.house.kill()
            starts.append(stage.house.start())
        stage.rest()
        found = stage.violations()
        if max(starts) > START_MAX_S * slow_factor:
            found.append(f"B1: a start took {max(starts):.2f} s")
        return found, f"{len(starts)} kills, slowest start {max(starts) * 1000:.0f} ms, operations {stage.summary()}"
    finally:
        stage.close()


@contextlib.contextmanager
def small_disk(folder, mebibytes):
    """A file system of its own for the data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "tmpfs", folder], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def disk_full(binary, folder, seed, seconds):
    disk = pathlib.Path(folder) / "disk"
    try:
        with small_disk(disk, 24):
            return fill_and_free(binary, folder, disk, seed, seconds)
    except subprocess.CalledProcessError:
        return [], "skipped: mounting a small file system takes root"


def fill_and_free(binary, folder, disk, seed, seconds):
    stage = Stage(binary, folder, seed, actors=3, config={"storage": {"data_dir": str(disk / "data")}})
    house, found = stage.house, []
    house.data = disk / "data"
    try:
        stage.open()
        known = person(house)
        time.sleep(min(2, seconds / 4))
        ballast = disk / "ballast"
        fill(ballast)
        until, refused = time.monotonic() + 15, None
        while time.monotonic() < until and refused is None:
            answer = register(house)
            refused = answer if answer.status == 503 else None
            fill(ballast)
        if refused is None:
            found.append("F-42: a full disk never refused a write with 503")
        elif refused.code != "storage_full" or not refused.header("retry-after"):
            found.append(f"F-42: a full disk answers {refused}")
        for _ in range(20):
            if known.me().status != 200:
                found.append("F-42: reads stopped while the disk was full")
                break
        ballast.unlink()
        freed = time.monotonic()
        while register(house).status != 201:
            if time.monotonic() - freed > 5:
                found.append("F-42: writes did not come back without a restart")
                break
            time.sleep(0.05)
        back_s = time.monotonic() - freed
        if login(house, known.username, PASSWORD).status != 200:
            found.append("F-42: a login fails after the disk was freed")
        stage.rest()
        return found + stage.violations(), f"writes back {back_s * 1000:.0f} ms after space was freed, operations {stage.summary()}"
    finally:
        stage.close()


def fill(path):
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


def clock_jumps(binary, folder, seed, seconds):
    if is_sanitized(binary):
        return [], "skipped: libfaketime does not work with a sanitizer"
    rate = pathlib.Path(folder) / "clock"
    rate.write_text("+0")
    stage = Stage(binary, folder, seed, actors=3, env=faked_clock(rate_file=rate))
    house, found = stage.house, []
    try:
        stage.open()
        ended = person(house)
        other = ended.login()
        if ended.request("DELETE", f"/api/v1/sessions/{other.session_id}").status != 204:
            found.append("F-40: a session could not be ended")
        for offset in ("+3600", "+0", "-3600", "+0"):
            rate.write_text(offset)
            stage.notes.append(offset)
            time.sleep(max(1.0, seconds / 6))
            found += after_jump(house, offset, ended, other)
        stage.rest()
        # An access token is refused when it has expired and while its issue time lies in the future: no wonder here.
        for operation in stage.journal.operations:
            operation.asked["may_have_expired"] = True
        return found + stage.violations(), f"jumps {stage.notes}, operations {stage.summary()}"
    finally:
        stage.close()


def after_jump(house, offset, survivor, ended):
    found = []
    if ended.me().status != 401 or ended.refresh().status != 401:
        found.append(f"I8: at {offset} an ended session is alive again")
    answer = survivor.refresh()
    if answer.status != 200:
        found.append(f"F-40: at {offset} a live session cannot be refreshed: {answer}")
    else:
        survivor.take(answer.json())
        if survivor.me().status != 200:
            found.append(f"F-40: at {offset} a fresh token is refused: {survivor.me()}")
    fresh = register(house)
    if fresh.status != 201 or login(house, fresh.json()["user"]["username"], PASSWORD).status != 200:
        found.append(f"F-40: at {offset} nobody can register or log in: {fresh}")
    wrong = [login(house, fresh.json()["user"]["username"], "wrong-password-here").status for _ in range(2)] if fresh.status == 201 else []
    if any(status not in (401, 429) for status in wrong):
        found.append(f"F-40: at {offset} a wrong password gets {wrong}")
    if house.process.poll() is not None:
        found.append(f"F-40: at {offset} the process ended")
    return found


FAULTS = {"kill": (kill_at_random, 0.6), "disk": (disk_full, 0.15), "clock": (clock_jumps, 0.25)}


def print_context(violation, journal):
    """What the journal holds about the person of a violation."""
    match = re.search(r"operation (\d+), ([^,]+),", violation)
    if not match:
        return
    number, person = int(match.group(1)), match.group(2)
    begun = {}
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        if "begin" in record:
            begun[record["begin"]] = record
        elif begun[record["end"]]["person"] == person and record["end"] <= number:
            asked = begun[record["end"]]
            shown = {key: str(value)[:24] for key, value in {**asked["asked"], **record["got"]}.items()}
            print(f"          {record['end']:6} {asked['kind']:16} {record['outcome']:8} {record['status']} {shown}")


def main():
    parser = argparse.ArgumentParser(description="Faults under load; every acknowledged answer must hold.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="names the run, to repeat it")
    parser.add_argument("--binary", default=os.environ.get("GATEHOUSE_BINARY", str(HERE.parents[1] / "build" / "release" / "gatehouse")))
    parser.add_argument("--only", choices=FAULTS, action="append")
    parser.add_argument("--keep", action="store_true", help="keep the folders of failed runs")
    options = parser.parse_args()
    options.binary = str(pathlib.Path(options.binary).resolve())
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, binary {options.binary}")
    broken = 0
    for name, (fault, share) in FAULTS.items():
        if options.only and name not in options.only:
            continue
        folder = tempfile.mkdtemp(prefix=f"gatehouse-fault-{name}-")
        began = time.monotonic()
        found, note = fault(options.binary, folder, seed, options.seconds * (1 if options.only else share))
        print(f"{'FAILED' if found else 'skipped' if note.startswith('skipped') else 'passed':7} {name:6} {time.monotonic() - began:6.1f} s  {note}")
        for line in found[:20]:
            print(f"        {line}")
        if found:
            print_context(found[0], pathlib.Path(folder) / "journal.jsonl")
        broken += bool(found)
        if found and options.keep:
            print(f"        kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
