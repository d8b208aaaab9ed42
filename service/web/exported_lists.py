"""The lists that can be exported: their columns, and their rows as the filters of the address show them."""

from collections.abc import Mapping
from typing import Any

from flask import request

from service.http.context import caller
from service.http.errors import language
from service.i18n.catalogue import translate
from service.imports.written_tables import Money
from service.queries import case_list, fund_list, fund_years, household_list, payment_list
from service.queries import events as event_queries
from service.queries.case_list import Sort
from service.web import event_filters
from service.web.case_filters import case_filters, filter_labels, unit_names
from service.web.event_words import event_words
from service.web.exported_columns import BATCH, UNIT, Batch, ExportedList, Key, as_it_is, in_words, in_yuan, on_day
from service.web.exported_records import RECORDS
from service.web.forms import choice_label
from service.web.fund_page import fund_filters, fund_labels
from service.web.fund_years import year_filters
from service.web.household_filters import household_filters, household_labels
from service.web.past_lists import list_day, name_of
from service.web.payment_filters import payment_filters, payment_labels
from workflows.vocabulary import Pot, Reason, Refused


def _cases(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    asked = request.args.get("sort", "")
    sort = Sort(asked) if asked in set(Sort) else Sort.NEWEST
    page = case_list.page(conn, caller(), filters, sort, list_day(), after, BATCH, most)
    return Batch(page.rows, page.last, page.total.count)


def _households(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    if "q" in filters:
        # Each search for persons is logged with whom it found; an export would look for thousands at once.
        raise Refused(Reason.of("search_not_exported"))
    page = household_list.page(conn, caller(), filters, list_day(), after, BATCH, most=most)
    return Batch(page.rows, page.last, page.count)


def _funds(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    page = fund_list.page(conn, caller(), filters, after, BATCH, most)
    return Batch(page.rows, page.last, page.count)


def _fund_years(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    page = fund_years.page(conn, caller(), filters, after, BATCH, most)
    return Batch(page.rows, page.last, page.count)


def _payments(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    page, total = payment_list.page(conn, caller(), filters, after, BATCH, most)
    return Batch(page.rows, page.last, total.count)


def _events(conn: Any, filters: dict[str, Any], after: Key, most: int | None) -> Batch:
    page = event_queries.page(conn, caller(), filters, after, BATCH, most=most)
    return Batch(page.rows, page.last, page.count)


EXPORTED: Mapping[str, ExportedList] = {
    "cases": ExportedList(
        case_filters,
        lambda filters: filter_labels(filters, unit_names(caller())),
        _cases,
        {
            "case.no": as_it_is("case_no"),
            "case.beneficiary": lambda row: name_of(row, "beneficiary_id"),
            "case.programme": lambda row: translate(f"forms.programme.{row['programme']}", language()),
            "case.item": in_words("item", "item"),
            "case.unit": as_it_is("unit_name"),
            "case.amount": in_yuan("fen"),
            "case.state": in_words("state", "state"),
            "export.opened_on": on_day("opened_on"),
            "case.due": on_day("due_on"),
        },
    ),
    "households": ExportedList(
        household_filters,
        lambda filters: household_labels(filters, unit_names(caller())),
        _households,
        {
            "family.file_no": as_it_is("file_no"),
            "case.unit": as_it_is(UNIT),
            "family.identity": in_words("identity", "identity"),
            "family.cause": in_words("cause", "cause"),
            "case.category": in_words("category", "category"),
            "family.filed": on_day("filed_on"),
            "export.exited_on": on_day("exited_on"),
        },
    ),
    "funds": ExportedList(
        fund_filters,
        lambda filters: fund_labels(filters, unit_names(caller())),
        _funds,
        {
            "export.code": as_it_is("code"),
            "funds.year": as_it_is("year"),
            "export.line_title": as_it_is("title"),
            "case.unit": as_it_is(UNIT),
            "funds.source": in_words("source", "fund_source"),
            "funds.document": as_it_is("document"),
            "funds.expires": on_day("expires_on"),
            "funds.received": lambda row: Money(-int(row["outside_fen"])),
            **{f"export.pot_{pot.value}": in_yuan(f"{pot.value}_fen") for pot in Pot if pot is not Pot.OUTSIDE},
        },
    ),
    "fund_years": ExportedList(
        year_filters,
        lambda filters: fund_labels(filters, unit_names(caller())),
        _fund_years,
        {
            "export.code": as_it_is("code"),
            "funds.year": as_it_is("year"),
            "export.line_title": as_it_is("title"),
            "case.unit": as_it_is(UNIT),
            "funds.source": in_words("source", "fund_source"),
            "funds.document": as_it_is("document"),
            **{f"funds.sum_{name}": in_yuan(name) for name in fund_years.SUMS},
        },
    ),
    "payments": ExportedList(
        payment_filters,
        lambda filters: payment_labels(filters, unit_names(caller())),
        _payments,
        {
            "case.no": as_it_is("case_no"),
            "family.file_no": as_it_is("file_no"),
            "case.item": in_words("item", "item"),
            "funds.line": as_it_is("fund_code"),
            "family.fen": in_yuan("fen"),
            "export.recalled": in_yuan("recalled_fen"),
            "case.state": in_words("state", "payment_state"),
            "payments.method": lambda row: choice_label("method", row["method"]),
            "payments.paid": on_day("paid_on"),
            "export.voucher": as_it_is("voucher"),
            "export.payer": as_it_is("payer"),
            "payments.advice": as_it_is("advice_no"),
            "export.advised_on": on_day("advised_on"),
            "export.confirmer": as_it_is("confirmer"),
            "payments.signed": on_day("receipt_on"),
        },
    ),
    "events": ExportedList(
        event_filters.event_filters,
        lambda filters: event_filters.event_labels(filters, {}),
        _events,
        {
            "audit.no": as_it_is("no"),
            "family.on": on_day("on"),
            "audit.at": lambda row: row["at"].isoformat(timespec="seconds"),
            "funds.who": as_it_is("actor"),
            "export.for": as_it_is("principal"),
            "funds.what": lambda row: event_words(row["subject"], row["action"]),
            "audit.about": in_words("subject", "subject"),
            "export.subject_id": lambda row: str(row["subject_id"]),
        },
    ),
    **RECORDS,
}
"""By their names in the address."""
