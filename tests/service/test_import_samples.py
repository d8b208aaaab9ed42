"""The imported sample year runs its scenarios and yields the figures of samples/expected.json."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import case_opening, cases
from service.actions.case_application import CaseApplication
from service.cli.demo.scenarios import ScenarioStep, steps_of
from service.crypto.encryption import decrypt_field
from service.imports.applications import Application, read_applications
from service.imports.import_files import import_folder
from service.report.figure_definition import FigureDefinition, Scope, SharedRows
from service.report.figure_definitions import TABLE
from service.tables.accounts import account
from service.tables.cases import case, case_duty, incompatible_duty
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit
from tests.service.import_fixtures import RING, SAMPLES, YEAR_END, Union, family_file, founded, founded_url
from workflows.vocabulary import Fen, Refused

__all__ = ["founded", "founded_url"]

EXPECTED: Mapping[str, Any] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
PERIOD = (YEAR_END.replace(month=1, day=1), YEAR_END)


@pytest.fixture(scope="module")
def year(founded: sa.Engine) -> Iterator[Union]:
    """Import the year and take its steps in order of their dates, in a transaction that is rolled back."""
    with founded.connect() as conn:
        union = Union(conn)
        import_folder(conn, SAMPLES, union.seconded())
        account_ids = {row[0]: row[1] for row in conn.execute(sa.select(account.c.login, account.c.id))}
        fund_ids = {row[0]: row[1] for row in conn.execute(sa.select(fund.c.code, fund.c.id))}
        applications = read_applications(SAMPLES / "09-applications.xlsx")
        steps = [(step.on, index, step) for index, each in enumerate(applications) for step in steps_of(each)]
        case_ids: dict[int, UUID] = {}
        for _, index, step in sorted(steps, key=lambda entry: entry[:2]):
            if index not in case_ids:
                case_ids[index] = _open_case(union, applications[index])
            _take_step(union, case_ids[index], step, account_ids, fund_ids)
        yield union
        conn.rollback()


def _open_case(union: Union, application: Application) -> UUID:
    household_id = union.conn.scalars(sa.select(household.c.id).where(household.c.file_no == application.file_no)).one()
    is_member = sa.and_(person.c.household_id == household_id, person.c.relation == application.relation)
    member = union.conn.execute(sa.select(person.c.id, person.c.name_sealed).where(is_member)).one()
    assert decrypt_field(RING, "person.name", member.id, member.name_sealed) == application.beneficiary
    new_case = CaseApplication(
        application.programme, household_id, member.id, application.item, application.requested, application.answers
    )
    return case_opening.open_case(
        union.conn, new_case, union.context(application.registrar, application.opened_on)
    ).case_id


def _take_step(
    union: Union, case_id: UUID, step: ScenarioStep, account_ids: Mapping[str, UUID], fund_ids: Mapping[str, UUID]
) -> None:
    answers = dict(step.answers)
    if "visitors" in answers:
        answers["visitors"] = [str(account_ids[login]) for login in answers["visitors"]]
    if "fund" in answers:
        answers["fund"] = str(fund_ids[answers["fund"]])
    context = union.context(step.login, step.on)
    if step.refused is None:
        cases.take_action(union.conn, case_id, step.action, answers, context)
        return
    with pytest.raises(Refused) as error:
        cases.take_action(union.conn, case_id, step.action, answers, context)
    assert step.refused in error.value.codes


def _count_figure(union: Union, definition: FigureDefinition, scope: Scope) -> Any:
    rows = definition.rows(SharedRows(scope)).subquery()
    amount = sa.cast(sa.func.sum(rows.c.amount), sa.BigInteger()) if definition.sums else sa.func.count()
    if definition.split:
        amount_by_part = sa.select(rows.c.part, amount).group_by(rows.c.part)
        return {row.part: row[1] for row in union.conn.execute(amount_by_part)}
    return union.conn.scalar(sa.select(amount).select_from(rows)) or 0


@pytest.mark.parametrize("name", sorted(EXPECTED["units"]))
def test_unit_report_of_the_sample_year_has_the_expected_figures(year: Union, name: str) -> None:
    path = year.conn.scalars(sa.select(unit.c.path).where(unit.c.name == name)).one()
    scope = Scope(path, *PERIOD)
    assert {each.key: _count_figure(year, each, scope) for each in TABLE} == EXPECTED["units"][name]


def test_bureau_report_of_august_has_the_expected_figures(year: Union) -> None:
    path = year.conn.scalars(sa.select(unit.c.path).where(unit.c.name == "临澜县工业局工会")).one()
    august = Scope(path, YEAR_END.replace(month=8, day=1), YEAR_END.replace(month=8))
    figures = {each.key: _count_figure(year, each, august) for each in TABLE if each.key in EXPECTED["august"]}
    assert figures == EXPECTED["august"]


def test_cases_of_the_sample_year_have_no_incompatible_duties(year: Union) -> None:
    first, second = case_duty.alias(), case_duty.alias()
    same_person = sa.and_(first.c.case_id == second.c.case_id, first.c.account_id == second.c.account_id)
    incompatible_pair = sa.and_(incompatible_duty.c.one == first.c.duty, incompatible_duty.c.other == second.c.duty)
    violations = sa.select(first.c.case_id).join(second, same_person).join(incompatible_duty, incompatible_pair)
    assert year.conn.execute(violations).all() == []


def test_cases_of_the_sample_year_end_in_the_expected_states(year: Union) -> None:
    counts = year.conn.execute(sa.select(case.c.state, sa.func.count()).group_by(case.c.state))
    assert {row.state: row[1] for row in counts} == {"closed": 22, "declined": 2, "withdrawn": 1, "recovered": 1}


def _paid_in_october(year: Union, family_id: UUID, head_id: UUID) -> UUID:
    """Pay 1,500 yuan of living aid to a family and return the case."""
    fund_id = year.conn.scalars(sa.select(fund.c.id).where(fund.c.code == "B-OWN-2025")).one()
    case_id = _lead_to_review(year, family_id, head_id, date(2025, 10, 13))
    award = {"award": "1500.00", "fund": str(fund_id), "places": ["unit_board"]}
    steps: list[tuple[str, int, str, dict[str, Any]]] = [
        ("du.heng", 13, "pass_review", award),
        ("clock", 22, "end_notice", {}),
        ("chen.shan", 22, "approve", {}),
    ]
    steps += [("pan.jie", 22, "pay", {"method": "bank", "voucher": "V-1"})]
    arrived: dict[str, Any] = {"advice_no": "HD-1", "advised_on": "2025-10-22", "amount": "1500.00"}
    steps += [("yan.qing", 22, "confirm_payment", arrived)]
    steps += [("tan.ying", 22, "confirm_receipt", {"evidence": "signature"})]
    for login, day, action, answers in steps:
        cases.take_action(year.conn, case_id, action, answers, year.context(login, date(2025, 10, day)))
    return case_id


def _lead_to_review(year: Union, family_id: UUID, head_id: UUID, on: date) -> UUID:
    new_case = CaseApplication("hardship", family_id, head_id, "LIV", Fen(150_000), {})
    case_id = case_opening.open_case(year.conn, new_case, year.context("luo.xin", on)).case_id
    went = [str(year.account(login)) for login in ("gu.yue", "wei.ran")]
    visit = {"on": on.isoformat(), "visitors": went, "place": "home", "conclusion": "confirmed"}
    check = {"authority": "示例核对中心", "request_no": "HD-1", "outcome": "clear", "replied_on": on.isoformat()}
    papers = "application identity household_register authorisation income_proof bank_card unemployment_proof"
    steps: list[tuple[str, str, dict[str, Any]]] = [("luo.xin", "submit", {}), ("gu.yue", "record_visit", visit)]
    steps += [("wei.ran", "confirm_visit", {})]
    steps += [("luo.xin", "add_papers", {"papers": papers.split()}), ("luo.xin", "finish_survey", {})]
    for login, action, answers in [*steps, ("shen.wen", "record_check", check)]:
        cases.take_action(year.conn, case_id, action, answers, year.context(login, on))
    return case_id


def test_part_recalled_of_a_grant_in_the_sample_year_leaves_the_grant(year: Union, tmp_path: Path) -> None:
    """1,500 were paid where 1,000 were due; 500 come back. A second living grant in the same year is refused."""
    on, county = date(2025, 11, 10), Scope("/", *PERIOD)
    keys = ("aid_money", "aid_grants", "money_recalled", "money_recovered", "money_written_off", "cases_recovered")
    counted = [each for each in TABLE if each.key in (*keys, "cases_partly_recalled")]
    with year.conn.begin_nested() as savepoint:
        year.bring(family_file(tmp_path / "family.xlsx"))
        family_id = year.conn.scalars(sa.select(household.c.id).where(household.c.file_no == "T-1")).one()
        is_head = sa.and_(person.c.household_id == family_id, person.c.relation == "head")
        head_id = year.conn.scalars(sa.select(person.c.id).where(is_head)).one()
        case_id = _paid_in_october(year, family_id, head_id)
        recall = {"amount": "500.00", "ground": "paid_in_error", "reason": "多发500元"}
        cases.take_action(year.conn, case_id, "recall", recall, year.context("lin.hai", on))
        advice = {"advice_no": "R-1", "advised_on": on.isoformat(), "amount": "500.00"}
        cases.take_action(year.conn, case_id, "recover", {"voucher": "R-1", **advice}, year.context("pan.jie", on))
        cases.take_action(year.conn, case_id, "confirm_recovery", advice, year.context("yan.qing", on))
        figures = {each.key: _count_figure(year, each, county) for each in counted}
        again = _lead_to_review(year, family_id, head_id, date(2025, 11, 12))
        fund_id = year.conn.scalars(sa.select(case.c.fund_id).where(case.c.id == case_id)).one()
        award = {"award": "1500.00", "fund": str(fund_id), "places": ["unit_board"]}
        with pytest.raises(Refused) as error:
            cases.take_action(year.conn, again, "pass_review", award, year.context("du.heng", date(2025, 11, 12)))
        savepoint.rollback()
    before = {"money_recalled": 120_000, "money_recovered": 120_000, "cases_recovered": 1}
    assert {key: figures[key] - before.get(key, 0) for key in figures} == {
        "aid_money": 7_440_000,
        "aid_grants": 23,
        "money_recalled": 50_000,
        "money_recovered": 50_000,
        "money_written_off": 0,
        "cases_recovered": 0,
        "cases_partly_recalled": 1,
    }
    assert "item_repeated" in error.value.codes
