"""Eight people of one unit live a year: what a small union does, and nobody else is needed (docs/operator.md)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from service.cli import main
from service.db.engine import make_engine
from service.report.figures import snapshot
from service.report.section import Section, make_section
from service.tables.events import event
from service.tables.funds import fund
from tests.api_client import ApiClient, serving
from tests.factories import Organisation, create_organisation, grant
from tests.service.policy_fixtures import TEXT, ReviewedCase, apply_for, file_family, line, member_id

EIGHT = (
    ("admin", "admin", 0),
    ("registrar", "registrar", 0),
    ("visitor_2", "visitor", 0),
    ("verifier", "verifier", 0),
    ("reviewer", "reviewer", 0),
    ("approver_1", "approver", 1),
    ("cashier", "cashier", 0),
    ("cashier_2", "cashier", 0),
    ("clock", "clock", 0),
)
"""The eight, and the scheduler, which is no person."""

ALSO = (("admin", "reviewer"), ("registrar", "visitor"), ("visitor_2", "registrar"), ("verifier", "visitor"))
"""The second role of four of them."""

NAMES = {"visitor_1": "registrar", "witness": "visitor_2", "follower": "verifier", "reviewer_2": "admin"}
"""What the eight are called where they do another's duty."""

ONE_TIER = ('tiers = ["2000.00", "20000.00"]', 'tiers = ["20000.00"]')
WAGE, ILL = line("income", "wage", "60000.00"), line("spending", "illness", "30000.00")


def eight_people(conn: sa.Connection) -> Organisation:
    """Create the unit and its eight people."""
    office = create_organisation(conn, staff=EIGHT, fen=0)
    for staff_name, role in ALSO:
        grant(conn, office, staff_name, role)
    for alias, staff_name in NAMES.items():
        office.people[alias], office.tokens[alias] = office.people[staff_name], office.tokens[staff_name]
    return office


class SmallUnion:
    """The year, month by month, over the API."""

    def __init__(self, desk: ApiClient) -> None:
        self.desk = desk

    def go(self, month: int, day: int) -> None:
        self.desk.today = date(2025, month, day)

    def made(self, staff_name: str, path: str, body: dict[str, Any], *by: str) -> Any:
        """Do a write that one person may do, or propose it and let others confirm it; return the id of what it made."""
        if by:
            return self.desk.confirmed(staff_name, path, body, by).get_json()["id"]
        response = self.desk.post(staff_name, path, body)
        assert response.status_code in {200, 201}, response.get_json()
        return response.get_json().get("id")

    def rules_and_money(self) -> None:
        """January: the union's own rules, its fund line, and what the county remits."""
        text = TEXT.replace('key = "sample-weihai"', 'key = "small"').replace('region = "3710"', 'region = "371083"')
        text = text.replace("effective_from = 2025-01-01", "effective_from = 2025-01-07").replace(*ONE_TIER)
        self.go(1, 6)
        self.made("admin", "/policy-sets", {"source": text}, "approver_1")
        opened = {
            "code": "OWN-2025",
            "title": "本级帮扶资金",
            "source": "OWN",
            "year": 2025,
            "document": "示例〔2025〕2号",
        }
        opened |= {"items": ["LIV", "MED", "EDU", "SWN"], "opens_on": "2025-01-01", "expires_on": "2025-12-31"}
        line_body: dict[str, Any] = {"unit_id": str(self.desk.office.unit_id), **opened}
        self.desk.office.fund_id = self.made("cashier", "/funds", line_body, "approver_1")
        receipt = {"on": "2025-01-06", "amount": "60000.00", "document": "HD-2025-01"}
        self.made("cashier", f"/funds/{self.desk.office.fund_id}/receipts", receipt, "cashier_2")

    def warmth(self, family: dict[str, Any]) -> None:
        """Spring Festival: a visit, its gift of money, and one that was registered twice and is voided."""
        self.go(1, 20)
        office = self.desk.office
        people = {name: str(office.people[name]) for name in ("visitor_1", "visitor_2", "approver_1", "cashier")}
        visit = {"unit_id": str(office.unit_id), "kind": "festival", "occasion": "spring_festival", "on": "2025-01-20"}
        visit |= {"place": "home", "household_id": family["id"]}
        self.made("visitor_1", "/visits", {**visit, "visitors": [people["visitor_1"], people["visitor_2"]]})
        gift = {"unit_id": str(office.unit_id), "household_id": family["id"], "on": "2025-01-20", "item": "SWN"}
        gift |= {"amount": "800.00", "fund_id": str(office.fund_id), "purpose": "春节慰问", "account_code": "502"}
        gift |= {"handed_by": people["visitor_2"], "approved_by": people["approver_1"], "signed_by_family": True}
        self.made("approver_1", "/gifts", gift, "visitor_2")
        twice = self.made("approver_1", "/gifts", {**gift, "confirmed_repeat": True}, "visitor_2")
        self.made("approver_1", f"/gifts/{twice}/void", {"reason": "登记了两次"}, "cashier")

    def aided(self, family: dict[str, Any], item: str, yuan: str, month: int, **answers: str) -> ReviewedCase:
        """Lead a case from the application to its close, within two months."""
        self.go(month, 3)
        relation = "child" if item == "EDU" else "head"
        opened, _ = apply_for(self.desk, family, item, yuan, relation=relation, **answers)
        opened.reviewed().pass_review(yuan)
        return self.paid(opened)

    def paid(self, opened: ReviewedCase) -> ReviewedCase:
        """Lead a case from its notice to its close."""
        self.desk.today += timedelta(days=14)
        opened.act("clock", "end_notice")
        minutes = {"minutes": "示例纪要〔2025〕3号"} if float(opened.award()) >= 5000 else {}
        opened.act("approver_1", "approve", **minutes)
        opened.pay(opened.award())
        opened.act("witness", "confirm_receipt", evidence="signature")
        self.desk.today += timedelta(days=10)
        opened.visit("record_follow_up", "received", ("follower",))
        opened.act("registrar", "close")
        return opened

    def objected(self, family: dict[str, Any], month: int) -> ReviewedCase:
        """Lead a case whose notice meets an objection: the second reviewer answers it, and passes a lower award."""
        self.go(month, 3)
        opened, _ = apply_for(self.desk, family, "MED", "6000.00", self_paid="30000.00")
        opened.reviewed().pass_review("6000.00")
        opened.act("registrar", "object", source="phone", objection="报销以后自付没有这么多")
        opened.act("reviewer_2", "answer_objection", outcome="cleared", answer="已核对结算单，自付属实")
        return self.paid(opened)

    def changed(self, family: dict[str, Any], month: int, day: int, **change: Any) -> None:
        """Change a file: the effects are shown first."""
        self.go(month, day)
        path = f"/households/{family['id']}/changes"
        body = {"on": self.desk.today.isoformat(), "document": "示例〔2025〕7号", **change}
        shown = self.desk.post("registrar", f"{path}/preview", body).get_json()
        assert shown["refusals"] == [], shown
        self.made("registrar", path, {**body, "seen": shown["seen"]})


@pytest.fixture(scope="module")
def engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    pooled = make_engine(migrated_database(), pool=5)
    yield pooled
    pooled.dispose()


@pytest.fixture(scope="module")
def section(engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Section]:
    """Let the eight live the year 2025, and yield the section of their report."""
    with engine.begin() as conn:
        office = eight_people(conn)
    url = engine.url.render_as_string(hide_password=False)
    with serving(url, tmp_path_factory.mktemp("var")) as app:
        live_the_year(SmallUnion(ApiClient(app.test_client(), office, date(2025, 1, 6))))
    with snapshot(engine) as conn:
        yield make_section(
            conn, office.unit_path, date(2025, 1, 1), date(2025, 12, 31), datetime(2026, 1, 5, tzinfo=UTC)
        )


def live_the_year(union: SmallUnion) -> None:
    """Live the year: three families, aid, an objection, a change of head, a recall in part, an exit, a void."""
    union.rules_and_money()
    filed: dict[str, Any] = {"filed_on": "2025-01-08", "finances": {"as_of": "2025-01-08", "lines": [WAGE, ILL]}}
    union.go(1, 8)
    consent = {"signed_on": "2025-01-08", "until_on": "2026-12-31", "text_version": "2025-1", "adults_signed": 2}
    one, two, three = (file_family(union.desk, **filed, consent=consent) for _ in range(3))
    union.warmth(one)
    recalled = union.aided(one, "LIV", "1500.00", 3)
    union.objected(two, 4)
    union.aided(three, "LIV", "2000.00", 5)
    head = {"reason": "death", "new_head": member_id(three, "spouse"), "close_account": True}
    union.changed(three, 7, 8, change_head=head)
    union.go(8, 6)
    recalled.act("approver_1", "recall", amount="500.00", ground="paid_in_error", reason="多发")
    recalled.recover("500.00")
    union.changed(two, 11, 12, exit={"reason": "lifted_out"})


@pytest.mark.usefixtures("section")
def test_year_moves_the_money_it_should(engine: sa.Engine) -> None:
    with engine.connect() as conn:
        pots = conn.execute(sa.select(fund.c.paid_fen, fund.c.available_fen).where(fund.c.code == "OWN-2025")).one()
    given = 150_000 - 50_000 + 600_000 + 200_000 + 80_000
    assert (pots.paid_fen, pots.available_fen) == (given, 6_000_000 - given)


@pytest.mark.usefixtures("section")
def test_nobody_but_the_eight_and_the_scheduler_did_anything(engine: sa.Engine) -> None:
    with engine.connect() as conn:
        people = set(conn.scalars(sa.select(event.c.actor_id).distinct()))
    assert len(people) <= 9


@pytest.mark.usefixtures("section")
def test_record_of_the_year_is_whole_and_every_step_is_decided_again(engine: sa.Engine) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "OWNER_DATABASE_URL": url}
    verified = CliRunner().invoke(main, ["audit", "verify"], env=settings)
    assert verified.exit_code == 0, verified.output
    for words in ("事件日志完整", "没有重判的规则 0 次", "从前的规则判的 0 步"):
        assert words in verified.output


def test_report_prints_exit_change_of_head_void_and_partial_recall(section: Section) -> None:
    sentences = {paragraph.text for chapter in section.chapters for paragraph in chapter.paragraphs}
    for sentence in (
        "各项救助共帮扶困难职工家庭3户、3人次、9,000元。",
        "期内新建档3户，退出1户。",
        "退出的1户按原因：脱困1户。",
        "变更户主1户。",
        "决定追回500元，已从发放数中扣除。",
        "追回款收回入账500元。",
    ):
        assert sentence in sentences
    assert any("作废" in sentence for sentence in sentences)
