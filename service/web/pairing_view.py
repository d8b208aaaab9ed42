"""Pairings as their list shows them: filters, how rows are read, and the words of a row."""

from collections.abc import Mapping
from typing import Any

from service.http.context import caller
from service.queries import pairings
from service.queries.page import COUNTED, CountedSum, Page
from service.queries.scope import Caller
from service.web import list_filters as filters
from service.web.past_lists import list_day
from service.web.record_view import family_of
from workflows.vocabulary import Role

FILTERS = (
    filters.of_unit(label="records.unit_of_family"),
    filters.of_unit("helper", "records.helper"),
    filters.of_answer("period", "records.period", {"running": "records.running", "over": "records.over"}),
    filters.of_state(),
    filters.of_text("file_no", "family.file_no"),
    filters.of_text("programme_name", "records.programme_name", is_free=True),
)


def read_today(
    conn: Any, reader: Caller, values: Mapping[str, Any], after: list[str] | None, size: int, most: int | None = COUNTED
) -> tuple[Page, CountedSum]:
    """Return one page of pairings as they are on the day of the list."""
    return pairings.page_with_total(conn, reader, values, list_day(), after, size, most)


def with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a pairing with its family, and whether the caller may propose its end."""
    may_change = row["voided_on"] is None and caller().holds((Role.REGISTRAR,), row["unit_path"])
    return {**row, "family": family_of(row), "may_change": may_change}
