"""The inbox, letters that died, and the link to the pages."""

from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from service import clock, letter_text
from service.actions import letters as actions
from service.actions.trail import Unknown
from service.mailbox import Mailbox
from service.queries import letters
from service.tables.events import event
from tests.office import Office, file_family
from tests.worker.letters import OPENED, one, owe, tuition_at_notice
from worker.outbox import PostRoom, send_all
from workflows.terms import Refused


def test_an_inbox_is_read_by_its_owner_page_by_page(engine: sa.Engine, office: Office, room: PostRoom) -> None:
    ids = owe(engine, office, 5, channel="inbox")
    me, somebody = office.people["registrar"], office.people["reviewer"]
    with engine.connect() as tx:
        assert letters.inbox(tx, me, None, 10) == []
    send_all(room, ids, clock.now)
    with engine.begin() as tx:
        first = letters.inbox(tx, me, None, 3)
        rest = letters.inbox(tx, me, first[-1]["id"], 3)
        assert [each["id"] for each in (*first, *rest)] == ids[::-1]
        assert (letters.unread(tx, me), letters.unread(tx, somebody)) == (5, 0)
        actions.mark_read(tx, ids[0], office.asked(tx, "registrar", OPENED))
        actions.mark_read(tx, ids[0], office.asked(tx, "registrar", OPENED))
        assert letters.unread(tx, me) == 4
        with pytest.raises(Unknown):
            actions.mark_read(tx, ids[1], office.asked(tx, "reviewer", OPENED))


def test_a_dead_letter_is_sent_again_by_those_who_may(engine: sa.Engine, office: Office, room: PostRoom) -> None:
    with engine.begin() as tx:
        tuition_at_notice(tx, office, file_family(tx, office, email="family@example.org"))
        found = tx.execute(sa.text("SELECT id FROM letter WHERE person_id IS NOT NULL")).scalar_one()
    with engine.begin() as tx:
        with pytest.raises(Refused) as refused:
            actions.resend(tx, found, office.asked(tx, "registrar", OPENED))
        assert refused.value.codes == ["letter_not_dead"]
        actions.given_up(tx, found, "permanent_failure", "smtp 550")
    with engine.begin() as tx:
        seen = letters.dead(tx, office.asked(tx, "admin", OPENED).caller, None, 10)
        assert [(each["id"], each["last_error"]) for each in seen] == [(found, "smtp 550")]
        assert letters.dead(tx, office.asked(tx, "admin", OPENED).caller, found, 10) == []
        with pytest.raises(Refused) as refused:
            actions.resend(tx, found, office.asked(tx, "auditor", OPENED))
        assert refused.value.codes == ["role_missing"]
        actions.resend(tx, found, office.asked(tx, "admin", OPENED))
        his = event.c.subject_id == office.people["admin"]
        said = sa.select(event.c.action).where(his, event.c.action != "set_up")
        assert tx.scalars(said).all() == ["resend_letter"]
    send_all(room, [found], clock.now)
    assert (one(engine, found).state, one(engine, found).attempts) == ("delivered", 1)


def test_a_stranger_neither_sees_nor_resends(engine: sa.Engine, office: Office) -> None:
    (letter_id,) = owe(engine, office, 1)
    with engine.begin() as tx, pytest.raises(Unknown):
        actions.resend(tx, letter_id, office.asked(tx, "admin", OPENED))


def test_a_letter_to_staff_links_to_the_pages_where_they_are(
    room: PostRoom, engine: sa.Engine, office: Office, mailbox: Mailbox
) -> None:
    """Why: a bare path in a mail program leads nowhere."""
    ids = owe(engine, office, 1)
    send_all(replace(room, home="https://songnuan.union.example"), ids, clock.now)
    (message,) = mailbox.messages()
    assert "https://songnuan.union.example/" in message.get_content()
    case_id = UUID(int=1)
    about = letter_text.write(
        "overdue", letter_text.STAFF, "en", case_no="1", case_id=case_id, home="https://x.example"
    )
    assert f"https://x.example/api/v1/cases/{case_id}" in about.body
