"""A family's file, a fund line, and the movements of a case's money, in memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from workflows.eligibility import Finances
from workflows.facts import Fund
from workflows.vocabulary import Fen, Pot

Move = tuple[Pot, Pot, int]
"""A movement of a case's money: from pot, to pot, fen."""


@dataclass(frozen=True, slots=True)
class Family:
    """The current household file."""

    finances: Finances | None
    payee: int = 1
    payee_in_family: bool | None = True
    consented_until: date | None = date(2027, 12, 31)
    staff: frozenset[UUID] = frozenset()
    filed: bool = True
    has_beneficiary: bool = True


@dataclass(slots=True)
class FundLine:
    """A fund line: its terms and the fen in each pot; `outside` is minus the sum of all allocations."""

    terms: Fund
    pots: Counter[Pot]

    @staticmethod
    def granted(terms: Fund) -> "FundLine":
        """Return a fund line with all its money available."""
        return FundLine(terms, Counter({Pot.OUTSIDE: -terms.available, Pot.AVAILABLE: terms.available}))

    def move(self, source: Pot, target: Pot, fen: int) -> None:
        """Move money from pot to pot."""
        self.pots[source] -= fen
        self.pots[target] += fen

    @property
    def fund(self) -> Fund:
        """Return the fund line as the rules see it."""
        return replace(self.terms, available=Fen(self.pots[Pot.AVAILABLE]))


def moved_fen(moves: Iterable[Move]) -> Counter[tuple[Pot, Pot]]:
    """Return the fen that moved, by the pots they moved from and to."""
    fen = Counter[tuple[Pot, Pot]]()
    for source, target, amount in moves:
        fen[source, target] += amount
    return fen


def given_fen(moves: Iterable[Move]) -> int:
    """Return what was committed or paid and did not come back."""
    fen = moved_fen(moves)
    came_back = fen[Pot.COMMITTED, Pot.AVAILABLE] + fen[Pot.RECOVERING, Pot.AVAILABLE]
    return fen[Pot.AVAILABLE, Pot.COMMITTED] - came_back
