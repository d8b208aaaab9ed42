"""Families from spreadsheets: 家庭 with 成员 and 收支, filed whole; then 结对 and 亲属申报."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from service.actions import households, kinship, pairings
from service.actions.consents import Consent
from service.actions.finances import NOTHING, FinanceLine, Finances
from service.actions.households import NewHousehold
from service.actions.pairings import Pairing
from service.actions.payees import Payee
from service.actions.persons import Person
from service.imports.household_sheets import FINANCES, HOUSEHOLDS, KINSHIP, MEMBERS, PAIRINGS
from service.imports.import_context import ImportContext, Locate
from service.imports.problems import SheetProblem, Unreadable
from service.imports.sheet_reader import Row, Workbook

KEPT = ("file_no", "kind", "identity", "division", "cause", "filed_on", "category", "observed", "event_kind", "story")


@dataclass(slots=True)
class HouseholdRows:
    """The rows of one file: of 家庭, 成员 and 收支."""

    head: Row
    members: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    def people(self) -> tuple[Person, ...]:
        """The members as written."""
        return tuple(
            Person(**{key: value for key, value in row.cells.items() if key != "file_no"}) for row in self.members
        )

    def locate(self, path: str | None) -> tuple[Row, str | None]:
        """Where a field of the action stands: `members[2].id_no` in 成员, `finances.lines[1].fen` in 收支."""
        part, _, key = (path or "").rpartition(".")
        name, _, number = part.partition("[")
        if name in {"members", "finances.lines"}:
            rows = self.members if name == "members" else self.lines
            return rows[int(number.rstrip("]")) - 1], key
        return self.head, MOVED.get(path or "", path)


MOVED = {
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
"""Fields of the action whose column in 家庭 has a shorter name."""


def write_households(desk: ImportContext, sheets: Mapping[str, list[Row]]) -> int:
    """File every family, then pair and declare. A file with a fault in one of its rows is not filed."""
    families = _gathered(desk, sheets)
    heads = [family.head for family in families.values()]
    for row in desk.each(heads):
        family = families[row["file_no"]]
        locate: Locate = family.locate
        with desk.trying(row, locate):
            households.create_household(desk.conn, _file(desk, family), desk.keeper(row))
    for row in desk.each(sheets[PAIRINGS.title]):
        with desk.trying(row):
            _pair(desk, row)
    for row in desk.each(sheets[KINSHIP.title]):
        with desk.trying(row):
            context = desk.keeper(row)
            file = desk.household(row["file_no"], desk.unit(row["unit_id"])[1], "file_no")
            relative = desk.account(row["account_id"], "account_id")
            kinship.declare_kinship(desk.conn, file, relative, row["relation"], context, from_paper=True)
    return len(heads)


def _gathered(desk: ImportContext, sheets: Mapping[str, list[Row]]) -> dict[str, HouseholdRows]:
    families: dict[str, HouseholdRows] = {}
    for row in sheets[HOUSEHOLDS.title]:
        if row["file_no"] in families:
            _note(desk, row, "row_twice")
        families.setdefault(row["file_no"], HouseholdRows(row))
    for title in (MEMBERS.title, FINANCES.title):
        for row in sheets[title]:
            family = families.get(row["file_no"])
            if family is None:
                _note(desk, row, "household_not_in_file")
            else:
                (family.members if title == MEMBERS.title else family.lines).append(row)
    return families


def _note(desk: ImportContext, row: Row, code: str) -> None:
    header = row.sheet.header_of("file_no")
    desk.problems.append(
        SheetProblem(
            desk.file, row.sheet.title, row.number, header, code, {"found": row["file_no"], "sheet": HOUSEHOLDS.title}
        )
    )


def _file(desk: ImportContext, family: HouseholdRows) -> NewHousehold:
    row, members = family.head, family.people()
    unit_id, _ = desk.unit(row["unit_id"])
    return NewHousehold(
        unit_id=unit_id,
        members=members,
        finances=_finances(family, members),
        consent=_consent(row),
        payee=_payee(row, members),
        **{key: row[key] for key in KEPT},
    )


def _finances(family: HouseholdRows, members: tuple[Person, ...]) -> Finances | None:
    as_of: date | None = family.head["finances_as_of"]
    if as_of is None:
        if family.lines:
            raise Unreadable("cell_missing", field="finances_as_of")
        return None
    lines = tuple(
        FinanceLine(
            side=row["side"],
            kind=row["kind"],
            fen=row["fen"],
            reimbursed=row["reimbursed"] or NOTHING,
            person_id=_named(row["person_id"], members, f"finances.lines[{number}].person_id"),
        )
        for number, row in enumerate(family.lines, start=1)
    )
    return Finances(as_of, lines, family.head["idle_able_members"])


def _named(name: str | None, members: tuple[Person, ...], place: str) -> UUID | None:
    """The member of that name; two of one name cannot be told apart here."""
    if name is None:
        return None
    found = [each.id for each in members if each.name == name]
    if len(found) != 1:
        raise Unreadable("member_unknown", field=place, sheet=MEMBERS.title)
    return found[0]


def _consent(row: Row) -> Consent | None:
    keys = ("signed_on", "until_on", "text_version", "adults_signed")
    given = {key: row[key] for key in keys if row[key] is not None}
    if not given:
        return None
    for key in keys:
        if key not in given:
            raise Unreadable("cell_missing", field=f"consent.{key}")
    return Consent(**given)


def _payee(row: Row, members: tuple[Person, ...]) -> Payee | None:
    if row["card"] is None:
        return None
    for key in ("bank", "holder"):
        if row[key] is None:
            raise Unreadable("cell_missing", field=key)
    holder = _named(row["holder"], members, "holder")
    return Payee(holder, row["bank"], row["card"]) if holder else None


def _pair(desk: ImportContext, row: Row) -> None:
    context = desk.keeper(row)
    unit_id, path = desk.unit(row["unit_id"])
    household_id = desk.household(row["file_no"], path, "file_no")
    keys = ("programme_name", "issued_by", "from_on", "until_on")
    pairings.record_pairing(desk.conn, household_id, Pairing(unit_id, **{key: row[key] for key in keys}), context)


HOUSEHOLD_WORKBOOK = Workbook("households", (HOUSEHOLDS, MEMBERS, FINANCES, PAIRINGS, KINSHIP), write_households)
