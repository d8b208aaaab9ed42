"""Checkpoints and proofs of the one tree over all events, in the forms of C2SP."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from service.crypto.hash_chain import MerkleTree
from service.crypto.signed_notes import BadNote, SigningKey, split_note

PROOF = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size of the tree and its root (c2sp.org/tlog-checkpoint); `anchor` is the line of the anchor made with it."""

    origin: str
    size: int
    root: bytes
    anchor: str = ""

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        return "".join(f"{line}\n" for line in [*lines, *([f"anchor {self.anchor}"] if self.anchor else [])])


def signed_checkpoint(key: SigningKey, tree: MerkleTree, anchor: str) -> str:
    """Return the signed note of the tree as it is, which names the anchor made with it."""
    return key.sign(Checkpoint(key.name, tree.leaves, tree.root(), anchor).text)


def read_checkpoint(note: str) -> Checkpoint:
    """Return what a signed checkpoint says; its signature is not asked. Raises BadNote."""
    lines = split_note(note)[0].splitlines()
    try:
        origin, size, root, *rest = lines
        anchor = next((line.removeprefix("anchor ") for line in rest if line.startswith("anchor ")), "")
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True), anchor)
    except ValueError:
        raise BadNote("no checkpoint") from None


def sibling_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose roots prove leaf `index` of a tree of `size`, from the leaf up (RFC 6962 §2.1.1)."""
    ranges: list[tuple[int, int]] = []
    first, last = 0, size
    while last - first > 1:
        split = first + (1 << (last - first - 1).bit_length() - 1)
        ranges.append((split, last) if index < split else (first, split))
        first, last = (first, split) if index < split else (split, last)
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose roots prove that a tree of `new` leaves begins with one of `old` (§2.1.2)."""
    ranges: list[tuple[int, int]] = []
    first, last, is_left = 0, new, True
    while 0 < old < last:
        split = first + (1 << (last - first - 1).bit_length() - 1)
        if old <= split:
            ranges.append((split, last))
            last = split
        else:
            ranges.append((first, split))
            first, is_left = split, False
    return [*([] if is_left else [(first, last)]), *ranges[::-1]] if old else []


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Return whether a path proves that the tree `new` (size, root) begins with the tree `old` (RFC 9162 §2.1.4.2)."""
    (size, root), (new_size, new_root) = old, new
    if not 0 < size < new_size:
        return size <= new_size and not path and (size == 0 or root == new_root)
    hashes = [root, *path] if size & (size - 1) == 0 else list(path)
    first, last = size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    if not hashes:
        return False
    before = after = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = (sha256(b"\1" + each + node).digest() for node in (before, after))
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = sha256(b"\1" + after + each).digest()
        first, last = first >> 1, last >> 1
    return (before, after, last) == (root, new_root, 0)


def inclusion_path(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """Return the hashes that prove leaf `index`, in one pass over the leaves and constant memory."""
    return roots_of(leaves, sibling_ranges(index, size))


def roots_of(leaves: Iterable[bytes], ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the root of each range of leaves; no two ranges have a leaf in common."""
    in_order = sorted(enumerate(ranges), key=lambda each: each[1])
    trees = [MerkleTree() for _ in ranges]
    waiting = iter(in_order)
    current = next(waiting, None)
    for number, leaf in enumerate(leaves):
        while current is not None and number >= current[1][1]:
            current = next(waiting, None)
        if current is not None and number >= current[1][0]:
            trees[current[0]].add(leaf)
    return [tree.root() for tree in trees]


def proof_text(index: int, path: Sequence[bytes], leaf: bytes, checkpoint: str) -> str:
    """Return a tlog-proof of one event: `extra` is the event's hash, the checkpoint follows."""
    head = [PROOF, f"extra {base64.b64encode(leaf).decode()}", f"index {index}"]
    lines = [*head, *(base64.b64encode(each).decode() for each in path), "", checkpoint]
    return "\n".join(lines)
