"""Fixtures of the tests of signing in: a web process that asks for second factors, and people with credentials."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.app import create_app
from service.config import read_settings
from service.http.sessions import StoredSessions
from service.observability import metrics
from service.tables.events import event
from tests.api_client import NO_RATES, ApiClient
from tests.application_role import application_url
from tests.factories import RING
from tests.page_client import code_of, page_refusal
from tests.sign_in_browser import Browser, add_credentials


@contextmanager
def desk_serving(url: str, folder: Path, **more: Any) -> Iterator[Flask]:
    """Yield a web process whose pages ask for second factors, also on the record of a demo."""
    keys = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
    environ = {**NO_RATES, "DATABASE_URL": application_url(url), "SONGNUAN_VAR": str(folder), "KEYRING": keys, **more}
    app = create_app(read_settings(environ), StoredSessions(second_factor=True))
    try:
        yield app
    finally:
        app.extensions["songnuan"].engine.dispose()


@pytest.fixture(scope="session")
def desk_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the web process that the tests of signing in share."""
    with desk_serving(database_url, tmp_path_factory.mktemp("var"), SONGNUAN_DEMO_CLOCK="1") as app:
        yield app


@pytest.fixture
def browser(desk_app: Flask) -> Browser:
    """Return a browser that nobody has signed in with."""
    return Browser(desk_app.test_client())


@pytest.fixture
def with_password(engine: sa.Engine, desk: ApiClient) -> Callable[..., str]:
    """Return a function that gives a member of staff a password, or one-time codes too, and returns their login."""

    def give(staff_name: str, **more: Any) -> str:
        with engine.begin() as conn:
            add_credentials(conn, desk.office, staff_name, **more)
        return desk.office.login(staff_name)

    return give


def events_of(engine: sa.Engine, account_id: UUID) -> list[str]:
    """Return the actions of an account's events, in order, without those of its setting up."""
    with engine.connect() as conn:
        rows = sa.select(event.c.action).where(event.c.subject_id == account_id).order_by(event.c.seq)
        return [action for action in conn.scalars(rows) if action != "set_up"]


def said(response: Any) -> tuple[int, str]:
    """Return the status of a refusal and the code of its first reason, read back from the sentence that a person reads."""
    if response.is_json:
        return response.status_code, code_of(response.get_json()["messages"][0])
    return page_refusal(response)


def refusals(code: str) -> float:
    """Return how often a reason was given on this process."""
    value: float = metrics.REFUSALS.labels(code)._value.get()
    return value
