"""The sample year: imported, driven through its stories, and counted as its README says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import case_opening, cases
from service.actions.case_rows import Opening
from service.exchange.applications import Application, read_applications
from service.exchange.folder import import_folder
from service.exchange.stories import Act, acts
from service.privacy import unseal
from service.report.measure import Ground, Measure, Scope
from service.report.measures import TABLE
from service.tables.cases import case, case_duty, clashing_duty
from service.tables.funds import fund
from service.tables.households import household
from service.tables.people import person
from service.tables.units import account, unit
from tests.service.builders_import import RING, SAMPLES, YEAR_END, Union, founded, founded_url
from workflows.terms import Refused

__all__ = ["founded", "founded_url"]

EXPECTED: Mapping[str, Any] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
PERIOD = (YEAR_END.replace(month=1, day=1), YEAR_END)


@pytest.fixture(scope="module")
def year(founded: sa.Engine) -> Iterator[Union]:
    """The whole year in the order of its days, in a transaction that is undone."""
    with founded.connect() as tx:
        union = Union(tx)
        import_folder(tx, SAMPLES, union.asked())
        people = {row[0]: row[1] for row in tx.execute(sa.select(account.c.login, account.c.id))}
        lines = {row[0]: row[1] for row in tx.execute(sa.select(fund.c.code, fund.c.id))}
        applications = read_applications(SAMPLES / "09-applications.xlsx")
        script = [(act.on, index, act) for index, each in enumerate(applications) for act in acts(each)]
        opened: dict[int, UUID] = {}
        for _, index, act in sorted(script, key=lambda line: line[:2]):
            if index not in opened:
                opened[index] = _opened(union, applications[index])
            _take(union, opened[index], act, people, lines)
        yield union
        tx.rollback()


def _opened(union: Union, a: Application) -> UUID:
    home = union.tx.scalars(sa.select(household.c.id).where(household.c.file_no == a.file_no)).one()
    of = sa.and_(person.c.household_id == home, person.c.relation == a.relation)
    member = union.tx.execute(sa.select(person.c.id, person.c.name_sealed).where(of)).one()
    assert unseal(RING, "person.name", member.id, member.name_sealed) == a.beneficiary
    opening = Opening(a.programme, home, member.id, a.item, a.asked, a.answers)
    return case_opening.open_case(union.tx, opening, union.asked(a.registrar, a.opened_on)).case_id


def _take(union: Union, case_id: UUID, act: Act, people: Mapping[str, UUID], lines: Mapping[str, UUID]) -> None:
    answers = dict(act.answers)
    if "visitors" in answers:
        answers["visitors"] = [str(people[login]) for login in answers["visitors"]]
    if "fund" in answers:
        answers["fund"] = str(lines[answers["fund"]])
    asked = union.asked(act.login, act.on)
    if act.refused is None:
        cases.take(union.tx, case_id, act.action, answers, asked)
        return
    with pytest.raises(Refused) as refused:
        cases.take(union.tx, case_id, act.action, answers, asked)
    assert act.refused in refused.value.codes


def _counted(union: Union, measure: Measure, scope: Scope) -> Any:
    rows = measure.rows(Ground(scope)).subquery()
    amount = sa.cast(sa.func.sum(rows.c.amount), sa.BigInteger()) if measure.sums else sa.func.count()
    if measure.split:
        by_part = sa.select(rows.c.part, amount).group_by(rows.c.part)
        return {row.part: row[1] for row in union.tx.execute(by_part)}
    return union.tx.scalar(sa.select(amount).select_from(rows)) or 0


@pytest.mark.parametrize("name", sorted(EXPECTED["units"]))
def test_every_figure(year: Union, name: str) -> None:
    path = year.tx.scalars(sa.select(unit.c.path).where(unit.c.name == name)).one()
    scope = Scope(path, *PERIOD)
    assert {each.key: _counted(year, each, scope) for each in TABLE} == EXPECTED["units"][name]


def test_the_students_of_august(year: Union) -> None:
    path = year.tx.scalars(sa.select(unit.c.path).where(unit.c.name == "临澜县工业局工会")).one()
    august = Scope(path, YEAR_END.replace(month=8, day=1), YEAR_END.replace(month=8))
    counted = {each.key: _counted(year, each, august) for each in TABLE if each.key in EXPECTED["august"]}
    assert counted == EXPECTED["august"]


def test_no_case_ends_with_a_forbidden_pair_of_duties(year: Union) -> None:
    one, other = case_duty.alias(), case_duty.alias()
    same = sa.and_(one.c.case_id == other.c.case_id, one.c.account_id == other.c.account_id)
    clash = sa.and_(clashing_duty.c.one == one.c.duty, clashing_duty.c.other == other.c.duty)
    met = sa.select(one.c.case_id).join(other, same).join(clashing_duty, clash)
    assert year.tx.execute(met).all() == []


def test_every_case_came_to_its_end(year: Union) -> None:
    ends = year.tx.execute(sa.select(case.c.state, sa.func.count()).group_by(case.c.state))
    assert {row.state: row[1] for row in ends} == {"closed": 22, "declined": 2, "withdrawn": 1, "recovered": 1}
