"""Row checksums compare stored rows with the event log in constant memory.

Each row has a keyed hash. Add the hash of each recorded row to one of its table's 4,096 buckets, and subtract the hash
of each stored row: a bucket that is not zero holds a difference (docs/decisions/0012).
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from zlib import crc32

from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain

BUCKETS = 4096


def bucket_of(key: str) -> int:
    """Return the bucket of a row within its table."""
    return crc32(key.encode()) % BUCKETS


def _zeros() -> list[int]:
    return [0] * BUCKETS


class ChecksumBuckets:
    """For each table, the sum of every bucket and the number of recorded rows."""

    def __init__(self, key: bytes | None = None) -> None:
        # A new key for every run: without it, rows could be chosen so that their hashes sum to the same value.
        self.key = key or secrets.token_bytes(32)
        self._keyed = blake2b(key=self.key, digest_size=24)
        self.sums: defaultdict[str, list[int]] = defaultdict(_zeros)
        self.recorded_rows: defaultdict[str, int] = defaultdict(int)
        self.stored_rows = 0

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs; it makes its own hash of the key."""
        return {name: value for name, value in self.__dict__.items() if name != "_keyed"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._keyed = blake2b(key=self.key, digest_size=24)

    def add_recorded(self, table: str, key: str, content: Plain) -> None:
        """Add a row as the event log records it."""
        self.sums[table][bucket_of(key)] += self._hash(table, key, content)
        self.recorded_rows[table] += 1

    def subtract_stored(self, table: str, key: str, content: Plain) -> None:
        """Subtract a row as the table stores it."""
        self.sums[table][bucket_of(key)] -= self._hash(table, key, content)
        self.stored_rows += 1

    def merge(self, other: "ChecksumBuckets") -> None:
        """Add the sums of another part of the record, made with the same key."""
        for table, sums in other.sums.items():
            self.sums[table] = [one + two for one, two in zip(self.sums[table], sums, strict=True)]
        for table, rows in other.recorded_rows.items():
            self.recorded_rows[table] += rows
        self.stored_rows += other.stored_rows

    def unequal(self) -> Mapping[str, list[int]]:
        """Return the numbers of the buckets that are not zero, by table."""
        unequal = {table: [number for number, rest in enumerate(sums) if rest] for table, sums in self.sums.items()}
        return {table: numbers for table, numbers in sorted(unequal.items()) if numbers}

    def _hash(self, table: str, key: str, content: Plain) -> int:
        text = content if isinstance(content, str) else canonical_json(content)
        digest = self._keyed.copy()
        digest.update(f"{table}\0{key}\0{text}".encode())
        return int.from_bytes(digest.digest())
