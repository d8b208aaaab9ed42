"""The clock returns the present instant and the union's day."""

from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

UNION_TIME = ZoneInfo("Asia/Shanghai")


class Clock(StrEnum):
    """The clock that gave an event its instant: the machine's, or the demo's, which a request sets."""

    SYSTEM = "system"
    DEMO = "demo"


def now() -> datetime:
    """Return the present instant, aware, in UTC; only entry points call this."""
    return datetime.now(UTC)


def union_day(instant: datetime) -> date:
    """Return the union's day at an instant: 2025-10-13T16:00Z is 14 October in Asia/Shanghai."""
    return instant.astimezone(UNION_TIME).date()
