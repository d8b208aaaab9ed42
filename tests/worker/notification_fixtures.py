"""Notifications owed, for tests: on a chain of their own, or from a case that was brought as far as its notice."""

from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import cases, event_log
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.local_servers.smtp import Mailbox
from service.tables.events import chain_head
from service.tables.notifications import notification
from tests.factories import Family, Organisation
from workflows.vocabulary import Fen

OPENED, SURVEYED, POSTED = date(2025, 9, 22), date(2025, 9, 25), date(2025, 9, 29)
LAST_NOTICE_DAY = date(2025, 10, 13)
PAPERS = [
    *("application", "identity", "household_register", "authorisation", "income_proof", "bank_card"),
    *("enrolment", "fee_bill", "diagnosis", "medical_bills", "insurance_settlement"),
]


def owe(
    engine: sa.Engine, office: Organisation, count: int, *, channel: str = "email", kind: str = "returned"
) -> list[UUID]:
    """`count` notifications to the registrar, each on an event of the unit's chain, in one commit."""
    ids = [new_id() for _ in range(count)]
    with engine.begin() as conn:
        context = office.context(conn, "registrar", OPENED)
        last = conn.scalar(sa.select(chain_head.c.seq).where(chain_head.c.id == office.unit_id)) or 0
        for seq, each in enumerate(ids, start=last + 1):
            batch = WriteBatch()
            batch.add(notification, row(office, each, seq, channel, kind))
            assert event_log.append_event(conn, "unit", office.unit_id, "test", {}, context, batch) == seq
    return ids


def row(office: Organisation, notification_id: UUID, seq: int, channel: str, kind: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    to = {"account_id": office.people["registrar"], "subject_id": office.unit_id, "seq": seq, "on": OPENED}
    return {"id": notification_id, "channel": channel, "kind": kind, "not_before": now, "created_at": now, **to}


def states(engine: sa.Engine) -> dict[str, int]:
    """How many notifications are in which state."""
    with engine.connect() as conn:
        rows = sa.select(notification.c.state, sa.func.count()).group_by(notification.c.state)
        return {row.state: row[1] for row in conn.execute(rows)}


def one(engine: sa.Engine, notification_id: UUID) -> Any:
    with engine.connect() as conn:
        return conn.execute(sa.select(notification).where(notification.c.id == notification_id)).one()


def message_ids(mailbox: Mailbox) -> list[str]:
    """The Message-IDs that arrived, the notifications' ids in them, in order of arrival."""
    return [_notification_id(message) for message in mailbox.messages()]


def _notification_id(message: EmailMessage) -> str:
    return str(message["Message-ID"]).strip("<>").partition("@")[0]


def tuition_at_notice(conn: sa.Connection, office: Organisation, family: Family) -> UUID:
    """A tuition case whose notice was posted on 29 September 2025; it hangs until 13 October (domain/1 §1.5)."""
    case_id = tuition_at_review(conn, office, family)
    award: dict[str, object] = {
        "award": "3000.00",
        "fund": str(office.fund_id),
        "places": ["workplace", "village_board"],
    }
    cases.take_action(conn, case_id, "pass_review", award, office.context(conn, "reviewer", POSTED))
    return case_id


def tuition_at_review(conn: sa.Connection, office: Organisation, family: Family) -> UUID:
    """A tuition case on the reviewer's desk."""
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    opening = CaseApplication("tuition", family.household_id, family.child_id, "EDU", Fen(300_000), form)
    case_id = open_case(conn, opening, office.context(conn, "registrar", OPENED)).case_id
    visitors = [str(office.people[name]) for name in ("visitor_1", "visitor_2")]
    visit: dict[str, object] = {
        "on": SURVEYED.isoformat(),
        "visitors": visitors,
        "place": "home",
        "conclusion": "confirmed",
    }
    steps: tuple[tuple[str, str, date, dict[str, object]], ...] = (
        ("registrar", "submit", OPENED, {}),
        ("registrar", "add_papers", OPENED, {"papers": PAPERS}),
        ("visitor_1", "record_visit", SURVEYED, visit),
        ("registrar", "finish_survey", SURVEYED, {}),
    )
    for who, action, day, answers in steps:
        cases.take_action(conn, case_id, action, answers, office.context(conn, who, day))
    return case_id
