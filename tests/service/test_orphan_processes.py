"""A child process ends when its parent process is killed."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

PARENT_SCRIPT = """
import sys, time
from pathlib import Path
from service.cli.processes import Processes
processes = Processes(Path(sys.argv[1]))
processes.start("sleeper", ["sleep", "600"], {})
print(processes.children["sleeper"].pid, flush=True)
time.sleep(600)
"""


def test_child_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT_SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    deadline = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
