"""Rows held against the trail without keeping either in memory: both are summed up in drawers, and drawers compared.

A row as the trail names it counts plus, a row as it stands counts minus; a drawer of equal rows sums to nothing. The
marks that are summed are keyed with a secret of the run, so nobody can prepare rows whose sums agree by design.
"""

import secrets
from collections.abc import Mapping
from hashlib import blake2b
from zlib import crc32

from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain

BUCKETS = 4096


def bucket_of(key: str) -> int:
    """Which drawer of its table a row lies in."""
    return crc32(key.encode()) % BUCKETS


class ChecksumBuckets:
    """For each table, the sum of every drawer and the number of rows the trail names."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._sums: dict[str, list[int]] = {}
        self.named: dict[str, int] = {}
        self.rows = 0

    def name(self, table: str, key: str, said: Plain) -> None:
        """The trail names a row so."""
        self._sum(table)[bucket_of(key)] += self._mark(table, key, said)
        self.named[table] = self.named.get(table, 0) + 1

    def find(self, table: str, key: str, stands: Plain) -> None:
        """The row stands so."""
        self._sum(table)[bucket_of(key)] -= self._mark(table, key, stands)
        self.rows += 1

    def unequal(self) -> Mapping[str, list[int]]:
        """The drawers in which something differs, by table."""
        found = {table: [number for number, left in enumerate(sums) if left] for table, sums in self._sums.items()}
        return {table: numbers for table, numbers in sorted(found.items()) if numbers}

    def _sum(self, table: str) -> list[int]:
        if table not in self._sums:
            self._sums[table] = [0] * BUCKETS
        return self._sums[table]

    def _mark(self, table: str, key: str, said: Plain) -> int:
        spelled = said if isinstance(said, str) else canonical_json(said)
        marked = blake2b(f"{table}\0{key}\0{spelled}".encode(), key=self._secret, digest_size=24)
        return int.from_bytes(marked.digest())
