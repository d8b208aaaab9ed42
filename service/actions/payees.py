"""The bank account money goes to: one per household, held by one of its members."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.persons import file_open, touch
from service.actions.rows import Rows
from service.actions.trail import Asked
from service.db import new_id
from service.privacy import blind_index, seal
from service.queries import households
from service.tables.people import bank_account
from workflows.terms import Plain, Reason


@dataclass(frozen=True, slots=True)
class Payee:
    """Bank, card or passbook number (12–30 digits), and the member it belongs to."""

    person_id: UUID
    bank: str
    card: str


def problems(payee: Payee, members: Collection[UUID], place: str = "") -> Iterator[Reason]:
    """Everything that is wrong with it. Luhn is not asked: passbooks and older accounts do not pass it."""
    yield from fields.text(f"{place}bank", payee.bank, longest=60)
    yield from fields.shaped(f"{place}card", _digits(payee.card), fields.CARD, "card_shape")
    if payee.person_id not in members:
        yield Reason.of("not_a_member", field=f"{place}person_id")


def _digits(card: str) -> str:
    return "".join(card.split())


def set_payee(tx: sa.Connection, household_id: UUID, payee: Payee, asked: Asked) -> UUID:
    """Name the account money goes to from now on; signatures that covered another fall. Raises BadAnswers, Refused,
    Unknown, Stale.
    """
    file = file_open(tx, household_id, asked)
    members = [row["id"] for row in households.members(tx, household_id)]
    fields.refuse(problems(payee, members))
    live = sa.and_(bank_account.c.household_id == household_id, bank_account.c.active)
    rows = Rows()
    for each in tx.scalars(bank_account.update().where(live).values(active=False).returning(bank_account.c.id)):
        rows.done(bank_account, {"id": each, "active": False})
    row = add(rows, household_id, payee, asked)
    touch(rows, file)
    facts: dict[str, Plain] = {"account": str(row), "person": str(payee.person_id), **file.right}
    trail.append(tx, "household", household_id, "set_payee", facts, asked, rows)
    return row


def add(rows: Rows, household_id: UUID, payee: Payee, asked: Asked) -> UUID:
    """Add an account that has been checked."""
    row, card = new_id(), _digits(payee.card)
    whose = {"id": row, "household_id": household_id, "person_id": payee.person_id, "bank": payee.bank.strip()}
    sealed = seal(asked.ring, "bank_account.card", row, card)
    kept = {"card_sealed": sealed, "card_index": blind_index(asked.ring, "card", card), "created_at": asked.at}
    rows.add(bank_account, {**whose, **kept})
    return row
