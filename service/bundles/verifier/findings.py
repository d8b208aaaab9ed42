"""Findings are what a verification came to: the faults, and what was and was not compared."""

from dataclasses import dataclass, field

MOST_KEPT = 100
"""Faults that are listed; further ones are counted."""


@dataclass(frozen=True)
class Finding:
    """One line of the result: a code, whose words are in the catalogue, and the values that they name."""

    code: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass
class Findings:
    """The faults in the order in which they were found, the notes, and the counts."""

    faults: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    fault_count: int = 0
    good_anchor: tuple[int, str, int] | None = None
    """Number, day and size of the last anchor that agrees with every event before it."""

    is_log_whole: bool = True

    def fault(self, code: str, **values: object) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < MOST_KEPT:
            self.faults.append(Finding(code, values))

    def log_fault(self, code: str, **values: object) -> None:
        """Add a fault of the event log: anchors after it are no longer good ones."""
        self.is_log_whole = False
        self.fault(code, **values)

    def note(self, code: str, **values: object) -> None:
        """Add what a reader must know of the result."""
        self.notes.append(Finding(code, values))

    def add(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def conclude(self) -> None:
        """Note the last good anchor where the log has a fault, and how many faults there are in all."""
        if not self.is_log_whole and self.good_anchor is not None:
            no, on, size = self.good_anchor
            self.note("last_good", no=no, on=on, size=size)
        elif not self.is_log_whole:
            self.note("none_good")
        if self.fault_count > len(self.faults):
            self.note("more_faults", shown=len(self.faults), count=self.fault_count)
