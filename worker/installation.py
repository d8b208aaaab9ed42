"""The installation a worker serves: the kind of its record, and whose its broker is."""

import redis
import sqlalchemy as sa

from service.config import Settings
from service.db.engine import make_engine
from service.local_servers import claim_broker
from service.queries.installation import record_kind, this_installation
from service.tables.installation import RecordKind


def is_demo(engine: sa.Engine) -> bool:
    """Return whether the record is a demo's."""
    with engine.connect() as conn:
        return record_kind(conn) is RecordKind.DEMO


def refuse_other_broker(settings: Settings) -> None:
    """End this process when the broker carries the messages of another installation.

    Without a database or a broker there is nothing to compare; the process then waits for them.
    """
    if settings.database_url is None or settings.redis_url is None:
        return
    other = _other_holder(settings.database_url, settings.redis_url)
    if other is not None:
        raise SystemExit(
            f"REDIS_URL: this broker belongs to another installation ({other})."
            " Give each its own, such as another database: redis://host:6379/1"
        )


def _other_holder(database_url: str, redis_url: str) -> str | None:
    """Return the id of another installation that has the broker, or None."""
    engine = make_engine(database_url, pool=1)
    try:
        with engine.connect() as conn:
            row = this_installation(conn)
        return claim_broker(redis_url, str(row.id)) if row is not None else None
    except (sa.exc.SQLAlchemyError, redis.RedisError):
        return None
    finally:
        engine.dispose()
