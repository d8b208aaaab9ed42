"""The one SELECT that reads what a step needs of a case, locked or not; spelled once for each set of needs."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.db.prepared import PreparedStatement
from service.queries import accounts, policies
from service.queries.scope import paths_above, visible_by_name
from service.tables.accounts import account, role_grant
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.policies import calendar_year, policy_set
from service.tables.units import unit
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Record

TODAY = sa.bindparam("today", type_=sa.Date())
ROLES = sa.bindparam("roles", type_=sa.ARRAY(sa.Text()))
"""The roles somebody must hold to be named in the step's form or to hear of it; whoever holds them is read along."""

FIRST_YEAR, LAST_YEAR = (sa.bindparam(name, type_=sa.Integer()) for name in ("first_year", "last_year"))

_SAME_PERSON = """ANY (ARRAY(SELECT "case".beneficiary_id UNION SELECT twin.id FROM person AS me
    JOIN person AS twin ON twin.id_no_index = me.id_no_index WHERE me.id = "case".beneficiary_id))"""
"""The beneficiary under every row he has ever had: the number says who he is.

An array, because `a = x OR a IN (SELECT …)` reads a whole table where `a = ANY (ARRAY(…))` asks an index.
"""


def _actions(record: Record) -> str:
    """The actions, of any programme, that leave `record`, as an SQL list."""
    steps = (step for programme in PROGRAMMES.values() for step in programme.steps)
    return ", ".join(sorted({f"'{step.action}'" for step in steps if step.record is record}))


FUND_COLUMNS = ("id", "unit_path", "available_fen", "permitted_items", "categories", "opens_on", "expires_on")
"""What is read of a fund line."""

FACT_SQL = {
    "duties": """SELECT json_agg(json_build_array(duty, account_id, account.email IS NOT NULL)) FROM case_duty
        JOIN account ON account.id = account_id WHERE case_id = "case".id""",
    "filers": """SELECT json_agg(DISTINCT actor_id) FROM event WHERE subject_id = ANY (ARRAY(SELECT id FROM person
        WHERE person.household_id = "case".household_id) || "case".household_id) AND action NOT IN
        ('reveal', 'match_number', 'confirm_kinship')""",
    "family_staff": """SELECT json_agg(account_id) FROM (
        SELECT account_id FROM kinship WHERE household_id = "case".household_id AND confirmed_on IS NOT NULL
        AND ended_on IS NULL UNION
        SELECT account.id FROM account JOIN person ON person.id_no_index = account.id_no_index
        WHERE person.household_id = "case".household_id AND person.active) AS staff""",
    "lines": """SELECT json_agg(json_build_array(side, kind, coalesce(person_id::text, ''), fen, reimbursed_fen)
        ORDER BY side, kind, person_id, fen, id) FROM finance_line WHERE household_id = "case".household_id""",
    "members": """SELECT json_agg(json_build_array(id, encode(name_index, 'hex'), encode(id_no_index, 'hex')) ORDER BY id)
        FROM person WHERE household_id = "case".household_id AND active""",
    "beneficiary_in_family": """SELECT person.active AND person.household_id = "case".household_id FROM person
        WHERE person.id = "case".beneficiary_id""",
    "consented_until": """SELECT max(until_on) FROM consent WHERE household_id = "case".household_id""",
    "papers": """SELECT json_agg(kind ORDER BY kind) FROM paper WHERE case_id = "case".id""",
    "visits": """SELECT json_agg(json_build_object('kind', kind, 'on', "on", 'conclusion', conclusion, 'seq', seq, 'visitors',
        (SELECT json_agg(account_id) FROM visit_visitor WHERE visit_id = visit.id)) ORDER BY id)
        FROM visit WHERE case_id = "case".id""",
    "verification": """SELECT row_to_json(v) FROM (SELECT replied_on, outcome, explained, people FROM verification
        WHERE case_id = "case".id ORDER BY seq DESC LIMIT 1) AS v""",
    "returned": f"""SELECT row_to_json(r) FROM (SELECT e.seq, e."on", e.body::json -> 'answers' -> 'again' AS again,
        EXISTS (SELECT FROM event AS p WHERE p.subject_id = e.subject_id AND p.seq > e.seq
        AND p.action IN ({_actions(Record.PAPERS)})) AS papers_since FROM event AS e WHERE e.subject_id = "case".id
        AND e.action IN ({_actions(Record.RESURVEY)}) ORDER BY e.seq DESC LIMIT 1) AS r""",  # noqa: S608 - our own words
    "notice": """SELECT row_to_json(n) FROM (SELECT id, posted_on, ended_on, content,
        (SELECT count(*) FROM objection o WHERE o.case_id = notice.case_id AND outcome IS NULL) AS open,
        (SELECT o.id FROM objection o WHERE o.case_id = notice.case_id AND outcome IS NULL ORDER BY o.id LIMIT 1) AS oldest,
        (SELECT count(*) FROM objection o WHERE o.notice_id = notice.id AND outcome = 'upheld') AS upheld
        FROM notice WHERE case_id = "case".id ORDER BY seq DESC LIMIT 1) AS n""",
    "approvals": """SELECT json_agg(json_build_array(tier, account_id, content, id) ORDER BY tier)
        FROM approval WHERE case_id = "case".id AND voided_seq IS NULL""",
    "payee": """SELECT row_to_json(b) FROM (SELECT bank_account.id, encode(card_index, 'hex') AS card, person_id,
        person.household_id = "case".household_id AND person.active AS in_family FROM bank_account
        JOIN person ON person.id = person_id
        WHERE bank_account.household_id = "case".household_id AND bank_account.active) AS b""",
    "live_payment": """SELECT id FROM payment WHERE case_id = "case".id AND state = 'live'""",
    "others": f"""SELECT json_agg(json_build_array(item, fen, "on", school_year, same)) FROM (
        SELECT o.item, o.outstanding_fen AS fen, coalesce((SELECT max(a."on") FROM approval AS a WHERE a.case_id = o.id
        AND a.voided_seq IS NULL), o.entered_on) AS "on", o.answers->>'school_year' AS school_year,
        o.beneficiary_id = {_SAME_PERSON} AS same FROM "case" AS o WHERE o.id <> "case".id
        AND o.outstanding_fen > 0 AND (o.household_id = "case".household_id OR o.beneficiary_id = {_SAME_PERSON})
        UNION ALL SELECT item, fen, "on", NULL, FALSE FROM gift WHERE gift.household_id = "case".household_id
        AND fen IS NOT NULL AND item IN ('LIV', 'MED', 'EDU', 'ACC', 'TMP')) AS given""",  # noqa: S608 - a constant of ours
    "prior_aid": """SELECT json_agg(json_build_array(item, fen, "on")) FROM (
        SELECT o.item, p.fen, p.paid_on AS "on" FROM payment AS p JOIN "case" AS o ON o.id = p.case_id
        WHERE o.household_id = "case".household_id AND o.id <> "case".id AND p.state = 'live' UNION ALL
        SELECT item, fen, "on" FROM gift WHERE gift.household_id = "case".household_id AND fen IS NOT NULL) AS aid""",
    "fund": f"""SELECT row_to_json(f) FROM (SELECT {", ".join(FUND_COLUMNS)} FROM fund WHERE fund.id = "case".fund_id) AS f""",  # noqa: S608 - our own words
    "named_fund": "the line somebody names, by its id",
    "family_reader": """SELECT person.id FROM person WHERE person.household_id = "case".household_id AND person.active
        AND person.email_sealed IS NOT NULL ORDER BY person.relation <> 'head', person.id LIMIT 1""",
    "head": """SELECT json_build_object('id', person.id, 'name', encode(person.name_sealed, 'hex'), 'unit', unit.name)
        FROM person JOIN unit ON unit.id = "case".unit_id WHERE person.household_id = "case".household_id
        AND person.relation = 'head' AND person.active""",
}

_OF_THE_FILE = (
    household.c.division,
    household.c.cause,
    household.c.identity,
    household.c.observed,
    household.c.event_kind,
    household.c.idle_able_members,
    household.c.finances_as_of,
    household.c.filed_on,
    household.c.exited_on,
    household.c.file_no,
    household.c.version.label("file_version"),
    household.c.aid_version,
)
_FILE = case.join(household, household.c.id == case.c.household_id)
_MONEY = _FILE.join(fund, fund.c.id == case.c.fund_id)


def _one(*columns: sa.ColumnElement[Any] | sa.FromClause, of: sa.FromClause) -> sa.Select[Any]:
    """One case the caller may see, and its household."""
    found = sa.select(*columns).select_from(of)
    return found.where(case.c.id == sa.bindparam("case_id", type_=sa.Uuid()), visible_by_name(case.c.unit_path))


def _held(*, lock: bool, money: bool) -> sa.FromClause:
    """The case and its household, with the line its money comes from if that moves: locked in this order."""
    line = sa.func.json_build_object(*(part for name in FUND_COLUMNS for part in (_word(name), fund.c[name])))
    more, of = ((line.label("line"),), _MONEY) if money else ((), _FILE)
    one = _one(case, *_OF_THE_FILE, *more, of=of)
    rows = [case, household, *([fund] if money else [])]
    return (one.with_for_update(of=rows, key_share=True) if lock else one).cte("held").alias("case")


def _word(name: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{name}'")


def _part(name: str) -> sa.ColumnElement[Any]:
    """A part as it is written; the one that asks for a line by its id has a parameter."""
    if name != "named_fund":
        return sa.literal_column(f"({FACT_SQL[name]})")
    named = sa.select(*(fund.c[each] for each in FUND_COLUMNS)).where(
        fund.c.id == sa.bindparam("fund_id", type_=sa.Uuid())
    )
    line = named.subquery("line")
    return sa.select(sa.func.row_to_json(sa.literal_column("line"))).select_from(line).scalar_subquery()


@cache
def load_statement(parts: frozenset[str], *, lock: bool, money: bool = False, staff: bool = True) -> PreparedStatement:
    """The case and its household first, locked if asked for; then, of that one row, these PARTS as one JSON object.

    With `money` the line of the case comes along as `line`, locked too; a case without a line is then not found.
    """
    held = _held(lock=lock, money=money)
    told: dict[str, sa.ColumnElement[Any]] = {name: _part(name) for name in sorted(parts)}
    told |= {"staff": _staff(held.c.unit_path)} if staff else {}
    told |= {"policies": policies_read(), "calendar": calendar_read()}
    said = sa.func.json_build_object(*(part for name, each in told.items() for part in (_word(name), each)))
    return PreparedStatement(sa.select(held, _fresh(held).label("fresh"), said.label("parts")))


def _fresh(held: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether what the statement sees is what it locked: nobody wrote between its first look and its lock."""
    seen, file = case.alias("seen"), household.alias("file")
    marks = sa.select(seen.c.version, file.c.version, file.c.aid_version)
    marks = marks.where(seen.c.id == held.c.id, file.c.id == held.c.household_id)
    return sa.tuple_(held.c.version, held.c.file_version, held.c.aid_version).in_(marks)


def _staff(path: sa.ColumnElement[str]) -> sa.ScalarSelect[Any]:
    """Who holds one of ROLES over the case's unit today: account, role, tier, whether mail reaches him, and in whose place."""
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
        .where(role_grant.c.role == sa.func.any(ROLES), account.c.disabled_at.is_(None), accounts.in_force(TODAY))
        .where(unit.c.path.in_(paths_above(path)))
        .scalar_subquery()
    )


def policies_read() -> sa.ScalarSelect[Any]:
    """The ids of the policy sets whose dates cover TODAY, as JSON."""
    return sa.select(sa.func.json_agg(policy_set.c.id)).where(policies.effective_on(TODAY)).scalar_subquery()


def calendar_read() -> sa.ScalarSelect[Any]:
    """The years from FIRST_YEAR to LAST_YEAR whose working days are known, each with its file's digest, as JSON."""
    year = sa.func.json_build_array(calendar_year.c.year, calendar_year.c.digest)
    known = sa.select(sa.func.json_agg(aggregate_order_by(year, calendar_year.c.year)))
    return known.where(calendar_year.c.year.between(FIRST_YEAR, LAST_YEAR)).scalar_subquery()
