"""The import context resolves names to ids and collects the problems and results of one import."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import names, personal_data_access
from service.actions.context import ActionContext
from service.actions.errors import DisclosingRefusal, NotFound, refusal_of
from service.actions.workbook_imports import ImportedRecord
from service.crypto.encryption import blind_index
from service.imports.import_result import REPEATS, Imported
from service.imports.imported_kinds import KIND_OF
from service.imports.problems import SheetProblem, Unreadable
from service.imports.sheet_reader import Row
from service.queries import accounts
from service.queries.scope import Caller, below
from service.tables.accounts import account
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit
from workflows.household_change_codes import ENTERED_BY_MISTAKE
from workflows.vocabulary import InvalidForm, Reason, Refused, Role

Progress = Callable[[str, int, int], None]
"""Called after every row with the sheet's title, the number of finished rows, and the number of all rows."""

Locate = Callable[[str | None], tuple[Row, str | None]]
"""Returns the row and the column key of an action's field."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a sheet, by the number that the spreadsheet shows."""

    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the importer says of the files; an auditor reads both."""

    urgent: str = ""
    """Why rules take effect before tomorrow."""

    late: str = ""
    """Why rows come late: money on a fund line that is closed, roles that began before today."""

    kind: str = ""
    """The title of the sheet that a table with another title is; empty where its own title says it."""

    left_out: tuple[SheetRow, ...] = ()
    """Rows that the importer leaves out; the result names each."""


NO_OPTIONS = ImportOptions()


@dataclass(slots=True)
class ImportContext:
    """One import: its transaction, the caller, the problems so far, and the names already looked up."""

    conn: sa.Connection
    context: ActionContext
    progress: Progress
    imported: Imported = field(default_factory=Imported)
    problems: list[SheetProblem] = field(default_factory=list)
    cache: dict[tuple[str, ...], Any] = field(default_factory=dict)
    disclosures: list[DisclosingRefusal] = field(default_factory=list)
    """Refusals that disclosed who is on file; they are recorded again when the import is rolled back."""

    options: ImportOptions = NO_OPTIONS
    keeper_id: UUID | None = None
    """The account in whose name the present row is written."""

    made_by_row: list[UUID] = field(default_factory=list)
    """The records that the present row has made."""

    def cached(self, key: tuple[str, ...], find: Callable[[], Any]) -> Any:
        """Return the result of `find`, called once per key and import."""
        if key not in self.cache:
            self.cache[key] = find()
        return self.cache[key]

    @contextmanager
    def savepoint(self, row: Row, locate: Locate | None = None, with_rows: Iterable[Row] = ()) -> Iterator[None]:
        """Write one row, with the rows that belong to it, inside a savepoint, and count it.

        A refusal becomes problems of the row, and nothing is written. A row that is on record already is noted.
        """
        self.made_by_row, self.keeper_id = [], None
        try:
            with self.conn.begin_nested():
                yield
            for each in (row, *with_rows):
                self.imported.count(each.sheet.title, each.cells.get("fen"))
            self.imported.records += [self._record(row, each) for each in self.made_by_row]
        except Unreadable as fault:
            self._add_problem(row, locate, fault.field, fault.reason)
        except InvalidForm as invalid:
            self._add_problems(row, locate, invalid.problems)
        except Refused as refused:
            if isinstance(refused, DisclosingRefusal):
                self._record_disclosure(refused)
                self.disclosures.append(refused)
            self._add_problems(row, locate, refused.reasons)
        except NotFound:
            self._add_problem(row, locate, None, Reason.of("not_found"))
        except sa.exc.IntegrityError as error:
            self._add_problems(row, locate, refusal_of(error).reasons)

    def made(self, record_id: UUID) -> None:
        """Note the record that the present row has made."""
        self.made_by_row.append(record_id)

    def _record(self, row: Row, record_id: UUID, *, is_repeat: bool = False) -> ImportedRecord:
        keeper_id = self.keeper_id or self.context.caller.account
        return ImportedRecord(
            KIND_OF[row.sheet.title], record_id, keeper_id, f"{row.sheet.title} {row.number}", is_repeat
        )

    def record_disclosures(self) -> tuple[DisclosingRefusal, ...]:
        """Record again, after a rollback, whom the refusals disclosed, so that the day's limit counts them."""
        for refused in self.disclosures:
            self._record_disclosure(refused)
        return tuple(self.disclosures)

    def _record_disclosure(self, refused: DisclosingRefusal) -> None:
        personal_data_access.record_disclosed_match(self.conn, refused.persons, self.context, refused.accounts)

    def _add_problems(self, row: Row, locate: Locate | None, reasons: Iterable[Reason]) -> None:
        for reason in reasons:
            if reason.code in REPEATS:
                self.note_repeat(row, reason)
            else:
                self._add_problem(row, locate, _field(reason), reason)

    def note_repeat(self, row: Row, reason: Reason) -> None:
        """Note that a row is on record already."""
        place = SheetProblem(row.file, row.sheet.title, row.number, None, reason.code, dict(reason.values))
        self.imported.note_repeat(row.sheet.title, place)
        if isinstance(named := reason.values.get("id"), str) and row.sheet.title in KIND_OF:
            self.imported.records.append(self._record(row, UUID(named), is_repeat=True))

    def _add_problem(self, row: Row, locate: Locate | None, key: str | None, reason: Reason) -> None:
        faulty_row, key = locate(key) if locate else (row, key)
        sheet, values = faulty_row.sheet, dict(reason.values)
        if locate and isinstance(other := values.get("other"), str):
            values["row"] = locate(other)[0].number
        if (choice := sheet.choice_of(key)) and isinstance(codes := values.get("choices"), list):
            values["choices"] = [choice.label_of(code) for code in codes]
        self.problems.append(
            SheetProblem(faulty_row.file, sheet.title, faulty_row.number, sheet.header_of(key), reason.code, values)
        )

    def with_progress(self, rows: list[Row]) -> Iterator[Row]:
        """Yield the rows and report progress after each."""
        for done, row in enumerate(rows, start=1):
            yield row
            self.progress(row.sheet.title, done, len(rows))

    def unit(self, name: str, key: str = "unit_id") -> tuple[UUID, str]:
        """Return id and path of the unit with this name, at or below a unit where the caller has a role.

        Raises Unreadable (unit_unknown, unit_ambiguous).
        """
        return self.cached(("unit", name), lambda: self._find_unit(name, key))  # type: ignore[no-any-return]

    def _find_unit(self, name: str, key: str) -> tuple[UUID, str]:
        own_paths = sorted({grant.unit_path for grant in self.context.caller.held})
        in_own_units = sa.or_(sa.false(), *(below(unit.c.path, path) for path in own_paths))
        has_name = names.normal_in_sql(unit.c.name) == names.normal(name)
        rows = self.conn.execute(sa.select(unit.c.id, unit.c.path).where(has_name, in_own_units)).all()
        if len(rows) != 1:
            raise Unreadable("unit_ambiguous" if rows else "unit_unknown", field=key, found=name)
        return rows[0].id, rows[0].path

    def account(self, login: str, key: str) -> UUID:
        """Return the id of the account with this login. Raises Unreadable (account_unknown)."""
        query = sa.select(account.c.id).where(account.c.login == login)
        account_id = self.cached(("account", login), lambda: self.conn.scalar(query))
        if account_id is None:
            raise Unreadable("account_unknown", field=key, found=login)
        return account_id  # type: ignore[no-any-return]

    def household(self, file_no: str, unit_path: str, key: str = "household_id") -> UUID:
        """Return the id of the household with this file number at or below the unit.

        Raises Unreadable (household_unknown, household_ambiguous).
        """
        is_right = household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE)
        in_unit = sa.and_(household.c.file_no == file_no, below(household.c.unit_path, unit_path), is_right)
        rows: list[UUID] = list(self.conn.scalars(sa.select(household.c.id).where(in_unit).limit(2)))
        if len(rows) != 1:
            raise Unreadable("household_ambiguous" if rows else "household_unknown", field=key, found=file_no)
        return rows[0]

    def fund(self, code: str, year: int, unit_path: str, key: str = "fund_id") -> UUID:
        """Return the id of the fund line with this code and year, of the unit or of a unit above it.

        Raises Unreadable (fund_unknown, fund_ambiguous).
        """
        at_or_above = sa.literal(unit_path).op("^@")(fund.c.unit_path)
        query = sa.select(fund.c.id).where(fund.c.code == code, fund.c.year == year, at_or_above).limit(2)
        rows: list[UUID] = list(self.conn.scalars(query))
        if len(rows) != 1:
            raise Unreadable("fund_ambiguous" if rows else "fund_unknown", field=key, found=code, year=year)
        return rows[0]

    def member(self, household_id: UUID, name: str) -> UUID:
        """Return the id of the active member of the household with this name. Raises Unreadable (recipient_not_member)."""
        index = blind_index(self.context.keyring, "name", names.normal(name))
        same_name = sa.and_(person.c.household_id == household_id, person.c.name_index == index, person.c.active)
        rows: list[UUID] = list(self.conn.scalars(sa.select(person.c.id).where(same_name).limit(2)))
        if len(rows) != 1:
            raise Unreadable("recipient_not_member", field="person_id")
        return rows[0]

    def fund_open_on(self, code: str, on: date, year: int | None, unit_path: str, key: str = "fund_id") -> UUID:
        """Return the id of the fund line with this code that is open on the day, of the unit or of a unit above it.

        A line of a winter campaign is found in January although it is last year's. Where several are open, `year` says
        which. Where none is, it is the line of `year` or of the day's own, so that the refusal names its days. Raises
        Unreadable (fund_unknown, fund_ambiguous).
        """
        at_or_above = sa.literal(unit_path).op("^@")(fund.c.unit_path)
        query = sa.select(fund.c.id, fund.c.year, fund.c.opens_on, fund.c.expires_on).where(fund.c.code == code)
        lines = [row for row in self.conn.execute(query.where(at_or_above)) if year in {None, row.year}]
        open_lines = [row for row in lines if row.opens_on <= on <= row.expires_on]
        found = open_lines or [row for row in lines if row.year == (year or on.year)]
        if len(found) != 1:
            code_of_fault = "fund_ambiguous" if found else "fund_unknown"
            raise Unreadable(code_of_fault, field=key, found=code, year=year or on.year)
        return found[0].id  # type: ignore[no-any-return]

    def sign_for_money(self, *accounts: UUID | None) -> None:
        """Note that these people must confirm the money of a row in person: a name in a cell is nobody's signature."""
        self.imported.signers |= {each for each in accounts if each is not None}

    def refuse_closed(self, fund_id: UUID | None) -> None:
        """Refuse money on a fund line that has closed, unless the importer says why it comes late.

        Raises Refused (period_closed).
        """
        if fund_id is None or self.options.late.strip():
            return
        closes = sa.func.coalesce(fund.c.settles_until, fund.c.expires_on)
        closed_on: date | None = self.conn.scalar(sa.select(closes).where(fund.c.id == fund_id))
        if closed_on is not None and closed_on < self.context.today:
            raise Refused(Reason.of("period_closed", field="fund_id", until=closed_on.isoformat()))

    def keeper_context(self, row: Row) -> ActionContext:
        """Return the context that writes the row: the caller's own, or for an administrator the keeper's.

        Raises Unreadable (account_unknown; keeper_is_other when the caller is not an administrator).
        """
        login = row["keeper"]
        if login == self.context.caller.login:
            return self.context
        keeper = self.cached(("keeper", login), lambda: accounts.caller_by_login(self.conn, login, self.context.today))
        if keeper is None:
            raise Unreadable("account_unknown", field="keeper", found=login)
        if Role.ADMIN not in self.context.caller.roles:
            raise Unreadable("keeper_is_other", field="keeper", found=login)
        self.keeper_id = keeper.account
        return replace(self.context, caller=_acting_for(self.context.caller, keeper))


def _acting_for(importer: Caller, keeper: Caller) -> Caller:
    """Return the importer with the keeper's grants; events name the importer as actor and the keeper as principal."""
    held = tuple(replace(grant, principal=keeper.account) for grant in keeper.held)
    return replace(importer, held=held)


def _field(reason: Reason) -> str | None:
    value = reason.values.get("field")
    return value if isinstance(value, str) else None
