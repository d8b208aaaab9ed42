"""Tests of the scheduled jobs: notices end on time, reminders are sent once, runs may overlap."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.clock import union_day
from service.config import Bucket
from service.files.bucket import BucketStore
from service.files.store import FolderStore
from service.tables.cases import case
from service.tables.events import event, idempotency, job_run
from service.tables.notifications import notification
from tests.factories import RING, Family, Organisation, create_family
from tests.worker.notification_fixtures import LAST_NOTICE_DAY, POSTED, tuition_at_notice
from worker.scheduled_jobs import NoClockAccount, run_day

DAY = timedelta(days=1)
NOW = datetime(2025, 10, 14, 1, 0, tzinfo=UTC)


@pytest.fixture
def family(engine: sa.Engine, organisation: Organisation) -> Family:
    with engine.begin() as conn:
        return create_family(conn, organisation, email="family@example.org")


@pytest.fixture
def noticed(engine: sa.Engine, organisation: Organisation, family: Family) -> UUID:
    with engine.begin() as conn:
        return tuition_at_notice(conn, organisation, family)


def state_of(engine: sa.Engine, case_id: UUID) -> str:
    with engine.connect() as conn:
        return str(conn.scalar(sa.select(case.c.state).where(case.c.id == case_id)))


def notifications_of(engine: sa.Engine, case_id: UUID, kind: str) -> list[tuple[str, date]]:
    with engine.connect() as conn:
        rows = sa.select(notification.c.channel, notification.c.on).where(
            notification.c.case_id == case_id, notification.c.kind == kind
        )
        return [(row.channel, row.on) for row in conn.execute(rows.order_by(notification.c.id))]


@pytest.mark.parametrize(
    ("today", "state"), [(POSTED, "notice"), (LAST_NOTICE_DAY, "notice"), (LAST_NOTICE_DAY + DAY, "approval")]
)
def test_notice_ends_on_the_day_after_its_last_day(
    engine: sa.Engine, application: sa.Engine, noticed: UUID, today: date, state: str
) -> None:
    run_day(application, RING, NOW, today)
    assert state_of(engine, noticed) == state


def test_notice_end_is_an_event_of_the_clock_and_notifies_approvers(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    report = run_day(application, RING, NOW, LAST_NOTICE_DAY + DAY)
    with engine.connect() as conn:
        last = conn.execute(sa.select(event).where(event.c.subject_id == noticed).order_by(event.c.seq.desc())).first()
    assert last is not None
    assert (last.action, last.actor_id) == ("end_notice", organisation.people["clock"])
    assert report["tuition.end_notice"].done == 1
    assert [channel for channel, _ in notifications_of(engine, noticed, "approval_due")] == ["inbox", "email"]


def test_notice_with_open_objection_does_not_end_and_its_refusal_is_counted(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    with engine.begin() as conn:
        answers = {"source": "phone", "objection": "有异议"}
        cases.take_action(conn, noticed, "object", answers, organisation.context(conn, "registrar", POSTED))
    report = run_day(application, RING, NOW, LAST_NOTICE_DAY + DAY)
    assert report["tuition.end_notice"].refused == {"objection_open": 1}
    assert state_of(engine, noticed) == "notice"
    with engine.connect() as conn:
        job_row = conn.execute(sa.select(job_run).where(job_run.c.job == "tuition.end_notice")).one()
    assert (job_row.done, job_row.refused) == (0, 1)


def test_suspended_case_gets_no_step_and_no_reminder(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    with engine.begin() as conn:
        answers = {"until": "2025-11-30", "ground": "query", "reason": "核实中"}
        cases.take_action(conn, noticed, "suspend", answers, organisation.context(conn, "reviewer", POSTED))
    report = run_day(application, RING, NOW, date(2025, 11, 28))
    assert report["tuition.end_notice"].done == 0
    assert notifications_of(engine, noticed, "overdue") == []


def test_scheduled_jobs_run_concurrently_and_repeatedly_act_once(
    engine: sa.Engine, application: sa.Engine, noticed: UUID
) -> None:
    today = LAST_NOTICE_DAY + DAY
    threads = [Thread(target=run_day, args=(application, RING, NOW, today)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(20):
        run_day(application, RING, NOW, today)
    with engine.connect() as conn:
        ended = sa.and_(event.c.subject_id == noticed, event.c.action == "end_notice")
        assert conn.scalar(sa.select(sa.func.count()).where(ended)) == 1
        job_rows = conn.execute(sa.select(job_run.c.job, job_run.c.done).where(job_run.c.on == today)).all()
    assert {row.job: row.done for row in job_rows} == {
        "hardship.end_notice": 0,
        "tuition.end_notice": 1,
        "overdue": 0,
        "follow_up_due": 0,
        "hold_over": 0,
        "forget_replies": 0,
        "lapse_confirmations": 0,
        "remove_prepared_files": 0,
        "drop_past_records": 0,
        "anchor": 1,
    }


def test_overdue_case_is_reminded_once_per_deadline(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    with engine.connect() as conn:
        due_on = conn.scalar(sa.select(case.c.due_on).where(case.c.id == noticed))
    assert due_on is not None
    with engine.begin() as conn:
        cases.take_action(
            conn,
            noticed,
            "object",
            {"source": "phone", "objection": "有异议"},
            organisation.context(conn, "registrar", POSTED),
        )
    run_day(application, RING, NOW, due_on)
    assert notifications_of(engine, noticed, "overdue") == []
    run_day(application, RING, NOW, due_on + DAY)
    run_day(application, RING, NOW, due_on + DAY)
    assert notifications_of(engine, noticed, "overdue") == [("inbox", due_on + DAY), ("email", due_on + DAY)]
    with engine.begin() as conn:
        second_objection = {"source": "written", "objection": "再次提出异议"}
        cases.take_action(
            conn, noticed, "object", second_objection, organisation.context(conn, "registrar", due_on + 2 * DAY)
        )
    run_day(application, RING, NOW, due_on + 3 * DAY)
    assert len(notifications_of(engine, noticed, "overdue")) == 2


def test_overdue_case_is_reminded_of_its_new_deadline(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    with engine.begin() as conn:
        answers = {"reason": "金额有误"}
        cases.take_action(
            conn, noticed, "return_to_review", answers, organisation.context(conn, "reviewer", date(2025, 10, 15))
        )
        due_on = conn.scalar(sa.select(case.c.due_on).where(case.c.id == noticed))
    assert due_on is not None
    run_day(application, RING, NOW, due_on + DAY)
    assert [on for _, on in notifications_of(engine, noticed, "overdue")] == [due_on + DAY] * 2


def test_follow_up_is_reminded_fourteen_days_before_it_is_due(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    run_day(application, RING, NOW, LAST_NOTICE_DAY + DAY)
    payment = {"method": "bank", "voucher": "V-1"}
    arrived = {"advice_no": "HD-1", "advised_on": "2025-10-17", "amount": "3000.00"}
    with engine.begin() as conn:
        for account, action, day, answers in (
            ("approver_1", "endorse", date(2025, 10, 15), {"minutes": "会纪〔2025〕1号"}),
            ("approver_2", "approve", date(2025, 10, 16), {"minutes": "会纪〔2025〕1号"}),
            ("cashier", "pay", date(2025, 10, 17), payment),
            ("cashier_2", "confirm_payment", date(2025, 10, 17), arrived),
            ("witness", "confirm_receipt", date(2025, 10, 20), {"evidence": "signature"}),
        ):
            cases.take_action(conn, noticed, action, answers, organisation.context(conn, account, day))
        due_on = conn.scalar(sa.select(case.c.due_on).where(case.c.id == noticed))
    assert due_on == date(2025, 10, 20) + 90 * DAY
    run_day(application, RING, NOW, due_on - 15 * DAY)
    assert notifications_of(engine, noticed, "follow_up_due") == []
    for days_left in range(14, 0, -1):
        run_day(application, RING, NOW, due_on - days_left * DAY)
    assert [on for _, on in notifications_of(engine, noticed, "follow_up_due")] == [due_on - 14 * DAY] * 2


def test_stored_replies_older_than_a_week_are_deleted(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation
) -> None:
    with engine.begin() as conn:
        for name, age in (("old", 8), ("young", 6)):
            reply = {"key": name, "fingerprint": b"-", "created_at": NOW - timedelta(days=age)}
            conn.execute(idempotency.insert().values(account_id=organisation.people["registrar"], **reply))
    run_day(application, RING, NOW, LAST_NOTICE_DAY)
    with engine.connect() as conn:
        assert list(conn.scalars(sa.select(idempotency.c.key))) == ["young"]


def test_scheduled_jobs_without_clock_account_name_the_remedy(application: sa.Engine) -> None:
    with pytest.raises(NoClockAccount, match="make an account 'clock'"):
        run_day(application, RING, NOW, POSTED)


def test_union_day_is_the_day_in_shanghai() -> None:
    assert union_day(datetime(2025, 10, 13, 15, 59, tzinfo=UTC)) == date(2025, 10, 13)
    assert union_day(datetime(2025, 10, 13, 16, 0, tzinfo=UTC)) == date(2025, 10, 14)


def test_expired_suspension_is_reminded_once(
    engine: sa.Engine, application: sa.Engine, organisation: Organisation, noticed: UUID
) -> None:
    """Why: an expired suspension ends only by a step, so the registrar needs a reminder."""
    last = POSTED + 5 * DAY
    with engine.begin() as conn:
        answers = {"until": last.isoformat(), "ground": "query", "reason": "有疑点"}
        cases.take_action(conn, noticed, "suspend", answers, organisation.context(conn, "reviewer", POSTED))
    run_day(application, RING, NOW, last)
    assert notifications_of(engine, noticed, "hold_over") == []
    run_day(application, RING, NOW, last + DAY)
    run_day(application, RING, NOW, last + 2 * DAY)
    assert notifications_of(engine, noticed, "hold_over") == [("inbox", last + DAY), ("email", last + DAY)]


def test_anchor_is_made_although_job_run_says_that_it_was(
    engine: sa.Engine,
    organisation: Organisation,  # noqa: ARG001 - its account `clock` anchors
) -> None:
    """Why: rows of job_run for two years stopped every anchor (insiders C9)."""
    with engine.begin() as conn:
        done = {"job": "anchor", "on": LAST_NOTICE_DAY, "at": NOW, "done": 1, "refused": 0}
        conn.execute(job_run.insert().values(done))
    assert run_day(engine, RING, NOW, LAST_NOTICE_DAY)["anchor"].done == 1
    assert run_day(engine, RING, NOW, LAST_NOTICE_DAY)["anchor"].done == 0


@pytest.mark.usefixtures("noticed")
def test_anchor_is_added_while_the_file_store_is_away_and_the_store_is_cleared_later(
    application: sa.Engine, tmp_path: Path
) -> None:
    """Why: whoever can make the file store fail must not be able to stop the anchors."""
    today, away = date(2025, 12, 3), BucketStore(Bucket("http://127.0.0.1:9", "songnuan", "", "key", "secret"))
    report = run_day(application, RING, NOW, today, store=away)
    assert report["remove_unused_files"].refused == {"StoreUnavailable": 1}
    with application.connect() as conn:
        assert "anchor" in conn.scalars(sa.select(job_run.c.job).where(job_run.c.on == today)).all()
    again = run_day(application, RING, NOW, today, store=FolderStore(tmp_path))
    assert again["remove_unused_files"].refused == {}
    with application.connect() as conn:
        assert "remove_unused_files" in conn.scalars(sa.select(job_run.c.job).where(job_run.c.on == today)).all()
