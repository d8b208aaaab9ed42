"""Test data of notifications: due ones without a case, and tuition cases at review and notice."""

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
    engine: sa.Engine, organisation: Organisation, count: int, *, channel: str = "email", kind: str = "returned"
) -> list[UUID]:
    """Write `count` due notifications to the registrar in one commit, each on an event of the unit, and return their ids."""
    ids = [new_id() for _ in range(count)]
    with engine.begin() as conn:
        context = organisation.context(conn, "registrar", OPENED)
        last = conn.scalar(sa.select(chain_head.c.seq).where(chain_head.c.id == organisation.unit_id)) or 0
        for seq, notification_id in enumerate(ids, start=last + 1):
            batch = WriteBatch()
            batch.add(notification, row(organisation, notification_id, seq, channel, kind))
            assert event_log.append_event(conn, "unit", organisation.unit_id, "test", {}, context, batch) == seq
    return ids


def row(organisation: Organisation, notification_id: UUID, seq: int, channel: str, kind: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    recipient = {
        "account_id": organisation.people["registrar"],
        "subject_id": organisation.unit_id,
        "seq": seq,
        "on": OPENED,
    }
    return {"id": notification_id, "channel": channel, "kind": kind, "not_before": now, "created_at": now, **recipient}


def states(engine: sa.Engine) -> dict[str, int]:
    """Return the number of notifications in each state."""
    with engine.connect() as conn:
        rows = sa.select(notification.c.state, sa.func.count()).group_by(notification.c.state)
        return {row.state: row[1] for row in conn.execute(rows)}


def one(engine: sa.Engine, notification_id: UUID) -> Any:
    with engine.connect() as conn:
        return conn.execute(sa.select(notification).where(notification.c.id == notification_id)).one()


def message_ids(mailbox: Mailbox) -> list[str]:
    """Return the notification ids of the arrived messages, in order of arrival."""
    return [_notification_id(message) for message in mailbox.messages()]


def _notification_id(message: EmailMessage) -> str:
    return str(message["Message-ID"]).strip("<>").partition("@")[0]


def tuition_at_notice(conn: sa.Connection, organisation: Organisation, family: Family) -> UUID:
    """Return a tuition case whose notice runs from 29 September to 13 October 2025 (docs/domain/procedure.md §1.5)."""
    case_id = tuition_at_review(conn, organisation, family)
    award: dict[str, object] = {
        "award": "3000.00",
        "fund": str(organisation.fund_id),
        "places": ["unit_board", "community_board"],
    }
    cases.take_action(conn, case_id, "pass_review", award, organisation.context(conn, "reviewer", POSTED))
    return case_id


def tuition_at_review(conn: sa.Connection, organisation: Organisation, family: Family) -> UUID:
    """Return a tuition case in state `review`."""
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    opening = CaseApplication("tuition", family.household_id, family.child_id, "EDU", Fen(300_000), form)
    case_id = open_case(conn, opening, organisation.context(conn, "registrar", OPENED)).case_id
    visitors = [str(organisation.people[name]) for name in ("visitor_1", "visitor_2")]
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
        ("visitor_2", "confirm_visit", SURVEYED, {}),
        ("registrar", "finish_survey", SURVEYED, {}),
    )
    for account, action, day, answers in steps:
        cases.take_action(conn, case_id, action, answers, organisation.context(conn, account, day))
    return case_id
