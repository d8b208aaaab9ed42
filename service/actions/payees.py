"""The payee of a household: one bank account, held by one of its members."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.open_households import bump_version, lock_open_household
from service.actions.proofs import refuse_unproved
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import blind_index, encrypt_field
from service.db.columns import new_id
from service.queries import households
from service.tables.payees import bank_account
from workflows.vocabulary import Plain, Reason


@dataclass(frozen=True, slots=True)
class Payee:
    """A bank, a card or passbook number (12–30 digits), and the member it belongs to."""

    person_id: UUID
    bank: str
    card: str


def problems(payee: Payee, members: Collection[UUID], prefix: str = "") -> Iterator[Reason]:
    """Yield every problem of a payee; `prefix` precedes a field's name."""
    yield from validation.text(f"{prefix}bank", payee.bank, longest=60)
    # No Luhn check: passbooks and older accounts do not pass it.
    yield from validation.shaped(f"{prefix}card", _digits(payee.card), validation.CARD, "card_shape")
    if payee.person_id not in members:
        yield Reason.of("not_a_member", field=f"{prefix}person_id")


def _digits(card: str) -> str:
    return "".join(card.split())


def set_payee(conn: sa.Connection, household_id: UUID, payee: Payee, context: ActionContext) -> UUID:
    """Make this account the household's payee; approvals that covered another payee become void.

    Raises InvalidForm, Refused, NotFound, VersionConflict.
    """
    refuse_unproved(context)
    file = lock_open_household(conn, household_id, context)
    members = [member["id"] for member in households.members(conn, household_id)]
    validation.refuse_invalid(problems(payee, members))
    active_payees = sa.and_(bank_account.c.household_id == household_id, bank_account.c.active)
    batch = WriteBatch()
    for account_id in conn.scalars(
        bank_account.update().where(active_payees).values(active=False).returning(bank_account.c.id)
    ):
        batch.note_updated(bank_account, {"id": account_id, "active": False})
    payee_id = add_payee(batch, household_id, payee, context)
    bump_version(batch, file)
    facts: dict[str, Plain] = {"account": str(payee_id), "person": str(payee.person_id), **file.right}
    event_log.append_event(conn, "household", household_id, "set_payee", facts, context, batch)
    return payee_id


def add_payee(batch: WriteBatch, household_id: UUID, payee: Payee, context: ActionContext) -> UUID:
    """Add an account that has been checked to the batch, and return its id."""
    payee_id, card = new_id(), _digits(payee.card)
    holder = {"id": payee_id, "household_id": household_id, "person_id": payee.person_id, "bank": payee.bank.strip()}
    sealed = encrypt_field(context.keyring, "bank_account.card", payee_id, card)
    card_columns = {
        "card_sealed": sealed,
        "card_index": blind_index(context.keyring, "card", card),
        "created_at": context.at,
    }
    batch.add(bank_account, {**holder, **card_columns})
    return payee_id
