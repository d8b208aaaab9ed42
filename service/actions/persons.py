"""The members of a household: adding, correcting and taking one out of the file; one person in one active file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, id_number, personal_data_access, validation
from service.actions.context import ActionContext
from service.actions.errors import DisclosingRefusal, NotFound, VersionConflict
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, blind_index, decrypt_field, encrypt_field
from service.db.columns import new_id
from service.queries import households
from service.queries.scope import CASE_READERS, visible_to
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.code_lists import Relation, StudentStage
from workflows.vocabulary import Plain, Reason, Refused, Role

MAX_MATCHES_PER_DAY = 20
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
    yield from validation.choice(f"{place}relation", new.relation, Relation)
    yield from validation.text(f"{place}name", new.name, longest=60, sealed=True)
    if new.id_no is not None:
        yield from id_number.problems(f"{place}id_no", new.id_no, today)
    yield from validation.shaped(f"{place}phone", new.phone, validation.PHONE, "phone_shape", required=False)
    yield from validation.shaped(f"{place}email", new.email, validation.EMAIL, "email_wrong", required=False)
    yield from validation.text(f"{place}address", new.address, required=False, sealed=True)
    yield from validation.text(f"{place}workplace", new.workplace, required=False, sealed=True)
    yield from validation.choice(f"{place}student_stage", new.student_stage, StudentStage, required=False)


def refuse_duplicates(
    conn: sa.Connection, reasons: Iterable[Reason], members: Iterable[tuple[str, Person]], context: ActionContext
) -> None:
    """Raise every reason against a file, with those of members (with their places) whose number is in another one.

    That somebody is on file elsewhere is itself something told of him: it is recorded with his file, a caller hears it
    `MATCHES_A_DAY` times a day and then nothing about numbers at all, and which unit has the file is never said.
    """
    numbered = [each for each in members if each[1].id_no is not None]
    found = find_duplicates(conn, numbered, context)
    if (
        numbered
        and personal_data_access.count_disclosed_matches(conn, context.caller.account, context.at - timedelta(days=1))
        >= MAX_MATCHES_PER_DAY
    ):
        raise Refused(*reasons, Reason.of("too_many_matches", limit=MAX_MATCHES_PER_DAY))
    if found:
        raise DisclosingRefusal(*reasons, *(reason for _, reason in found), persons=tuple(who for who, _ in found))
    if told := tuple(reasons):
        raise Refused(*told)


def find_duplicates(
    conn: sa.Connection, members: Iterable[tuple[str, Person]], context: ActionContext
) -> list[tuple[UUID, Reason]]:
    """Members whose number stands in an active file: who it is there, and the reason; a file elsewhere is not named.

    Two who file one person at the same moment take turns, so that the second is told.
    """
    by_index = {
        blind_index(context.keyring, "id_no", id_number.normal(each.id_no)): (place, each)
        for place, each in members
        if each.id_no is not None
    }
    for index in sorted(by_index):
        conn.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": int.from_bytes(index[:7])})
    found = conn.execute(
        sa.select(person.c.id, person.c.id_no_index, household.c.file_no)
        .add_columns(visible_to(context.caller, household.c.unit_path, CASE_READERS).label("seen"))
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


def as_rows(household_id: UUID, members: Iterable[Person], context: ActionContext) -> list[dict[str, object]]:
    """Members who have been checked, as they are written."""
    return [
        {
            "id": each.id,
            "household_id": household_id,
            "relation": each.relation,
            "student_stage": each.student_stage,
            "created_at": context.at,
            **kept(each, context.keyring),
        }
        for each in members
    ]


def kept(each: Person, keyring: Keyring) -> dict[str, bytes | None]:
    """The sealed columns of a member and the fingerprints that find them again."""
    columns: dict[str, bytes | None] = {}
    for name in SEALED:
        value = getattr(each, name)
        plain = id_number.normal(value) if name == "id_no" and value else value.strip() if value else None
        columns[f"{name}_sealed"] = encrypt_field(keyring, f"person.{name}", each.id, plain) if plain else None
        if name in INDEXED:
            columns[f"{name}_index"] = blind_index(keyring, name, plain) if plain else None
    return columns


def add_person(conn: sa.Connection, household_id: UUID, new: Person, context: ActionContext) -> UUID:
    """Add a member to a file. Raises BadAnswers, Refused (…, head_twice, person_in_other_file), Unknown, Stale."""
    file = lock_open_household(conn, household_id, context)
    validation.refuse_invalid(problems(new, context.today))
    refuse_duplicates(conn, _head_twice(conn, household_id, new), [("", new)], context)
    batch = WriteBatch()
    batch.add(person, *as_rows(household_id, [new], context))
    bump_version(batch, file)
    event_log.append_event(
        conn, "household", household_id, "add_person", {"person": str(new.id), **file.right}, context, batch
    )
    event_log.append_event(
        conn, "person", new.id, "add_person", {"household": str(household_id), "relation": new.relation}, context
    )
    return new.id


@dataclass(frozen=True, slots=True)
class LockedHousehold:
    """A file that the caller may change, locked: its version, and what an event says of his right."""

    id: UUID
    version: int
    right: dict[str, Plain]


def lock_open_household(
    conn: sa.Connection, household_id: UUID, context: ActionContext, *, versioned: bool = True
) -> LockedHousehold:
    """Lock a file that the caller may change. Raises Unknown, Stale, Refused (role_missing, household_not_filed)."""
    row = households.one(conn, household_id, context.caller, lock=True)
    if row is None:
        raise NotFound
    right = require_role(context, (Role.REGISTRAR,), row["unit_path"])
    if versioned and context.version is not None and context.version != row["version"]:
        raise VersionConflict(context.version, row["version"])
    if row["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    if context.caller.account in households.family_staff_of(conn, household_id):
        raise Refused(Reason.of("own_family"))
    return LockedHousehold(household_id, row["version"], right)


def bump_version(batch: WriteBatch, file: LockedHousehold, **columns: object) -> None:
    """Whatever changes in a file changes its version, and perhaps columns of its own row."""
    batch.change(household, {"id": file.id, **columns, "version": file.version + 1})


def _head_twice(conn: sa.Connection, household_id: UUID, new: Person) -> list[Reason]:
    head = sa.and_(person.c.household_id == household_id, person.c.relation == "head", person.c.active)
    other = conn.scalar(sa.select(person.c.id).where(head, person.c.id != new.id))
    return [Reason.of("head_twice", field="relation")] if new.relation == "head" and other is not None else []


def edit_person(
    conn: sa.Connection, person_id: UUID, changes: Mapping[str, str | None], context: ActionContext
) -> None:
    """Correct some fields of a member (keys of EDITABLE); `asked.version` is the person's.

    What money or approvals rest on is bound to the case's content, so their signatures fall by themselves.
    Raises BadAnswers, Refused (…, head_missing, head_twice, person_in_other_file), Unknown, Stale.
    """
    row = _seen(conn, person_id, context)
    file = lock_open_household(conn, row["household_id"], context, versioned=False)
    validation.refuse_invalid(validation.choices("changes", changes, EDITABLE))
    before = _opened(row, context.keyring)
    after = replace(before, **changes)  # type: ignore[arg-type]
    validation.refuse_invalid(problems(after, context.today))
    reasons = _head_twice(conn, row["household_id"], after)
    if before.relation == "head" and after.relation != "head":
        reasons.append(Reason.of("head_missing", field="relation"))
    refuse_duplicates(conn, reasons, [("", after)] if after.id_no != before.id_no else [], context)
    changed = [name for name in EDITABLE if getattr(before, name) != getattr(after, name)]
    if not changed:
        return
    columns = {"relation": after.relation, "student_stage": after.student_stage, **kept(after, context.keyring)}
    facts: dict[str, Plain] = {"fields": ",".join(changed), **file.right}
    _write(conn, row, columns, file, "edit_person", facts, context, WriteBatch())


def _seen(conn: sa.Connection, person_id: UUID, context: ActionContext) -> dict[str, Any]:
    row = households.person_seen(conn, person_id, context.caller, lock=True)
    if row is None or not row["active"]:
        raise NotFound
    if context.version is not None and context.version != row["version"]:
        raise VersionConflict(context.version, row["version"])
    return row


def _opened(row: Mapping[str, Any], keyring: Keyring) -> Person:
    sealed = {name: row[f"{name}_sealed"] for name in SEALED}
    plain = {
        name: decrypt_field(keyring, f"person.{name}", row["id"], text) if text else None
        for name, text in sealed.items()
    }
    name = plain.pop("name") or ""
    return Person(row["relation"], name, **plain, student_stage=row["student_stage"], id=row["id"])


def _write(
    conn: sa.Connection,
    row: Mapping[str, Any],
    columns: Mapping[str, object],
    file: LockedHousehold,
    action: str,
    facts: dict[str, Plain],
    context: ActionContext,
    batch: WriteBatch,
) -> None:
    """The member's new columns; the file's event names the rows, the member's own says who did it and why."""
    batch.change(person, {"id": row["id"], **columns, "version": row["version"] + 1})
    bump_version(batch, file)
    event_log.append_event(conn, "household", file.id, action, {"person": str(row["id"]), **facts}, context, batch)
    event_log.append_event(conn, "person", row["id"], action, facts, context)


def deactivate_person(conn: sa.Connection, person_id: UUID, context: ActionContext) -> None:
    """Take a member out of the file; the row stays. The head stays head, and who is paid stays in.

    Raises Refused (head_missing, person_is_payee), Unknown, Stale.
    """
    row = _seen(conn, person_id, context)
    file = lock_open_household(conn, row["household_id"], context, versioned=False)
    paid = sa.select(bank_account.c.id).where(bank_account.c.person_id == person_id, bank_account.c.active)
    reasons = [Reason.of("head_missing", field="relation")] if row["relation"] == "head" else []
    if conn.scalar(paid) is not None:
        reasons.append(Reason.of("person_is_payee"))
    if reasons:
        raise Refused(*reasons)
    batch, hers = (
        WriteBatch(),
        finance_line.update().where(finance_line.c.person_id == person_id).values(person_id=None),
    )
    for each in conn.scalars(hers.returning(finance_line.c.id)):
        batch.note_updated(finance_line, {"id": each, "person_id": None})
    _write(conn, row, {"active": False}, file, "deactivate_person", file.right, context, batch)
