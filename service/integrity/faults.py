"""A fault names one difference between the event log and the stored rows."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """A stable code, the subject of a chain or the table of a row, its key, the event number and the columns."""

    code: str
    subject: str
    key: str
    seq: int | None = None
    columns: str = ""

    def values(self) -> dict[str, Any]:
        """Return the values that the message of the code may name."""
        return {"subject": self.subject, "key": self.key, "seq": self.seq, "columns": self.columns}
