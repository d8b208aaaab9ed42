"""The driver of every contestant behind a web server: one connection kept alive, one POST a step. Standard library only."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks import scenario


class NotDone(Exception):
    """The server did not do what it was asked."""


class Wire:
    """One client's connection."""

    def __init__(self, server: str, tokens: Mapping[str, str]) -> None:
        where = urlsplit(server)
        self.http = HTTPConnection(str(where.hostname), int(where.port or 80), timeout=60)
        self.tokens = tokens

    def post(self, who: str, day: date, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """POST as `who` on `day`; the answer. A server that hung up meanwhile is called once more. Raises NotDone."""
        headers = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Content-Type": "application/json",
            "X-Songnuan-Date": f"{day.isoformat()}T09:30:00+08:00",
            "Idempotency-Key": uuid4().hex,
        }
        requested = (path, json.dumps(body).encode(), headers)
        try:
            self.http.request("POST", *requested)
            answer = self.http.getresponse()
        except ConnectionError:
            self.http.close()
            self.http.request("POST", *requested)
            answer = self.http.getresponse()
        text = answer.read()
        if answer.status not in {200, 201}:
            raise NotDone(f"{answer.status} {path}: {text[:500]!r}")
        told: dict[str, object] = json.loads(text)
        return told


def live(server: str, tokens: Mapping[str, str], lines: list[scenario.Line]) -> Callable[[str, str], None]:
    """How to live a life over HTTP, given the ids of a household and its head."""
    wire = Wire(server, tokens)

    def lived(household: str, head: str) -> None:
        requested = {"programme": "hardship", "item": scenario.ITEM, "requested": f"{scenario.REQUESTED_FEN / 100:.2f}"}
        whose = {"household_id": household, "beneficiary_id": head, "answers": {}}
        case = wire.post("registrar", scenario.DAY, "/api/v1/cases", {**requested, **whose})
        for line in lines:
            path = f"/api/v1/cases/{case['id']}/actions/{line.action}"
            wire.post(line.who, line.day, path, {"answers": line.answers})

    return lived
