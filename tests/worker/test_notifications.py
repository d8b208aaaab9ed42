"""The inbox, notifications that died, and the link to the pages."""

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


def test_an_inbox_is_read_by_its_owner_page_by_page(
    engine: sa.Engine, office: Organisation, room: OutboxSender
) -> None:
    ids = owe(engine, office, 5, channel="inbox")
    me, somebody = office.people["registrar"], office.people["reviewer"]
    with engine.connect() as conn:
        assert notifications.inbox(conn, me, None, 10) == []
    send_all(room, ids, clock.now)
    with engine.begin() as conn:
        first = notifications.inbox(conn, me, None, 3)
        rest = notifications.inbox(conn, me, first[-1]["id"], 3)
        assert [each["id"] for each in (*first, *rest)] == ids[::-1]
        assert (notifications.unread(conn, me), notifications.unread(conn, somebody)) == (5, 0)
        actions.mark_read(conn, ids[0], office.context(conn, "registrar", OPENED))
        actions.mark_read(conn, ids[0], office.context(conn, "registrar", OPENED))
        assert notifications.unread(conn, me) == 4
        with pytest.raises(NotFound):
            actions.mark_read(conn, ids[1], office.context(conn, "reviewer", OPENED))


def test_a_dead_notification_is_sent_again_by_those_who_may(
    engine: sa.Engine, office: Organisation, room: OutboxSender
) -> None:
    with engine.begin() as conn:
        tuition_at_notice(conn, office, create_family(conn, office, email="family@example.org"))
        found = conn.execute(sa.text("SELECT id FROM notification WHERE person_id IS NOT NULL")).scalar_one()
    with engine.begin() as conn:
        with pytest.raises(Refused) as refused:
            actions.resend(conn, found, office.context(conn, "registrar", OPENED))
        assert refused.value.codes == ["notification_not_dead"]
        actions.mark_failed(conn, found, "permanent_failure", "smtp 550")
    with engine.begin() as conn:
        seen = notifications.failed(conn, office.context(conn, "admin", OPENED).caller, None, 10)
        assert [(each["id"], each["last_error"]) for each in seen] == [(found, "smtp 550")]
        assert notifications.failed(conn, office.context(conn, "admin", OPENED).caller, found, 10) == []
        with pytest.raises(Refused) as refused:
            actions.resend(conn, found, office.context(conn, "auditor", OPENED))
        assert refused.value.codes == ["role_missing"]
        actions.resend(conn, found, office.context(conn, "admin", OPENED))
        his = event.c.subject_id == office.people["admin"]
        said = sa.select(event.c.action).where(his, event.c.action != "set_up")
        assert conn.scalars(said).all() == ["resend_notification"]
    send_all(room, [found], clock.now)
    assert (one(engine, found).state, one(engine, found).attempts) == ("delivered", 1)


def test_a_stranger_neither_sees_nor_resends(engine: sa.Engine, office: Organisation) -> None:
    (notification_id,) = owe(engine, office, 1)
    with engine.begin() as conn, pytest.raises(NotFound):
        actions.resend(conn, notification_id, office.context(conn, "admin", OPENED))


def test_a_notification_to_staff_links_to_the_pages_where_they_are(
    room: OutboxSender, engine: sa.Engine, office: Organisation, mailbox: Mailbox
) -> None:
    """Why: a bare path in a mail program leads nowhere."""
    ids = owe(engine, office, 1)
    send_all(replace(room, home="https://songnuan.union.example"), ids, clock.now)
    (message,) = mailbox.messages()
    assert "https://songnuan.union.example/" in message.get_content()
    case_id = UUID(int=1)
    about = notification_text.render(
        "overdue", notification_text.STAFF, "en", case_no="1", case_id=case_id, home="https://x.example"
    )
    assert f"https://x.example/api/v1/cases/{case_id}" in about.body
