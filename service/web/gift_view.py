"""A gift as pages show it: the filters of the list, the words of a row, and the lines of one gift."""

from collections.abc import Iterator
from typing import Any

from service.actions.gifts import RECORDERS
from service.http.context import caller
from service.web import list_filters as filters
from service.web.formatting import day, term, yuan
from service.web.layout import text
from service.web.past_lists import name_of, not_kept
from service.web.record_view import RecordView, ViewLine, line, view_of
from workflows.code_lists import GIFT_ITEMS
from workflows.vocabulary import Role

FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_code("item", "records.item", GIFT_ITEMS, "item"),
    filters.of_answer("given", "records.given", {"money": "records.money", "goods": "family.goods"}),
    filters.of_answer("signed", "payments.signed", {"yes": "records.signed", "no": "records.unsigned"}),
    filters.of_state(),
    filters.of_text("file_no", "family.file_no"),
    filters.of_text("purpose", "records.purpose", is_free=True),
    filters.of_link("visit_id", "records.of_visit"),
)


def recipient_of(row: dict[str, Any]) -> str:
    """Return the masked name of the person a gift went to: the member it is for, else the head of the household."""
    if row["name_sealed"] is None:
        return not_kept() if row["file_no"] else ""
    return name_of(row, "recipient_id")


def given_of(row: dict[str, Any]) -> str:
    """Return what was given: `600.00`, `米 2 袋`; goods that nobody counted have no number."""
    if row["fen"] is not None:
        return yuan(row["fen"])
    return " ".join(str(each) for each in (row["goods"], row["quantity"], row["goods_unit"]) if each is not None)


def with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list with its recipient and what was given."""
    return {**row, "recipient": recipient_of(row), "given": given_of(row)}


def gift_view(row: dict[str, Any]) -> RecordView:
    """Return the page of a gift."""
    acts = [(text(f"record.{key}"), f"/gifts/{row['id']}/{path}") for key, path in _acts(row)]
    return view_of("gift", row, f"{term(row['item'], 'item')} · {day(row['on'])}", _lines(row), acts)


def _acts(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the acts that the caller's roles allow; what moves money is an approver's."""
    roles = RECORDERS if row["fen"] is None else (Role.APPROVER,)
    if row["voided_on"] is not None or row["household_id"] is None or not caller().holds(roles, row["unit_path"]):
        return []
    kind = "gift_goods_correction" if row["fen"] is None else "gift_money_correction"
    return [(kind, "correction"), ("gift_void", "void")]


def _lines(row: dict[str, Any]) -> Iterator[ViewLine]:
    family = f"/households/{row['household_id']}" if row["household_id"] else ""
    yield line("records.family", f"{row['file_no'] or ''} {recipient_of(row)}".strip(), family)
    yield line("case.unit", row["unit_name"])
    yield line("records.money_or_goods", given_of(row))
    yield line("records.purpose", row["purpose"])
    if row["fen"] is not None:
        fund = f"/funds/{row['fund_id']}" if row["fund_seen"] else ""
        yield line("funds.line", f"{row['fund_code']} {row['fund_title']}", fund)
        yield line("records.approver", row["approver"])
    yield line("records.hander", row["hander"])
    yield line("payments.signed", text("records.signed") if row["signed_by_family"] else text("records.unsigned"))
    yield line("records.account_code", row["account_code"])
    yield line("records.counts_as_aid", text("yes") if row["counts_as_aid"] else text("no"))
    yield line("case.policy", row["policy_title"])
    if row["visit_id"]:
        yield line("records.visit", day(row["visit_on"]), f"/visits/{row['visit_id']}" if row["visit_seen"] else "")
