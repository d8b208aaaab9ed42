"""A request over a connection of its own: answered, or lost on the way; and the same again until it is answered."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any
from uuid import uuid4

PATIENCE = 45.0
"""Seconds a client waits for one answer."""


class Lost(Exception):
    """The line was refused or dropped: nobody knows whether the thing was done."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        found: dict[str, Any] = json.loads(self.text) if self.text else {}
        return found

    @property
    def codes(self) -> list[str]:
        """The reason codes of a refusal."""
        return [reason["code"] for reason in self.body.get("reasons", [])]


@dataclass
class RetryingClient:
    """The way from the clients of a test to the web processes; counts what they met."""

    port: int
    tokens: Mapping[str, str]
    lost: int = 0
    away: int = 0
    replayed: int = 0
    faults: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def ask(
        self, method: str, who: str, path: str, day: date, body: object = None, key: str = "", **headers: str
    ) -> Answer:
        """One request by `who` on `day`. Raises Lost."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = None if body is None else json.dumps(body).encode()
        told = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "X-Songnuan-Date": f"{day.isoformat()}T09:30:00+08:00",
            "Content-Type": "application/json",
            "Connection": "close",
            **({"Idempotency-Key": key or uuid4().hex} if method == "POST" else {}),
            **headers,
        }
        try:
            line.request(method, f"/api/v1{path}", sent, told)
            response = line.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        except (OSError, http.client.HTTPException) as fault:
            raise Lost(repr(fault)) from fault
        finally:
            line.close()

    def post(self, who: str, path: str, day: date, body: object, key: str = "", **headers: str) -> Answer:
        """POST, once. Raises Lost."""
        return self.ask("POST", who, path, day, body, key, **headers)

    def surely(self, who: str, path: str, day: date, body: object, *, patience: float = 120.0) -> Answer:
        """POST again and again with one key until the answer is a yes or a no, or `patience` seconds have gone.

        A 503 without Retry-After, and any other 5xx, is kept in `faults`. Raises Lost when the last line was.
        """
        key, until = uuid4().hex, time.monotonic() + patience
        while True:
            try:
                answer = self.post(who, path, day, body, key)
            except Lost:
                self._met(None)
                if time.monotonic() > until:
                    raise
            else:
                if self._met(answer) or time.monotonic() > until:
                    return answer
            time.sleep(0.1)

    def _met(self, answer: Answer | None) -> bool:
        """Count what came back; whether it is a yes or a no."""
        with self._lock:
            if answer is None:
                self.lost += 1
            elif answer.status < 500:
                self.replayed += "Idempotency-Replayed" in answer.headers
                return True
            elif answer.status == 503 and "Retry-After" in answer.headers:
                self.away += 1
            else:
                self.faults.append(f"{answer.status} {answer.text[:300]}")
                return True
        return False


def answers(port: int) -> bool:
    """Whether a web process answers on the port."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
