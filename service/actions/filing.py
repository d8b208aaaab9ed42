"""The file of a family (一户一档): opening it whole, correcting it, and ending it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import economy, fields, payees, persons, ties, trail
from service.actions.authority import need, path_of
from service.actions.economy import Economy
from service.actions.payees import Payee
from service.actions.persons import Person
from service.actions.rows import Rows
from service.actions.ties import Consent
from service.actions.trail import Asked
from service.db import new_id
from service.privacy import seal
from service.queries import households
from service.tables.cases import case
from service.tables.households import economy_line, household
from service.tables.people import person
from workflows.code_lists import Category, Cause, HouseholdKind, Identity, MisfortuneKind, Observation
from workflows.terms import Phase, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewFile:
    """A family's file as the registrar hands it in; lines and the payee point to members by their ids."""

    unit_id: UUID
    file_no: str
    kind: str
    identity: str
    division: str
    cause: str
    filed_on: date
    members: tuple[Person, ...]
    category: str | None = None
    observed: tuple[str, ...] = ()
    event_kind: str | None = None
    story: str | None = None
    economy: Economy | None = None
    consent: Consent | None = None
    payee: Payee | None = None


def file_household(tx: sa.Connection, new: NewFile, asked: Asked) -> UUID:
    """Open a file with its members, economy, consent and account.

    Raises BadAnswers with every wrong field, Refused (role_missing, file_no_taken, person_in_other_file), Unknown.
    """
    path = path_of(tx, new.unit_id, lock=True)
    right = need(asked, (Role.REGISTRAR,), path)
    fields.refuse(_problems(new, asked.today))
    named = [(f"members[{number}].", each) for number, each in enumerate(new.members, start=1)]
    persons.refuse(tx, _number_taken(tx, new), named, asked)
    row = new_id()
    rows = _parts(row, new, path, asked)
    trail.append(tx, "household", row, "file_household", {**_told(new), **right}, asked, rows)
    for each in new.members:
        trail.append(tx, "person", each.id, "add_person", {"household": str(row), "relation": each.relation}, asked)
    return row


def _problems(new: NewFile, today: date) -> Iterator[Reason]:
    yield from fields.shaped("file_no", new.file_no, fields.CODE, "not_code")
    yield from fields.impersonal("file_no", new.file_no)
    yield from fields.choice("kind", new.kind, HouseholdKind)
    yield from fields.not_ahead("filed_on", new.filed_on, today)
    for key, check in CHECKS.items():
        yield from check(key, getattr(new, key))
    yield from _member_problems(new.members, today)
    members = {each.id for each in new.members}
    if new.economy is not None:
        yield from economy.problems(new.economy, members, today, "economy.")
    if new.consent is not None:
        yield from ties.consent_problems(new.consent, today, "consent.")
    if new.payee is not None:
        yield from payees.problems(new.payee, members, "payee.")


def _member_problems(members: tuple[Person, ...], today: date) -> Iterator[Reason]:
    heads = [each for each in members if each.relation == "head"]
    if len(heads) != 1:
        yield Reason.of("head_twice" if heads else "head_missing", field="members")
    seen: set[str] = set()
    for number, each in enumerate(members, start=1):
        yield from persons.problems(each, today, f"members[{number}].")
        if each.id_no and each.id_no in seen:
            yield Reason.of("id_no_twice", field=f"members[{number}].id_no")
        seen.add(each.id_no or "")


_Check = Callable[[str, Any], Iterator[Reason]]

CHECKS: Mapping[str, _Check] = {
    "identity": lambda key, value: fields.choice(key, value, Identity),
    "division": lambda key, value: fields.shaped(key, value, fields.DIVISION, "not_a_division"),
    "cause": lambda key, value: fields.choice(key, value, Cause),
    "category": lambda key, value: fields.choice(key, value, Category, required=False),
    "observed": lambda key, value: fields.choices(key, value, Observation),
    "event_kind": lambda key, value: fields.choice(key, value, MisfortuneKind, required=False),
    "story": lambda key, value: fields.text(key, value, longest=fields.LONGEST_STORY, required=False, sealed=True),
}
"""What of a file may be corrected later, and how each is checked."""


def _number_taken(tx: sa.Connection, new: NewFile) -> list[Reason]:
    same = sa.and_(household.c.unit_id == new.unit_id, household.c.file_no == new.file_no)
    taken = tx.scalar(sa.select(household.c.id).where(same))
    return [Reason.of("file_no_taken", field="file_no", file_no=new.file_no)] if taken is not None else []


def _columns(row: UUID, new: NewFile, path: str, asked: Asked) -> dict[str, object]:
    kept = ("unit_id", "file_no", "kind", "identity", "division", "cause", "category", "event_kind", "filed_on")
    return {name: getattr(new, name) for name in kept} | {
        "id": row,
        "unit_path": path,
        "observed": list(dict.fromkeys(new.observed)),
        "idle_able_members": new.economy.idle_able_members if new.economy else 0,
        "economy_as_of": new.economy.as_of if new.economy else None,
        "story_sealed": seal(asked.ring, "household.story", row, new.story) if new.story else None,
        "created_at": asked.at,
    }


def _parts(row: UUID, new: NewFile, path: str, asked: Asked) -> Rows:
    rows = Rows()
    rows.add(household, _columns(row, new, path, asked))
    rows.add(person, *persons.as_rows(row, new.members, asked))
    if new.economy is not None:
        rows.add(economy_line, *economy.as_rows(row, new.economy.lines))
    if new.consent is not None:
        ties.add_consent(rows, row, new.consent)
    if new.payee is not None:
        payees.add(rows, row, new.payee, asked)
    return rows


def _told(new: NewFile) -> dict[str, Plain]:
    told: dict[str, Plain] = {"file_no": new.file_no, "kind": new.kind, "identity": new.identity, "cause": new.cause}
    told |= {"division": new.division, "members": len(new.members), "observed": ",".join(sorted(new.observed))}
    return told | ({"economy": economy.told(new.economy)} if new.economy else {})


def edit_household(tx: sa.Connection, household_id: UUID, changes: Mapping[str, object], asked: Asked) -> None:
    """Correct some fields of a file (keys of CHECKS). Raises BadAnswers, Refused, Unknown, Stale."""
    file = persons.file_open(tx, household_id, asked)
    fields.refuse(fields.choices("changes", changes, CHECKS))
    fields.refuse(*(CHECKS[key](key, value) for key, value in changes.items()))
    columns = dict(changes)
    if "observed" in columns:
        columns["observed"] = list(dict.fromkeys(changes["observed"]))  # type: ignore[call-overload]
    if "story" in columns:
        told = columns.pop("story")
        columns["story_sealed"] = seal(asked.ring, "household.story", household_id, str(told)) if told else None
    if columns:
        rows = Rows()
        persons.touch(rows, file, **columns)
        facts: dict[str, Plain] = {"fields": ",".join(sorted(changes)), **file.right}
        trail.append(tx, "household", household_id, "edit_household", facts, asked, rows)


def end_file(tx: sa.Connection, household_id: UUID, exited_on: date, asked: Asked) -> None:
    """End a file; its members may then be filed elsewhere. Raises BadAnswers, Refused (cases_open), Unknown, Stale."""
    file = persons.file_open(tx, household_id, asked)
    row = households.one(tx, household_id, asked.caller) or {}
    fields.refuse(
        fields.not_ahead("exited_on", exited_on, asked.today), fields.in_order("exited_on", row["filed_on"], exited_on)
    )
    running = sa.and_(case.c.household_id == household_id, case.c.phase != Phase.ENDED.value)
    numbers = list(tx.scalars(sa.select(case.c.case_no).where(running).order_by(case.c.case_no)))
    if numbers:
        raise Refused(Reason.of("cases_open", cases=list(numbers)))
    rows, members = Rows(), sa.and_(person.c.household_id == household_id, person.c.active)
    for each in tx.scalars(person.update().where(members).values(active=False).returning(person.c.id)):
        rows.done(person, {"id": each, "active": False})
    persons.touch(rows, file, exited_on=exited_on)
    trail.append(tx, "household", household_id, "end_file", {"on": exited_on.isoformat(), **file.right}, asked, rows)
