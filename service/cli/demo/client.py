"""The demo client sends each person's requests to the service."""

import time
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Self
from uuid import uuid4

import httpx

CLOCK_HEADER = "X-Songnuan-Clock"


class UnexpectedAnswer(RuntimeError):
    """A response that the scenario did not expect."""


class DemoClients:
    """One HTTP client for all demo accounts: each request has its account's token and the demo's date."""

    def __init__(self, address: str, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._http = httpx.Client(base_url=f"{address}/api/v1", timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def is_up(self) -> bool:
        """Return whether the service answers."""
        try:
            return self._http.get("/openapi.json").status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    def post(
        self, login: str, on: date, path: str, body: Mapping[str, Any], refused: str | None = None
    ) -> dict[str, Any]:
        """POST as `login` on the day `on`, with a new Idempotency-Key, and return the response's body.

        Raises UnexpectedAnswer when the request succeeds or fails otherwise than `refused` says (a reason code).
        """
        headers = {**self._headers(login, on), "Idempotency-Key": uuid4().hex}
        response = self._send("POST", path, json=body, headers=headers)
        document: dict[str, Any] = response.json()
        if CLOCK_HEADER not in response.headers:
            raise UnexpectedAnswer(f"{path}: the response has no header {CLOCK_HEADER}")
        codes = [reason["code"] for reason in document.get("reasons", [])] if response.is_error else []
        if (refused in codes) if refused else response.is_success:
            return document
        raise UnexpectedAnswer(
            f"{on} {login} POST {path} {dict(body)}: {response.status_code} {document.get('detail', '')}"
        )

    def put(self, login: str, on: date, path: str, body: Mapping[str, Any], version: int) -> None:
        """PUT as `login` on the day `on` over the version that was read. Raises UnexpectedAnswer when the request fails."""
        response = self._send("PUT", path, json=body, headers={**self._headers(login, on), "If-Match": f'"{version}"'})
        if not response.is_success:
            raise UnexpectedAnswer(f"{on} {login} PUT {path}: {response.status_code} {response.text[:300]}")

    def get(self, login: str, on: date, path: str, **query: str) -> dict[str, Any]:
        """GET as `login` on the day `on`. Raises UnexpectedAnswer when the request fails."""
        response = self._send("GET", path, params=query, headers=self._headers(login, on))
        if not response.is_success:
            raise UnexpectedAnswer(f"{on} {login} GET {path}: {response.status_code} {response.text[:300]}")
        document: dict[str, Any] = response.json()
        return document

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request; when it is one too many (429), wait as long as the answer says and send it again."""
        response = self._http.request(method, path, **request)
        while response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            time.sleep(int(response.headers["Retry-After"]))
            response = self._http.request(method, path, **request)
        return response

    def _headers(self, login: str, on: date) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[login]}", "X-Songnuan-Date": f"{on.isoformat()}T09:30:00+08:00"}
