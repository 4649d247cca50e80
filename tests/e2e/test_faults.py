"""The short version of tests/faults, and the test of its judge."""
import os
import pathlib
import subprocess
import sys

import pytest

FAULTS = pathlib.Path(__file__).resolve().parents[1] / "faults"


def test_the_judge_catches_doctored_histories():
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FAULTS / "test_checker.py")], capture_output=True, text=True, timeout=60,
                          cwd=FAULTS)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("fault, seconds", [("kill", 25), ("disk", 8), ("clock", 8)])
@pytest.mark.long
def test_F7_F40_F42_what_was_acknowledged_survives(binary, fault, seconds):
    seed = os.environ.get("GATEHOUSE_FAULT_SEED", "1")
    done = subprocess.run([str(FAULTS / "run"), "--seconds", str(seconds), "--seed", seed, "--only", fault, "--binary", str(binary)], capture_output=True, text=True,
                          timeout=180)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
