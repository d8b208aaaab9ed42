"""The Celery app: the broker only rings the bell, so every setting here is about losing nothing when it breaks."""

import logging
import os
from functools import cache
from uuid import UUID

from celery import Celery
from celery.schedules import crontab
from celery.signals import celeryd_init, setup_logging, worker_process_init
from kombu import Queue

from service.clock import now, union_day
from service.config import read_settings
from service.observability import logs
from worker import broker_disconnect, outbox, scheduled_jobs
from worker.channels import CHANNELS
from worker.outbox import OutboxSender

_NOWHERE = "redis://127.0.0.1:6379/0"
_log = logging.getLogger(__name__)

SETTINGS = read_settings(os.environ)
broker_disconnect.install()

app = Celery("songnuan", broker=SETTINGS.redis_url or _NOWHERE)
app.conf.update(
    # A task is acknowledged when it is done, and comes back when its process dies.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # The outbox says what was done; nobody reads results.
    task_ignore_result=True,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    # A task ends before the broker would think it lost; the sweep for lost ones runs each 10 s, not each 100.
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
    # A worker that is told to stop finishes the notification in its hand.
    worker_soft_shutdown_timeout=60,
    timezone="Asia/Shanghai",
    enable_utc=True,
    # Mail that hangs must not keep the inbox waiting.
    task_default_queue="clock",
    task_queues=[Queue(name, routing_key=name) for name in ("clock", *CHANNELS)],
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
    """This process's own post room: a connection that two processes share is a broken one, so each opens its own."""
    return _sender(os.getpid())


@celeryd_init.connect
@setup_logging.connect
def _lines(**_said: object) -> None:
    """Celery's own words go into the log in the house's form."""
    logs.configure()


@worker_process_init.connect
def _open(**_said: object) -> None:
    """Open the post room as soon as a process has been forked, so that a bad setting shows at once."""
    sender()


@app.task(name="worker.deliver")
def deliver(ids: list[str]) -> None:
    """Send these notifications, as far as they are still due."""
    outbox.send_all(sender(), [UUID(each) for each in ids], now)


@app.task(name="worker.drain")
def drain() -> None:
    """Send what is due: for a house without a relay, and for what a relay lost."""
    here = sender()
    outbox.send_all(here, [each.id for each in outbox.due(here, now(), outbox.SEND_BATCH_SIZE)], now)


@app.task(name="worker.tick")
def tick() -> None:
    """Do what the calendar asks today. In a process with a demo clock the day is somebody else's to say."""
    if SETTINGS.demo_clock:
        _log.info("demo clock: the calendar is left alone")
        return
    here, instant = sender(), now()
    scheduled_jobs.run_day(here.engine, here.keyring, instant, union_day(instant))
