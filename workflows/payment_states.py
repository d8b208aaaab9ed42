"""Payment states are what becomes of one attempt to pay an award."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from workflows.vocabulary import Fen


class PaymentState(StrEnum):
    """The state of a payment; the table `payment_move` says which follows which."""

    SENT = "sent"
    LIVE = "live"
    FAILED = "failed"
    RETURNING = "returning"
    RETURNED = "returned"
    RECALLED = "recalled"


PAYMENT_MOVES: tuple[tuple[PaymentState, PaymentState], ...] = (
    (PaymentState.SENT, PaymentState.LIVE),
    (PaymentState.SENT, PaymentState.FAILED),
    (PaymentState.LIVE, PaymentState.RETURNING),
    (PaymentState.RETURNING, PaymentState.RETURNED),
    (PaymentState.RETURNING, PaymentState.LIVE),
    (PaymentState.LIVE, PaymentState.RECALLED),
)
"""A payment begins as sent. The database has the same list."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to pay the award: who sent it, on which day, and who confirmed what became of it."""

    state: str
    on: date
    payer: UUID
    confirmer: UUID | None = None

    @property
    def is_out(self) -> bool:
        """Return whether the money is with the family, or on its way to it or back."""
        return self.state in {PaymentState.SENT, PaymentState.LIVE, PaymentState.RETURNING}


@dataclass(frozen=True, slots=True)
class Advice:
    """What a cashier states of the bank's advice and nobody has confirmed yet: number, day and sum."""

    number: str
    on: date
    fen: Fen
