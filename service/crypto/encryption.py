"""Personal data at rest: sealed with AES-256-GCM and bound to its row, found again by a keyed blind index."""

import hmac
import os
import secrets
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.config import Settings

FORMAT = 1
_NONCE = 12
_KEY_BYTES = 32


class DecryptionError(Exception):
    """The bytes do not belong to this row and column, were altered, or their key is not in the keyring."""


@dataclass(frozen=True)
class Keyring:
    """Secret keys by number; the highest number seals, every number opens."""

    keys: Mapping[int, bytes]

    def __post_init__(self) -> None:
        wrong = [number for number, secret in self.keys.items() if len(secret) != _KEY_BYTES or not 0 < number < 65536]
        if wrong or not self.keys:
            raise ValueError("KEYRING: write number:key pairs, each key 64 hex digits, e.g. 1:00ff…")

    @cached_property
    def newest(self) -> int:
        """The number of the key that seals today."""
        return max(self.keys)

    @cached_property
    def ciphers(self) -> dict[int, AESGCM]:
        """One cipher per key; keys for different uses are derived, never shared."""
        return {number: AESGCM(_derive(secret, b"seal")) for number, secret in self.keys.items()}

    @cached_property
    def index_key(self) -> bytes:
        """The key of blind indexes hangs on the oldest key, so that rotation keeps them."""
        return _derive(self.keys[min(self.keys)], b"index")


def _derive(secret: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=b"songnuan " + use).derive(secret)


def read_keyring(text: str) -> Keyring:
    """Read `1:hex,2:hex`. Raises ValueError that names the mend and never prints a key."""
    try:
        pairs = [pair.split(":", 1) for pair in text.strip().split(",") if pair]
        return Keyring({int(number): bytes.fromhex(secret) for number, secret in pairs})
    except (ValueError, IndexError):
        raise ValueError("KEYRING: write number:key pairs, each key 64 hex digits, e.g. 1:00ff…") from None


def keyring_at(path: Path) -> Keyring:
    """The keyring kept in a file; made with mode 0600 when there is none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"1:{secrets.token_hex(_KEY_BYTES)}\n")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return read_keyring(path.read_text())


def installation_keyring(settings: Settings) -> Keyring:
    """Return the keys of the installation: from KEYRING, else from the file var/keyring, made when there is none."""
    return read_keyring(settings.keyring) if settings.keyring else keyring_at(settings.var / "keyring")


def _bound_to(place: str, row: UUID) -> bytes:
    return f"{place}|{row}".encode()


def encrypt_field(keyring: Keyring, place: str, row: UUID, plain: str) -> bytes:
    """Encrypt `plain` for column `place` ("person.name") of `row`: version, key number, nonce, text and tag."""
    nonce = secrets.token_bytes(_NONCE)
    text = keyring.ciphers[keyring.newest].encrypt(nonce, plain.encode(), _bound_to(place, row))
    return bytes([FORMAT]) + keyring.newest.to_bytes(2) + nonce + text


def decrypt_field(keyring: Keyring, place: str, row: UUID, stored: bytes) -> str:
    """Decrypt. Raises Unsealable when the bytes were moved, altered, or sealed with a key that is gone."""
    stored = bytes(stored)
    number = int.from_bytes(stored[1:3])
    if stored[:1] != bytes([FORMAT]) or number not in keyring.ciphers:
        raise DecryptionError(f"{place}: sealed with key {number}, which is not in the keyring")
    try:
        nonce, text = stored[3 : 3 + _NONCE], stored[3 + _NONCE :]
        return keyring.ciphers[number].decrypt(nonce, text, _bound_to(place, row)).decode()
    except (InvalidTag, ValueError):
        raise DecryptionError(f"{place}: the stored bytes do not belong to this row or were altered") from None


def blind_index(keyring: Keyring, field: str, plain: str) -> bytes:
    """A keyed 128-bit fingerprint of the normalised value, equal for equal values of one field only."""
    normal = "".join(unicodedata.normalize("NFKC", plain).upper().split())
    return hmac.new(keyring.index_key, f"{field}|{normal}".encode(), sha256).digest()[:16]


def fingerprint(keyring: Keyring, plain: str) -> str:
    """What an event keeps of free words: enough to prove them unchanged, nothing to read."""
    return hmac.new(keyring.index_key, b"words|" + plain.encode(), sha256).hexdigest()
