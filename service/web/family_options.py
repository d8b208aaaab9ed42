"""Choices of a family's forms that come from the record and from the catalogue of terms."""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from service.actions.finances import KINDS
from service.http.context import caller, today
from service.http.transaction import connection
from service.queries import accounts, units
from service.web.formatting import term
from workflows.code_lists import HouseholdKind, Observation, Relation, StudentStage
from workflows.vocabulary import Role

Pairs = list[tuple[str, str]]


def terms_of_family() -> dict[str, Pairs]:
    """Return the choices whose words are under another name than their field."""
    return {
        "observed": worded(Observation, "exclusion"),
        "student_stage": worded(StudentStage, "stage"),
        "kind": worded(HouseholdKind, "file_kind"),
        "old_head_relation": worded([each for each in Relation if each is not Relation.HEAD], "relation"),
        "what": [(f"{side}.{kind}", _line_name(side, kind)) for side, kinds in KINDS.items() for kind in kinds],
    }


def worded(codes: Iterable[str], group: str) -> Pairs:
    """Return codes in their order, with the words that a group of terms has for them."""
    return [(str(code), term(code, group)) for code in codes]


def _line_name(side: str, kind: str) -> str:
    return f"{term(side, 'line_side')} · {term(kind, f'line_{side}')}"


def of_members(members: Iterable[Mapping[str, Any]], *names: str) -> dict[str, Pairs]:
    """Return the members, masked, as the choices of the fields `names`."""
    pairs = [(str(each["id"]), f"{each['name']} · {term(each['relation'], 'relation')}") for each in members]
    return dict.fromkeys(names, pairs)


def of_typed_members(typed: MultiDict[str, str], numbers: Iterable[int]) -> Pairs:
    """Return the members of a new file by the number of their row, with the name typed there."""
    return [(str(number), f"{number} · {typed.get(f'members.{number}.name', '')}") for number in numbers]


def units_of(*roles: Role) -> Pairs:
    """Return the units over which the caller holds one of these roles, each before the units below it."""
    seen = units.visible_units(connection(), caller())
    return [(str(each["id"]), each["name"]) for each in seen if caller().holds(roles, each["path"])]


def staff_over(unit_path: str) -> Pairs:
    """Return the accounts that hold a role over a unit, by name."""
    rows = accounts.with_role_over(connection(), unit_path, today())
    return sorted(((str(each.id), each.display_name) for each in rows), key=lambda each: each[1])
