"""Limits of a web process: sizes, rates, timeouts and process counts, one environment variable each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

_RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
OFF = "off"


class InvalidLimit(ValueError):
    """A variable with an invalid limit: its name, what is wrong, and the remedy."""

    def __init__(self, variable: str, fault: str, remedy: str) -> None:
        super().__init__(variable)
        self.variable, self.fault, self.remedy = variable, fault, remedy


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests within `seconds`."""

    count: int
    seconds: int


def _whole(default: int, minimum: int, maximum: int) -> Any:
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum})


@dataclass(frozen=True)
class Limits:
    """The limits. Each is set by SONGNUAN_ and its name in capitals; a rate is written `20/minute`, or `off`."""

    max_body: int = _whole(2 * 2**20, 2**10, 64 * 2**20)
    """Bytes of a request's body, workbooks included."""
    max_upload: int = _whole(64 * 2**20, 2**20, 256 * 2**20)
    """Bytes of a request that brings scans and photos."""
    import_rows: int = _whole(2000, 1, 20_000)
    """Rows of a workbook that a page imports; a longer one goes by the command line."""
    max_request_line: int = _whole(4096, 512, 8190)
    """Bytes of the first line of a request: its method and address."""
    max_header: int = _whole(8190, 512, 32768)
    """Bytes of one header."""
    rate_token: Rate | None = field(default=Rate(1200, 60))
    """Requests of one token, in each web process."""
    rate_address: Rate | None = field(default=Rate(6000, 60))
    """Requests of one address, in each web process."""
    rate_failed_tokens: Rate | None = field(default=Rate(20, 60))
    """Invalid tokens one address may send, in each web process."""
    proxies: int = _whole(0, 0, 5)
    """Our own proxies in front of the web process; each adds the address of its caller to X-Forwarded-For."""
    pool: int = _whole(8, 1, 200)
    """Database connections kept open; the same number again is opened when needed."""
    db_pool_timeout: int = _whole(5, 1, 60)
    """Seconds a request waits for a free connection."""
    lock_wait: int = _whole(10, 1, 60)
    """Seconds a statement waits for a row that another transaction has locked."""
    statement_time: int = _whole(30, 1, 600)
    """Seconds one statement may take."""
    outbox_age: int = _whole(900, 1, 86400)
    """Seconds the oldest unsent notification may wait before /readyz reports it."""
    web_workers: int = _whole(2, 1, 64)
    """Web processes."""
    web_threads: int = _whole(4, 1, 64)
    """Requests one web process serves at the same time."""
    export_rows: int = _whole(20_000, 1, 10_000_000)
    """Rows of a list that is exported while somebody waits; a longer one is made meanwhile, and kept for a day."""
    past_events: int = _whole(20_000, 1, 10_000_000)
    """Events of a record that is copied as of a past day while somebody waits; a longer one is copied by the worker."""
    web_exports: int = _whole(2, 1, 64)
    """Exports that one web process makes and sends at the same time; fewer than its threads, so that pages are served."""
    web_timeout: int = _whole(60, 10, 600)
    """Seconds after which a web process that does not respond is replaced."""
    web_grace: int = _whole(20, 1, 300)
    """Seconds a stopping web process has to finish its running requests."""
    web_keepalive: int = _whole(5, 1, 120)
    """Seconds an idle connection is kept for the next request."""


def read_limits(environ: Mapping[str, str]) -> Limits:
    """Return the limits that an environment sets; a missing or empty variable keeps the default.

    Raises InvalidLimit when a value is no number in its range, or no rate.
    """
    limits: dict[str, Any] = {}
    for limit in fields(Limits):
        variable = f"SONGNUAN_{limit.name.upper()}"
        text = environ.get(variable, "").strip()
        if text:
            minimum, maximum = limit.metadata.get("minimum"), limit.metadata.get("maximum")
            limits[limit.name] = (
                _read_number(variable, text, cast(int, minimum), cast(int, maximum))
                if maximum
                else _read_rate(variable, text)
            )
    return Limits(**limits)


def _read_number(variable: str, text: str, minimum: int, maximum: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not minimum <= int(text) <= maximum:
        raise InvalidLimit(
            variable, "this is not a number in its range", f"Write a whole number from {minimum} to {maximum}"
        )
    return int(text)


def _read_rate(variable: str, text: str) -> Rate | None:
    if text.lower() == OFF:
        return None
    rate = _RATE.fullmatch(text)
    if rate is None:
        raise InvalidLimit(variable, "this is not a rate", "Write it like 20/second, 1200/minute or 5/hour, or off")
    return Rate(int(rate[1]), _SECONDS[rate[2]])
