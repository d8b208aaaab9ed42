"""Where rows are written from: names become ids, the row's keeper becomes the one in whose right it is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.db.engine import constraint_of
from service.imports.problems import SheetProblem, Unreadable
from service.imports.sheet_reader import Row
from service.queries import accounts
from service.queries.scope import Caller, below
from service.tables.accounts import account
from service.tables.funds import fund
from service.tables.households import household
from service.tables.units import unit
from workflows.vocabulary import InvalidForm, Reason, Refused, Role

Progress = Callable[[str, int, int], None]
"""Told after every row: the sheet's title, how many rows are done, of how many."""

Locate = Callable[[str | None], tuple[Row, str | None]]
"""Where a field of an action stands in the sheets: the row, and the key of its column."""


@dataclass(slots=True)
class ImportContext:
    """One import: its transaction, who asks, what was wrong so far, and the names already looked up."""

    conn: sa.Connection
    context: ActionContext
    progress: Progress
    file: str = ""
    problems: list[SheetProblem] = field(default_factory=list)
    loaded: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def once(self, key: tuple[str, ...], find: Callable[[], Any]) -> Any:
        """Look a name up once per import."""
        if key not in self.loaded:
            self.loaded[key] = find()
        return self.loaded[key]

    @contextmanager
    def trying(self, row: Row, locate: Locate | None = None) -> Iterator[None]:
        """Write one row behind a savepoint; whatever is refused becomes problems of the row and leaves nothing."""
        try:
            with self.conn.begin_nested():
                yield
        except Unreadable as fault:
            self._note(row, locate, fault.field, fault.reason)
        except InvalidForm as bad:
            for reason in bad.problems:
                self._note(row, locate, _field(reason), reason)
        except Refused as refused:
            for reason in refused.reasons:
                self._note(row, locate, _field(reason), reason)
        except NotFound:
            self._note(row, locate, None, Reason.of("not_found"))
        except sa.exc.IntegrityError as error:
            self._note(row, locate, None, Reason.of("conflicts_with_records", constraint=constraint_of(error)))

    def _note(self, row: Row, locate: Locate | None, key: str | None, reason: Reason) -> None:
        at, key = locate(key) if locate else (row, key)
        title, header = at.sheet.title, at.sheet.header_of(key)
        self.problems.append(SheetProblem(self.file, title, at.number, header, reason.code, dict(reason.values)))

    def each(self, rows: list[Row]) -> Iterator[Row]:
        """The rows, with progress."""
        for done, row in enumerate(rows, start=1):
            yield row
            self.progress(row.sheet.title, done, len(rows))

    def unit(self, name: str, key: str = "unit_id") -> tuple[UUID, str]:
        """Id and path of the unit with this name below any the importer administers or works in."""
        return self.once(("unit", name), lambda: self._unit(name, key))  # type: ignore[no-any-return]

    def _unit(self, name: str, key: str) -> tuple[UUID, str]:
        mine = sorted({held.unit_path for held in self.context.caller.held})
        within = sa.or_(sa.false(), *(below(unit.c.path, path) for path in mine))
        rows = self.conn.execute(sa.select(unit.c.id, unit.c.path).where(unit.c.name == name, within)).all()
        if len(rows) != 1:
            raise Unreadable("unit_ambiguous" if rows else "unit_unknown", field=key, found=name)
        return rows[0].id, rows[0].path

    def account(self, login: str, key: str) -> UUID:
        """The account with this login."""
        find = sa.select(account.c.id).where(account.c.login == login)
        found = self.once(("account", login), lambda: self.conn.scalar(find))
        if found is None:
            raise Unreadable("account_unknown", field=key, found=login)
        return found  # type: ignore[no-any-return]

    def household(self, file_no: str, unit_path: str, key: str = "household_id") -> UUID:
        """The family with this file number in the unit or below it."""
        within = sa.and_(household.c.file_no == file_no, below(household.c.unit_path, unit_path))
        rows: list[UUID] = list(self.conn.scalars(sa.select(household.c.id).where(within).limit(2)))
        if len(rows) != 1:
            raise Unreadable("household_ambiguous" if rows else "household_unknown", field=key, found=file_no)
        return rows[0]

    def fund(self, code: str, year: int, unit_path: str, key: str = "fund_id") -> UUID:
        """The fund line with this code and year, of the unit or of one above it."""
        open_to = sa.literal(unit_path).op("^@")(fund.c.unit_path)
        find = sa.select(fund.c.id).where(fund.c.code == code, fund.c.year == year, open_to).limit(2)
        rows: list[UUID] = list(self.conn.scalars(find))
        if len(rows) != 1:
            raise Unreadable("fund_ambiguous" if rows else "fund_unknown", field=key, found=code, year=year)
        return rows[0]

    def keeper(self, row: Row) -> ActionContext:
        """In whose right a row is written: one's own, or, for an administrator, that of the keeper it names."""
        login = row["keeper"]
        if login == self.context.caller.login:
            return self.context
        named = self.once(("keeper", login), lambda: accounts.caller_by_login(self.conn, login, self.context.today))
        if named is None:
            raise Unreadable("account_unknown", field="keeper", found=login)
        if Role.ADMIN not in self.context.caller.roles:
            raise Unreadable("keeper_is_other", field="keeper", found=login)
        return replace(self.context, caller=_as_another(self.context.caller, named))


def _as_another(importer: Caller, keeper: Caller) -> Caller:
    """The importer with the keeper's grants: events name the importer, and the keeper as the one stood in for."""
    held = tuple(replace(each, principal=keeper.account) for each in keeper.held)
    return replace(importer, held=held)


def _field(reason: Reason) -> str | None:
    value = reason.values.get("field")
    return value if isinstance(value, str) else None
