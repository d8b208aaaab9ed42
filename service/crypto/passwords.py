"""Hashes passwords with argon2id, and says which passwords are too easy to guess."""

import re
import threading
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.observability import metrics
from workflows.vocabulary import Reason

MIN_LENGTH, MAX_LENGTH = 12, 200
MIN_DISTINCT = 6
"""Distinct characters that a password has at least."""

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_AT_ONCE = threading.Semaphore(2)
"""Each hash takes 64 MiB: more at once could exhaust the memory of a small machine."""

_REPEATED = re.compile(r"(.{1,6}?)\1+", re.DOTALL)
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hash_password(password: str) -> bytes:
    """Return the argon2id hash of a password, with its salt and parameters."""
    with _AT_ONCE:
        return _HASHER.hash(password).encode()


def is_password(stored: bytes | None, password: str) -> bool:
    """Return whether a password is the one behind a hash. Without a hash it takes as long, and is False."""
    metrics.PASSWORD_CHECKS.inc()
    with _AT_ONCE:
        try:
            _HASHER.verify((stored or _of_nobody()).decode(), password)
            return stored is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _of_nobody() -> bytes:
    return _HASHER.hash("the password of no account").encode()


def password_problems(password: str, login: str, name: str = "") -> Iterator[Reason]:
    """Yield every reason against a new password (docs/security.md)."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        yield Reason.of("password_length", field="password", least=MIN_LENGTH, most=MAX_LENGTH)
    plain = password.casefold()
    if any(own and own.casefold() in plain for own in (login, name)):
        yield Reason.of("password_names_you", field="password")
    if plain in frequent_passwords() or _is_simple(plain):
        yield Reason.of("password_common", field="password")


def _is_simple(plain: str) -> bool:
    """Return whether a text repeats one part, counts up or down, or has few distinct characters."""
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    return bool(_REPEATED.fullmatch(plain)) or steps in ({1}, {-1}) or len(set(plain)) < MIN_DISTINCT


@cache
def frequent_passwords() -> frozenset[str]:
    """Return the list of common passwords."""
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
