"""Natural keys say what a record is, so that one event is recorded once."""

import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.workbook_imports import imported_row
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain, Reason, Refused

_BRACKETS = str.maketrans("[【（(〕】）)]", "〔〔〔〔〕〕〕〕〕")


def natural_key(table: str, *parts: object) -> str:
    """Return the key of a record: SHA-256 in hex over what it is. Text counts as `same_text` reads it."""
    plain = [same_text(part) if isinstance(part, str) else part for part in parts]
    return sha256(canonical_json([table, *plain]).encode()).hexdigest()


def same_text(text: str) -> str:
    """Return text without spaces, invisible characters, width, case and kind of bracket: "银收 ２０２５－001" → "银收2025-001"."""
    letters = unicodedata.normalize("NFKC", text.translate(_BRACKETS)).translate(_BRACKETS).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "ZC")


def find_recorded(conn: sa.Connection, table: sa.Table, key: str, corrects: UUID | None = None) -> list[sa.Row[Any]]:
    """Return the records with this key, oldest first, without the one that is being corrected.

    Without those, too, that went when their import was undone: the right file may say them again.
    """
    columns = (table.c.id, table.c.repeat_no, table.c.voided_on)
    day = table.c["on" if "on" in table.c else "from_on"].label("recorded_for")
    same_key = sa.select(*columns, day).where(table.c.natural_key == key, ~_undone(table))
    if corrects is not None:
        same_key = same_key.where(table.c.id != corrects)
    return list(conn.execute(same_key.order_by(table.c.id)))


def _undone(table: sa.Table) -> sa.ColumnElement[bool]:
    of_record = imported_row.c.record_id == table.c.id, ~imported_row.c.is_repeat
    return sa.exists().where(*of_record, imported_row.c.undone_on.is_not(None))


def repeat_columns(
    conn: sa.Connection, table: sa.Table, key: str, *, confirmed: bool, corrects: UUID | None = None
) -> dict[str, object]:
    """Return `natural_key`, `repeat_no` and `corrects_id` of a new record.

    Raises Refused (recorded_already, recorded_and_voided) when there is such a record, unless a person has `confirmed`
    that this is another event.
    """
    recorded = find_recorded(conn, table, key, corrects)
    if recorded and not confirmed:
        raise Refused(_reason(recorded))
    live = {row.repeat_no for row in recorded if row.voided_on is None}
    repeat_no = next(number for number in count() if number not in live)
    return {"natural_key": key, "repeat_no": repeat_no, "corrects_id": corrects}


def once_facts(once: Mapping[str, object]) -> dict[str, Plain]:
    """Return what an event says of these columns: the record it corrects, and its number among confirmed repeats."""
    facts: dict[str, Plain] = {}
    if once["corrects_id"]:
        facts["corrects"] = str(once["corrects_id"])
    if once["repeat_no"]:
        facts["repeat_no"] = int(str(once["repeat_no"]))
    return facts


def _reason(recorded: list[sa.Row[Any]]) -> Reason:
    live = next((row for row in recorded if row.voided_on is None), None)
    if live is not None:
        return Reason.of("recorded_already", on=live.recorded_for.isoformat(), id=str(live.id))
    return Reason.of("recorded_and_voided", on=recorded[0].recorded_for.isoformat(), id=str(recorded[0].id))
