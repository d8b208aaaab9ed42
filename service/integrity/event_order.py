"""Event order finds an older kind of event that was written after one of the newer kind."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.integrity.faults import Fault


@dataclass(slots=True)
class EventOrder:
    """The first event of the newer kind, and the last of the older one with the fault it would be."""

    first_newer: int | None = None
    last_older: tuple[int, Fault] | None = None

    def note_newer(self, no: int) -> None:
        """Note an event of the newer kind."""
        if self.first_newer is None or no < self.first_newer:
            self.first_newer = no

    def note_older(self, no: int, fault: Fault) -> None:
        """Note an event of the older kind, and the fault that it is after one of the newer."""
        if self.last_older is None or no > self.last_older[0]:
            self.last_older = (no, fault)

    def merge(self, other: "EventOrder") -> None:
        """Take over what another part of the log showed."""
        if other.first_newer is not None:
            self.note_newer(other.first_newer)
        if other.last_older is not None:
            self.note_older(*other.last_older)

    def faults(self) -> Iterator[Fault]:
        """Yield the fault, once the whole log was read."""
        if self.first_newer is not None and self.last_older is not None and self.last_older[0] > self.first_newer:
            yield self.last_older[1]
