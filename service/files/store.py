"""A file store keeps named bytes: in a folder of this machine, or in a bucket of an S3-compatible service."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from service.config import Settings
from service.private_files import make_folder, write_file

_NAME = re.compile(r"[0-9a-f]{32}(-small)?")


class NoSuchFile(LookupError):
    """The store has no file of this name."""


@dataclass(frozen=True, slots=True)
class StoredName:
    """A file of the store: its name, its size in bytes, and when it was written."""

    name: str
    size: int
    written_at: datetime


class FileStore(Protocol):
    """Keeps encrypted bytes under names of 32 hex digits, with or without `-small`."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: a reader sees all of it or none. Raises OSError."""

    def read(self, name: str) -> bytes:
        """Return a file. Raises NoSuchFile, OSError."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""

    def names(self) -> Iterator[StoredName]:
        """Yield every file of the store, in no order."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A store in a folder: `ab/0123…ab`, in folders by the last two digits of the name."""

    folder: Path

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole, closed to other accounts."""
        path = self._path(name)
        make_folder(path.parent)
        write_file(path, content)

    def read(self, name: str) -> bytes:
        """Return a file. Raises NoSuchFile."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise NoSuchFile(name) from None

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[StoredName]:
        """Yield every file, those that a killed process left half written (`.…`) included."""
        for path in self.folder.glob("*/*") if self.folder.is_dir() else ():
            status = path.stat()
            yield StoredName(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def _path(self, name: str) -> Path:
        # Half-written files have names of their own, so that they can be removed.
        checked_name(name.lstrip(".").split(".")[0])
        digits = name.lstrip(".")[:32]
        return self.folder / digits[-2:] / name


def file_store(settings: Settings) -> FileStore:
    """Return the store of an installation: the folder `files` of its data folder."""
    return FolderStore(settings.var / "files")


def checked_name(name: str) -> str:
    """Return the name. Raises ValueError for one that is not of a file of ours."""
    if not _NAME.fullmatch(name):
        raise ValueError("the name of a stored file is 32 hex digits")
    return name
