"""Fixtures of the page tests: a browser, the web process as it is served, a union, and people at their browsers."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from service.actions import prepared_files
from service.actions.activities import NewActivity, record_activity
from service.actions.confirmations import propose
from service.actions.context import ActionContext
from service.actions.donations import NewDonation, record_donation
from service.actions.fund_allocations import NewFundAllocation, allocate_to_unit
from service.actions.fund_receipts import NewReceipt, record_receipt
from service.actions.gift_checks import NewGift
from service.actions.gifts import record_gift
from service.actions.kinship import declare_kinship
from service.actions.pairings import Pairing, record_pairing
from service.actions.prepared_files import WantedFile
from service.actions.proposals.money import ReceiptContent
from service.actions.proposals.rules import PolicyContent
from service.actions.visits import NewVisit, record_visit
from service.clock import now
from service.imports import kept_workbook
from service.imports.import_files import import_files
from service.imports.kept_workbook import About
from service.queries import notices
from service.tables.accounts import role_grant, token
from service.tables.events import event
from service.tables.funds import fund
from service.tables.notifications import notification
from tests.api_client import NO_RATES, ApiClient, serving
from tests.application_role import application_url
from tests.document_files import add_photo
from tests.factories import RING, Organisation, create_organisation
from tests.fuzz.fuzzing import address as address_in_log
from tests.lives import Life, case_at
from tests.migrated import conn, database_url, engine
from tests.service.import_fixtures import Cell, workbook
from tests.service.policy_fixtures import own_policy
from tests.web.people import People
from tests.worker.processes import Processes, wait_until
from workflows.vocabulary import Fen

TODAY = date(2025, 9, 15)
NAMES = {
    "registrar": "林社工",
    "visitor_1": "何走访",
    "visitor_2": "罗走访",
    "verifier": "梁核对",
    "reviewer": "宋审核",
    "reviewer_2": "郑审核",
    "approver_1": "谢主任",
    "approver_2": "韩副主席",
    "approver_3": "唐主席",
    "cashier": "冯出纳",
    "cashier_2": "于出纳",
    "follower": "董回访",
    "witness": "程社工",
    "auditor": "曹经审",
    "admin": "系统管理员",
    "clock": "定时任务",
}
"""The names that pictures of the pages show."""

MISSING = "there is no chromium; as root: apt-get install chromium-headless-shell fonts-noto-cjk, or make test"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the browser of this worker. Skips where there is none, and fails where .ci/run says that it must be."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        if os.environ.get("SONGNUAN_BROWSER") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=as_root)
        yield launched
        launched.close()


@dataclass
class Union:
    """An organisation with its API client, for what a test needs to be there already."""

    office: Organisation
    desk: ApiClient
    engine: sa.Engine

    def life_in(self, state: str) -> Life:
        """Open a case of a newly filed family, and lead it to `state` by the usual steps."""
        return case_at(state, ApiClient(self.desk.http, self.office, date(2025, 9, 1)), self.engine)

    def case_in(self, state: str) -> str:
        """Return the id of a new case in `state`."""
        return self.life_in(state).case_id


@pytest.fixture(scope="session")
def demo_url(engine: sa.Engine, database_url: str) -> str:
    """Return the URL of a demo's record: its first organisation makes it one, before a web process asks."""
    with engine.begin() as connection:
        create_organisation(connection)
    return database_url


@pytest.fixture(scope="session")
def new_union(
    engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory, demo_url: str
) -> Iterator[Callable[[], Union]]:
    """Yield a function that creates an organisation of its own."""
    with serving(demo_url, tmp_path_factory.mktemp("var")) as app:

        def create() -> Union:
            with engine.begin() as connection:
                office = create_organisation(connection, names=NAMES)
            return Union(office, ApiClient(app.test_client(), office, TODAY), engine)

        yield create


@pytest.fixture
def union(new_union: Callable[[], Union]) -> Union:
    """Return an organisation that no other test changes."""
    return new_union()


def _money_records(connection: sa.Connection, office: Organisation) -> dict[str, UUID]:
    """Open the fund line to a unit below and record money received on it; return the ids of the records."""
    below = create_organisation(connection, above=office, fen=0, name="示例镇总工会")
    last, approver = date(2025, 12, 31), office.seconded(connection, "approver_3", TODAY, by="cashier")
    new = NewFundAllocation(office.fund_id, below.unit_id, TODAY, last, "示例〔2025〕9号", ceiling=Fen(100_000))
    allocation = allocate_to_unit(connection, new, approver)
    cashier = office.seconded(connection, "cashier", TODAY)
    receipt = record_receipt(connection, office.fund_id, NewReceipt(Fen(100), "银收9", TODAY), cashier)
    witness = office.people["witness"]
    grant = connection.scalar(sa.select(role_grant.c.id).where(role_grant.c.account_id == witness))
    token_id = connection.scalar(sa.select(token.c.id).where(token.c.account_id == witness))
    ids = {
        "token": token_id or witness,
        "fund": office.fund_id,
        "allocation": allocation,
        "receipt": receipt,
        "unit": office.unit_id,
    }
    return {**ids, "account": witness, "grant": grant or witness}


def _records(
    connection: sa.Connection, office: Organisation, household: UUID, context: ActionContext
) -> dict[str, UUID]:
    """Write one record of each kind outside cases, and return their ids."""
    donation = NewDonation(office.unit_id, TODAY, "received", "金秋献爱心", "县总工会", Fen(123_400), "县总工会")
    activity = NewActivity(office.unit_id, TODAY, "职工读书会", "culture", Fen(50_000), "501")
    visitor = office.people["visitor_1"]
    visit = NewVisit(office.unit_id, "hardship", TODAY, "home", (visitor,), household, story="冬衣不够")
    return {
        "gift": record_gift(connection, _goods(office, household), context),
        "donation": record_donation(connection, donation, context),
        "activity": record_activity(connection, activity, context),
        "visit": record_visit(connection, visit, context),
    }


def _mailed(case_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(notification.c.case_id == case_id, notification.c.channel == "email")


def _goods(office: Organisation, household: UUID) -> NewGift:
    given: dict[str, Any] = {"goods": "大米", "goods_unit": "袋", "quantity": 2}
    people: dict[str, Any] = {"handed_by": office.people["visitor_1"], "signed_by_family": True}
    return NewGift(office.unit_id, household, TODAY, "KIND", "入冬慰问", "502", **people, **given)


def _rules(connection: sa.Connection, office: Organisation) -> dict[str, UUID]:
    """Propose a policy set that would make another category of the families' need; return the ids of rules."""
    later, lower = ("effective_from = 2025-01-01", "effective_from = 2025-10-01"), ('"1062.00"', '"400.00"')
    division, text = own_policy(later, lower)
    content = PolicyContent(text.replace(f'"{division}"', '"371083"'))
    proposal = propose(connection, "policy_set", content, office.context(connection, "admin", TODAY))
    return {"policy_set": office.policy_id, "proposal": proposal.id}


def _uploads(connection: sa.Connection, office: Organisation, folder: Path) -> dict[str, UUID]:
    """Upload a workbook with a receipt, and one with a wrong sum; return their ids."""
    code = connection.scalar(sa.select(fund.c.code).where(fund.c.id == office.fund_id))
    where = {"资金编号": code, "所属单位": "示例县总工会", "年度": 2025, "登记人": office.login("cashier")}
    row = {**where, "到账日期": TODAY, "到账金额": "20000.00", "到账凭证": "银收 71"}
    context, ids = office.context(connection, "admin", TODAY), {}
    for name, amount in (("upload", "20000.00"), ("wrong", "二万")):
        path = workbook(folder / f"{name}.xlsx", 到账=[row, {**row, "到账金额": amount, "到账凭证": "银收 72"}])
        ids[name] = kept_workbook.keep(connection, path.read_bytes(), About(path.name), context, 100)
    return ids | {"import": _import(connection, office, folder)}


def _import(connection: sa.Connection, office: Organisation, folder: Path) -> UUID:
    """Import three donations; return the import."""
    row: dict[str, Cell] = {
        "单位": "示例县总工会",
        "日期": TODAY,
        "方向": "收到",
        "活动名称": "献爱心",
        "组织单位": "示例县总工会",
    }
    row |= {"交付何处": "专户", "登记人": office.login("registrar")}
    path = workbook(folder / "捐款.xlsx", 捐款=[{**row, "金额": f"{number}.00"} for number in (301, 302, 303)])
    context = office.context(connection, "admin", TODAY)
    import_id = import_files(connection, [path], context).import_id
    assert import_id is not None
    return import_id


def _long_exports(connection: sa.Connection, context: ActionContext) -> None:
    """Ask for two long exports of which one is made."""
    note = "个案。由 林社工 于 2025-09-15 09:30 导出；筛选条件：无。含个人信息，请勿外传。"
    wanted = WantedFile("cases", "xlsx", "", note, {}, "zh_CN", 20_001, ())
    made, _waiting = (prepared_files.ask(connection, wanted, now(), context) for _ in range(2))
    whole = {"rows_done": 20_001, "grants": []}
    prepared_files.finish(connection, RING, made, BytesIO(b"PK"), whole, now())


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of the web process of this worker."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="session")
def shown(
    new_union: Callable[[], Union], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Union, dict[str, str]]:
    """Return an organisation whose pages are only looked at, and the ids in their addresses."""
    union = new_union()
    case, returned = union.life_in("approval"), union.life_in("receipt")
    household = case.family.household_id
    with union.engine.begin() as connection:
        context = union.office.context(connection, "registrar", TODAY)
        pairing = record_pairing(connection, household, Pairing(union.office.unit_id, "连心", "县", TODAY), context)
        declare_kinship(connection, household, union.office.people["follower"], "other", context)
        content = ReceiptContent(union.office.fund_id, NewReceipt(Fen(100), "银收1", TODAY))
        proposal = propose(connection, "receipt", content, union.office.context(connection, "cashier", TODAY))
        records = _records(connection, union.office, household, context)
        (posted,) = notices.of_case(connection, UUID(case.case_id))
        of_money = _money_records(connection, union.office) | _rules(connection, union.office)
        document = add_photo(connection, folder, household, context, UUID(case.case_id))
        mailed = sa.select(notification.c.id).where(_mailed(case.case_id)).order_by(notification.c.id.desc())
        letter = connection.scalars(mailed.limit(1)).one()
        connection.execute(notification.update().where(notification.c.id == letter).values(state="permanent_failure"))
        _long_exports(connection, context)
        of_money |= _uploads(connection, union.office, tmp_path_factory.mktemp("uploads"))
        number = connection.scalar(sa.select(sa.func.max(event.c.no)).where(event.c.subject_id == UUID(case.case_id)))
    ids = {
        "case": case.case_id,
        "notice": posted["id"],
        "returned": returned.case_id,
        "household": household,
        "person": case.family.child_id,
    }
    ids |= {
        "letter": letter,
        **records,
        "pairing": pairing,
        "confirmation": proposal.id,
        "number": number,
        "document": document,
    } | of_money
    return union, {name: str(row_id) for name, row_id in ids.items()}


@pytest.fixture(scope="session")
def settings(demo_url: str, folder: Path) -> dict[str, str]:
    """Return the settings of the processes of this worker: an export of more than 30 rows is made meanwhile."""
    return {
        **NO_RATES,
        "DATABASE_URL": application_url(demo_url),
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
        "SONGNUAN_VAR": str(folder),
        "SONGNUAN_DEMO_CLOCK": "1",
        "SONGNUAN_WEB_WORKERS": "1",
        "SONGNUAN_EXPORT_ROWS": "30",
    }


@pytest.fixture(scope="session")
def address(settings: dict[str, str], folder: Path) -> Iterator[str]:
    """Yield the address of the web process of this worker, started as `songnuan serve` starts it."""
    with Processes(settings, folder) as processes:
        web = processes.start(("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind=127.0.0.1:0"))
        assert wait_until(lambda: address_in_log(web) is not None), web.log.read_text()
        yield address_in_log(web) or ""


@pytest.fixture
def people(browser: Browser, address: str, engine: sa.Engine, pytestconfig: pytest.Config) -> Iterator[People]:
    """Yield what makes people at their browsers; fail for what their pages did that no page may do."""
    folder = pytestconfig.getoption("--screenshots")
    makes = People(browser, address, engine, Path(folder) if folder else None)
    yield makes
    faults = makes.leave()
    assert not faults, "\n".join(faults)


__all__ = ["conn", "database_url", "engine"]
