"""The recount after a fire: pots against entries, chains, versions, duties, payments, notifications and kept answers."""

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

ORPHANS = {
    "a pot is not the sum of its entries": """
        SELECT fund.id, pot, kept, coalesce(sum(fen), 0) FROM fund
        CROSS JOIN LATERAL (VALUES ('outside', outside_fen), ('available', available_fen), ('committed', committed_fen),
            ('paid', paid_fen), ('recovering', recovering_fen), ('written_off', written_off_fen)) AS p (pot, kept)
        LEFT JOIN LATERAL (SELECT CASE pot WHEN target_pot THEN fen ELSE -fen END AS fen FROM ledger_entry
            WHERE fund_id = fund.id AND pot IN (source_pot, target_pot)) AS moved ON true
        GROUP BY fund.id, pot, kept HAVING kept <> coalesce(sum(fen), 0)""",
    "a case's version is not the number of its events": """
        SELECT id, version, (SELECT count(*) FROM event WHERE subject_id = "case".id) FROM "case"
        WHERE version <> (SELECT count(*) FROM event WHERE subject_id = "case".id)""",
    "a case does not stand where its last event led": """
        SELECT "case".id, state, to_state FROM "case" JOIN event ON subject_id = "case".id AND seq = version
        WHERE to_state <> state""",
    "what is out for a case is not what its entries say": """
        SELECT id, outstanding_fen FROM "case" WHERE outstanding_fen <> coalesce((SELECT sum(
            CASE WHEN source_pot = 'available' THEN fen WHEN target_pot IN ('available', 'written_off') THEN -fen ELSE 0 END)
            FROM ledger_entry WHERE case_id = "case".id), 0)""",
    "payments do not follow the events that made them": """
        SELECT "case".id FROM "case" WHERE
            (SELECT count(*) FROM payment WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action = 'pay')
        OR (SELECT count(*) FROM payment WHERE case_id = "case".id AND state = 'live')
            <> (state IN ('receipt', 'follow_up', 'closed'))::int""",
    "signatures do not follow the events that made them": """
        SELECT "case".id FROM "case" WHERE (SELECT count(*) FROM approval WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action IN ('approve', 'endorse'))
        OR (SELECT count(*) FROM notice WHERE case_id = "case".id)
            <> (SELECT count(*) FROM event WHERE subject_id = "case".id AND action = 'pass_review')""",
    "two duties that clash meet in one person": """
        SELECT a.case_id, a.account_id, a.duty, b.duty FROM case_duty AS a JOIN case_duty AS b
        ON b.case_id = a.case_id AND b.account_id = a.account_id JOIN incompatible_duty ON one = a.duty AND other = b.duty""",
    "a key is kept without an answer": """
        SELECT account_id, key FROM idempotency WHERE status IS NULL OR body_sealed IS NULL""",
}
"""What must find no row, in words."""


@dataclass(frozen=True)
class Reconciliation:
    """How much was counted, and every fault found."""

    events: int
    entries: int
    notifications: int
    answers: int
    faults: tuple[str, ...]


def reconcile(engine: sa.Engine) -> Reconciliation:
    """Count everything again, in one snapshot."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
        chain = verify(conn)
        faults = [str(fault) for fault in chain.faults]
        for words, rows in ORPHANS.items():
            faults += [f"{words}: {tuple(row)}" for row in conn.execute(sa.text(rows))]
        faults += _promises(conn)
        counted = (
            conn.scalar(sa.select(sa.func.count()).select_from(each)) or 0
            for each in (ledger_entry, notification, idempotency)
        )
        entries, notifications, answers = counted
        return Reconciliation(chain.events, entries, notifications, answers, tuple(faults))


def _promises(conn: sa.Connection) -> Iterator[str]:
    """Each event's own text names the notifications it owes and the duties it leaves: each is a row, and each row is named."""
    named_notifications: Counter[tuple[UUID, int, str]] = Counter()
    named_duties: set[tuple[UUID, str, str]] = set()
    for subject, seq, text in conn.execute(sa.text("SELECT subject_id, seq, body FROM event WHERE subject = 'case'")):
        body: dict[str, Any] = json.loads(text)
        named_notifications.update((subject, seq, each) for each in body.get("notifications", ()))
        named_duties |= {(subject, each["duty"], each["account_id"]) for each in body.get("duties", ())}
        if body["action"] == "open":
            named_duties.add((subject, "registrar", body["actor"]))
    called = [each.kind for each in REMINDERS]
    rows = sa.text(
        "SELECT case_id, seq, kind || '/' || channel FROM notification WHERE case_id IS NOT NULL AND kind <> ALL (:called)"
    )
    kept = Counter((row[0], row[1], row[2]) for row in conn.execute(rows, {"called": called}))
    duties = {
        (row[0], row[1], str(row[2]))
        for row in conn.execute(sa.text("SELECT case_id, duty, account_id FROM case_duty"))
    }
    yield from (f"a notification is owed that is no row: {each}" for each in (named_notifications - kept).elements())
    yield from (f"a notification is a row that nobody owes: {each}" for each in (kept - named_notifications).elements())
    yield from (f"a duty and its event differ: {each}" for each in named_duties ^ duties)
