"""Rate limits per token, per address, and per address for invalid tokens.

The counts live in each web process. In the broker they would stop the web with it, in the database each request would
write; a process on its own lets through at most as often as there are processes, which a limit of this kind can bear.
"""

import math
import time
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from service.http.errors import HttpProblem
from service.limits import Limits, Rate
from workflows.vocabulary import Reason


class RateLimiter:
    """Counts the requests of one web process."""

    def __init__(self, limits: Limits) -> None:
        self._window = FixedWindowRateLimiter(MemoryStorage())
        self._rates = {
            "token": _item(limits.rate_token),
            "address": _item(limits.rate_address),
            "guesses": _item(limits.rate_failed_tokens),
        }

    def count(self, what: str, whom: str) -> None:
        """Count one request. Raises HttpProblem 429 when it is one too many."""
        rate = self._rates[what]
        if rate is not None and not self._window.hit(rate, what, whom):
            raise self._too_many(rate, what, whom)

    def check(self, what: str, whom: str) -> None:
        """Count nothing. Raises HttpProblem 429 when no more is allowed."""
        rate = self._rates[what]
        if rate is not None and not self._window.test(rate, what, whom):
            raise self._too_many(rate, what, whom)

    def _too_many(self, rate: RateLimitItemPerSecond, what: str, whom: str) -> HttpProblem:
        ends = self._window.get_window_stats(rate, what, whom).reset_time
        wait = max(1, math.ceil(ends - time.time()))
        told = {"most": rate.amount, "seconds": rate.get_expiry(), "wait": wait}
        reason = Reason.of("too_many_failed_tokens", **told) if what == "guesses" else Reason.of("rate_limited", **told)
        return HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, reason, headers={"Retry-After": str(wait)})


def _item(rate: Rate | None) -> RateLimitItemPerSecond | None:
    return RateLimitItemPerSecond(rate.count, rate.seconds) if rate else None


def address_block(address: str | None) -> str:
    """Return the block an address is counted in: an IPv6 client has a whole /64 of addresses."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "local"
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
