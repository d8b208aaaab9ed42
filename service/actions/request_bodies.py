"""Turns the bodies that the schemas of a family have read into what its actions take."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.actions.consents import Consent
from service.actions.finances import FinanceLine, Finances
from service.actions.household_changes.exits import Exit, FilingAgain
from service.actions.household_changes.heads import HeadChange
from service.actions.household_changes.moves import Move
from service.actions.household_changes.transfers import Transfer
from service.actions.household_changes.two_steps import FileChange
from service.actions.households import NewHousehold
from service.actions.payees import Payee
from service.actions.persons import Person
from workflows.vocabulary import Fen, InvalidForm, Reason

KINDS: Mapping[str, type[FileChange]] = {
    "change_head": HeadChange,
    "exit": Exit,
    "file_again": FilingAgain,
    "move": Move,
    "transfer": Transfer,
}
"""The kinds of change, by the name a body gives them."""

BY_MEMBER = ("relations", "members")
"""Lists of a member and a relation."""


def new_household_of(body: dict[str, Any]) -> NewHousehold:
    """Return the file of a body of HouseholdIn; finance lines and the payee name members by their keys."""
    keys = {member.pop("key") or str(index): index for index, member in enumerate(body["members"])}
    members = tuple(Person(**member) for member in body.pop("members"))
    ids = {key: members[index].id for key, index in keys.items()}
    finances, consent, payee = body.pop("finances"), body.pop("consent"), body.pop("payee")
    return NewHousehold(
        **body | {"observed": tuple(body["observed"])},
        members=members,
        finances=finances_of(finances, ids) if finances else None,
        consent=Consent(**consent) if consent else None,
        payee=payee_of(payee, ids) if payee else None,
    )


def finances_of(body: dict[str, Any], ids: dict[str, UUID]) -> Finances:
    """Return the finances of a request body; `ids` are the members the request itself adds, by key."""
    lines = tuple(
        FinanceLine(
            side=line["side"],
            kind=line["kind"],
            fen=Fen(line["amount"]),
            reimbursed=Fen(line["reimbursed"]),
            person_id=member_id(line["person"], ids, f"finances.lines[{index}].person") if line["person"] else None,
        )
        for index, line in enumerate(body["lines"])
    )
    return Finances(body["as_of"], lines, body["idle_able_members"])


def payee_of(body: dict[str, Any], ids: dict[str, UUID]) -> Payee:
    """Return the payee of a request body; `ids` are the members the request itself adds, by key."""
    return Payee(member_id(body["person"], ids, "payee.person"), body["bank"], body["card"])


def member_id(key: str, ids: dict[str, UUID], field: str) -> UUID:
    """Return the id of the member that a request names by its key or by an id. Raises InvalidForm."""
    if key in ids:
        return ids[key]
    try:
        return UUID(key)
    except ValueError:
        raise InvalidForm(Reason.of("member_unknown", field=field, known=sorted(ids))) from None


def change_of(body: dict[str, Any]) -> FileChange:
    """Return the one change of a body of ChangeIn. Raises InvalidForm (one_change_only, member_twice)."""
    named = [key for key in KINDS if key in body]
    if len(named) != 1:
        raise InvalidForm(Reason.of("one_change_only", field="change"))
    kind, columns = named[0], body.pop(named[0])
    for name in BY_MEMBER:
        if name in columns:
            columns[name] = _by_member(name, columns[name])
    return KINDS[kind](**body, **columns)


def _by_member(field: str, rows: list[dict[str, Any]]) -> dict[UUID, str]:
    relations = {each["person_id"]: each["relation"] for each in rows}
    if len(relations) != len(rows):
        raise InvalidForm(Reason.of("member_twice", field=field))
    return relations
