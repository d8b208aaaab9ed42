"""The letters a step may owe: a row each, naming who must hear; their words are in the catalogue under letters.<kind>."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who must hear. The family hears by mail if it gave an address, else its registrar is asked to tell it."""

    FAMILY = "family"
    REGISTRAR = "registrar"
    REVIEWERS = "reviewers"
    NEXT_APPROVERS = "next_approvers"
    CASHIERS = "cashiers"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Letter:
    """One kind of letter and its audiences."""

    kind: str
    to: tuple[Audience, ...]


_ROWS = (
    Letter("returned", (Audience.REGISTRAR,)),
    Letter("notice_posted", (Audience.FAMILY, Audience.REGISTRAR)),
    Letter("objection_raised", (Audience.REVIEWERS,)),
    Letter("approval_due", (Audience.NEXT_APPROVERS,)),
    Letter("approved", (Audience.FAMILY, Audience.CASHIERS)),
    Letter("declined", (Audience.FAMILY, Audience.REGISTRAR)),
    Letter("withdrawn", (Audience.REGISTRAR,)),
    Letter("paid", (Audience.FAMILY, Audience.REGISTRAR)),
    Letter("payment_returned", (Audience.REGISTRAR,)),
    Letter("recall", (Audience.FAMILY, Audience.REGISTRAR)),
    Letter("recovered", (Audience.REGISTRAR,)),
    Letter("overdue", (Audience.STAFF,)),
    Letter("follow_up_due", (Audience.REGISTRAR,)),
    Letter("hold_over", (Audience.REGISTRAR,)),
)

LETTERS: Mapping[str, Letter] = {letter.kind: letter for letter in _ROWS}
