"""A request over a connection of its own: answered, or lost on the way; and the same again until it is answered."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
class Wire:
    """The way from the clients of a test to the web processes; counts what they met."""

    port: int
    tokens: Mapping[str, str]
    lost: int = 0
    away: int = 0
    faults: list[str] = field(default_factory=list)

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

    def surely(
        self, who: str, path: str, day: date, body: object, *, until: float, tell: Callable[[], None] = lambda: None
    ) -> Answer:
        """POST again and again with one key until the answer is a yes or a no; `tell` hears of each repetition.

        A 503 without Retry-After, and any other 5xx, is kept in `faults`.
        """
        key = uuid4().hex
        while True:
            try:
                answer = self.post(who, path, day, body, key)
            except Lost:
                self.lost += 1
                if time.monotonic() > until:
                    raise
            else:
                if answer.status < 500:
                    return answer
                if answer.status != 503 or "Retry-After" not in answer.headers:
                    self.faults.append(f"{answer.status} {path}: {answer.text[:300]}")
                    return answer
                self.away += 1
                if time.monotonic() > until:
                    return answer
            tell()
            time.sleep(0.1)


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
