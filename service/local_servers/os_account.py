"""Root's part: PostgreSQL refuses to run as root, so an account is picked for it and given a folder it can reach."""

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

ROOTS_FOLDER = Path("/var/lib/songnuan-postgresql")
"""Where root's databases lie when the folder asked for is closed to other accounts."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """Who runs the server; no name means whoever we are."""

    name: str = ""
    uid: int = -1
    gid: int = -1

    def may_enter(self, folder: Path) -> bool:
        """Whether this account can reach what lies in `folder`, by the modes of the folders on the way."""
        modes = [place.stat() for place in (folder, *folder.parents)]
        return not self.name or all(mode.st_mode & 0o001 or mode.st_uid == self.uid for mode in modes)

    def own(self, folder: Path) -> None:
        """Make the folder, or take it over, for this account alone. Raises CannotStart if it is someone else's."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self.name:
                os.chown(folder, self.uid, self.gid)
        except PermissionError:
            mend = "Run as who made it, or name a folder of your own: SONGNUAN_VAR=…"
            raise CannotStart(f"{folder} is not yours to use. {mend}") from None

    def run(self, command: Sequence[str], folder: Path, out: IO[bytes]) -> int:
        """Run a program as this account, in `folder`, its words going to `out`; returns its exit code."""
        other = self.name != ""
        return run(
            command,
            cwd=folder,
            env=plain_environment(),
            stdout=out,
            stderr=STDOUT,
            check=False,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=() if other else None,
            umask=0o077,
        ).returncode


def account_for_servers(data: Path) -> Account:
    """Ourselves, unless we are root: then who owns the data, and for new data `songnuan`, `postgres` or `nobody`.

    The first of the three that is there is taken; none is made. Raises CannotStart where there is none.
    """
    if os.geteuid() != 0:
        return Account()
    if data.exists():
        owner = data.stat()
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("songnuan", "postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_name, found.pw_uid, found.pw_gid)
    raise CannotStart("PostgreSQL does not run as root. Make it an account: useradd --system songnuan")


def home_for(folder: Path, account: Account) -> Path:
    """The folder the cluster lives in, made and owned by the account.

    Where the account cannot reach `folder`, the home is made under ROOTS_FOLDER and `folder` becomes a link to it; the
    mode of a folder that is not ours is never changed. Raises CannotStart if data is there that has become out of reach.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.is_symlink() and not account.may_enter(folder.parent.resolve()):
        if (folder / "data").exists():
            raise CannotStart(
                f"{account.name} cannot reach {folder}. Let it enter the folders above, or move the data."
            )
        _link(folder, ROOTS_FOLDER / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16])
    home = folder.resolve()
    account.own(home)
    if account.name:
        _log.info("Started by root: PostgreSQL runs as the account %s, its data lies in %s", account.name, home)
    return home


def _link(folder: Path, home: Path) -> None:
    if folder.exists():
        folder.rmdir()
    ROOTS_FOLDER.mkdir(parents=True, exist_ok=True)
    ROOTS_FOLDER.chmod(0o711)
    folder.symlink_to(home)
