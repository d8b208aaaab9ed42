"""What one request knows: the house it came to, its transaction, its clock, and who is calling."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from http import HTTPStatus
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request

from service.actions.trail import Asked
from service.config import Settings
from service.db import now
from service.errors import Problem
from service.privacy import Keyring
from service.queries.scope import Caller
from workflows.terms import Reason

UNION_TIME = ZoneInfo("Asia/Shanghai")
DEEPEST = 20
"""How deep a body may be nested."""
FIRST_YEAR, LAST_YEAR = 1950, 2150
"""The years a demo clock may show."""
DATE_HEADER = "X-Songnuan-Date"
CLOCK_HEADER = "X-Songnuan-Clock"


@dataclass(frozen=True)
class House:
    """What a web process holds: settings, database, keys."""

    settings: Settings
    engine: sa.Engine
    ring: Keyring


def house() -> House:
    """The house this process serves."""
    found: House = current_app.extensions["songnuan"]
    return found


def tx() -> sa.Connection:
    """The request's one transaction, begun when first asked for."""
    if "connection" not in g:
        g.connection = house().engine.connect()
    connection: sa.Connection = g.connection
    return connection


def read_clock() -> datetime:
    """The instant of the request: the real one, or in a demo process the one the request names."""
    given = request.headers.get(DATE_HEADER)
    if given is None:
        return now()
    if not house().settings.demo_clock:
        raise Problem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_off", header=DATE_HEADER))
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable", given=given[:40])) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise Problem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable", given=given[:40]))
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UNION_TIME)


def check_body() -> None:
    """Refuse a body that is no plain JSON before anybody reads it: no other type, no depth that breaks a reader, no
    number without a value, and no letter that PostgreSQL or UTF-8 cannot keep.
    """
    if not request.get_data():
        return
    if not request.is_json:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.of("unsupported_media_type"))
    try:
        body = json.loads(request.get_data(), parse_constant=_no_number)
        _check_letters(body, DEEPEST)
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, Reason.of("json_unreadable")) from None


def _no_number(word: str) -> None:
    raise ValueError(word)


def _check_letters(value: object, depth: int) -> None:
    if depth == 0:
        raise RecursionError
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("NUL")
    elif isinstance(value, list):
        for each in value:
            _check_letters(each, depth - 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_letters(key, depth - 1)
            _check_letters(each, depth - 1)


def at() -> datetime:
    """The request's instant, read once."""
    if "at" not in g:
        g.at = read_clock()
    instant: datetime = g.at
    return instant


def today() -> date:
    """The union's day: a date in Asia/Shanghai."""
    return at().astimezone(UNION_TIME).date()


def caller() -> Caller:
    """Who is calling; set by auth.needs()."""
    found: Caller = g.caller
    return found


def asked(version: int | None = None) -> Asked:
    """What every action needs to know of this request."""
    return Asked(caller(), at(), today(), house().ring, version)


def opening_of(day: date) -> datetime:
    """Midnight of a union's day."""
    return datetime.combine(day, time(), UNION_TIME)


def settle(response: Response) -> Response:
    """End the request's transaction before its answer leaves: kept when it went well, undone when it did not."""
    connection: sa.Connection | None = g.pop("connection", None)
    if connection is not None:
        with connection:
            if response.status_code < HTTPStatus.BAD_REQUEST:
                connection.commit()
            else:
                connection.rollback()
    return response


def abandon(_error: BaseException | None) -> None:
    """Give the connection back whatever happened."""
    connection: sa.Connection | None = g.pop("connection", None)
    if connection is not None:
        connection.close()


def tell_clock(response: Response) -> Response:
    """A process with a demo clock says so on every answer."""
    if house().settings.demo_clock:
        given = g.get("at")
        response.headers[CLOCK_HEADER] = f"demo {given.isoformat()}" if given else "demo"
    return response


def register(app: Flask) -> None:
    """Hook the transaction and the clock into an app; settle runs last, when the answer is complete."""
    app.after_request(tell_clock)
    app.teardown_request(abandon)
