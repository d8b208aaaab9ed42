"""Verify the proof of one event with the standard library alone.

    python3 verify_proof.py PROOF PUBLIC_KEY [BODY PREV]

PROOF is what `songnuan audit proof` printed, PUBLIC_KEY what `songnuan audit key` printed. With BODY (a file with the event's
body as stored) and PREV (the hash of the event before it in its chain, 64 hex digits, zeros for the first), the event is
checked against the proof too. Exit 0: the log's key has signed a checkpoint that covers the event.
"""

import base64
import sys
from hashlib import sha256, sha512
from pathlib import Path

# Ed25519 (RFC 8032): the prime of the field, the order of the group, the constant of the curve.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one, other):
    """Add two points of the curve, in extended coordinates."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    """Add a point to itself `number` times."""
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def decode(data):
    """Return the point that 32 bytes stand for."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    """Return whether an Ed25519 signature is right."""
    point, s = decode(signature[:32]), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, BASE), add(point, times(k, decode(public)))
    return s < L and all((left[n] * right[2] - right[n] * left[2]) % P == 0 for n in (0, 1))


def root_of(leaf, index, size, path):
    """Return the root that a path of hashes leads to (RFC 6962, section 2.1.1)."""
    node, last, hashes = sha256(b"\0" + leaf).digest(), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            sibling = hashes.pop(0)
            node = sha256(b"\1" + (sibling + node if index % 2 else node + sibling)).digest()
        index, last = index // 2, last // 2
    if hashes:
        raise ValueError("too many hashes")
    return node


def verify(proof, key):
    """Return the index, the size and the hash of the event. Raises ValueError, KeyError or IndexError for a bad proof."""
    name, key_hash, encoded = key.strip().split("+", 2)
    public = base64.b64decode(encoded)[1:]
    head, _, checkpoint = proof.partition("\n\n")
    version, *fields = head.split("\n")
    words = dict(line.split(" ", 1) for line in fields if " " in line)
    path = [base64.b64decode(line) for line in fields if " " not in line]
    text, _, signatures = checkpoint.partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    signed = False
    for line in signatures.splitlines():
        _dash, signer, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if signer == name and raw[:4].hex() == key_hash:
            signed = signed or is_signed(public, f"{text}\n".encode(), raw[4:])
    index, leaf = int(words["index"]), base64.b64decode(words["extra"])
    if version != "c2sp.org/tlog-proof@v1" or origin != name or not 0 <= index < int(size) or not signed:
        raise ValueError("no signed checkpoint of this log")
    if root_of(leaf, index, int(size), path) != base64.b64decode(root):
        raise ValueError("the event is not in the log")
    return index, int(size), leaf


def main(arguments):
    """Verify a proof and print what it shows."""
    proof, key = Path(arguments[0]).read_text(encoding="utf-8"), arguments[1]
    try:
        index, size, leaf = verify(proof, key)
    except (ValueError, KeyError, IndexError) as fault:
        print(f"not verified: {fault}")
        return 1
    if len(arguments) > 2:
        body = Path(arguments[2]).read_bytes()
        if sha256(bytes.fromhex(arguments[3]) + body).digest() != leaf:
            print("not verified: the body is not that of the event")
            return 1
    print(f"verified: event {leaf.hex()} is entry {index} of {size}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
