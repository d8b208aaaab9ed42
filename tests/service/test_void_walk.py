"""Random records, corrections and voids: pots and figures equal a recount of what still counts."""

from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import activities, donations, fund_receipts, gifts, visits
from service.tables.gifts import gift
from tests.service.test_recorded_once import Records
from workflows.vocabulary import Fen, Refused

STEPS = 60
FIGURES = {"gift": "condolence_money", "donation": "donation_received_money", "activity": "activity_money"}


class Book:
    """The records that count, by kind and id, each with its fen: what the figures must say."""

    def __init__(self, records: Records, chance: Random) -> None:
        self.records, self.chance = records, chance
        self.fen: dict[str, dict[UUID, int]] = {
            kind: {} for kind in ("gift", "donation", "activity", "receipt", "visit")
        }
        self.voided = 0

    def new(self, kind: str) -> Any:
        """Return a record that differs from every other, or the same one again confirmed as another."""
        fen, number = Fen(self.chance.randint(1, 100_000)), self.chance.randint(1, 9)
        return {
            "gift": replace(self.records.gift, fen=fen, confirmed_repeat=True),
            "donation": replace(self.records.donation, fen=fen, receipt_no=f"JZ-{number}", confirmed_repeat=True),
            "activity": replace(self.records.activity, fen=fen, title=f"活动{number}", confirmed_repeat=True),
            "receipt": replace(self.records.receipt, fen=fen, document=f"银收{number}", confirmed_repeat=True),
            "visit": replace(self.records.visit, companions=number, confirmed_repeat=True),
        }[kind]

    def write(self, kind: str) -> None:
        """Record a new thing."""
        new, conn, context = self.new(kind), self.records.conn, self.records.context()
        writers: dict[str, Any] = {
            "gift": self.records.give,
            "donation": lambda each: donations.record_donation(conn, each, context),
            "activity": lambda each: activities.record_activity(conn, each, context),
            "receipt": self.records.receive,
            "visit": lambda each: visits.record_visit(conn, each, context),
        }
        self.fen[kind][writers[kind](new)] = getattr(new, "fen", 1)

    def correct(self, kind: str, record_id: UUID) -> None:
        """Correct a record."""
        new, conn, context = self.new(kind), self.records.conn, self.records.seconded()
        approver = self.records.seconded("approver_3" if kind == "receipt" else "approver_1")
        correct: dict[str, Any] = {
            "gift": gifts.correct_gift,
            "donation": donations.correct_donation,
            "activity": activities.correct_activity,
            "receipt": fund_receipts.correct_receipt,
            "visit": visits.correct_visit,
        }
        by = approver if kind in {"gift", "receipt"} else context
        corrected = correct[kind](conn, record_id, new, "写错", by)
        self._drop(kind, record_id)
        self.fen[kind][corrected] = getattr(new, "fen", 1)

    def void(self, kind: str, record_id: UUID) -> None:
        """Void a record."""
        approver = self.records.seconded("approver_2" if kind == "receipt" else "approver_1")
        void: dict[str, Any] = {
            "gift": gifts.void_gift,
            "donation": donations.void_donation,
            "activity": activities.void_activity,
            "receipt": fund_receipts.void_receipt,
            "visit": visits.void_visit,
        }
        by = approver if kind in {"gift", "receipt"} else self.records.seconded()
        void[kind](self.records.conn, record_id, "没有这回事", by)
        self._drop(kind, record_id)

    def _drop(self, kind: str, record_id: UUID) -> None:
        del self.fen[kind][record_id]
        self.voided += kind != "receipt"


@pytest.mark.parametrize("seed", range(3))
def test_random_voids_and_corrections_leave_figures_and_pots_equal_to_a_recount(conn: sa.Connection, seed: int) -> None:
    records, chance = Records(conn), Random(seed)
    book, (available, _) = Book(records, chance), records.pots()
    refused: set[str] = set()
    for _ in range(STEPS):
        kind, act = chance.choice([*book.fen]), chance.choice(("write", "write", "correct", "void"))
        known = [*book.fen[kind]]
        savepoint = conn.begin_nested()
        try:
            if act == "write" or not known:
                book.write(kind)
            else:
                (book.correct if act == "correct" else book.void)(kind, chance.choice(known))
            savepoint.commit()
        except Refused as refusal:
            savepoint.rollback()
            refused |= set(refusal.codes)
    assert refused <= {"gift_over_limit", "receipt_in_use", "fund_short", "approver_not_entitled"}
    for kind, key in FIGURES.items():
        assert records.figure(key) == sum(book.fen[kind].values()), kind
    assert records.figure("worker_visits") == len(book.fen["visit"])
    assert records.figure("records_voided") == book.voided > 0
    given = sum(book.fen["gift"].values())
    assert records.pots() == (available + sum(book.fen["receipt"].values()) - given, given)
    of_unit = sa.select(sa.func.count()).where(
        gift.c.unit_id == records.organisation.unit_id, gift.c.voided_on.is_(None)
    )
    assert conn.scalar(of_unit) == len(book.fen["gift"])
