"""Tests that every notification arrives once although processes and the broker are killed."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psutil
import redis
import sqlalchemy as sa
from celery import Celery

from service.local_servers import start_broker
from service.local_servers.smtp import Mailbox, Mood
from tests.factories import Organisation, create_family
from tests.worker.notification_fixtures import message_ids, owe, states, tuition_at_notice
from tests.worker.processes import BEAT, RELAY, ROOT, Processes, wait_until
from worker import outbox
from worker.app import app


def all_delivered(engine: sa.Engine, count: int, seconds: float = 40.0) -> bool:
    return wait_until(lambda: states(engine) == {"delivered": count}, seconds)


def test_two_workers_and_two_relays_send_each_notification_once(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, broker: redis.Redis
) -> None:
    first = owe(engine, organisation, 60)
    for _ in range(2):
        processes.start(RELAY)
    processes.workers(2)
    ids = [*first, *owe(engine, organisation, 60), *owe(engine, organisation, 30, channel="inbox")]
    for _ in range(5):
        deliver_again(processes, ids)
    assert all_delivered(engine, len(ids)), states(engine)
    assert sorted(message_ids(mailbox)) == sorted(str(each) for each in [*first, *ids[60:120]])
    assert all("Traceback" not in each.log.read_text() for each in processes.started)
    assert wait_until(lambda: broker.llen("email") == 0)


def deliver_again(processes: Processes, ids: Sequence[UUID]) -> None:
    """Queue the same notifications again, as a broker does that lost the acknowledgements."""
    send_task(processes, "worker.deliver", "email", [str(each) for each in ids])


def send_task(processes: Processes, task: str, queue: str, *arguments: object) -> None:
    with Celery(broker=processes.environ["REDIS_URL"], set_as_current=False) as client:
        client.send_task(task, args=arguments, queue=queue)


def test_notifications_of_a_killed_worker_are_sent_by_another(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, broker: redis.Redis
) -> None:
    assert broker.ping()
    processes.start(RELAY)
    worker = processes.worker()
    mailbox.mood = Mood.HANG
    ids = owe(engine, organisation, 30)
    assert wait_until(lambda: is_sending(engine))
    worker.kill()
    mailbox.mood = Mood.ACCEPT
    processes.worker()
    assert all_delivered(engine, 30), states(engine)
    assert sorted(message_ids(mailbox)) == sorted(str(each) for each in ids)


def is_sending(engine: sa.Engine) -> bool:
    """Return whether a process is sending a notification."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    )
    with engine.connect() as conn:
        return bool(conn.scalar(sa.text(waiting)))


def test_worker_sends_on_when_its_child_is_killed(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, broker: redis.Redis
) -> None:
    assert broker.ping()
    processes.start(RELAY)
    worker = processes.worker()
    mailbox.mood = Mood.HANG
    owe(engine, organisation, 5)
    assert wait_until(lambda: is_sending(engine))
    for child in psutil.Process(worker.running.pid).children():
        child.kill()
    mailbox.mood = (
        Mood.ACCEPT
    )  # only now: a notification accepted just before the kill would be sent twice, as specified
    assert all_delivered(engine, 5), states(engine)
    assert len(mailbox.files()) == 5


def test_notifications_are_sent_after_broker_lost_all_messages(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, broker: redis.Redis
) -> None:
    relay = processes.start(RELAY)
    assert relay.says("relaying")
    ids = owe(engine, organisation, 40)
    assert wait_until(lambda: broker.llen("email") > 0)
    assert (broker.llen("inbox"), broker.llen("clock")) == (0, 0)
    broker.flushdb()
    processes.worker()
    assert all_delivered(engine, 40), states(engine)
    assert sorted(message_ids(mailbox)) == sorted(str(each) for each in ids)


def test_notifications_are_sent_while_broker_is_down_and_after_restart(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, tmp_path: Path
) -> None:
    with start_broker(tmp_path / "broker", durable=False) as killed_broker:
        processes.environ["REDIS_URL"] = killed_broker.url
        relay = processes.start(RELAY)
        processes.worker()
        owe(engine, organisation, 5)
        assert all_delivered(engine, 5), states(engine)
        program = psutil.Process(killed_broker.pid).exe()
        os.kill(killed_broker.pid, signal.SIGKILL)
        owe(engine, organisation, 20)
        assert all_delivered(engine, 25), states(engine)
        assert relay.says("notifications are sent in this process")
        subprocess.run([program, "valkey.conf"], cwd=tmp_path / "broker", check=True)  # the same port and password
        owe(engine, organisation, 5)
        assert all_delivered(engine, 30), states(engine)
        assert relay.says("notifications are sent in this process")
        assert len(set(message_ids(mailbox))) == len(mailbox.files()) == 30


def test_relay_waits_for_lost_database_and_ends_on_sigterm(
    engine: sa.Engine, organisation: Organisation, processes: Processes, broker: redis.Redis
) -> None:
    assert broker.ping()
    relay = processes.start(RELAY)
    assert relay.says("relaying")
    terminate_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert wait_until(lambda: len(terminated(engine, terminate_others)) > 0)
    assert relay.says("the database cannot be reached")
    owe(engine, organisation, 3, channel="inbox")
    processes.worker()
    assert all_delivered(engine, 3), states(engine)
    assert relay.terminate() == 0
    assert "stopped" in relay.log.read_text()


def terminated(engine: sa.Engine, statement: str) -> list[object]:
    with engine.connect() as conn:
        return list(conn.execute(sa.text(statement)))


def test_worker_finishes_its_batch_on_sigterm(
    engine: sa.Engine, organisation: Organisation, processes: Processes, mailbox: Mailbox, broker: redis.Redis
) -> None:
    worker = processes.worker()
    deliver_again(processes, owe(engine, organisation, 100))
    assert wait_until(lambda: len(mailbox.files()) > 0)
    assert worker.terminate() == 0
    assert states(engine) == {"delivered": 100}
    assert broker.llen("email") == 0


def test_two_schedulers_run_a_job_once(
    engine: sa.Engine, organisation: Organisation, processes: Processes, broker: redis.Redis
) -> None:
    assert broker.ping()
    with engine.begin() as conn:
        tuition_at_notice(conn, organisation, create_family(conn, organisation))
    processes.worker()
    for name in ("one", "two"):
        processes.start((*BEAT, f"--schedule={processes.folder / name}"))
    for _ in range(3):
        send_task(processes, "worker.tick", "clock")
    end_count = sa.text("SELECT count(*) FROM event WHERE action = 'end_notice'")
    with engine.connect() as conn:
        assert wait_until(lambda: conn.scalar(end_count) == 1)
    assert wait_until(lambda: processes.started[0].log.read_text().count("succeeded in") >= 3)
    with engine.connect() as conn:
        assert conn.scalar(end_count) == 1
        assert conn.scalar(sa.text("SELECT sum(done) FROM job_run WHERE job = 'tuition.end_notice'")) == 1


def test_scheduled_jobs_of_a_demo_run_only_for_a_given_day(
    engine: sa.Engine, organisation: Organisation, processes: Processes
) -> None:
    with engine.begin() as conn:
        tuition_at_notice(conn, organisation, create_family(conn, organisation))
    command = ("-m", "worker.scheduled_jobs", "--on", "2025-10-14")
    refused = processes.start(command)
    assert refused.running.wait(20) == 2
    done = processes.start(command, SONGNUAN_DEMO_CLOCK="1")
    assert done.running.wait(20) == 0
    assert "tuition.end_notice: 1 done" in done.log.read_text()
    celery = "from worker.app import tick; tick()"
    assert processes.start(("-c", celery), SONGNUAN_DEMO_CLOCK="1").running.wait(20) == 0
    with engine.connect() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM job_run WHERE \"on\" <> '2025-10-14'")) == 0


def test_celery_settings_lose_no_notification() -> None:
    conf, redis_options = app.conf, app.conf.broker_transport_options
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result
    assert conf.accept_content == ["json"]
    assert conf.task_time_limit < redis_options["visibility_timeout"] == 300
    assert (redis_options["unacked_restore_interval"], redis_options["unacked_restore_throttle"]) == (10, 1)
    assert outbox.SEND_SECONDS.total_seconds() + 30 < conf.task_time_limit


def test_worker_imports_nothing_of_the_web() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "worker").rglob("*.py"))
    assert not re.findall(r"^(?:from|import) (?:service\.(?:app|api|web|request)|flask)\b", text, re.MULTILINE)
