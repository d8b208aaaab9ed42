"""The lists of records outside cases that can be exported, and their columns."""

from collections.abc import Callable, Mapping
from typing import Any

from service.http.context import caller
from service.imports.written_tables import Cell
from service.queries import activities, donations, gifts, notices, notification_list, visits
from service.web import activity_view, donation_view, gift_view, letter_view, notice_view, pairing_view, visit_view
from service.web.exported_columns import BATCH, Batch, Columns, ExportedList, Key, as_it_is, in_words, in_yuan, on_day
from service.web.formatting import joined, sortable_instant, term
from service.web.forms import choice_label
from service.web.layout import text
from service.web.list_filters import Filters, labels_of, read_filters
from service.web.record_lists import Read
from service.web.record_view import family_of


def _records(filters: Filters, read: Read, columns: Columns) -> ExportedList:
    """Return a list of records: its page and its file read the same rows."""

    def batch(conn: Any, values: dict[str, Any], after: Key, most: int | None) -> Batch:
        page, total = read(conn, caller(), values, after, BATCH, most=most)
        return Batch(page.rows, page.last, total.count)

    free = frozenset(each.name for each in filters if each.is_free)
    return ExportedList(lambda: read_filters(filters), lambda values: labels_of(filters, values), batch, columns, free)


def _yes_no(name: str, yes: str, no: str) -> Callable[[dict[str, Any]], Cell]:
    return lambda row: text(yes if row[name] else no)


def _names(name: str) -> Callable[[dict[str, Any]], Cell]:
    return lambda row: joined(row[name] or ())


VOIDED: Columns = {"records.voided_on": on_day("voided_on"), "records.void_reason": as_it_is("void_reason")}
"""What every record outside cases says of its void."""

RECORD_FILTERS = (
    *(gift_view.FILTERS, donation_view.FILTERS, activity_view.FILTERS, visit_view.FILTERS),
    *(letter_view.FILTERS, pairing_view.FILTERS, notice_view.FILTERS, notice_view.OBJECTION_FILTERS),
)
"""The filters of these lists."""

RECORDS: Mapping[str, ExportedList] = {
    "gifts": _records(
        gift_view.FILTERS,
        gifts.page_with_total,
        {
            "family.on": on_day("on"),
            "family.file_no": as_it_is("file_no"),
            "records.recipient": gift_view.recipient_of,
            "case.unit": as_it_is("unit_name"),
            "case.item": in_words("item", "item"),
            "records.purpose": as_it_is("purpose"),
            "family.fen": in_yuan("fen"),
            "funds.line": as_it_is("fund_code"),
            "records.goods": as_it_is("goods"),
            "records.quantity": as_it_is("quantity"),
            "records.goods_unit": as_it_is("goods_unit"),
            "records.account_code": as_it_is("account_code"),
            "records.hander": as_it_is("hander"),
            "records.approver": as_it_is("approver"),
            "payments.signed": _yes_no("signed_by_family", "records.signed", "records.unsigned"),
            **VOIDED,
        },
    ),
    "donations": _records(
        donation_view.FILTERS,
        donations.page_with_total,
        {
            "family.on": on_day("on"),
            "case.unit": as_it_is("unit_name"),
            "records.direction": in_words("direction", "direction"),
            "records.campaign": as_it_is("campaign"),
            "records.organiser": as_it_is("organiser"),
            "family.fen": in_yuan("fen"),
            "records.donors": as_it_is("donors"),
            "records.handed_to": as_it_is("handed_to"),
            "records.receipt_no": as_it_is("receipt_no"),
            "records.recorder": as_it_is("recorder"),
            **VOIDED,
        },
    ),
    "activities": _records(
        activity_view.FILTERS,
        activities.page_with_total,
        {
            "family.on": on_day("on"),
            "case.unit": as_it_is("unit_name"),
            "records.activity_title": as_it_is("title"),
            "records.kind": in_words("kind", "activity_kind"),
            "records.participants": as_it_is("participants"),
            "records.cost": in_yuan("fen"),
            "records.account_code": as_it_is("account_code"),
            "records.recorder": as_it_is("recorder"),
            **VOIDED,
        },
    ),
    "visits": _records(
        visit_view.FILTERS,
        visits.page_with_total,
        {
            "family.on": on_day("on"),
            "records.kind": in_words("kind", "visit_kind"),
            "records.occasion": in_words("occasion", "occasion"),
            "records.family": family_of,
            "case.no": as_it_is("case_no"),
            "case.unit": as_it_is("unit_name"),
            "records.place": in_words("place", "place"),
            "records.visitors": _names("visitors"),
            "records.confirmation": _names("confirmed"),
            "records.companions": as_it_is("companions"),
            **VOIDED,
        },
    ),
    "notifications": _records(
        letter_view.FILTERS,
        notification_list.page_with_total,
        {
            "family.on": on_day("on"),
            "records.kind": in_words("kind", "letter_kind"),
            "case.no": as_it_is("case_no"),
            "case.unit": as_it_is("unit_name"),
            "records.reader": letter_view.reader_of,
            "records.channel": lambda row: text(f"channel.{row['channel']}"),
            "case.state": lambda row: text(f"letter.{row['state']}"),
            "records.created_at": lambda row: sortable_instant(row["created_at"]),
            "records.delivered_at": lambda row: sortable_instant(row["delivered_at"]) if row["delivered_at"] else None,
            "records.attempts": as_it_is("attempts"),
            "records.last_error": as_it_is("last_error"),
        },
    ),
    "pairings": _records(
        pairing_view.FILTERS,
        pairing_view.read_today,
        {
            "records.family": family_of,
            "records.helper": as_it_is("unit_name"),
            "records.programme_name": as_it_is("programme_name"),
            "records.issued_by": as_it_is("issued_by"),
            "records.from_on": on_day("from_on"),
            "records.until_on": on_day("until_on"),
            **VOIDED,
        },
    ),
    "notices": _records(
        notice_view.FILTERS,
        notices.page_with_total,
        {
            "case.no": as_it_is("case_no"),
            "case.beneficiary": notice_view.name_of,
            "case.unit": as_it_is("unit_name"),
            "case.award": in_yuan("award_fen"),
            "records.posted_on": on_day("posted_on"),
            "records.ends_on": on_day("ends_on"),
            "records.ended_on": on_day("ended_on"),
            "case.notice_places": lambda row: joined(term(place, "notice_place") for place in row["places"]),
            "records.objections": as_it_is("objections"),
            "objection.open": as_it_is("open_objections"),
        },
    ),
    "objections": _records(
        notice_view.OBJECTION_FILTERS,
        notices.objections_with_total,
        {
            "case.no": as_it_is("case_no"),
            "case.unit": as_it_is("unit_name"),
            "records.source": lambda row: choice_label("source", row["source"]),
            "records.raised_on": on_day("raised_on"),
            "records.posted_on": on_day("posted_on"),
            "case.award": in_yuan("award_fen"),
            "records.answer": notice_view.answer_of,
            "records.answered_on": on_day("answered_on"),
        },
    ),
}
"""By their names in the address."""
