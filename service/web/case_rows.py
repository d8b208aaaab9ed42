"""Rows of lists of cases as people read them: due in working days, days in the state, and for whom the case waits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.http.context import today
from service.http.errors import language
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries.people_awaited import AwaitedPerson, people_awaited
from service.web.formatting import joined
from service.web.past_lists import name_of
from workflows.programme import Awaited
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase, Role

SHOWN_NAMES = 3
"""So many people are named; of more, the role is."""


@dataclass(frozen=True, slots=True)
class CaseRowView:
    """One row of a list of cases; `fen` is the award, or before it what was asked for."""

    id: UUID
    case_no: str
    household_id: UUID
    beneficiary: str
    programme: str
    item: str
    unit_name: str
    state: str
    fen: int
    opened_on: date
    due_on: date | None
    workdays_left: int | None
    days_waiting: int | None
    waits_for: str
    is_held: bool
    names_me: bool = False
    """Whether a visit waits for the reader to say that they took part; 待办 says so."""


def case_rows(rows: list[dict[str, Any]]) -> list[CaseRowView]:
    """Return the rows of a list with the beneficiary's name masked."""
    people = people_awaited(connection(), [row["id"] for row in rows], today()) if rows else {}
    return [_row(row, people.get(row["id"], ())) for row in rows]


def _row(row: dict[str, Any], people: Sequence[AwaitedPerson]) -> CaseRowView:
    is_open = row["phase"] != Phase.ENDED.value
    return CaseRowView(
        row["id"],
        row["case_no"],
        row["household_id"],
        name_of(row, "beneficiary_id"),
        translate(f"forms.programme.{row['programme']}", language()),
        row["item"],
        row["unit_name"],
        row["state"],
        int(row["fen"]),
        row["opened_on"],
        row["due_on"],
        row["workdays_left"],
        row["days_waiting"] if is_open else None,
        waits_for(row["programme"], row["state"], people) if is_open else "",
        row["held_until"] is not None and row["held_until"] >= today(),
        bool(row.get("names_me")),
    )


def waits_for(programme: str, state: str, people: Sequence[AwaitedPerson]) -> str:
    """Return the names of the few people a case waits for; of more their roles; of nobody the roles of the steps."""
    names = tuple(dict.fromkeys(each.display_name for each in people))
    if 0 < len(names) <= SHOWN_NAMES:
        return joined(names)
    roles = dict.fromkeys((each.role for each in people) if people else _roles_awaited(programme, state))
    return joined(translate(f"terms.role.{role}", language()) for role in roles)


OF_THE_STATE = frozenset({Awaited.ALWAYS, Awaited.VISITED, Awaited.FOLLOWED_UP, Awaited.NOT_FOLLOWED_UP})
"""When a step leads a case on; after a hold or an upheld objection a step returns it."""


def _roles_awaited(programme: str, state: str) -> Iterator[Role]:
    """Yield the roles of the steps that lead cases of the state on."""
    for step in PROGRAMMES[programme].steps_from(state):
        if step.awaited in OF_THE_STATE:
            yield from step.roles
