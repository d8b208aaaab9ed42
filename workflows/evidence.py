"""Evidence is what a visit, a check or a notice saw of a household, compared with its file now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from workflows.canonical_json import canonical_json
from workflows.code_lists import SurveyConclusion
from workflows.vocabulary import Fen, Plain

OF_THE_FAMILY = ("finances", "exclusions", "members")
"""The parts of a file that a survey and a check vouch for (docs/decisions/0033)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw: digests of parts of the file; of the exclusions the codes, as a visitor vouches for each."""

    finances: str = ""
    exclusions: tuple[str, ...] = ()
    members: str = ""
    application: str = ""

    def changed_in(self, now: "Seen", parts: tuple[str, ...] = OF_THE_FAMILY) -> list[str]:
        """Return which of these parts of the file differ now."""
        return [part for part in parts if getattr(self, part) != getattr(now, part)]

    def without(self, gone: frozenset[str]) -> "Seen":
        """Return the same without the exclusions that the visitors no longer found."""
        kept = tuple(code for code in self.exclusions if code not in gone)
        return Seen(self.finances, kept, self.members, self.application)

    def as_json(self) -> dict[str, Plain]:
        """Return it as a row stores it."""
        return {
            "finances": self.finances,
            "exclusions": list(self.exclusions),
            "members": self.members,
            "application": self.application,
        }


NOTHING_SEEN = Seen()


def seen_of(stored: Mapping[str, Any] | None) -> Seen | None:
    """Return what a row stores of it; None for a row of before it was kept."""
    if stored is None:
        return None
    return Seen(stored["finances"], tuple(stored["exclusions"]), stored["members"], stored["application"])


def part_digest(value: Plain) -> str:
    """Return the digest of one part of a file: SHA-256 in hex of its canonical JSON."""
    return sha256(canonical_json(value).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to the family for this case; `kind` is survey or follow_up."""

    kind: str
    on: date
    visitors: frozenset[UUID]
    conclusion: str = SurveyConclusion.CONFIRMED
    seq: int = 0
    """The sequence number of the event that recorded the visit."""

    seen: Seen | None = None
    """What the file said when the visit was recorded; None for a visit of before it was kept."""

    confirmed: frozenset[UUID] = frozenset()
    """The visitors who said themselves that they went."""

    @property
    def went(self) -> frozenset[UUID]:
        """Return the visitors who count: those who confirmed it; of an older visit all that it names."""
        return self.visitors if self.seen is None else self.visitors & self.confirmed


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of the civil-affairs check (经济状况核对)."""

    replied_on: date
    outcome: str
    explained: bool = False
    people: str | None = None
    """The digest of the members the check was about; None for checks recorded before the digest was stored."""

    seen: Seen | None = None
    """What the file said when the reply was recorded; None for a check of before it was kept."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The latest public notice: its days, the digest of the content it showed, and its objections."""

    posted_on: date
    content: str
    ended_on: date | None = None
    id: UUID | None = None
    open_objections: int = 0
    upheld_objections: int = 0
    ends_on: date | None = None
    """The last day that the notice showed."""


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to an award of the case: who had posted the award, its sum, and what the file said then."""

    outcome: str | None
    posted_by: frozenset[UUID]
    award: Fen | None = None
    seen: Seen | None = None
    """None for a notice of before it was kept: then nothing shows that anything changed."""
