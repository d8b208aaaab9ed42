"""An HTTP client that repeats a request until it is answered."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any
from uuid import uuid4

ANSWER_TIMEOUT = 45.0
"""Seconds a client waits for one answer."""


class Lost(Exception):
    """The connection was refused or dropped, so it is unknown whether the request was carried out."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON object of the answer, or an empty one."""
        json_object: dict[str, Any] = json.loads(self.text) if self.text else {}
        return json_object

    @property
    def codes(self) -> list[str]:
        """Return the reason codes of a refusal."""
        return [reason["code"] for reason in self.body.get("reasons", [])]


@dataclass
class RetryingClient:
    """A client of the web processes that counts lost connections, refusals and replayed answers."""

    port: int
    tokens: Mapping[str, str]
    lost: int = 0
    unavailable: int = 0
    limited: int = 0
    replayed: int = 0
    faults: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def send(
        self, method: str, account: str, path: str, day: date, body: object = None, key: str = "", **headers: str
    ) -> Answer:
        """Send one request as `account` on `day`. Raises Lost."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT)
        content = None if body is None else json.dumps(body).encode()
        request_headers = {
            "Authorization": f"Bearer {self.tokens[account]}",
            "X-Songnuan-Date": f"{day.isoformat()}T09:30:00+08:00",
            "Content-Type": "application/json",
            "Connection": "close",
            **({"Idempotency-Key": key or uuid4().hex} if method == "POST" else {}),
            **headers,
        }
        try:
            connection.request(method, f"/api/v1{path}", content, request_headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        except (OSError, http.client.HTTPException) as fault:
            raise Lost(repr(fault)) from fault
        finally:
            connection.close()

    def post(self, account: str, path: str, day: date, body: object, key: str = "", **headers: str) -> Answer:
        """Send a POST once. Raises Lost."""
        return self.send("POST", account, path, day, body, key, **headers)

    def post_until_answered(
        self, account: str, path: str, day: date, body: object, *, retry_seconds: float = 120.0
    ) -> Answer:
        """Repeat a POST with one key until it succeeds or is refused, for at most `retry_seconds`.

        Adds a 503 without Retry-After, and any other 5xx, to `faults`. Raises Lost when the last connection was lost.
        """
        key, until = uuid4().hex, time.monotonic() + retry_seconds
        while True:
            try:
                answer = self.post(account, path, day, body, key)
            except Lost:
                self._count_answer(None)
                if time.monotonic() > until:
                    raise
            else:
                if self._count_answer(answer) or time.monotonic() > until:
                    return answer
                if "rate_limited" in answer.text:
                    time.sleep(int(answer.headers["Retry-After"]))
            time.sleep(0.1)

    def _count_answer(self, answer: Answer | None) -> bool:
        """Count the answer, and return whether it is final."""
        with self._lock:
            if answer is None:
                self.lost += 1
            elif answer.status == 429:
                self.limited += 1
            elif answer.status < 500:
                self.replayed += "Idempotency-Replayed" in answer.headers
                return True
            elif answer.status == 503 and "Retry-After" in answer.headers:
                self.unavailable += 1
            else:
                self.faults.append(f"{answer.status} {answer.text[:300]}")
                return True
        return False


def answers(port: int) -> bool:
    """Return whether a web process answers on the port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
