"""Filters of the list of payments, as the address has them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from flask import request

from service.http.context import caller
from service.http.transaction import connection
from service.queries import funds
from service.web.formatting import day, term
from service.web.forms import choice_label
from service.web.layout import text
from workflows.code_lists import FundSource, PaymentMethod
from workflows.payment_states import PaymentState

FILTERS = ("state", "method", "paid_from", "paid_to", "fund_id", "source", "unit_id", "again", "no_receipt")


def payment_filters(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, filters = request.args if asked is None else asked, dict[str, Any]()
    for name, known in (("state", set(PaymentState)), ("method", set(PaymentMethod)), ("source", set(FundSource))):
        if asked.get(name) in known:
            filters[name] = asked[name]
    for name in ("paid_from", "paid_to"):
        with suppress(ValueError):
            filters[name] = date.fromisoformat(asked.get(name, ""))
    for name in ("fund_id", "unit_id"):
        with suppress(ValueError):
            filters[name] = UUID(asked.get(name, ""))
    filters |= {name: True for name in ("again", "no_receipt") if asked.get(name)}
    return filters


def payment_labels(filters: dict[str, Any], names: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    words: dict[str, Callable[[Any], str]] = {
        "state": lambda code: term(code, "payment_state"),
        "method": lambda code: choice_label("method", code),
        "paid_from": lambda on: text("payments.paid_from_on", on=day(on)),
        "paid_to": lambda on: text("payments.paid_to_on", on=day(on)),
        "fund_id": _line,
        "source": lambda code: term(code, "fund_source"),
        "unit_id": lambda unit_id: names.get(unit_id, "—"),
        "again": lambda _value: text("payments.again"),
        "no_receipt": lambda _value: text("payments.no_receipt"),
    }
    return {name: words[name](value) for name, value in filters.items()}


def _line(fund_id: UUID) -> str:
    row = funds.one(connection(), fund_id, caller())
    return f"{row['code']} {row['year']}" if row else "—"
