"""The sample year: imported, driven through its stories, and counted as its README says."""

import json
from collections.abc import Iterator, Mapping
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
from tests.service.import_fixtures import RING, SAMPLES, YEAR_END, Union, founded, founded_url
from workflows.vocabulary import Refused

__all__ = ["founded", "founded_url"]

EXPECTED: Mapping[str, Any] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
PERIOD = (YEAR_END.replace(month=1, day=1), YEAR_END)


@pytest.fixture(scope="module")
def year(founded: sa.Engine) -> Iterator[Union]:
    """The whole year in the order of its days, in a transaction that is undone."""
    with founded.connect() as conn:
        union = Union(conn)
        import_folder(conn, SAMPLES, union.context())
        people = {row[0]: row[1] for row in conn.execute(sa.select(account.c.login, account.c.id))}
        lines = {row[0]: row[1] for row in conn.execute(sa.select(fund.c.code, fund.c.id))}
        applications = read_applications(SAMPLES / "09-applications.xlsx")
        script = [(act.on, index, act) for index, each in enumerate(applications) for act in steps_of(each)]
        opened: dict[int, UUID] = {}
        for _, index, act in sorted(script, key=lambda line: line[:2]):
            if index not in opened:
                opened[index] = _opened(union, applications[index])
            _take(union, opened[index], act, people, lines)
        yield union
        conn.rollback()


def _opened(union: Union, a: Application) -> UUID:
    home = union.conn.scalars(sa.select(household.c.id).where(household.c.file_no == a.file_no)).one()
    of = sa.and_(person.c.household_id == home, person.c.relation == a.relation)
    member = union.conn.execute(sa.select(person.c.id, person.c.name_sealed).where(of)).one()
    assert decrypt_field(RING, "person.name", member.id, member.name_sealed) == a.beneficiary
    opening = CaseApplication(a.programme, home, member.id, a.item, a.requested, a.answers)
    return case_opening.open_case(union.conn, opening, union.context(a.registrar, a.opened_on)).case_id


def _take(
    union: Union, case_id: UUID, act: ScenarioStep, people: Mapping[str, UUID], lines: Mapping[str, UUID]
) -> None:
    answers = dict(act.answers)
    if "visitors" in answers:
        answers["visitors"] = [str(people[login]) for login in answers["visitors"]]
    if "fund" in answers:
        answers["fund"] = str(lines[answers["fund"]])
    context = union.context(act.login, act.on)
    if act.refused is None:
        cases.take_action(union.conn, case_id, act.action, answers, context)
        return
    with pytest.raises(Refused) as refused:
        cases.take_action(union.conn, case_id, act.action, answers, context)
    assert act.refused in refused.value.codes


def _counted(union: Union, measure: FigureDefinition, scope: Scope) -> Any:
    rows = measure.rows(SharedRows(scope)).subquery()
    amount = sa.cast(sa.func.sum(rows.c.amount), sa.BigInteger()) if measure.sums else sa.func.count()
    if measure.split:
        by_part = sa.select(rows.c.part, amount).group_by(rows.c.part)
        return {row.part: row[1] for row in union.conn.execute(by_part)}
    return union.conn.scalar(sa.select(amount).select_from(rows)) or 0


@pytest.mark.parametrize("name", sorted(EXPECTED["units"]))
def test_every_figure(year: Union, name: str) -> None:
    path = year.conn.scalars(sa.select(unit.c.path).where(unit.c.name == name)).one()
    scope = Scope(path, *PERIOD)
    assert {each.key: _counted(year, each, scope) for each in TABLE} == EXPECTED["units"][name]


def test_the_students_of_august(year: Union) -> None:
    path = year.conn.scalars(sa.select(unit.c.path).where(unit.c.name == "临澜县工业局工会")).one()
    august = Scope(path, YEAR_END.replace(month=8, day=1), YEAR_END.replace(month=8))
    counted = {each.key: _counted(year, each, august) for each in TABLE if each.key in EXPECTED["august"]}
    assert counted == EXPECTED["august"]


def test_no_case_ends_with_a_forbidden_pair_of_duties(year: Union) -> None:
    one, other = case_duty.alias(), case_duty.alias()
    same = sa.and_(one.c.case_id == other.c.case_id, one.c.account_id == other.c.account_id)
    clash = sa.and_(incompatible_duty.c.one == one.c.duty, incompatible_duty.c.other == other.c.duty)
    met = sa.select(one.c.case_id).join(other, same).join(incompatible_duty, clash)
    assert year.conn.execute(met).all() == []


def test_every_case_came_to_its_end(year: Union) -> None:
    ends = year.conn.execute(sa.select(case.c.state, sa.func.count()).group_by(case.c.state))
    assert {row.state: row[1] for row in ends} == {"closed": 22, "declined": 2, "withdrawn": 1, "recovered": 1}
