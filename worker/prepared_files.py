"""Starts the process that makes the long exports people have asked for."""

import logging
import os
import subprocess
import sys
from datetime import datetime

import sqlalchemy as sa

from service.actions.prepared_files import KEPT
from service.queries import past_records, prepared_files

QUEUE = "files"
"""The queue of the broker: a long file must not delay notifications."""

MAKER = (sys.executable, "-m", "service.file_maker")
TIMEOUT = 220.0
"""Seconds that the process may take, less than the time limit of a task; a file that waits on is begun again."""

_log = logging.getLogger(__name__)


def are_waiting(engine: sa.Engine, now: datetime) -> bool:
    """Return whether a file, or a copy of a past record, is waiting to be made."""
    with engine.connect() as conn:
        return bool(prepared_files.waiting(conn, now - KEPT) or past_records.waiting(conn, now))


def make_waiting() -> None:
    """Make the files that wait, in a process of their own: it needs the pages, of which the worker imports nothing."""
    # Its counts would stay among those of the web processes.
    environ = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    try:
        subprocess.run(MAKER, env=environ, check=True, timeout=TIMEOUT)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as fault:
        _log.warning("files were not made: %s", type(fault).__name__)
