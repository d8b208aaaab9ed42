"""A data folder has one `songnuan serve` at a time, and belongs to one installation in one place."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.cli.output import CommandFailed, translate
from service.private_files import make_folder, write_file

LOCK, IDENTITY = "serve.lock", "installation"
MACHINE = Path("/etc/machine-id")


@contextmanager
def held_for_serving(folder: Path) -> Iterator[None]:
    """Hold the data folder for as long as this process lives.

    Raises CommandFailed, with pid and time, when another process holds it; then nothing has been changed.
    """
    try:
        make_folder(folder)
        number = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as fault:
        raise CommandFailed(translate("cli.no_folder", folder=folder, why=fault.strerror or fault)) from None
    with os.fdopen(number, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, since = (*lock.read().split(), "?", "?")[:2]
            raise CommandFailed(translate("cli.served_already", folder=folder, pid=pid, since=since)) from None
        lock.truncate()
        lock.write(f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        lock.flush()
        yield


def is_served(folder: Path) -> bool:
    """Return whether a process holds the data folder."""
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def refuse_copied_folder(folder: Path) -> None:
    """Raise CommandFailed for a folder that was copied from another place; a folder that was moved is none."""
    known = _identity(folder)
    if known is None:
        return
    here = _place(folder)
    is_same = known["path"] == here["path"] or known["inode"] == here["inode"]
    if known["machine"] != here["machine"] or not is_same:
        raise CommandFailed(translate("cli.copied_folder", folder=folder, first=known["path"]))


def claim_folder(folder: Path, installation_id: str) -> None:
    """Write into the folder whose data it holds. Raises CommandFailed when it holds another installation's."""
    known = _identity(folder)
    if known is not None and known["id"] != installation_id:
        raise CommandFailed(translate("cli.other_installation", folder=folder, known=known["id"], id=installation_id))
    claim = {"id": installation_id, **_place(folder)}
    if known != claim:
        write_file(folder / IDENTITY, json.dumps(claim, ensure_ascii=False, indent=2) + "\n")


def relocate(folder: Path) -> str:
    """Make this folder the place of its installation, and return the place before.

    Raises CommandFailed when the folder has no installation, or while the place before is being served.
    """
    known = _identity(folder)
    if known is None:
        raise CommandFailed(translate("cli.no_identity", folder=folder))
    first = Path(known["path"])
    if _place(folder)["path"] != known["path"] and is_served(first):
        raise CommandFailed(translate("cli.first_is_served", folder=folder, first=first))
    write_file(folder / IDENTITY, json.dumps({**known, **_place(folder)}, ensure_ascii=False, indent=2) + "\n")
    return str(first)


def forget_identity(folder: Path) -> None:
    """Forget whose data the folder holds: the demo starts with a new record."""
    (folder / IDENTITY).unlink(missing_ok=True)


def _identity(folder: Path) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads((folder / IDENTITY).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise CommandFailed(translate("cli.bad_identity", file=folder / IDENTITY)) from None
    return known


def _place(folder: Path) -> dict[str, str]:
    """Return where a folder is: its path, its number on its disk, and the machine."""
    # A copy has another number than the first folder; a folder that was moved on one disk keeps its number, and one that
    # was restored from a backup keeps its path.
    stat = folder.stat()
    machine = MACHINE.read_text().strip() if MACHINE.exists() else ""
    return {"path": str(folder.resolve()), "inode": f"{stat.st_dev}:{stat.st_ino}", "machine": machine}
