"""The members of a household: adding, correcting and taking one out of the file; one person in one active file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, identity, looks, trail
from service.actions.authority import need
from service.actions.rows import Rows
from service.actions.trail import Asked, Stale, Told, Unknown
from service.db import new_id
from service.privacy import Keyring, blind_index, seal, unseal
from service.queries import households
from service.queries.scope import CASE_ROLES, visible_to
from service.tables.households import economy_line, household
from service.tables.people import bank_account, person
from workflows.code_lists import Relation, StudentStage
from workflows.terms import Plain, Reason, Refused, Role

MATCHES_A_DAY = 20
"""How often in a day a caller may hear that a number is in a file already; bringing in a year's files is not bounded."""

SEALED = ("name", "id_no", "phone", "email", "address", "workplace")
INDEXED = ("name", "id_no", "phone")


@dataclass(frozen=True, slots=True)
class Person:
    """A member as written on the form; the id is made here, so that lines and accounts can point to it."""

    relation: str
    name: str
    id_no: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    workplace: str | None = None
    student_stage: str | None = None
    id: UUID = field(default_factory=new_id)


EDITABLE = tuple(each.name for each in dataclass_fields(Person) if each.name != "id")


def problems(new: Person, today: date, place: str = "") -> Iterator[Reason]:
    """Everything that is wrong with a member; `place` stands before the field's name, e.g. `members[2].`."""
    yield from fields.choice(f"{place}relation", new.relation, Relation)
    yield from fields.text(f"{place}name", new.name, longest=60, sealed=True)
    if new.id_no is not None:
        yield from identity.problems(f"{place}id_no", new.id_no, today)
    yield from fields.shaped(f"{place}phone", new.phone, fields.PHONE, "phone_shape", required=False)
    yield from fields.shaped(f"{place}email", new.email, fields.EMAIL, "email_wrong", required=False)
    yield from fields.text(f"{place}address", new.address, required=False, sealed=True)
    yield from fields.text(f"{place}workplace", new.workplace, required=False, sealed=True)
    yield from fields.choice(f"{place}student_stage", new.student_stage, StudentStage, required=False)


def refuse(tx: sa.Connection, reasons: Iterable[Reason], members: Iterable[tuple[str, Person]], asked: Asked) -> None:
    """Raise every reason against a file, with those of members (with their places) whose number is in another one.

    That somebody is on file elsewhere is itself something told of him: it is recorded with his file, a caller hears it
    `MATCHES_A_DAY` times a day and then nothing about numbers at all, and which unit has the file is never said.
    """
    numbered = [each for each in members if each[1].id_no is not None]
    found = in_other_files(tx, numbered, asked)
    if numbered and looks.matches_since(tx, asked.caller.account, asked.at - timedelta(days=1)) >= MATCHES_A_DAY:
        raise Refused(*reasons, Reason.of("too_many_matches", limit=MATCHES_A_DAY))
    if found:
        raise Told(*reasons, *(reason for _, reason in found), persons=tuple(who for who, _ in found))
    if told := tuple(reasons):
        raise Refused(*told)


def in_other_files(tx: sa.Connection, members: Iterable[tuple[str, Person]], asked: Asked) -> list[tuple[UUID, Reason]]:
    """Members whose number stands in an active file: who it is there, and the reason; a file elsewhere is not named.

    Two who file one person at the same moment take turns, so that the second is told.
    """
    by_index = {
        blind_index(asked.ring, "id_no", identity.normal(each.id_no)): (place, each)
        for place, each in members
        if each.id_no is not None
    }
    for index in sorted(by_index):
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": int.from_bytes(index[:7])})
    found = tx.execute(
        sa.select(person.c.id, person.c.id_no_index, household.c.file_no)
        .add_columns(visible_to(asked.caller, household.c.unit_path, CASE_ROLES).label("seen"))
        .join(household, household.c.id == person.c.household_id)
        .where(person.c.active, person.c.id_no_index.in_(by_index))
    )
    reasons = []
    for row in found:
        place, each = by_index[bytes(row.id_no_index)]
        if row.id != each.id:
            where = {"file_no": row.file_no if row.seen else "", "elsewhere": not row.seen}
            reasons.append((row.id, Reason.of("person_in_other_file", field=f"{place}id_no", **where)))
    return reasons


def as_rows(household_id: UUID, members: Iterable[Person], asked: Asked) -> list[dict[str, object]]:
    """Members who have been checked, as they are written."""
    return [
        {
            "id": each.id,
            "household_id": household_id,
            "relation": each.relation,
            "student_stage": each.student_stage,
            "created_at": asked.at,
            **kept(each, asked.ring),
        }
        for each in members
    ]


def kept(each: Person, ring: Keyring) -> dict[str, bytes | None]:
    """The sealed columns of a member and the fingerprints that find them again."""
    columns: dict[str, bytes | None] = {}
    for name in SEALED:
        value = getattr(each, name)
        plain = identity.normal(value) if name == "id_no" and value else value.strip() if value else None
        columns[f"{name}_sealed"] = seal(ring, f"person.{name}", each.id, plain) if plain else None
        if name in INDEXED:
            columns[f"{name}_index"] = blind_index(ring, name, plain) if plain else None
    return columns


def add_person(tx: sa.Connection, household_id: UUID, new: Person, asked: Asked) -> UUID:
    """Add a member to a file. Raises BadAnswers, Refused (…, head_twice, person_in_other_file), Unknown, Stale."""
    file = file_open(tx, household_id, asked)
    fields.refuse(problems(new, asked.today))
    refuse(tx, _head_twice(tx, household_id, new), [("", new)], asked)
    rows = Rows()
    rows.add(person, *as_rows(household_id, [new], asked))
    touch(rows, file)
    trail.append(tx, "household", household_id, "add_person", {"person": str(new.id), **file.right}, asked, rows)
    trail.append(tx, "person", new.id, "add_person", {"household": str(household_id), "relation": new.relation}, asked)
    return new.id


@dataclass(frozen=True, slots=True)
class File:
    """A file that the caller may change, locked: its version, and what an event says of his right."""

    id: UUID
    version: int
    right: dict[str, Plain]


def file_open(tx: sa.Connection, household_id: UUID, asked: Asked, *, versioned: bool = True) -> File:
    """Lock a file that the caller may change. Raises Unknown, Stale, Refused (role_missing, household_not_filed)."""
    row = households.one(tx, household_id, asked.caller, lock=True)
    if row is None:
        raise Unknown
    right = need(asked, (Role.REGISTRAR,), row["unit_path"])
    if versioned and asked.version is not None and asked.version != row["version"]:
        raise Stale(asked.version, row["version"])
    if row["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    if asked.caller.account in households.staff_of(tx, household_id):
        raise Refused(Reason.of("own_family"))
    return File(household_id, row["version"], right)


def touch(rows: Rows, file: File, **columns: object) -> None:
    """Whatever changes in a file changes its version, and perhaps columns of its own row."""
    rows.change(household, {"id": file.id, **columns, "version": file.version + 1})


def _head_twice(tx: sa.Connection, household_id: UUID, new: Person) -> list[Reason]:
    head = sa.and_(person.c.household_id == household_id, person.c.relation == "head", person.c.active)
    other = tx.scalar(sa.select(person.c.id).where(head, person.c.id != new.id))
    return [Reason.of("head_twice", field="relation")] if new.relation == "head" and other is not None else []


def edit_person(tx: sa.Connection, person_id: UUID, changes: Mapping[str, str | None], asked: Asked) -> None:
    """Correct some fields of a member (keys of EDITABLE); `asked.version` is the person's.

    What money or approvals rest on is bound to the case's content, so their signatures fall by themselves.
    Raises BadAnswers, Refused (…, head_missing, head_twice, person_in_other_file), Unknown, Stale.
    """
    row = _seen(tx, person_id, asked)
    file = file_open(tx, row["household_id"], asked, versioned=False)
    fields.refuse(fields.choices("changes", changes, EDITABLE))
    before = _opened(row, asked.ring)
    after = replace(before, **changes)  # type: ignore[arg-type]
    fields.refuse(problems(after, asked.today))
    reasons = _head_twice(tx, row["household_id"], after)
    if before.relation == "head" and after.relation != "head":
        reasons.append(Reason.of("head_missing", field="relation"))
    refuse(tx, reasons, [("", after)] if after.id_no != before.id_no else [], asked)
    changed = [name for name in EDITABLE if getattr(before, name) != getattr(after, name)]
    if not changed:
        return
    columns = {"relation": after.relation, "student_stage": after.student_stage, **kept(after, asked.ring)}
    facts: dict[str, Plain] = {"fields": ",".join(changed), **file.right}
    _write(tx, row, columns, file, "edit_person", facts, asked, Rows())


def _seen(tx: sa.Connection, person_id: UUID, asked: Asked) -> dict[str, Any]:
    row = households.person_seen(tx, person_id, asked.caller, lock=True)
    if row is None or not row["active"]:
        raise Unknown
    if asked.version is not None and asked.version != row["version"]:
        raise Stale(asked.version, row["version"])
    return row


def _opened(row: Mapping[str, Any], ring: Keyring) -> Person:
    sealed = {name: row[f"{name}_sealed"] for name in SEALED}
    plain = {name: unseal(ring, f"person.{name}", row["id"], text) if text else None for name, text in sealed.items()}
    name = plain.pop("name") or ""
    return Person(row["relation"], name, **plain, student_stage=row["student_stage"], id=row["id"])


def _write(
    tx: sa.Connection,
    row: Mapping[str, Any],
    columns: Mapping[str, object],
    file: File,
    action: str,
    facts: dict[str, Plain],
    asked: Asked,
    rows: Rows,
) -> None:
    """The member's new columns; the file's event names the rows, the member's own says who did it and why."""
    rows.change(person, {"id": row["id"], **columns, "version": row["version"] + 1})
    touch(rows, file)
    trail.append(tx, "household", file.id, action, {"person": str(row["id"]), **facts}, asked, rows)
    trail.append(tx, "person", row["id"], action, facts, asked)


def deactivate_person(tx: sa.Connection, person_id: UUID, asked: Asked) -> None:
    """Take a member out of the file; the row stays. The head stays head, and who is paid stays in.

    Raises Refused (head_missing, person_is_payee), Unknown, Stale.
    """
    row = _seen(tx, person_id, asked)
    file = file_open(tx, row["household_id"], asked, versioned=False)
    paid = sa.select(bank_account.c.id).where(bank_account.c.person_id == person_id, bank_account.c.active)
    reasons = [Reason.of("head_missing", field="relation")] if row["relation"] == "head" else []
    if tx.scalar(paid) is not None:
        reasons.append(Reason.of("person_is_payee"))
    if reasons:
        raise Refused(*reasons)
    rows, hers = Rows(), economy_line.update().where(economy_line.c.person_id == person_id).values(person_id=None)
    for each in tx.scalars(hers.returning(economy_line.c.id)):
        rows.done(economy_line, {"id": each, "person_id": None})
    _write(tx, row, {"active": False}, file, "deactivate_person", file.right, asked, rows)
