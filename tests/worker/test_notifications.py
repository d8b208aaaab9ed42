"""Tests of the inbox, failed notifications and links in notifications."""

from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from service import clock
from service.actions import notifications as actions
from service.actions.errors import NotFound
from service.i18n import notification_text
from service.local_servers.smtp import Mailbox
from service.queries import notifications
from service.tables.events import event
from tests.factories import Organisation, create_family
from tests.worker.notification_fixtures import OPENED, one, owe, tuition_at_notice
from worker.outbox import OutboxSender, send_all
from workflows.vocabulary import Refused


def test_inbox_is_listed_by_page_and_read_by_its_owner_only(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender
) -> None:
    ids = owe(engine, organisation, 5, channel="inbox")
    registrar, reviewer = organisation.people["registrar"], organisation.people["reviewer"]
    with engine.connect() as conn:
        assert notifications.inbox(conn, registrar, None, 10) == []
    send_all(outbox_sender, ids, clock.now)
    with engine.begin() as conn:
        first = notifications.inbox(conn, registrar, None, 3)
        rest = notifications.inbox(conn, registrar, first[-1]["id"], 3)
        assert [each["id"] for each in (*first, *rest)] == ids[::-1]
        assert (notifications.unread(conn, registrar), notifications.unread(conn, reviewer)) == (5, 0)
        actions.mark_read(conn, ids[0], organisation.context(conn, "registrar", OPENED))
        actions.mark_read(conn, ids[0], organisation.context(conn, "registrar", OPENED))
        assert notifications.unread(conn, registrar) == 4
        with pytest.raises(NotFound):
            actions.mark_read(conn, ids[1], organisation.context(conn, "reviewer", OPENED))


def test_failed_notification_is_resent_by_administrator_only(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender
) -> None:
    with engine.begin() as conn:
        tuition_at_notice(conn, organisation, create_family(conn, organisation, email="family@example.org"))
        notification_id = conn.execute(sa.text("SELECT id FROM notification WHERE person_id IS NOT NULL")).scalar_one()
    with engine.begin() as conn:
        with pytest.raises(Refused) as refused:
            actions.resend(conn, notification_id, organisation.context(conn, "registrar", OPENED))
        assert refused.value.codes == ["notification_not_dead"]
        actions.mark_failed(conn, notification_id, "permanent_failure", "smtp 550")
    with engine.begin() as conn:
        failed = notifications.failed(conn, organisation.context(conn, "admin", OPENED).caller, None, 10)
        assert [(each["id"], each["last_error"]) for each in failed] == [(notification_id, "smtp 550")]
        assert notifications.failed(conn, organisation.context(conn, "admin", OPENED).caller, notification_id, 10) == []
        with pytest.raises(Refused) as refused:
            actions.resend(conn, notification_id, organisation.context(conn, "auditor", OPENED))
        assert refused.value.codes == ["role_missing"]
        actions.resend(conn, notification_id, organisation.context(conn, "admin", OPENED))
        admin_events = event.c.subject_id == organisation.people["admin"]
        actions_of_admin = sa.select(event.c.action).where(admin_events, event.c.action != "set_up")
        assert conn.scalars(actions_of_admin).all() == ["resend_notification"]
    send_all(outbox_sender, [notification_id], clock.now)
    assert (one(engine, notification_id).state, one(engine, notification_id).attempts) == ("delivered", 1)


def test_administrator_without_the_case_cannot_resend_notification(
    engine: sa.Engine, organisation: Organisation
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    with engine.begin() as conn, pytest.raises(NotFound):
        actions.resend(conn, notification_id, organisation.context(conn, "admin", OPENED))


def test_notification_to_staff_contains_absolute_links(
    outbox_sender: OutboxSender, engine: sa.Engine, organisation: Organisation, mailbox: Mailbox
) -> None:
    """Why: a mail program cannot open a relative link."""
    ids = owe(engine, organisation, 1)
    send_all(replace(outbox_sender, home="https://songnuan.union.example"), ids, clock.now)
    (message,) = mailbox.messages()
    assert "https://songnuan.union.example/" in message.get_content()
    case_id = UUID(int=1)
    rendered = notification_text.render(
        "overdue", notification_text.STAFF, "en", case_no="1", case_id=case_id, home="https://x.example"
    )
    assert f"https://x.example/cases/{case_id}" in rendered.body
