"""Signatures are Ed25519 over signed notes (c2sp.org/signed-note), of a log and of witnesses."""

import base64
from dataclasses import dataclass
from hashlib import sha256, sha512

LOG, WITNESS = 1, 4
"""The kinds of key: of a log, and of a witness who cosigns with the time (c2sp.org/tlog-cosignature)."""

_MARK = "— "
# RFC 8032: the prime of the field, the order of the group, the constant of the curve.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P

_Point = tuple[int, int, int, int]


class NoteUnreadable(ValueError):
    """A text that is no signed note, or no public key."""


def _add(one: _Point, other: _Point) -> _Point:
    """Add two points of the curve, in extended coordinates."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * _D, 2 * one[2] * other[2]
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _decode(data: bytes) -> _Point:
    """Return the point that 32 bytes encode. Raises ValueError for bytes that encode none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


_BASE = _decode((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether 64 bytes are the Ed25519 signature of a message."""
    try:
        point, s = _decode(signature[:32]), int.from_bytes(signature[32:64], "little")
        k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _L
        left, right = _times(s, _BASE), _add(point, _times(k, _decode(public)))
    except ValueError:
        return False
    return s < _L and len(signature) == 64 and all((left[n] * right[2] - right[n] * left[2]) % _P == 0 for n in (0, 1))


@dataclass(frozen=True)
class Key:
    """A public key: the name of its log or witness, its kind, and its 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def mark(self) -> bytes:
        """Return the first four bytes of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Return the key as people write it: name, hash, key."""
        return f"{self.name}+{self.mark.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


def read_key(text: str, kind: int) -> Key:
    """Return the public key that people write as `name+hash+key`. Raises NoteUnreadable."""
    parts = text.strip().split("+", 2)
    try:
        key = Key(parts[0], kind, base64.b64decode(parts[2], validate=True)[1:])
    except (ValueError, IndexError):
        raise NoteUnreadable("no public key") from None
    if str(key) != text.strip() or len(key.public) != 32:
        raise NoteUnreadable("no public key")
    return key


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a signed note and its signatures as (name, bytes). Raises NoteUnreadable for another spelling."""
    text, separator, below = note.rpartition("\n\n")
    lines = below.split("\n")
    if not separator or lines[-1] or len(lines) < 2:
        raise NoteUnreadable("no signed note")
    return text + "\n", [_read_signature(line) for line in lines[:-1]]


def _read_signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line[len(_MARK) :].partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise NoteUnreadable("a signature that is not base64") from None
    # The last letter of base64 has unused bits: one signature has one spelling.
    if line != f"{_MARK}{name} {base64.b64encode(signature).decode()}" or not name:
        raise NoteUnreadable("no signature line")
    return name, signature


def has_signed(key: Key, note: str) -> bool:
    """Return whether the key of a log has signed a note. Raises NoteUnreadable."""
    text, signatures = split_note(note)
    return any(
        name == key.name and raw[:4] == key.mark and is_signed(key.public, text.encode(), raw[4:])
        for name, raw in signatures
    )


def cosigned_at(key: Key, note: str) -> int | None:
    """Return when a witness cosigned a note, in seconds since 1970; None where it did not. Raises NoteUnreadable."""
    text, signatures = split_note(note)
    for name, raw in signatures:
        seconds = int.from_bytes(raw[4:12], "big")
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        if name == key.name and raw[:4] == key.mark and is_signed(key.public, message, raw[12:]):
            return seconds
    return None
