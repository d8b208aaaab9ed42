"""Bounds of a web process: how much it takes, how often it may be asked, how long it waits; each has a variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

_RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
OFF = "off"


class InvalidLimit(ValueError):
    """A variable that names no bound of its kind: says which, what is wrong and how to mend it."""

    def __init__(self, variable: str, fault: str, mend: str) -> None:
        super().__init__(variable)
        self.variable, self.fault, self.mend = variable, fault, mend


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within `seconds`."""

    count: int
    seconds: int


def _whole(given: int, least: int, most: int) -> Any:
    return field(default=given, metadata={"least": least, "most": most})


@dataclass(frozen=True)
class Limits:
    """Each bound is set by SONGNUAN_ and its name in capitals; a rate is written 20/minute, or off."""

    max_body: int = _whole(2 * 2**20, 2**10, 64 * 2**20)
    """Bytes of a request's body, an upload's too."""
    max_request_line: int = _whole(4096, 512, 8190)
    """Bytes of the first line of a request: its method and address."""
    max_header: int = _whole(8190, 512, 32768)
    """Bytes of one header."""
    rate_token: Rate | None = field(default=Rate(1200, 60))
    """Requests of one token, in each web process."""
    rate_address: Rate | None = field(default=Rate(6000, 60))
    """Requests of one address, in each web process."""
    rate_failed_tokens: Rate | None = field(default=Rate(20, 60))
    """Tokens nobody has that one address may show, in each web process."""
    proxies: int = _whole(0, 0, 5)
    """How many proxies of ours stand before the web process; each adds the address it heard to X-Forwarded-For."""
    pool: int = _whole(8, 1, 200)
    """Database connections kept open; as many again are opened when needed."""
    db_pool_timeout: int = _whole(5, 1, 60)
    """Seconds a request waits for a free connection."""
    lock_wait: int = _whole(10, 1, 60)
    """Seconds a statement waits for a row somebody else has locked."""
    statement_time: int = _whole(30, 1, 600)
    """Seconds one statement may take."""
    outbox_age: int = _whole(900, 1, 86400)
    """Seconds the oldest notification may be owed before /readyz says so."""
    web_workers: int = _whole(2, 1, 64)
    """Web processes."""
    web_threads: int = _whole(4, 1, 64)
    """Requests one web process serves at once."""
    web_timeout: int = _whole(60, 10, 600)
    """Seconds after which a web process that gives no sign of life is replaced."""
    web_grace: int = _whole(20, 1, 300)
    """Seconds a web process that is told to stop has for the requests in its hands."""
    web_keepalive: int = _whole(5, 1, 120)
    """Seconds an idle connection is kept for the next request."""


def read_limits(environ: Mapping[str, str]) -> Limits:
    """The bounds an environment names; what it leaves out or empty stays as it is. Raises BadBound."""
    told: dict[str, Any] = {}
    for each in fields(Limits):
        variable = f"SONGNUAN_{each.name.upper()}"
        text = environ.get(variable, "").strip()
        if text:
            least, most = each.metadata.get("least"), each.metadata.get("most")
            told[each.name] = (
                _number(variable, text, cast(int, least), cast(int, most)) if most else _times(variable, text)
            )
    return Limits(**told)


def _number(variable: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise InvalidLimit(
            variable, "this is not a number in its range", f"Write a whole number from {least} to {most}"
        )
    return int(text)


def _times(variable: str, text: str) -> Rate | None:
    if text.lower() == OFF:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise InvalidLimit(variable, "this is not a rate", "Write it like 20/second, 1200/minute or 5/hour, or off")
    return Rate(int(found[1]), _SECONDS[found[2]])
