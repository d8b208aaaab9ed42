"""OS accounts run PostgreSQL when the command is started by root."""

import hashlib
import logging
import os
import pwd
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import STDOUT, run
from typing import IO

from service.local_servers.process import CannotStart, plain_environment
from service.private_files import close_folder, make_folder

ROOTS_FOLDER = Path("/var/lib/songnuan-postgresql")
"""Folder of the databases that root starts when the requested folder is closed to other accounts."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """The operating system account of a server; an empty name means the account of this process."""

    name: str = ""
    uid: int = -1
    gid: int = -1

    def may_enter(self, folder: Path) -> bool:
        """Return whether this account can enter `folder` and every folder above it."""
        stats = [path.stat() for path in (folder, *folder.parents)]
        return not self.name or all(stat.st_mode & 0o001 or stat.st_uid == self.uid for stat in stats)

    def own(self, folder: Path) -> None:
        """Create a folder, or change its owner and mode, for this account alone.

        Raises CannotStart when the folder belongs to another account.
        """
        try:
            close_folder(folder)
            if self.name:
                os.chown(folder, self.uid, self.gid)
        except PermissionError:
            remedy = "Run as the account that created it, or name a folder of your own: SONGNUAN_VAR=…"
            raise CannotStart(f"{folder} belongs to another account. {remedy}") from None

    def run(self, command: Sequence[str], folder: Path, output: IO[bytes]) -> int:
        """Run a program as this account in `folder`, with its output in `output`, and return its exit code."""
        switch_account = self.name != ""
        return run(
            command,
            cwd=folder,
            env=plain_environment(),
            stdout=output,
            stderr=STDOUT,
            check=False,
            user=self.uid if switch_account else None,
            group=self.gid if switch_account else None,
            extra_groups=() if switch_account else None,
            umask=0o077,
        ).returncode


def account_for_servers(data: Path) -> Account:
    """Return the account that runs PostgreSQL: this process's, or another one when this process is root's.

    For root it is the owner of the data; for new data the first of `songnuan`, `postgres` and `nobody` that exists.
    Raises CannotStart when none of them exists.
    """
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return Account()
    if data.exists():
        owner = data.stat()
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("songnuan", "postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL does not run as root. Create an account for it: useradd --system songnuan")


def cluster_folder(folder: Path, account: Account) -> Path:
    """Create the folder of the cluster, owned by the account, and return it.

    When the account cannot enter `folder`, create it under ROOTS_FOLDER and make `folder` a link to it.
    Raises CannotStart when `folder` has data that the account cannot reach.
    """
    # The modes of the folders above are not changed: they are not ours.
    folder = folder.absolute()
    make_folder(folder.parent)
    if not folder.is_symlink() and not account.may_enter(folder.parent.resolve()):
        if (folder / "data").exists():
            raise CannotStart(
                f"{account.name} cannot reach {folder}. Let the account enter the folders above, or move the data."
            )
        _link(folder, ROOTS_FOLDER / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16])
    real_folder = folder.resolve()
    account.own(real_folder)
    if account.name:
        _log.info("Started by root: PostgreSQL runs as the account %s, its data is in %s", account.name, real_folder)
    return real_folder


def _link(folder: Path, target: Path) -> None:
    if folder.exists():
        folder.rmdir()
    ROOTS_FOLDER.mkdir(parents=True, exist_ok=True)
    ROOTS_FOLDER.chmod(0o711)
    folder.symlink_to(target)
