"""A house that is killed leaves none of its processes behind."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

HOUSE = """
import sys, time
from pathlib import Path
from service.cli.processes import Processes
house = Processes(Path(sys.argv[1]))
house.start("sleeper", ["sleep", "600"], {})
print(house.children["sleeper"].pid, flush=True)
time.sleep(600)
"""


def test_a_child_ends_when_the_house_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOUSE, str(tmp_path)], stdout=subprocess.PIPE, text=True) as house:
        assert house.stdout is not None
        child = psutil.Process(int(house.stdout.readline()))
        assert child.is_running()
        house.kill()
    end = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
