"""A visit as pages show it: the filters of the list, the words of a row, and the lines of one visit."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from service.actions.visits import ROLES
from service.crypto.encryption import decrypt_field
from service.http.context import app_state, caller, today
from service.http.transaction import connection
from service.queries import accounts, sealed_remarks
from service.web import list_filters as filters
from service.web.formatting import day, joined, term
from service.web.forms import choice_label
from service.web.layout import text
from service.web.list_filters import ListFilter
from service.web.record_view import RecordView, ViewLine, change_acts, family_of, line, view_of
from workflows.code_lists import VisitKind
from workflows.vocabulary import Role

PLACE = "/visits"


def _visitor() -> ListFilter:
    """Return the filter by a visitor: those of today over the caller's units; an address may name an earlier one."""

    def choices() -> list[tuple[str, str]]:
        paths = sorted({held.unit_path for held in caller().held})
        ids = {each for path in paths for each in accounts.role_holders(connection(), Role.VISITOR, path, today())}
        names = accounts.display_names(connection(), ids)
        return sorted(((str(row_id), name) for row_id, name in names.items()), key=lambda pair: pair[1])

    def name_of(account_id: UUID) -> str:
        return accounts.display_names(connection(), [account_id]).get(account_id, "—")

    return ListFilter("visitor", "records.visitor", "select", UUID, name_of, choices)


FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_code("kind", "records.kind", VisitKind, "visit_kind"),
    _visitor(),
    filters.of_answer("confirmed", "records.confirmation", {"yes": "records.confirmed", "no": "records.unconfirmed"}),
    filters.of_state(),
    filters.of_text("file_no", "family.file_no"),
    filters.of_link("case_id", "records.of_case"),
)


def with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list with the family in words."""
    return {**row, "family": family_of(row)}


def title_of(row: dict[str, Any]) -> str:
    """Return what names a visit: `节日慰问 · 2025年9月1日`."""
    return f"{term(row['kind'], 'visit_kind')} · {day(row['on'])}"


def visit_view(row: dict[str, Any]) -> RecordView:
    """Return the page of a visit; one of a case is put right by steps of the case."""
    acts = [] if row["is_of_case"] else change_acts("visit", PLACE, row, ROLES)
    return view_of("visit", row, title_of(row), _lines(row), acts)


def _lines(row: dict[str, Any]) -> Iterator[ViewLine]:
    yield line("records.family", family_of(row), f"/households/{row['household_id']}" if row["household_id"] else "")
    if row["is_of_case"]:
        yield line("records.case", row["case_no"], f"/cases/{row['case_id']}" if row["case_id"] else "")
        yield line("records.conclusion", choice_label("conclusion", row["conclusion"]))
    yield line("case.unit", row["unit_name"])
    yield line("records.place", term(row["place"], "place"))
    yield line("records.visitors", joined(row["visitors"] or ()))
    if row["kind"] == VisitKind.SURVEY:
        yield line("records.confirmation", joined(row["confirmed"] or ()) or text("records.unconfirmed"))
    if not row["is_of_case"]:
        yield line("records.occasion", term(row["occasion"], "occasion"))
        yield line("records.with_employer", text("yes") if row["with_employer"] else text("no"))
        yield line("records.companions", row["companions"])
    if row["relation_of_deceased"]:
        yield line("records.relation_of_deceased", term(row["relation_of_deceased"], "kin"))
    if row["gifts"]:
        yield line("records.gifts_of_visit", row["gifts"], f"/gifts?visit_id={row['id']}")
    if story := _story(row):
        yield line("records.story", story)


def _story(row: dict[str, Any]) -> str | None:
    """Return what was seen on the visit, for those who work on cases of the unit, and auditors."""
    if row["story_sealed"] is None or not sealed_remarks.may_read(caller(), row["unit_path"]):
        return None
    return decrypt_field(app_state().keyring, "visit.story", row["id"], row["story_sealed"])
