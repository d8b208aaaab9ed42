"""A file store keeps named bytes: in a folder of this machine, or in a bucket of an S3-compatible service."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Protocol
from uuid import UUID

from service.config import BadSetting, Settings
from service.private_files import make_folder, write_file

_NAME = re.compile(r"[0-9a-f]{32}(-small)?")


class NoSuchFile(LookupError):
    """The store has no file of this name."""


class StoreUnavailable(OSError):
    """The store does not answer, or does not take a file: a service that is away, a disk that is full."""


class OtherInstallation(RuntimeError):
    """The store holds the files of another installation, which would remove ours as files that no row names."""


@dataclass(frozen=True, slots=True)
class StoredName:
    """A file of the store: its name, its size in bytes, and when it was written."""

    name: str
    size: int
    written_at: datetime


class FileStore(Protocol):
    """Keeps encrypted bytes under names of 32 hex digits, with or without `-small`."""

    def claim(self, installation: UUID) -> None:
        """Mark the store as this installation's. Raises OtherInstallation where it is another's, StoreUnavailable."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: a reader sees all of it or none. Raises StoreUnavailable."""

    def read(self, name: str) -> bytes:
        """Return a file. Raises NoSuchFile, StoreUnavailable."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""

    def names(self) -> Iterator[StoredName]:
        """Yield every file of the store, in no order."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A store in a folder: `ab/0123…ab`, in folders by the last two digits of the name."""

    folder: Path

    def claim(self, installation: UUID) -> None:
        """Do nothing: the folder is inside the data folder, which one installation has."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole, closed to other accounts. Raises StoreUnavailable."""
        path = self._path(name)
        try:
            make_folder(path.parent)
            write_file(path, content)
        except OSError as error:
            raise StoreUnavailable(error.errno, error.strerror) from error

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


BUCKET_STORE = EntryPoint("bucket", "service.files.bucket:BucketStore", "songnuan")
"""Imported when it is used: boto3 takes a fifth of a second to import, and an installation without a bucket may lack it."""


def file_store(settings: Settings) -> FileStore:
    """Return the store of an installation: its bucket, or the folder `files` of its data folder.

    Raises BadSetting where a bucket is set and boto3 is not installed.
    """
    if settings.bucket is None:
        return FolderStore(settings.var / "files")
    try:
        bucket_store: FileStore = BUCKET_STORE.load()(settings.bucket)
    except ModuleNotFoundError:
        raise BadSetting("SONGNUAN_S3_URL", "boto3 is not installed", "Run: pip install 'songnuan[s3]'") from None
    return bucket_store


def checked_name(name: str) -> str:
    """Return the name. Raises ValueError for one that is not of a file of ours."""
    if not is_name(name):
        raise ValueError("the name of a stored file is 32 hex digits")
    return name


def is_name(name: str) -> bool:
    """Return whether a name is one of a file of ours."""
    return _NAME.fullmatch(name) is not None
