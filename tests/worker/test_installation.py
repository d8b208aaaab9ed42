"""A worker serves one installation: its broker is its own, and only a demo's record has a demo clock."""

import pytest
import redis
import sqlalchemy as sa

from service.config import read_settings
from service.local_servers import claim_broker
from tests.application_role import application_url
from worker.installation import is_demo, refuse_other_broker

pytestmark = pytest.mark.usefixtures("organisation")


def test_worker_ends_at_the_broker_of_another_installation(own_url: str, broker_url: str, broker: redis.Redis) -> None:
    """Why: two installations with one REDIS_URL took each other's messages."""
    settings = read_settings({"DATABASE_URL": application_url(own_url), "REDIS_URL": broker_url})
    refuse_other_broker(settings)
    refuse_other_broker(settings)
    broker.flushdb()
    assert claim_broker(broker_url, "another") is None
    with pytest.raises(SystemExit, match="REDIS_URL: this broker belongs to another installation"):
        refuse_other_broker(settings)


def test_worker_without_a_broker_starts(own_url: str) -> None:
    refuse_other_broker(read_settings({"DATABASE_URL": own_url, "REDIS_URL": "redis://127.0.0.1:9/0"}))


def test_record_is_a_demo_only_when_it_was_founded_as_one(engine: sa.Engine) -> None:
    assert is_demo(engine)
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text("UPDATE installation SET kind = 'office'"))
    assert not is_demo(engine), "SONGNUAN_DEMO_CLOCK does not stop the clock of an office"
