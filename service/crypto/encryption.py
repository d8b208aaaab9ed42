"""Field encryption protects personal data at rest with AES-256-GCM and keyed blind indexes."""

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
from service.private_files import make_folder

FORMAT = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32


class DecryptionError(Exception):
    """A stored value of another row or column, an altered value, or one whose key is not in the keyring."""


@dataclass(frozen=True)
class Keyring:
    """Secret keys by number: the highest number encrypts, every number decrypts."""

    keys: Mapping[int, bytes]

    def __post_init__(self) -> None:
        invalid = [number for number, key in self.keys.items() if len(key) != _KEY_BYTES or not 0 < number < 65536]
        if invalid or not self.keys:
            raise ValueError("KEYRING: write number:key pairs, each key 64 hex digits, e.g. 1:00ff…")

    @cached_property
    def newest(self) -> int:
        """The number of the key that encrypts new values."""
        return max(self.keys)

    @cached_property
    def ciphers(self) -> dict[int, AESGCM]:
        """One cipher per key number."""
        # Each use has a derived key of its own: encryption and blind indexes never share one.
        return {number: AESGCM(_derive(secret, b"seal")) for number, secret in self.keys.items()}

    @cached_property
    def index_key(self) -> bytes:
        """The key of the blind indexes."""
        # Derived from the oldest key: rotation adds keys, and the stored indexes stay valid.
        return _derive(self.keys[min(self.keys)], b"index")


def _derive(secret: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=b"songnuan " + use).derive(secret)


def read_keyring(text: str) -> Keyring:
    """Return the keyring written as `1:hex,2:hex`. Raises ValueError with the remedy, never with a key."""
    try:
        pairs = [pair.split(":", 1) for pair in text.strip().split(",") if pair]
        return Keyring({int(number): bytes.fromhex(secret) for number, secret in pairs})
    except (ValueError, IndexError):
        raise ValueError("KEYRING: write number:key pairs, each key 64 hex digits, e.g. 1:00ff…") from None


def keyring_at(path: Path) -> Keyring:
    """Return the keyring kept in a file; create the file with mode 0600 when there is none."""
    make_folder(path.parent)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        # Two processes may start at the same time: os.link fails for the second, which reads the first one's file.
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"1:{secrets.token_hex(_KEY_BYTES)}\n")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return read_keyring(path.read_text())


def installation_keyring(settings: Settings) -> Keyring:
    """Return the keyring from KEYRING, else from the file `var/keyring`, which is created when there is none."""
    return read_keyring(settings.keyring) if settings.keyring else keyring_at(settings.var / "keyring")


def _associated_data(column: str, row_id: UUID) -> bytes:
    return f"{column}|{row_id}".encode()


def encrypt_field(keyring: Keyring, column: str, row_id: UUID, plain: str) -> bytes:
    """Encrypt `plain` for a column ("person.name") of one row.

    Returns format (1 byte), key number (2 bytes), nonce (12 bytes), ciphertext and tag.
    """
    return encrypt_bytes(keyring, column, row_id, plain.encode())


def encrypt_bytes(keyring: Keyring, column: str, row_id: UUID, plain: bytes) -> bytes:
    """Encrypt bytes, such as those of a file, for a column or a file of one row; the shape is that of encrypt_field."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    ciphertext = keyring.ciphers[keyring.newest].encrypt(nonce, plain, _associated_data(column, row_id))
    return bytes([FORMAT]) + keyring.newest.to_bytes(2) + nonce + ciphertext


def decrypt_field(keyring: Keyring, column: str, row_id: UUID, stored: bytes) -> str:
    """Return the decrypted value of a column of one row.

    Raises DecryptionError when the bytes were moved or altered, or when their key is not in the keyring.
    """
    try:
        return decrypt_bytes(keyring, column, row_id, stored).decode()
    except UnicodeDecodeError:
        raise DecryptionError(f"{column}: the stored bytes are no text") from None


def decrypt_bytes(keyring: Keyring, column: str, row_id: UUID, stored: bytes) -> bytes:
    """Return the decrypted bytes of a column or a file of one row. Raises DecryptionError as decrypt_field does."""
    stored = bytes(stored)
    number = int.from_bytes(stored[1:3])
    if stored[:1] != bytes([FORMAT]) or number not in keyring.ciphers:
        raise DecryptionError(f"{column}: encrypted with key {number}, which is not in the keyring")
    try:
        nonce, ciphertext = stored[3 : 3 + _NONCE_BYTES], stored[3 + _NONCE_BYTES :]
        return keyring.ciphers[number].decrypt(nonce, ciphertext, _associated_data(column, row_id))
    except (InvalidTag, ValueError):
        raise DecryptionError(f"{column}: the stored bytes do not belong to this row or were altered") from None


def blind_index(keyring: Keyring, field: str, plain: str) -> bytes:
    """Return a keyed 128-bit fingerprint of the normalised value, equal only for equal values of one field.

    Normalised: NFKC, capitals, no white space.
    """
    normalised = "".join(unicodedata.normalize("NFKC", plain).upper().split())
    return hmac.digest(keyring.index_key, f"{field}|{normalised}".encode(), "sha256")[:16]


def fingerprint(keyring: Keyring, plain: str) -> str:
    """Return a keyed fingerprint of free text for an event: it proves the text unchanged and reveals nothing."""
    return hmac.new(keyring.index_key, b"words|" + plain.encode(), sha256).hexdigest()
