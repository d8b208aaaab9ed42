"""The list of cases of the compared apps: what its template shows, made of rows that each app has read in its own way."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from benchmarks.pages_words import day, joined, known, programme, term, word, yuan
from workflows import workdays
from workflows.programmes.hardship import HARDSHIP
from workflows.workdays import Calendar

SIZE = 30
"""Rows of a page, as service/web/lists.py has it."""

MOST = 10_000
"""Up to so many cases are counted, as service/queries/case_list.py does."""

SHOWN_NAMES = 3
EXPORTS = ("xlsx", "csv")
SORTS = ("newest", "oldest", "due")


def page(
    rows: list[Any],
    people: Mapping[Any, list[tuple[str, str]]],
    total: tuple[int, Any],
    units: Iterable[tuple[Any, str]],
    today: date,
    calendar: Calendar,
    index_key: bytes,
) -> dict[str, Any]:
    """Return the values of the template.

    `rows` are up to SIZE + 1 cases with the columns of benchmarks.pages_sql.listed() and a masked `beneficiary`; `people`
    has name and role of those whom each of them waits for; `total` is the number of at most MOST + 1 cases, and their sum in fen.
    """
    shown, number = rows[:SIZE], total[0]
    more = number > MOST
    unit_options = [(str(unit_id), name) for unit_id, name in units]
    return {
        "states": [(state.key, term("state", state.key)) for state in HARDSHIP.states],
        "sorts": [(sort, word(f"sort.{sort}")) for sort in SORTS],
        "units": unit_options if len(unit_options) > 1 else [],
        "programmes": [(key, programme(key)) for key in known()["roles"]],
        "total": word("list.more_than", number=MOST) if more else word("list.total", number=number, sum=yuan(total[1])),
        "has_more": more,
        "rows": [_row(each, people.get(each.id, ()), today, calendar) for each in shown],
        "exports": [{"kind": kind, "label": word(f"export.{kind}")} for kind in EXPORTS],
        "next_url": _next_url(shown[-1], index_key) if len(rows) > SIZE else "",
    }


def _row(row: Any, people: Collection[tuple[str, str]], today: date, calendar: Calendar) -> dict[str, Any]:
    is_open = row.phase != "ended"
    return {
        "id": row.id,
        "case_no": row.case_no,
        "beneficiary": row.beneficiary,
        "item": f"{programme(row.programme)} · {term('item', row.item)}",
        "unit": row.unit_name,
        "fen": yuan(row.fen),
        "state": term("state", row.state),
        "is_held": row.held_until is not None and row.held_until >= today,
        "waits_for": (_waits_for(row, people) if is_open else "") or "—",
        "due": day(row.due_on) if row.due_on else "—",
        **(_days_left(workdays.left(today, row.due_on, calendar)) if row.due_on else {}),
        "days": (today - row.entered_on).days if is_open else "—",
    }


def _days_left(days: int | None) -> dict[str, str]:
    if days is None:
        return {}
    if days < 0:
        return {"left": word("due.over", days=-days), "left_kind": "tag tag-bad"}
    return {"left": word("due.left", days=days), "left_kind": "tag tag-wait" if days <= 2 else "hint"}


def _waits_for(row: Any, people: Collection[tuple[str, str]]) -> str:
    """Return the names of the few people that a case waits for; of more their roles; of nobody the roles of the steps."""
    names = dict.fromkeys(name for name, _ in people)
    if 0 < len(names) <= SHOWN_NAMES:
        return joined(names)
    roles = (role for _, role in people) if people else known()["roles"][row.programme].get(row.state, ())
    return joined(term("role", role) for role in dict.fromkeys(roles))


def _next_url(last: Any, index_key: bytes) -> str:
    """Return the address of the next page, whose key is signed."""
    text = json.dumps([last.opened_on.isoformat(), str(last.id)]).encode()
    mark = hmac.digest(index_key, text, "sha256")[:16]
    return f"/cases?after={urlsafe_b64encode(mark + text).decode()}"
