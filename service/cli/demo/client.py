"""People at their desks: each request carries its person's token, its own key, and the day it is said to be."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Self
from uuid import uuid4

import httpx

CLOCK_HEADER = "X-Songnuan-Clock"


class UnexpectedAnswer(RuntimeError):
    """The service said something the story did not expect."""


class DemoClients:
    """Everybody's way into the service."""

    def __init__(self, address: str, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._http = httpx.Client(base_url=f"{address}/api/v1", timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self._http.close()

    def up(self) -> bool:
        """Whether the web answers already."""
        try:
            return self._http.get("/openapi.json").status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    def post(
        self, login: str, on: date, path: str, body: Mapping[str, Any], refused: str | None = None
    ) -> dict[str, Any]:
        """POST as `login` on the day `on`. A refusal the story names is part of it; any other ends it."""
        response = self._http.post(
            path, json=body, headers={**self._headers(login, on), "Idempotency-Key": uuid4().hex}
        )
        answer: dict[str, Any] = response.json()
        if CLOCK_HEADER not in response.headers:
            raise UnexpectedAnswer(f"{path}: the answer does not say that the clock is a demo's")
        codes = [reason["code"] for reason in answer.get("reasons", [])] if response.is_error else []
        if (refused in codes) if refused else response.is_success:
            return answer
        raise UnexpectedAnswer(
            f"{on} {login} POST {path} {dict(body)}: {response.status_code} {answer.get('detail', '')}"
        )

    def get(self, login: str, on: date, path: str, **query: str) -> dict[str, Any]:
        """GET as `login` on the day `on`."""
        response = self._http.get(path, params=query, headers=self._headers(login, on))
        if not response.is_success:
            raise UnexpectedAnswer(f"{on} {login} GET {path}: {response.status_code} {response.text[:300]}")
        found: dict[str, Any] = response.json()
        return found

    def _headers(self, login: str, on: date) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[login]}", "X-Songnuan-Date": f"{on.isoformat()}T09:30:00+08:00"}
