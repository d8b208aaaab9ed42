"""The HTTP client of the contest sends one POST per step on a persistent connection.

It uses the standard library only, because it also runs in Django's environment.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks import scenario


class RequestFailed(Exception):
    """The server answered with another status than 200 or 201."""


class StepClient:
    """One client's HTTP connection."""

    def __init__(self, server: str, tokens: Mapping[str, str]) -> None:
        address = urlsplit(server)
        self.http = HTTPConnection(str(address.hostname), int(address.port or 80), timeout=60)
        self.tokens = tokens

    def post(self, account: str, day: date, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """Send a POST as `account` on `day`, and return the answer. Raises RequestFailed.

        Connects again once if the server has closed the connection.
        """
        headers = {
            "Authorization": f"Bearer {self.tokens[account]}",
            "Content-Type": "application/json",
            "X-Songnuan-Date": f"{day.isoformat()}T09:30:00+08:00",
            "Idempotency-Key": uuid4().hex,
        }
        content = (path, json.dumps(body).encode(), headers)
        try:
            self.http.request("POST", *content)
            answer = self.http.getresponse()
        except ConnectionError:
            self.http.close()
            self.http.request("POST", *content)
            answer = self.http.getresponse()
        text = answer.read()
        if answer.status not in {200, 201}:
            raise RequestFailed(f"{answer.status} {path}: {text[:500]!r}")
        body_object: dict[str, object] = json.loads(text)
        return body_object


def live(server: str, tokens: Mapping[str, str], steps: list[scenario.ScenarioStep]) -> Callable[[str, str], None]:
    """Return a function that runs a case over HTTP, given the ids of a household and its head."""
    client = StepClient(server, tokens)

    def run_case(household: str, head: str) -> None:
        application = {
            "programme": "hardship",
            "item": scenario.ITEM,
            "requested": f"{scenario.REQUESTED_FEN / 100:.2f}",
        }
        applicant = {"household_id": household, "beneficiary_id": head, "answers": {}}
        case = client.post("registrar", scenario.DAY, "/api/v1/cases", {**application, **applicant})
        for step in steps:
            path = f"/api/v1/cases/{case['id']}/actions/{step.action}"
            client.post(step.account, step.day, path, {"answers": step.answers})

    return run_case
