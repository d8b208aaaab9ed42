"""The lists that can be exported: their columns, and their rows as the filters of the address show them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request

from service.http.context import app_state, caller, today
from service.http.errors import language
from service.i18n.catalogue import translate
from service.imports.written_tables import Cell, Money
from service.queries import case_list, fund_list, household_list, masking, payment_list
from service.queries import events as event_queries
from service.queries.case_list import Sort
from service.web import event_filters
from service.web.case_filters import case_filters, filter_labels, unit_names
from service.web.event_words import event_words
from service.web.formatting import term
from service.web.forms import choice_label
from service.web.fund_page import fund_filters, fund_labels
from service.web.household_filters import household_filters, household_labels
from service.web.payment_filters import payment_filters, payment_labels
from workflows.vocabulary import Pot, Reason, Refused

UNIT = "unit_of_row"
"""The name of the row's unit, added to each row."""

BATCH = 2_000
"""Rows that one SELECT reads."""

Rows = list[dict[str, Any]]
Batch = tuple[Rows, list[str] | None]
"""Some rows, and the key of the last of them where there are more."""


Columns = Mapping[str, Callable[[dict[str, Any]], Cell]]
"""What each column shows of a row, by the key of its label in pages.po."""


@dataclass(frozen=True, slots=True)
class ExportedList:
    """A list: the filters of the address and their words, how its rows are read, and each column with its label."""

    filters: Callable[[], dict[str, Any]]
    labels: Callable[[dict[str, Any]], Mapping[str, str]]
    read: Callable[[Any, dict[str, Any], list[str] | None], Batch]
    columns: Columns

    def rows(self, conn: Any, filters: dict[str, Any]) -> Iterator[Sequence[Cell]]:
        """Yield the cells of every row, read in batches."""
        names = unit_names(caller())
        after: list[str] | None = None
        while True:
            found, after = self.read(conn, filters, after)
            for row in found:
                with_unit = {**row, UNIT: names.get(row["unit_id"]) if "unit_id" in row else None}
                yield [cell(with_unit) for cell in self.columns.values()]
            if after is None:
                return


def _cases(conn: Any, filters: dict[str, Any], after: list[str] | None) -> Batch:
    asked = request.args.get("sort", "")
    sort = Sort(asked) if asked in set(Sort) else Sort.NEWEST
    page = case_list.page(conn, caller(), filters, sort, today(), after, BATCH)
    return page.rows, page.last


def _households(conn: Any, filters: dict[str, Any], after: list[str] | None) -> Batch:
    if "q" in filters:
        # Each search for persons is logged with whom it found; an export would look for thousands at once.
        raise Refused(Reason.of("search_not_exported"))
    page = household_list.page(conn, caller(), filters, today(), after, BATCH, most=1)
    return page.rows, page.last


def _funds(conn: Any, filters: dict[str, Any], after: list[str] | None) -> Batch:
    page = fund_list.page(conn, caller(), filters, after, BATCH)
    return page.rows, page.last


def _payments(conn: Any, filters: dict[str, Any], after: list[str] | None) -> Batch:
    page, _total = payment_list.page(conn, caller(), filters, after, BATCH)
    return page.rows, page.last


def _events(conn: Any, filters: dict[str, Any], after: list[str] | None) -> Batch:
    page = event_queries.page(conn, caller(), filters, after, BATCH, most=1)
    return page.rows, page.last


def _on(name: str) -> Callable[[dict[str, Any]], Cell]:
    def cell(row: dict[str, Any]) -> Cell:
        on: date | None = row[name]
        return on.isoformat() if on else None

    return cell


def _words(name: str, group: str) -> Callable[[dict[str, Any]], Cell]:
    return lambda row: term(row[name], group) if row[name] is not None else None


def _fen(name: str) -> Callable[[dict[str, Any]], Cell]:
    return lambda row: None if row[name] is None else Money(int(row[name]))


def _plain(name: str) -> Callable[[dict[str, Any]], Cell]:
    return lambda row: row[name]


EXPORTED: Mapping[str, ExportedList] = {
    "cases": ExportedList(
        case_filters,
        lambda filters: filter_labels(filters, unit_names(caller())),
        _cases,
        {
            "case.no": _plain("case_no"),
            "case.beneficiary": lambda row: masking.name(app_state().keyring, {**row, "id": row["beneficiary_id"]}),
            "case.programme": lambda row: translate(f"forms.programme.{row['programme']}", language()),
            "case.item": _words("item", "item"),
            "case.unit": _plain("unit_name"),
            "case.amount": _fen("fen"),
            "case.state": _words("state", "state"),
            "export.opened_on": _on("opened_on"),
            "case.due": _on("due_on"),
        },
    ),
    "households": ExportedList(
        household_filters,
        lambda filters: household_labels(filters, unit_names(caller())),
        _households,
        {
            "family.file_no": _plain("file_no"),
            "case.unit": _plain(UNIT),
            "family.identity": _words("identity", "identity"),
            "family.cause": _words("cause", "cause"),
            "case.category": _words("category", "category"),
            "family.filed": _on("filed_on"),
            "export.exited_on": _on("exited_on"),
        },
    ),
    "funds": ExportedList(
        fund_filters,
        lambda filters: fund_labels(filters, unit_names(caller())),
        _funds,
        {
            "export.code": _plain("code"),
            "funds.year": _plain("year"),
            "export.line_title": _plain("title"),
            "case.unit": _plain(UNIT),
            "funds.source": _words("source", "fund_source"),
            "funds.document": _plain("document"),
            "funds.expires": _on("expires_on"),
            "funds.received": lambda row: Money(-int(row["outside_fen"])),
            **{f"export.pot_{pot.value}": _fen(f"{pot.value}_fen") for pot in Pot if pot is not Pot.OUTSIDE},
        },
    ),
    "payments": ExportedList(
        payment_filters,
        lambda filters: payment_labels(filters, unit_names(caller())),
        _payments,
        {
            "case.no": _plain("case_no"),
            "case.item": _words("item", "item"),
            "funds.line": _plain("fund_code"),
            "family.fen": _fen("fen"),
            "export.recalled": _fen("recalled_fen"),
            "case.state": _words("state", "payment_state"),
            "payments.method": lambda row: choice_label("method", row["method"]),
            "payments.paid": _on("paid_on"),
            "export.voucher": _plain("voucher"),
            "export.payer": _plain("payer"),
            "payments.advice": _plain("advice_no"),
            "export.advised_on": _on("advised_on"),
            "export.confirmer": _plain("confirmer"),
            "payments.signed": _on("receipt_on"),
        },
    ),
    "events": ExportedList(
        event_filters.event_filters,
        lambda filters: event_filters.event_labels(filters, {}),
        _events,
        {
            "audit.no": _plain("no"),
            "family.on": _on("on"),
            "audit.at": lambda row: row["at"].isoformat(timespec="seconds"),
            "funds.who": _plain("actor"),
            "export.for": _plain("principal"),
            "funds.what": lambda row: event_words(row["subject"], row["action"]),
            "audit.about": _words("subject", "subject"),
            "export.subject_id": lambda row: str(row["subject_id"]),
        },
    ),
}
"""By their names in the address."""
