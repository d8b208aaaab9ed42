"""A fault of the trail: what is not as it was written, and where it stands."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """A stable code; the subject of a chain or the table of a row, its key, and what else helps to find it."""

    code: str
    subject: str
    key: str
    seq: int | None = None
    columns: str = ""

    def values(self) -> dict[str, Any]:
        """What the words of the code may name."""
        return {"subject": self.subject, "key": self.key, "seq": self.seq, "columns": self.columns}
