"""Signed notes carry a text and its Ed25519 signature in the form of C2SP (c2sp.org/signed-note)."""

import base64
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.config import Settings

_ED25519 = b"\x01"
_COSIGNATURE = b"\x04"
_SIGNATURE = "— "
_PRIVATE = "PRIVATE+KEY+"


class BadNote(ValueError):
    """A text that is no signed note, or a key that cannot be read."""


def _key_hash(name: str, public: bytes, kind: bytes = _ED25519) -> bytes:
    return sha256(f"{name}\n".encode() + kind + public).digest()[:4]


@dataclass(frozen=True)
class VerifierKey:
    """The public key of a log: its name and the 32 bytes of the key."""

    name: str
    public: bytes

    def __str__(self) -> str:
        """Return the key as people write it: name, hash, key."""
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{_key_hash(self.name, self.public).hex()}+{encoded}"

    def has_signed(self, note: str) -> bool:
        """Return whether one of the signatures of a note is of this key."""
        text, signatures = split_note(note)
        wanted = _key_hash(self.name, self.public)
        for name, signature in signatures:
            if name == self.name and signature[:4] == wanted:
                with suppress(InvalidSignature):
                    Ed25519PublicKey.from_public_bytes(self.public).verify(signature[4:], text.encode())
                    return True
        return False


@dataclass(frozen=True)
class WitnessKey:
    """The public key of a witness, who cosigns checkpoints with the time (c2sp.org/tlog-cosignature)."""

    name: str
    public: bytes

    def __str__(self) -> str:
        """Return the key as people write it: name, hash, key."""
        encoded = base64.b64encode(_COSIGNATURE + self.public).decode()
        return f"{self.name}+{_key_hash(self.name, self.public, _COSIGNATURE).hex()}+{encoded}"

    def cosigned_at(self, note: str) -> datetime | None:
        """Return when this witness cosigned a note; None where it did not."""
        text, signatures = split_note(note)
        wanted = _key_hash(self.name, self.public, _COSIGNATURE)
        for name, signature in signatures:
            if name == self.name and signature[:4] == wanted and len(signature) == 76:
                seconds = int.from_bytes(signature[4:12])
                with suppress(InvalidSignature):
                    Ed25519PublicKey.from_public_bytes(self.public).verify(
                        signature[12:], _cosigned(text, seconds).encode()
                    )
                    return datetime.fromtimestamp(seconds, UTC)
        return None


def _cosigned(text: str, seconds: int) -> str:
    return f"cosignature/v1\ntime {seconds}\n{text}"


@dataclass(frozen=True)
class SigningKey:
    """The private key of a log. It is kept in a file, never in the database."""

    name: str
    secret: bytes

    @property
    def verifier(self) -> VerifierKey:
        """Return the public key."""
        return VerifierKey(self.name, Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())

    def __str__(self) -> str:
        """Return the key as its file holds it."""
        encoded = base64.b64encode(_ED25519 + self.secret).decode()
        return f"{_PRIVATE}{self.name}+{_key_hash(self.name, self.verifier.public).hex()}+{encoded}"

    def __repr__(self) -> str:
        """Return the name alone: a key is in no log."""
        return f"SigningKey({self.name!r})"

    def sign(self, text: str) -> str:
        """Return the note of a text, which ends with a new line."""
        signature = Ed25519PrivateKey.from_private_bytes(self.secret).sign(text.encode())
        encoded = base64.b64encode(_key_hash(self.name, self.verifier.public) + signature).decode()
        return f"{text}\n{_SIGNATURE}{self.name} {encoded}\n"

    @property
    def witness(self) -> WitnessKey:
        """Return the public key of this key as a witness."""
        return WitnessKey(self.name, self.verifier.public)

    def cosign(self, note: str, at: datetime) -> str:
        """Return a signed note with the cosignature of this key as a witness."""
        text, seconds = split_note(note)[0], int(at.timestamp())
        signature = Ed25519PrivateKey.from_private_bytes(self.secret).sign(_cosigned(text, seconds).encode())
        witness = _key_hash(self.name, self.verifier.public, _COSIGNATURE)
        encoded = base64.b64encode(witness + seconds.to_bytes(8) + signature).decode()
        return f"{note}{_SIGNATURE}{self.name} {encoded}\n"


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note and its signatures as (name, bytes). Raises BadNote."""
    text, separator, below = note.rpartition("\n\n")
    lines = below.splitlines()
    if not separator or not lines or not note.endswith("\n"):
        raise BadNote("no signed note")
    signatures = []
    for line in lines:
        name, _, encoded = line.removeprefix(_SIGNATURE).partition(" ")
        if not line.startswith(_SIGNATURE) or not name:
            raise BadNote("no signature line")
        try:
            signatures.append((name, base64.b64decode(encoded, validate=True)))
        except ValueError:
            raise BadNote("a signature that is not base64") from None
    return text + "\n", signatures


def new_signing_key() -> SigningKey:
    """Return a new key; its name tells one installation from another."""
    return SigningKey(f"songnuan/{secrets.token_hex(8)}", secrets.token_bytes(32))


def read_signing_key(text: str) -> SigningKey:
    """Return the key that a file holds. Raises BadNote, never with the key."""
    parts = text.strip().removeprefix(_PRIVATE).split("+", 2)
    try:
        name, _, encoded = parts
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadNote("the file of the log key holds no key") from None
    key = SigningKey(name, decoded[1:])
    if decoded[:1] != _ED25519 or len(key.secret) != 32 or str(key) != text.strip():
        raise BadNote("the file of the log key holds no key")
    return key


def read_verifier_key(text: str) -> VerifierKey:
    """Return a public key from the way people write it. Raises BadNote."""
    try:
        name, _, encoded = text.strip().split("+", 2)
        key = VerifierKey(name, base64.b64decode(encoded, validate=True)[1:])
    except ValueError:
        raise BadNote("no public key of a log") from None
    if str(key) != text.strip():
        raise BadNote("no public key of a log")
    return key


def read_witness_key(text: str) -> WitnessKey:
    """Return the public key of a witness from the way people write it. Raises BadNote."""
    try:
        name, _, encoded = text.strip().split("+", 2)
        key = WitnessKey(name, base64.b64decode(encoded, validate=True)[1:])
    except ValueError:
        raise BadNote("no public key of a witness") from None
    if str(key) != text.strip():
        raise BadNote("no public key of a witness")
    return key


def log_key(settings: Settings, *, create: bool = False) -> SigningKey | None:
    """Return the key that signs checkpoints; None without one. `create` makes the file.

    Raises BadNote when the file holds something else.
    """
    return key_in(settings.log_key or settings.var / "log-key", create=create)


def key_in(path: Path, *, create: bool = False) -> SigningKey | None:
    """Return the key that a file holds; None without the file. `create` makes it, with mode 0600. Raises BadNote."""
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{new_signing_key()}\n")
    return read_signing_key(path.read_text()) if path.exists() else None
