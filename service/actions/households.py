"""The file of a household (一户一档): opening and correcting it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import consents, event_log, finances, id_number, open_households, payees, persons, validation
from service.actions.consents import Consent
from service.actions.context import ActionContext
from service.actions.finances import Finances
from service.actions.payees import Payee
from service.actions.permissions import require_role, unit_path_of
from service.actions.persons import Person
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.queries import households
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.persons import person
from workflows.code_lists import Category, Cause, HouseholdKind, Identity, MisfortuneKind, Observation
from workflows.household_change_codes import ENTERED_BY_MISTAKE
from workflows.vocabulary import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """A household's file as the registrar enters it; finance lines and the payee name members by their ids."""

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
    finances: Finances | None = None
    consent: Consent | None = None
    payee: Payee | None = None


def create_household(conn: sa.Connection, new: NewHousehold, context: ActionContext) -> UUID:
    """Open a file with its members, finances, consent and payee.

    Raises InvalidForm with every wrong field, Refused (role_missing, file_no_taken, person_in_other_file), NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id, lock=True)
    right = require_role(context, (Role.REGISTRAR,), unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    numbered_members = [(f"members[{number}].", member) for number, member in enumerate(new.members, start=1)]
    persons.refuse_duplicates(conn, _file_no_taken(conn, new), numbered_members, context)
    household_id = new_id()
    batch = _file_rows(household_id, new, unit_path, context)
    event_log.append_event(
        conn, "household", household_id, "file_household", {**_file_facts(new), **right}, context, batch
    )
    for member in new.members:
        event_log.append_event(
            conn,
            "person",
            member.id,
            "add_person",
            {"household": str(household_id), "relation": member.relation},
            context,
        )
    return household_id


def _problems(new: NewHousehold, today: date) -> Iterator[Reason]:
    yield from validation.shaped("file_no", new.file_no, validation.FILE_NO, "file_no_shape")
    yield from validation.no_personal_numbers("file_no", new.file_no)
    yield from validation.choice("kind", new.kind, HouseholdKind)
    yield from validation.not_in_future("filed_on", new.filed_on, today)
    for key, check in CHECKS.items():
        yield from check(key, getattr(new, key))
    yield from _member_problems(new.members, today)
    members = {member.id for member in new.members}
    if new.finances is not None:
        yield from finances.problems(new.finances, members, today, "finances.")
    if new.consent is not None:
        yield from consents.consent_problems(new.consent, today, "consent.")
    if new.payee is not None:
        yield from payees.problems(new.payee, members, "payee.")


def _member_problems(members: tuple[Person, ...], today: date) -> Iterator[Reason]:
    heads = [member for member in members if member.relation == "head"]
    if len(heads) != 1:
        yield Reason.of("head_twice" if heads else "head_missing", field="members")
    earlier_members: dict[str, int] = {}
    for number, member in enumerate(members, start=1):
        yield from persons.problems(member, today, f"members[{number}].")
        id_no = id_number.normal(member.id_no or "")
        if id_no and earlier_members.setdefault(id_no, number) != number:
            other = f"members[{earlier_members[id_no]}].id_no"
            yield Reason.of("id_no_twice", field=f"members[{number}].id_no", other=other)


_Check = Callable[[str, Any], Iterator[Reason]]

CHECKS: Mapping[str, _Check] = {
    "identity": lambda key, value: validation.choice(key, value, Identity),
    "division": lambda key, value: validation.shaped(key, value, validation.DIVISION, "not_a_division"),
    "cause": lambda key, value: validation.choice(key, value, Cause),
    "category": lambda key, value: validation.choice(key, value, Category, required=False),
    "observed": lambda key, value: validation.choices(key, value, Observation),
    "event_kind": lambda key, value: validation.choice(key, value, MisfortuneKind, required=False),
    "story": lambda key, value: validation.text(key, value, longest=validation.MAX_STORY, required=False, sealed=True),
}
"""The fields of a file that may be corrected later, and the check of each."""


def _file_no_taken(conn: sa.Connection, new: NewHousehold) -> list[Reason]:
    is_right = household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE)
    same_file_no = sa.and_(household.c.unit_id == new.unit_id, household.c.file_no == new.file_no, is_right)
    other_file = conn.scalar(sa.select(household.c.id).where(same_file_no))
    return [Reason.of("file_no_taken", field="file_no", file_no=new.file_no)] if other_file is not None else []


def _columns(household_id: UUID, new: NewHousehold, unit_path: str, context: ActionContext) -> dict[str, object]:
    copied = ("unit_id", "file_no", "kind", "identity", "division", "cause", "category", "event_kind", "filed_on")
    return {name: getattr(new, name) for name in copied} | {
        "id": household_id,
        "unit_path": unit_path,
        "observed": list(dict.fromkeys(new.observed)),
        "idle_able_members": new.finances.idle_able_members if new.finances else 0,
        "finances_as_of": new.finances.as_of if new.finances else None,
        "story_sealed": encrypt_field(context.keyring, "household.story", household_id, new.story)
        if new.story
        else None,
        "created_at": context.at,
    }


def _file_rows(household_id: UUID, new: NewHousehold, unit_path: str, context: ActionContext) -> WriteBatch:
    batch = WriteBatch()
    batch.add(household, _columns(household_id, new, unit_path, context))
    batch.add(person, *persons.as_rows(household_id, new.members, context))
    if new.finances is not None:
        batch.add(finance_line, *finances.as_rows(household_id, new.finances.lines))
    if new.consent is not None:
        consents.add_consent(batch, household_id, new.consent)
    if new.payee is not None:
        payees.add_payee(batch, household_id, new.payee, context)
    return batch


def _file_facts(new: NewHousehold) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"file_no": new.file_no, "kind": new.kind, "identity": new.identity, "cause": new.cause}
    facts |= {"division": new.division, "members": len(new.members), "observed": ",".join(sorted(new.observed))}
    return facts | ({"finances": finances.summary(new.finances)} if new.finances else {})


def edit_household(
    conn: sa.Connection, household_id: UUID, changes: Mapping[str, object], context: ActionContext
) -> None:
    """Correct some fields of a file (keys of CHECKS).

    Raises InvalidForm, Refused (category_decided, exclusion_seen), NotFound, VersionConflict.
    """
    file = open_households.lock_open_household(conn, household_id, context)
    validation.refuse_invalid(validation.choices("changes", changes, CHECKS))
    validation.refuse_invalid(*(CHECKS[key](key, value) for key, value in changes.items()))
    if "category" in changes:
        _refuse_decided(households.one(conn, household_id, context.caller) or {})
    columns = dict(changes)
    if "observed" in columns:
        columns["observed"] = list(dict.fromkeys(changes["observed"]))  # type: ignore[call-overload]
        _refuse_struck_out(conn, household_id, columns["observed"], context)
    if "story" in columns:
        story = columns.pop("story")
        columns["story_sealed"] = (
            encrypt_field(context.keyring, "household.story", household_id, str(story)) if story else None
        )
    if columns:
        batch = WriteBatch()
        open_households.bump_version(batch, file, **columns)
        facts: dict[str, Plain] = {"fields": ",".join(sorted(changes)), **file.right}
        event_log.append_event(conn, "household", household_id, "edit_household", facts, context, batch)


def _refuse_struck_out(conn: sa.Connection, household_id: UUID, observed: Any, context: ActionContext) -> None:
    """Raise Refused for an exclusion that a visitor vouched for: it goes only after a visit that no longer found it.

    What nobody visited yet is the registrar's own word.
    """
    file, survey = (
        households.one(conn, household_id, context.caller) or {},
        households.latest_survey(conn, household_id),
    )
    if survey is None:
        return
    vouched = survey["seen"]["exclusions"] if survey["seen"] is not None else file["observed"]
    struck_out = sorted((set(file["observed"]) - set(observed)) & set(vouched))
    if struck_out:
        raise Refused(Reason.of("exclusion_seen", exclusions=struck_out, visited_on=survey["on"].isoformat()))


def _refuse_decided(household_row: Mapping[str, Any]) -> None:
    """Raise Refused for a category that a decision gave: only another decision changes it."""
    if household_row["category_case_id"] is not None:
        category, on = household_row["category"], household_row["category_on"].isoformat()
        raise Refused(Reason.of("category_decided", category=category, on=on))
