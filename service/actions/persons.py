"""Members of a household: adding, correcting and removing them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, id_number, names, personal_data_access, validation
from service.actions.context import ActionContext
from service.actions.errors import DisclosingRefusal, NotFound, VersionConflict
from service.actions.open_households import LockedHousehold, bump_version, lock_open_household
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, blind_index, decrypt_field, encrypt_field
from service.crypto.search_keys import keys_of_person
from service.db.columns import new_id
from service.queries import households
from service.queries.scope import CASE_READERS, visible_to
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.code_lists import Relation, StudentStage
from workflows.vocabulary import Plain, Reason, Refused

SEALED = ("name", "id_no", "phone", "email", "address", "workplace")
INDEXED = ("name", "id_no", "phone", "address")


@dataclass(frozen=True, slots=True)
class Person:
    """A member as entered on the form; the id exists before the row, so that finance lines and payees can name it."""

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


def problems(new: Person, today: date, prefix: str = "") -> Iterator[Reason]:
    """Yield every problem of a member; `prefix` precedes a field's name, for example `members[2].`."""
    yield from validation.choice(f"{prefix}relation", new.relation, Relation)
    yield from validation.text(f"{prefix}name", new.name, longest=60, sealed=True)
    if new.id_no is not None:
        yield from id_number.problems(f"{prefix}id_no", new.id_no, today)
    yield from validation.shaped(f"{prefix}phone", new.phone, validation.PHONE, "phone_shape", required=False)
    yield from validation.shaped(f"{prefix}email", new.email, validation.EMAIL, "email_wrong", required=False)
    yield from validation.text(f"{prefix}address", new.address, required=False, sealed=True)
    yield from validation.text(f"{prefix}workplace", new.workplace, required=False, sealed=True)
    yield from validation.choice(f"{prefix}student_stage", new.student_stage, StudentStage, required=False)


def refuse_duplicates(
    conn: sa.Connection, reasons: Iterable[Reason], members: Iterable[tuple[str, Person]], context: ActionContext
) -> None:
    """Raise every reason against a file, with those of members whose number is in another active file.

    `members` pairs a field prefix with each member. Raises DisclosingRefusal on a match, Refused without one, and
    Refused (too_many_matches) when the day's limit is reached, whether or not a number matches.
    """
    # "Already on file" discloses personal data: the entry point records it on the other person's chain after rollback.
    numbered = [member for member in members if member[1].id_no is not None]
    duplicates = find_duplicates(conn, numbered, context)
    if numbered and (limit_reached := personal_data_access.too_many_matches(conn, context)):
        raise Refused(*reasons, *limit_reached)
    if duplicates:
        raise DisclosingRefusal(
            *reasons, *(reason for _, reason in duplicates), persons=tuple(person_id for person_id, _ in duplicates)
        )
    if refusals := tuple(reasons):
        raise Refused(*refusals)


def find_duplicates(
    conn: sa.Connection, members: Iterable[tuple[str, Person]], context: ActionContext
) -> list[tuple[UUID, Reason]]:
    """Return each person in an active file whose number a member has, with the reason; it names a file the caller sees."""
    by_index = {
        blind_index(context.keyring, "id_no", id_number.normal(member.id_no)): (prefix, member)
        for prefix, member in members
        if member.id_no is not None
    }
    # Two transactions that file one person at once take turns, so the second finds the first's row.
    for index in sorted(by_index):
        conn.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": int.from_bytes(index[:7])})
    matches = conn.execute(
        sa.select(person.c.id, person.c.id_no_index, household.c.file_no)
        .add_columns(visible_to(context.caller, household.c.unit_path, CASE_READERS).label("seen"))
        .join(household, household.c.id == person.c.household_id)
        .where(person.c.active, person.c.id_no_index.in_(by_index))
    )
    reasons = []
    for match in matches:
        prefix, member = by_index[bytes(match.id_no_index)]
        if match.id != member.id:
            other_file = {"file_no": match.file_no if match.seen else "", "elsewhere": not match.seen}
            reasons.append((match.id, Reason.of("person_in_other_file", field=f"{prefix}id_no", **other_file)))
    return reasons


def as_rows(household_id: UUID, members: Iterable[Person], context: ActionContext) -> list[dict[str, object]]:
    """Return the rows of members who have been checked."""
    return [
        {
            "id": member.id,
            "household_id": household_id,
            "relation": member.relation,
            "student_stage": member.student_stage,
            "created_at": context.at,
            **personal_columns(member, context.keyring),
        }
        for member in members
    ]


def personal_columns(member: Person, keyring: Keyring) -> dict[str, object]:
    """Return a member's encrypted columns, their blind indexes and the search keys: every write of a person has these."""
    return {**sealed_columns(member, keyring), "search_index": search_keys_of(member, keyring)}


def search_keys_of(member: Person, keyring: Keyring) -> list[bytes]:
    """Return the keys by which a search finds a member (docs/decisions/0036)."""
    id_no, phone = id_number.normal(member.id_no or ""), (member.phone or "").strip()
    return keys_of_person(keyring, member.id, member.name, id_no, phone)


def sealed_columns(member: Person, keyring: Keyring) -> dict[str, bytes | None]:
    """Return a member's encrypted columns and the blind indexes that find them."""
    columns: dict[str, bytes | None] = {}
    for name in SEALED:
        value = getattr(member, name)
        plain = id_number.normal(value) if name == "id_no" and value else value.strip() if value else None
        columns[f"{name}_sealed"] = encrypt_field(keyring, f"person.{name}", member.id, plain) if plain else None
        if name in INDEXED:
            compared = names.normal(plain) if name in {"name", "address"} and plain else plain
            columns[f"{name}_index"] = blind_index(keyring, name, compared) if compared else None
    born = id_number.birth_date(id_number.normal(member.id_no)) if member.id_no else None
    columns["birth_index"] = blind_index(keyring, "birth", born.isoformat()) if born else None
    return columns


def add_person(conn: sa.Connection, household_id: UUID, new: Person, context: ActionContext) -> UUID:
    """Add a member to a file.

    Raises InvalidForm, Refused (…, head_twice, person_in_other_file), NotFound, VersionConflict.
    """
    file = lock_open_household(conn, household_id, context)
    validation.refuse_invalid(problems(new, context.today))
    refuse_duplicates(conn, _second_head(conn, household_id, new), [("", new)], context)
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


def _second_head(conn: sa.Connection, household_id: UUID, new: Person) -> list[Reason]:
    head = sa.and_(person.c.household_id == household_id, person.c.relation == "head", person.c.active)
    other_head = conn.scalar(sa.select(person.c.id).where(head, person.c.id != new.id))
    return [Reason.of("head_twice", field="relation")] if new.relation == "head" and other_head is not None else []


def edit_person(
    conn: sa.Connection, person_id: UUID, changes: Mapping[str, str | None], context: ActionContext
) -> None:
    """Correct some fields of a member (keys of EDITABLE); `context.version` is the person's version.

    Raises InvalidForm, Refused (…, head_missing, head_twice, person_in_other_file), NotFound, VersionConflict.
    """
    person_row = _lock_person(conn, person_id, context)
    file = lock_open_household(conn, person_row["household_id"], context, versioned=False)
    validation.refuse_invalid(validation.choices("changes", changes, EDITABLE))
    before = decrypt_person(person_row, context.keyring)
    after = replace(before, **changes)  # type: ignore[arg-type]
    validation.refuse_invalid(problems(after, context.today))
    reasons = _second_head(conn, person_row["household_id"], after)
    if before.relation == "head" and after.relation != "head":
        reasons.append(Reason.of("head_missing", field="relation"))
    refuse_duplicates(conn, reasons, [("", after)] if after.id_no != before.id_no else [], context)
    changed = [name for name in EDITABLE if getattr(before, name) != getattr(after, name)]
    if not changed:
        return
    # An approval stores a digest of the case's content, so a change of that content voids it without a write here.
    columns = {
        "relation": after.relation,
        "student_stage": after.student_stage,
        **personal_columns(after, context.keyring),
    }
    facts: dict[str, Plain] = {"fields": ",".join(changed), **file.right}
    _write_person(conn, person_row, columns, file, "edit_person", facts, context, WriteBatch())


def _lock_person(conn: sa.Connection, person_id: UUID, context: ActionContext) -> dict[str, Any]:
    person_row = households.visible_person(conn, person_id, context.caller, lock=True)
    if person_row is None or not person_row["active"]:
        raise NotFound
    if context.version is not None and context.version != person_row["version"]:
        raise VersionConflict(context.version, person_row["version"])
    return person_row


def decrypt_person(row: Mapping[str, Any], keyring: Keyring) -> Person:
    """Return a member's row as it was entered; the caller shows none of it unmasked."""
    sealed = {name: row[f"{name}_sealed"] for name in SEALED}
    plain = {
        name: decrypt_field(keyring, f"person.{name}", row["id"], sealed_value) if sealed_value else None
        for name, sealed_value in sealed.items()
    }
    name = plain.pop("name") or ""
    return Person(row["relation"], name, **plain, student_stage=row["student_stage"], id=row["id"])


def _write_person(
    conn: sa.Connection,
    person_row: Mapping[str, Any],
    columns: Mapping[str, object],
    file: LockedHousehold,
    action: str,
    facts: dict[str, Plain],
    context: ActionContext,
    batch: WriteBatch,
) -> None:
    """Write the member's new columns: the household's event records the rows, the person's event the action."""
    batch.change(person, {"id": person_row["id"], **columns, "version": person_row["version"] + 1})
    bump_version(batch, file)
    event_log.append_event(
        conn, "household", file.id, action, {"person": str(person_row["id"]), **facts}, context, batch
    )
    event_log.append_event(conn, "person", person_row["id"], action, facts, context)


def deactivate_person(conn: sa.Connection, person_id: UUID, context: ActionContext) -> None:
    """Remove a member from the file; the row stays. Neither the head nor the payee can be removed.

    Raises Refused (head_missing, person_is_payee), NotFound, VersionConflict.
    """
    person_row = _lock_person(conn, person_id, context)
    file = lock_open_household(conn, person_row["household_id"], context, versioned=False)
    payee_accounts = sa.select(bank_account.c.id).where(bank_account.c.person_id == person_id, bank_account.c.active)
    reasons = [Reason.of("head_missing", field="relation")] if person_row["relation"] == "head" else []
    if conn.scalar(payee_accounts) is not None:
        reasons.append(Reason.of("person_is_payee"))
    if reasons:
        raise Refused(*reasons)
    batch, own = WriteBatch(), sa.and_(finance_line.c.person_id == person_id, finance_line.c.ended_on.is_(None))
    detach_lines = finance_line.update().where(own).values(person_id=None)
    for line_id in conn.scalars(detach_lines.returning(finance_line.c.id)):
        batch.note_updated(finance_line, {"id": line_id, "person_id": None})
    _write_person(conn, person_row, {"active": False}, file, "deactivate_person", file.right, context, batch)
