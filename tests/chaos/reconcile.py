"""Reconciliation recounts pots, event chains, versions, duties, payments, notifications and stored answers."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.integrity.verify import verify
from service.queries.reminders import REMINDERS
from service.tables.events import idempotency
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification

INCONSISTENCIES = {
    "a pot is not the sum of its entries": """
        SELECT fund.id, pot, stored, coalesce(sum(fen), 0) FROM fund
        CROSS JOIN LATERAL (VALUES ('outside', outside_fen), ('available', available_fen), ('committed', committed_fen),
            ('in_transit', in_transit_fen), ('paid', paid_fen), ('recovering', recovering_fen), ('written_off', written_off_fen)) AS p (pot, stored)
        LEFT JOIN LATERAL (SELECT CASE pot WHEN target_pot THEN fen ELSE -fen END AS fen FROM ledger_entry
            WHERE fund_id = fund.id AND pot IN (source_pot, target_pot)) AS moved ON true
        GROUP BY fund.id, pot, stored HAVING stored <> coalesce(sum(fen), 0)""",
    "a case's version is not the number of its events": """
        SELECT id, version, (SELECT count(*) FROM event WHERE subject_id = "case".id) FROM "case"
        WHERE version <> (SELECT count(*) FROM event WHERE subject_id = "case".id)""",
    "a case's state is not the one its last event led to": """
        SELECT "case".id, state, to_state FROM "case" JOIN event ON subject_id = "case".id AND seq = version
        WHERE to_state <> state""",
    "a case's outstanding money is not the sum of its entries": """
        SELECT id, outstanding_fen FROM "case" WHERE outstanding_fen <> coalesce((SELECT sum(
            CASE WHEN source_pot = 'available' THEN fen WHEN target_pot IN ('available', 'written_off') THEN -fen ELSE 0 END)
            FROM ledger_entry WHERE case_id = "case".id), 0)""",
    "payments do not follow the events that made them": """
        SELECT "case".id FROM "case" WHERE
            (SELECT count(*) FROM payment WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action = 'pay')
        OR (SELECT count(*) FROM payment WHERE case_id = "case".id AND state IN ('sent', 'live', 'returning'))
            <> (state NOT IN ('approval', 'payment') AND outstanding_fen > recovering_fen)::int""",
    "signatures do not follow the events that made them": """
        SELECT "case".id FROM "case" WHERE (SELECT count(*) FROM approval WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action IN ('approve', 'endorse'))
        OR (SELECT count(*) FROM notice WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action = 'pass_review')""",
    "one person holds two incompatible duties": """
        SELECT a.case_id, a.account_id, a.duty, b.duty FROM case_duty AS a JOIN case_duty AS b
        ON b.case_id = a.case_id AND b.account_id = a.account_id JOIN incompatible_duty ON one = a.duty AND other = b.duty""",
    "a key is kept without an answer": """
        SELECT account_id, key FROM idempotency WHERE status IS NULL OR body_sealed IS NULL""",
}
"""Queries that must return no row, each with its description."""


@dataclass(frozen=True)
class Reconciliation:
    """The numbers of rows counted, and every fault found."""

    events: int
    entries: int
    notifications: int
    answers: int
    faults: tuple[str, ...]


def reconcile(engine: sa.Engine) -> Reconciliation:
    """Recount everything in one snapshot."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
        chain = verify(conn)
        faults = [str(fault) for fault in chain.faults]
        for description, rows in INCONSISTENCIES.items():
            faults += [f"{description}: {tuple(row)}" for row in conn.execute(sa.text(rows))]
        faults += _unmatched_rows(conn)
        counted = (
            conn.scalar(sa.select(sa.func.count()).select_from(each)) or 0
            for each in (ledger_entry, notification, idempotency)
        )
        entries, notifications, answers = counted
        return Reconciliation(chain.events, entries, notifications, answers, tuple(faults))


def _unmatched_rows(conn: sa.Connection) -> Iterator[str]:
    """Yield each notification or duty that an event names without a row, or that is a row no event names."""
    named_notifications: Counter[tuple[UUID, int, str]] = Counter()
    named_duties: set[tuple[UUID, str, str]] = set()
    for subject, seq, text in conn.execute(sa.text("SELECT subject_id, seq, body FROM event WHERE subject = 'case'")):
        body: dict[str, Any] = json.loads(text)
        named_notifications.update((subject, seq, each) for each in body.get("notifications", ()))
        named_duties |= {(subject, each["duty"], each["account_id"]) for each in body.get("duties", ())}
        if body["action"] == "open":
            named_duties.add((subject, "registrar", body["actor"]))
    reminder_kinds = [each.kind for each in REMINDERS]
    rows = sa.text(
        "SELECT case_id, seq, kind || '/' || channel FROM notification WHERE case_id IS NOT NULL AND kind <> ALL (:reminder_kinds)"
    )
    stored_notifications = Counter(
        (row[0], row[1], row[2]) for row in conn.execute(rows, {"reminder_kinds": reminder_kinds})
    )
    duties = {
        (row[0], row[1], str(row[2]))
        for row in conn.execute(sa.text("SELECT case_id, duty, account_id FROM case_duty"))
    }
    yield from (
        f"an event names a notification without a row: {each}"
        for each in (named_notifications - stored_notifications).elements()
    )
    yield from (
        f"no event names a notification row: {each}" for each in (stored_notifications - named_notifications).elements()
    )
    yield from (f"a duty and its event differ: {each}" for each in named_duties ^ duties)
