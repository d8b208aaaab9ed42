"""The Celery app runs deliveries and scheduled jobs.

The broker only wakes the workers: the outbox row is the source of truth. These settings make sure that a lost broker or
worker loses no notification.
"""

import logging
import os
from functools import cache
from uuid import UUID

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging, worker_process_init
from kombu import Queue

from service.clock import now, union_day
from service.config import read_settings
from service.crypto.signed_notes import log_key
from service.files.store import file_store
from service.observability import logs
from service.private_files import close_new_files
from worker import broker_disconnect, outbox, prepared_files, scheduled_jobs
from worker.channels import CHANNELS
from worker.installation import is_demo, refuse_other_broker
from worker.outbox import OutboxSender

_NO_BROKER = "redis://127.0.0.1:6379/0"
_log = logging.getLogger(__name__)

SETTINGS = read_settings(os.environ)
broker_disconnect.install()

app = Celery("songnuan", broker=SETTINGS.redis_url or _NO_BROKER)
app.conf.update(
    # A task is acknowledged when it is done, and runs again when its process dies.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # The outbox rows have the results.
    task_ignore_result=True,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    # A task ends before the broker counts it as lost (300 s); lost ones are looked for every 10 s, not every 100.
    task_time_limit=240,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 5,
        "socket_timeout": 10,
        "socket_keepalive": True,
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_redirect_stdouts=False,
    # A stopping worker finishes the notification that it is sending.
    worker_soft_shutdown_timeout=60,
    timezone="Asia/Shanghai",
    enable_utc=True,
    # A queue per channel: a slow mail server must not delay the inbox.
    task_default_queue="clock",
    task_queues=[Queue(name, routing_key=name) for name in ("clock", *CHANNELS, prepared_files.QUEUE)],
    beat_schedule_filename=str(SETTINGS.var / "celerybeat-schedule"),
    beat_schedule={
        "clock": {"task": "worker.tick", "schedule": 300.0, "options": {"expires": 300}},
        "midnight": {"task": "worker.tick", "schedule": crontab(hour="0", minute="1"), "options": {"expires": 300}},
        "outbox": {"task": "worker.drain", "schedule": 60.0, "options": {"expires": 60}},
    },
)


@cache
def _sender(_pid: int) -> OutboxSender:
    return outbox.open_sender(SETTINGS)


def sender() -> OutboxSender:
    """Return the sender of this process."""
    # By process id: forked processes must not share a database connection.
    return _sender(os.getpid())


@celeryd_init.connect
@setup_logging.connect
def _configure_logs(**_signal: object) -> None:
    """Write Celery's own log as our JSON lines."""
    logs.configure()


@celeryd_init.connect
@beat_init.connect
def _check_broker(**_signal: object) -> None:
    """Start neither worker nor beat on the broker of another installation; close what they write to other accounts."""
    close_new_files()
    refuse_other_broker(SETTINGS)


@worker_process_init.connect
def _open_sender(**_signal: object) -> None:
    """Open the sender right after the fork, so that a wrong setting shows at once."""
    sender()


@app.task(name="worker.deliver")
def deliver(ids: list[str]) -> None:
    """Send those of these notifications that are still due."""
    outbox.send_all(sender(), [UUID(each) for each in ids], now)


@app.task(name="worker.drain")
def drain() -> None:
    """Send one batch of due notifications: for an installation without a relay, and for what a relay missed."""
    process_sender = sender()
    due_rows = outbox.due(process_sender, now(), outbox.SEND_BATCH_SIZE)
    outbox.send_all(process_sender, [row.id for row in due_rows], now)


@app.task(name="worker.prepare_files")
def prepare_files() -> None:
    """Have the long exports made that wait."""
    prepared_files.make_waiting()


@app.task(name="worker.tick")
def tick() -> None:
    """Run the scheduled jobs of today, except for a demo's record with a demo clock."""
    process_sender, instant = sender(), now()
    if SETTINGS.demo_clock and is_demo(process_sender.engine):
        _log.info("demo clock: no scheduled jobs")
        return
    key, store = log_key(SETTINGS), file_store(SETTINGS)
    engine, keyring = process_sender.engine, process_sender.keyring
    scheduled_jobs.run_day(engine, keyring, instant, union_day(instant), key=key, store=store)
