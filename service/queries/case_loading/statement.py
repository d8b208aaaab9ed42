"""The load statement is one SELECT over the fact table: a case locked with its household, or many cases locked before."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.db.prepared import PreparedStatement
from service.queries import accounts, policies
from service.queries.case_loading.fact_table import BY_NAME
from service.queries.case_loading.readers import FUND_COLUMNS
from service.queries.scope import paths_above, visible_by_name
from service.tables.accounts import account, role_grant
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from service.tables.policies import calendar_year, policy_set
from service.tables.units import unit
from workflows.vocabulary import Role

TODAY = sa.bindparam("today", type_=sa.Date())
VISITED_ON = sa.bindparam("visited_on", type_=sa.Date())
"""The day of the visit that the form records; today where it records none."""

ROLES = sa.bindparam("roles", type_=sa.ARRAY(sa.Text()))
"""The roles whose holders are loaded: those the form may name, and those who are notified."""

FIRST_YEAR, LAST_YEAR = (sa.bindparam(name, type_=sa.Integer()) for name in ("first_year", "last_year"))
CASE_ID = sa.bindparam("case_id", type_=sa.Uuid())
CASE_IDS = sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid()))

_HOUSEHOLD_COLUMNS = (
    *(household.c[name] for name in ("division", "cause", "identity", "observed", "event_kind", "idle_able_members")),
    *(household.c[name] for name in ("finances_as_of", "filed_on", "exited_on", "file_no", "aid_version")),
    household.c.category_case_id,
    household.c.version.label("file_version"),
)
_WITH_HOUSEHOLD = case.join(household, household.c.id == case.c.household_id)
_WITH_FUND = _WITH_HOUSEHOLD.join(fund, fund.c.id == case.c.fund_id)


def _locked_case(*, money: bool) -> sa.FromClause:
    """One visible case, its household and, if money moves, its fund line: locked in this order."""
    columns = sa.func.json_build_object(*(part for name in FUND_COLUMNS for part in (_word(name), fund.c[name])))
    line, source = ((columns.label("line"),), _WITH_FUND) if money else ((), _WITH_HOUSEHOLD)
    one = sa.select(case, *_HOUSEHOLD_COLUMNS, *line).select_from(source).where(case.c.id == CASE_ID, _visible())
    locked = one.with_for_update(of=[case, household, *([fund] if money else [])], key_share=True)
    return locked.cte("loaded_case").alias("c")


def _unlocked_cases(wanted: sa.ColumnElement[bool]) -> sa.FromClause:
    found = sa.select(case, *_HOUSEHOLD_COLUMNS).select_from(_WITH_HOUSEHOLD).where(wanted, _visible())
    return found.cte("loaded_case").alias("c")


def _visible() -> sa.ColumnElement[bool]:
    return visible_by_name(case.c.unit_path)


def _word(name: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{name}'")


@cache
def lock_and_load(facts: frozenset[str], *, money: bool, staff: bool) -> PreparedStatement:
    """Return the statement that locks one case and loads these facts; `fresh` says that nobody wrote meanwhile.

    With `money` the fund line of the case comes along as `line`, locked too; a case without one is then not found.
    """
    c = _locked_case(money=money)
    return PreparedStatement(sa.select(c, _is_fresh(c).label("fresh"), _parts(c, facts, staff=staff)))


@cache
def load_unlocked(facts: frozenset[str], *, staff: bool, many: bool) -> PreparedStatement:
    """Return the statement that loads one case, or those of `case_ids`, without a lock."""
    c = _unlocked_cases(case.c.id == sa.func.any(CASE_IDS) if many else case.c.id == CASE_ID)
    return PreparedStatement(sa.select(c, _parts(c, facts, staff=staff)))


def _parts(c: sa.FromClause, facts: frozenset[str], *, staff: bool) -> sa.Label[Any]:
    parts: dict[str, sa.ColumnElement[Any]] = {name: BY_NAME[name].select for name in sorted(facts)}
    parts |= {"staff": _staff(c.c.unit_path)} if staff else {}
    parts |= {"policies": policies_read(), "calendar": calendar_read()}
    return sa.func.json_build_object(*(each for name, part in parts.items() for each in (_word(name), part))).label(
        "parts"
    )


def _is_fresh(c: sa.FromClause) -> sa.ColumnElement[bool]:
    # Under READ COMMITTED a statement that waited for a lock still sees its old snapshot. The locked row is the new one,
    # so its versions differ from those that the snapshot shows. Whatever a household is given raises its aid_version.
    seen, file = case.alias("seen"), household.alias("file")
    versions = sa.select(seen.c.version, file.c.version, file.c.aid_version)
    versions = versions.where(seen.c.id == c.c.id, file.c.id == c.c.household_id)
    return sa.tuple_(c.c.version, c.c.file_version, c.c.aid_version).in_(versions)


def _staff(path: sa.ColumnElement[str]) -> sa.ScalarSelect[Any]:
    """Who holds one of ROLES over the case's unit: account, role, tier, whether they have an e-mail address, for whom.

    Those who are notified hold it today, visitors held it on the day of the visit.
    """
    day = sa.case((role_grant.c.role == _word(Role.VISITOR.value), VISITED_ON), else_=TODAY)
    each = sa.func.json_build_array(
        role_grant.c.account_id,
        role_grant.c.role,
        role_grant.c.tier,
        account.c.email.is_not(None),
        role_grant.c.for_account_id,
    )
    return (
        sa.select(sa.func.json_agg(each))
        .select_from(role_grant)
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .join(account, account.c.id == role_grant.c.account_id)
        .where(role_grant.c.role == sa.func.any(ROLES), account.c.disabled_at.is_(None), accounts.in_force(day))
        .where(unit.c.path.in_(paths_above(path)))
        .scalar_subquery()
    )


def policies_read() -> sa.ScalarSelect[Any]:
    """Return a column with the ids of the policy sets whose dates cover TODAY, as JSON."""
    return sa.select(sa.func.json_agg(policy_set.c.id)).where(policies.begun_by(TODAY)).scalar_subquery()


def calendar_read() -> sa.ScalarSelect[Any]:
    """Return a column with the years from FIRST_YEAR to LAST_YEAR whose working days are known, each with its digest."""
    year = sa.func.json_build_array(calendar_year.c.year, calendar_year.c.digest)
    known = sa.select(sa.func.json_agg(aggregate_order_by(year, calendar_year.c.year)))
    return known.where(calendar_year.c.year.between(FIRST_YEAR, LAST_YEAR)).scalar_subquery()


# A batch locks all its cases, then all households, then all fund lines, each in the order of ids: a step of one case takes
# its locks in the order case, household, fund, so neither waits for the other in a circle.
LOCK_CASES = PreparedStatement(
    sa.select(case.c.id, case.c.household_id, case.c.fund_id, case.c.beneficiary_id, person.c.id_no_index)
    .join(person, person.c.id == case.c.beneficiary_id)
    .where(case.c.id == sa.func.any(CASE_IDS), _visible())
    .order_by(case.c.id)
    .with_for_update(of=case, key_share=True)
)
LOCK_HOUSEHOLDS = PreparedStatement(
    sa.select(household.c.id)
    .where(household.c.id == sa.func.any(sa.bindparam("household_ids", type_=sa.ARRAY(sa.Uuid()))))
    .order_by(household.c.id)
    .with_for_update(key_share=True)
)
LOCK_FUNDS = PreparedStatement(
    sa.select(*(fund.c[name] for name in FUND_COLUMNS))
    .where(fund.c.id == sa.func.any(sa.bindparam("fund_ids", type_=sa.ARRAY(sa.Uuid()))))
    .order_by(fund.c.id)
    .with_for_update(key_share=True)
)
