"""Files and folders that only this account reads."""

import os
import secrets
from pathlib import Path

UMASK = 0o077


def close_new_files() -> None:
    """Let no other account read what this process writes from now on."""
    os.umask(UMASK)


def make_folder(folder: Path) -> None:
    """Create a folder and the missing ones above it, closed to other accounts; a folder that exists stays as it is.

    For root another account may pass through it: PostgreSQL does not run as root (service/local_servers/os_account.py).
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def close_folder(folder: Path) -> None:
    """Create a folder of our own files, or close an older one to other accounts."""
    make_folder(folder)
    folder.chmod(0o700)


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file whole, in the place of an older one; a link of that name is replaced and never followed."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
