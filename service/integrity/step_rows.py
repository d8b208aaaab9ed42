"""Step rows are compared with the events that wrote them: signatures, payments, notices."""

from collections.abc import Iterator

import sqlalchemy as sa

from service.integrity.faults import Fault
from service.integrity.stored_rows import streamed
from service.tables.cases import approval
from service.tables.events import event
from service.tables.ledger import ledger_entry
from service.tables.notices import notice
from service.tables.payments import payment

_BODY = sa.cast(event.c.body, sa.JSON)


def step_row_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each signature, notice and payment that says something else than the event of its step.

    A step of an earlier release, whose event names no rules, is not compared (docs/decisions/0030).
    """
    for table, differs in (
        (approval, _by_another_person(approval.c.account_id, approval.c.on) | _of_other_content(approval)),
        (notice, (notice.c.posted_on != event.c.on) | _of_other_content(notice)),
        (payment, _by_another_person(payment.c.paid_by, payment.c.paid_on) | ~_is_posted()),
    ):
        its_event = sa.and_(event.c.subject_id == table.c.case_id, event.c.seq == table.c.seq)
        rows = sa.select(table.c.id, table.c.seq).outerjoin(event, its_event)
        wrong = sa.or_(event.c.seq.is_(None), sa.and_(_BODY["rules"].as_integer().is_not(None), differs))
        for row in streamed(conn, rows.where(wrong).order_by(table.c.id)):
            yield Fault("row_not_of_its_step", table.name, str(row.id), row.seq)


def _by_another_person(account: sa.Column[object], on: sa.Column[object]) -> sa.ColumnElement[bool]:
    return (account != event.c.actor_id) | (on != event.c.on)


def _of_other_content(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.content.is_distinct_from(_BODY["content"].as_string())


def _is_posted() -> sa.ColumnElement[bool]:
    """Return whether an entry of the payment's event moves the sum that the payment names."""
    entry = sa.select(ledger_entry.c.id).where(
        ledger_entry.c.subject_id == payment.c.case_id,
        ledger_entry.c.seq == payment.c.seq,
        ledger_entry.c.fen == payment.c.fen,
        ledger_entry.c.fund_id == payment.c.fund_id,
    )
    return entry.exists()
