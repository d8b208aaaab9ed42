"""This module imports household files, then pairings (结对) and declared kinship (亲属申报)."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from service.actions import households, kinship, names, pairings
from service.actions.consents import Consent
from service.actions.finances import NOTHING, FinanceLine, Finances
from service.actions.households import NewHousehold
from service.actions.pairings import Pairing
from service.actions.payees import Payee
from service.actions.persons import Person
from service.imports import repeats
from service.imports.household_repeats import refuse_same_household
from service.imports.household_sheets import FINANCES, HOUSEHOLDS, KINSHIP, MEMBERS, PAIRINGS
from service.imports.import_context import ImportContext, Locate
from service.imports.problems import SheetProblem, Unreadable
from service.imports.sheet_reader import Row, Workbook

FileKey = tuple[str, str]
"""Unit and file number: two units may both have a file 001."""

SAME_NAME_FIELDS = (
    "file_no",
    "kind",
    "identity",
    "division",
    "cause",
    "filed_on",
    "category",
    "observed",
    "event_kind",
    "story",
)


@dataclass(slots=True)
class HouseholdRows:
    """The rows of one household file, from 家庭, 成员 and 收支."""

    head: Row
    members: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    def persons(self) -> tuple[Person, ...]:
        """Return the members as the sheet 成员 has them."""
        return tuple(
            Person(**{key: value for key, value in row.cells.items() if key not in {"file_no", "unit"}})
            for row in self.members
        )

    def locate(self, path: str | None) -> tuple[Row, str | None]:
        """Return row and column key of an action's field: `members[2].id_no` in 成员, `finances.lines[1].fen` in 收支."""
        part, _, key = (path or "").rpartition(".")
        name, _, number = part.partition("[")
        if name in {"members", "finances.lines"}:
            rows = self.members if name == "members" else self.lines
            return rows[int(number.rstrip("]")) - 1], key
        return self.head, COLUMN_OF.get(path or "", path)


COLUMN_OF = {
    "members": "file_no",
    "finances.as_of": "finances_as_of",
    "finances.idle_able_members": "idle_able_members",
    "consent.signed_on": "signed_on",
    "consent.until_on": "until_on",
    "consent.text_version": "text_version",
    "consent.adults_signed": "adults_signed",
    "payee.bank": "bank",
    "payee.card": "card",
    "payee.person_id": "holder",
}
"""Column keys in 家庭 of the action's fields that have a longer path."""


def write_households(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Create every household file, then record pairings and kinship.

    A problem in one row of a file leaves the whole file out.
    """
    families = _group_by_file(import_run, sheets)
    heads = [family.head for family in families.values()]
    for row in import_run.with_progress(heads):
        family = families[_file_key(row)]
        locate: Locate = family.locate
        with import_run.savepoint(row, locate, (*family.members, *family.lines)):
            new, context = _new_household(import_run, family), import_run.keeper_context(row)
            refuse_same_household(import_run.conn, new, context.keyring)
            import_run.made(households.create_household(import_run.conn, new, context))
    for row in import_run.with_progress(sheets[PAIRINGS.title]):
        with import_run.savepoint(row):
            _record_pairing(import_run, row)
    for row in import_run.with_progress(sheets[KINSHIP.title]):
        with import_run.savepoint(row):
            context = import_run.keeper_context(row)
            household_id = import_run.household(row["file_no"], import_run.unit(row["unit_id"])[1], "file_no")
            relative = import_run.account(row["account_id"], "account_id")
            repeats.refuse_same_kinship(import_run.conn, household_id, relative, row["relation"])
            relation = row["relation"]
            declared = kinship.declare_kinship(
                import_run.conn, household_id, relative, relation, context, from_paper=True
            )
            import_run.made(declared)


def _file_key(row: Row) -> FileKey:
    return names.normal(row["unit_id"]), row["file_no"]


def _group_by_file(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> dict[FileKey, HouseholdRows]:
    families: dict[FileKey, HouseholdRows] = {}
    for row in sheets[HOUSEHOLDS.title]:
        if _file_key(row) in families:
            _add_problem(import_run, row, "row_twice")
        families.setdefault(_file_key(row), HouseholdRows(row))
    units: dict[str, list[str]] = {}
    unclear: set[FileKey] = set()
    for unit, file_no in families:
        units.setdefault(file_no, []).append(unit)
    for row in (*sheets[MEMBERS.title], *sheets[FINANCES.title]):
        found = [
            unit for unit in units.get(row["file_no"], ()) if row["unit"] is None or unit == names.normal(row["unit"])
        ]
        if len(found) != 1:
            _add_problem(import_run, row, "household_of_which_unit" if found else "household_not_in_file")
            unclear.update((unit, row["file_no"]) for unit in found)
        else:
            family = families[found[0], row["file_no"]]
            (family.members if row.sheet is MEMBERS else family.lines).append(row)
    # A family whose members are unclear is not tried: that it lacks a head would be a second, misleading problem.
    return {key: family for key, family in families.items() if key not in unclear}


def _add_problem(import_run: ImportContext, row: Row, code: str) -> None:
    header = row.sheet.header_of("file_no")
    import_run.problems.append(
        SheetProblem(
            row.file,
            row.sheet.title,
            row.number,
            header,
            code,
            {"found": row["file_no"], "sheet": HOUSEHOLDS.title},
        )
    )


def _new_household(import_run: ImportContext, family: HouseholdRows) -> NewHousehold:
    row, members = family.head, family.persons()
    unit_id, _ = import_run.unit(row["unit_id"])
    return NewHousehold(
        unit_id=unit_id,
        members=members,
        finances=_finances(family, members),
        consent=_consent(row),
        payee=_payee(row, members),
        **{key: row[key] for key in SAME_NAME_FIELDS},
    )


def _finances(family: HouseholdRows, members: tuple[Person, ...]) -> Finances | None:
    as_of: date | None = family.head["finances_as_of"]
    if as_of is None:
        if family.lines or family.head["idle_able_members"]:
            raise Unreadable("cell_missing", field="finances_as_of")
        return None
    lines = tuple(
        FinanceLine(
            side=row["side"],
            kind=row["kind"],
            fen=row["fen"],
            reimbursed=row["reimbursed"] or NOTHING,
            person_id=_member_id(row["person_id"], members, f"finances.lines[{number}].person_id"),
        )
        for number, row in enumerate(family.lines, start=1)
    )
    return Finances(as_of, lines, family.head["idle_able_members"])


def _member_id(name: str | None, members: tuple[Person, ...], path: str) -> UUID | None:
    """Return the id of the member with this name. Raises Unreadable when none or several have it.

    Spaces, kinds of dot and invisible letters do not count. A name that nearly agrees is named.
    """
    if name is None:
        return None
    member_names = {names.normal(member.name): member for member in members}
    found = [member.id for member in members if names.normal(member.name) == names.normal(name)]
    if len(found) > 1:
        raise Unreadable("member_ambiguous", field=path, found=name, sheet=MEMBERS.title)
    if not found:
        near: list[str] = difflib.get_close_matches(names.normal(name), member_names, 1)
        if near:
            raise Unreadable("member_near", field=path, found=name, near=member_names[near[0]].name)
        raise Unreadable("member_unknown", field=path, sheet=MEMBERS.title)
    return found[0]


def _consent(row: Row) -> Consent | None:
    keys = ("signed_on", "until_on", "text_version", "adults_signed")
    filled = {key: row[key] for key in keys if row[key] is not None}
    if not filled:
        return None
    for key in keys:
        if key not in filled:
            raise Unreadable("cell_missing", field=f"consent.{key}")
    return Consent(**filled)


def _payee(row: Row, members: tuple[Person, ...]) -> Payee | None:
    # A bank alone is often filled in for every row, and is no account.
    if row["card"] is None and row["holder"] is None:
        return None
    for key in ("bank", "card", "holder"):
        if row[key] is None:
            raise Unreadable("cell_missing", field=key)
    holder = _member_id(row["holder"], members, "holder")
    return Payee(holder, row["bank"], row["card"]) if holder else None


def _record_pairing(import_run: ImportContext, row: Row) -> None:
    context = import_run.keeper_context(row)
    unit_id, path = import_run.unit(row["unit_id"])
    household_id = import_run.household(row["file_no"], path, "file_no")
    keys = ("programme_name", "issued_by", "from_on", "until_on")
    new = Pairing(unit_id, **{key: row[key] for key in keys})
    import_run.made(pairings.record_pairing(import_run.conn, household_id, new, context))


HOUSEHOLD_WORKBOOK = Workbook("households", (HOUSEHOLDS, MEMBERS, FINANCES, PAIRINGS, KINSHIP), write_households)
