"""Fixtures of a founded union with the sample staff, in a database of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
import xlsxwriter

from service.actions import bootstrap
from service.actions.bootstrap import FirstSetup, Founder
from service.actions.context import ActionContext
from service.clock import Clock
from service.crypto.encryption import Keyring
from service.db.engine import make_engine
from service.imports.import_context import ImportOptions
from service.imports.import_files import import_files
from service.imports.import_result import Imported
from service.imports.problems import InvalidSheets
from service.queries import accounts
from service.tables.accounts import account
from service.tables.units import unit
from tests.application_role import act_as_application, application_url
from tests.second_person import seconded
from workflows.vocabulary import InvalidForm, Refused

SAMPLES = Path(__file__).parents[2] / "samples"
RING = Keyring({1: bytes(range(32))})
FOUNDED, YEAR_END = date(2025, 1, 1), date(2025, 12, 31)
COUNTY = FirstSetup("临澜县总工会", "county", "371099", Founder("admin", "系统管理员"), Founder("chair", "周启"))

Cell = str | int | float | date | None


def instant(day: date) -> datetime:
    """Return 01:30 UTC of a day, which is 09:30 for the union."""
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


@dataclass
class Union:
    """A transaction in the database of the founded union."""

    conn: sa.Connection

    def context(self, login: str = "admin", day: date = YEAR_END, version: int | None = None) -> ActionContext:
        """Return the action context of an account on `day`."""
        caller = accounts.caller_by_login(self.conn, login, day)
        assert caller is not None, login
        return ActionContext(caller, instant(day), day, RING, version, clock=Clock.DEMO)

    def unit(self, name: str) -> UUID:
        """Return the id of a unit by its name."""
        unit_id: UUID = self.conn.scalars(sa.select(unit.c.id).where(unit.c.name == name)).one()
        return unit_id

    def account(self, login: str) -> UUID:
        """Return the id of an account by its login."""
        account_id: UUID = self.conn.scalars(sa.select(account.c.id).where(account.c.login == login)).one()
        return account_id

    def seconded(self, login: str = "admin", day: date = YEAR_END, by: str = "chair") -> ActionContext:
        """Return the context of a write that `by` has confirmed."""
        return seconded(self.conn, self.context(login, day), self.account(by))

    def bring(self, *paths: Path, login: str = "admin", dry_run: bool = False) -> Imported:
        """Import files, confirmed by the chair, and return the result."""
        options = ImportOptions(urgent="示例", late="示例")
        return import_files(self.conn, paths, self.seconded(login), dry_run=dry_run, options=options)

    def refused(self, *paths: Path, login: str = "admin") -> list[tuple[str | None, int | None, str | None, str]]:
        """Import files that must be refused; return the sheet, row, column and code of each problem."""
        with pytest.raises(InvalidSheets) as error:
            self.bring(*paths, login=login)
        return [(each.sheet, each.row, each.column, each.code) for each in error.value.problems]

    def rows(self, table: sa.Table) -> int:
        """Return the number of rows of a table."""
        return self.conn.scalars(sa.select(sa.func.count()).select_from(table)).one()


@pytest.fixture(scope="session")
def founded_url(migrated_database: Callable[[], str]) -> str:
    """Return the URL of a database with a founded county union and the rules, units, staff and funds of the samples."""
    url = migrated_database()
    migration_engine = make_engine(url)
    with migration_engine.connect() as conn:
        bootstrap.set_up_union(conn, COUNTY, instant(FOUNDED), FOUNDED, RING, Clock.DEMO)
        names = ("policy-2025.toml", "calendar-2025.csv", "01-units.xlsx", "02-staff.xlsx", "03-funds.xlsx")
        paths, new = [SAMPLES / name for name in names], Union(conn)
        options = ImportOptions(urgent="示例")
        import_files(conn, paths[:4], new.seconded(day=FOUNDED), options=options)
        import_files(conn, paths[4:], new.seconded())
        conn.commit()
    migration_engine.dispose()
    application_url(url)
    return url


@pytest.fixture(scope="session")
def founded(founded_url: str) -> Iterator[sa.Engine]:
    """Yield an engine of the founded union's database."""
    founded_engine = make_engine(founded_url)
    yield founded_engine
    founded_engine.dispose()


@pytest.fixture
def union(founded: sa.Engine) -> Iterator[Union]:
    """Yield a transaction in the founded union that is rolled back when the test ends."""
    with founded.connect() as connection:
        act_as_application(connection)
        yield Union(connection)
        connection.rollback()


def workbook(path: Path, **sheets: Sequence[Mapping[str, Cell]]) -> Path:
    """Write a workbook with a header row (all the keys) and rows; text stays text, numbers stay numbers."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            headers = list(dict.fromkeys(key for row in rows for key in row))
            sheet.write_row(0, 0, headers)
            for row_number, row in enumerate(rows, start=1):
                for column, header in enumerate(headers):
                    value = row.get(header)
                    if isinstance(value, date):
                        sheet.write_datetime(row_number, column, value, day)
                    elif value is not None:
                        sheet.write(row_number, column, value)
    return path


def codes(write: Callable[[], object]) -> list[str]:
    """Return the reason codes of a refused write; none if it succeeds."""
    try:
        write()
    except Refused as refused:
        return refused.codes
    except InvalidForm as invalid:
        return [problem.code for problem in invalid.problems]
    return []


HOUSEHOLD: dict[str, Cell] = {
    "档案号": "T-1",
    "所属单位": "临澜县棉织厂工会",
    "家庭类型": "困难职工家庭",
    "人员身份": "下岗",
    "行政区划代码": "371099",
    "主要致困原因": "下岗失业",
    "建档日期": date(2025, 3, 3),
    "核算日期": date(2025, 3, 1),
    "开户银行": "示例银行",
    "银行卡号": "9999000000000000001",
    "持卡人": "测甲",
    "授权签署日期": date(2025, 3, 3),
    "授权截止日期": date(2027, 3, 3),
    "授权书版本": "2025-1",
    "签字成年人数": 2,
    "登记人": "luo.xin",
}
HEAD: dict[str, Cell] = {"档案号": "T-1", "与户主关系": "户主", "姓名": "测甲", "身份证号": "371099197001019001"}
CHILD: dict[str, Cell] = {"档案号": "T-1", "与户主关系": "子女", "姓名": "测乙", "在读学段": "高中"}
INCOME: dict[str, Cell] = {
    "档案号": "T-1",
    "类别": "收入",
    "项目": "工资",
    "成员姓名": "测甲",
    "十二个月金额": "28800.00",
}


def family_file(
    path: Path,
    household: Mapping[str, Cell] | None = None,
    head: Mapping[str, Cell] | None = None,
    child: Mapping[str, Cell] | None = None,
    line: Mapping[str, Cell] | None = None,
) -> Path:
    """Write a workbook with one family, with some cells changed."""
    members = [HEAD | dict(head or {}), CHILD | dict(child or {})]
    lines = [INCOME | dict(line or {})]
    return workbook(path, 家庭=[HOUSEHOLD | dict(household or {})], 成员=members, 收支=lines)
