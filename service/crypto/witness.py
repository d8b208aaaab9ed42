"""A witness cosigns the checkpoints of a log that only grows: it remembers the last one, and asks for a proof."""

import base64
import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.crypto.checkpoints import is_consistent, read_checkpoint
from service.crypto.signed_notes import BadNote, SigningKey, VerifierKey


class NotCosigned(ValueError):
    """A checkpoint that the witness does not cosign; `code` says why."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True, slots=True)
class Request:
    """What a witness is asked to cosign: the size it saw last, the proof from there on, and the checkpoint."""

    old: int
    path: Sequence[bytes]
    checkpoint: str

    @property
    def text(self) -> str:
        """Return the request in the form of c2sp.org/tlog-witness."""
        return "\n".join(
            [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.path), "", self.checkpoint]
        )


def read_request(text: str) -> Request:
    """Return what a request says. Raises BadNote."""
    head, _, checkpoint = text.partition("\n\n")
    first, *lines = head.splitlines() or [""]
    try:
        return Request(
            int(first.removeprefix("old ")), [base64.b64decode(each, validate=True) for each in lines], checkpoint
        )
    except ValueError:
        raise BadNote("no request to a witness") from None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its key, and the file that remembers the last size and root of each log."""

    key: SigningKey
    remembered: Path

    def cosign(self, request: Request, log: VerifierKey, at: datetime) -> str:
        """Return the checkpoint with this witness's cosignature, and remember it. Raises BadNote, NotCosigned."""
        with self.remembered.with_suffix(".lock").open("w") as lock:
            # Two at once would both compare with the same size, and each could cosign another history.
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._cosign(request, log, at)

    def _cosign(self, request: Request, log: VerifierKey, at: datetime) -> str:
        new = read_checkpoint(request.checkpoint)
        if new.origin != log.name or not log.has_signed(request.checkpoint):
            raise NotCosigned("cosign_unsigned", log=log.name)
        known = json.loads(self.remembered.read_text()) if self.remembered.exists() else {}
        size, root = known.get(log.name, (0, ""))
        if request.old != size or new.size < size:
            raise NotCosigned("cosign_other_size", seen=size, old=request.old, size=new.size)
        if not is_consistent((size, bytes.fromhex(root)), (new.size, new.root), request.path):
            raise NotCosigned("cosign_not_consistent", seen=size, size=new.size)
        self._remember({**known, log.name: (new.size, new.root.hex())})
        return self.key.cosign(request.checkpoint, at)

    def _remember(self, known: dict[str, tuple[int, str]]) -> None:
        written = self.remembered.with_suffix(".new")
        with os.fdopen(os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(known))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.remembered)
