"""Everything the rules need of one case, read in one SELECT that can lock it, and turned into Facts."""

import json
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.cases import case
from service.tables.households import household
from workflows.eligibility import Economy, IncomeLine, SpendingLine
from workflows.facts import Approval, Award, Facts, Fund, Notice, Verification, Visit
from workflows.terms import Duty, Fen

_SAME_PERSON = """(SELECT twin.id FROM person AS me JOIN person AS twin ON twin.id = me.id
    OR twin.id_no_index = me.id_no_index WHERE me.id = "case".beneficiary_id)"""
"""The beneficiary under every row he has ever had: the number says who he is."""

_PARTS = {
    "duties": """SELECT json_agg(json_build_array(duty, account_id)) FROM case_duty WHERE case_id = "case".id""",
    "filers": """SELECT json_agg(DISTINCT actor_id) FROM event WHERE (subject_id = household.id OR subject_id IN
        (SELECT id FROM person WHERE person.household_id = household.id)) AND action <> 'reveal'""",
    "family_staff": """SELECT json_agg(account_id) FROM (
        SELECT account_id FROM kinship WHERE household_id = household.id UNION
        SELECT account.id FROM account JOIN person ON person.id_no_index = account.id_no_index
        WHERE person.household_id = household.id AND person.active) AS staff""",
    "lines": """SELECT json_agg(json_build_array(side, kind, coalesce(person_id::text, ''), fen, reimbursed_fen)
        ORDER BY side, kind, person_id, fen, id) FROM economy_line WHERE household_id = household.id""",
    "members": """SELECT json_agg(json_build_array(id, encode(name_index, 'hex'), encode(id_no_index, 'hex')) ORDER BY id)
        FROM person WHERE household_id = household.id AND active""",
    "beneficiary_in_family": """SELECT person.active AND person.household_id = household.id FROM person
        WHERE person.id = "case".beneficiary_id""",
    "consented_until": "SELECT max(until_on) FROM consent WHERE household_id = household.id",
    "papers": """SELECT json_agg(kind ORDER BY kind) FROM paper WHERE case_id = "case".id""",
    "visits": """SELECT json_agg(json_build_object('kind', kind, 'on', "on", 'conclusion', conclusion, 'visitors',
        (SELECT json_agg(account_id) FROM visit_visitor WHERE visit_id = visit.id)) ORDER BY id)
        FROM visit WHERE case_id = "case".id""",
    "verification": """SELECT row_to_json(v) FROM (SELECT replied_on, outcome, explained FROM verification
        WHERE case_id = "case".id ORDER BY seq DESC LIMIT 1) AS v""",
    "notice": """SELECT row_to_json(n) FROM (SELECT id, posted_on, ended_on, content,
        (SELECT count(*) FROM objection o WHERE o.case_id = notice.case_id AND outcome IS NULL) AS open,
        (SELECT count(*) FROM objection o WHERE o.notice_id = notice.id AND outcome = 'upheld') AS upheld
        FROM notice WHERE case_id = "case".id ORDER BY seq DESC LIMIT 1) AS n""",
    "approvals": """SELECT json_agg(json_build_array(tier, account_id, content) ORDER BY tier)
        FROM approval WHERE case_id = "case".id AND voided_seq IS NULL""",
    "payee": """SELECT row_to_json(b) FROM (SELECT bank_account.id, encode(card_index, 'hex') AS card, person_id,
        person.household_id = household.id AND person.active AS in_family FROM bank_account
        JOIN person ON person.id = person_id
        WHERE bank_account.household_id = household.id AND bank_account.active) AS b""",
    "payments": """SELECT json_agg(state) FROM payment WHERE case_id = "case".id""",
    "others": f"""SELECT json_agg(json_build_array(item, fen, "on", school_year, same)) FROM (
        SELECT o.item, o.outstanding_fen AS fen, coalesce((SELECT max(a."on") FROM approval AS a WHERE a.case_id = o.id
        AND a.voided_seq IS NULL), o.entered_on) AS "on", o.answers->>'school_year' AS school_year,
        o.beneficiary_id IN {_SAME_PERSON} AS same FROM "case" AS o WHERE o.id <> "case".id
        AND o.outstanding_fen > 0 AND (o.household_id = household.id OR o.beneficiary_id IN {_SAME_PERSON})
        UNION ALL SELECT item, fen, "on", NULL, FALSE FROM gift WHERE gift.household_id = household.id
        AND fen IS NOT NULL AND item IN ('LIV', 'MED', 'EDU', 'ACC', 'TMP')) AS given""",  # noqa: S608 - a constant of ours
    "prior_aid": """SELECT json_agg(json_build_array(item, fen, "on")) FROM (
        SELECT o.item, p.fen, p.paid_on AS "on" FROM payment AS p JOIN "case" AS o ON o.id = p.case_id
        WHERE o.household_id = household.id AND o.id <> "case".id AND p.state = 'live' UNION ALL
        SELECT item, fen, "on" FROM gift WHERE gift.household_id = household.id AND fen IS NOT NULL) AS aid""",
    "fund": """SELECT row_to_json(f) FROM (SELECT available_fen, permitted_items, categories, opens_on, expires_on
        FROM fund WHERE fund.id = "case".fund_id) AS f""",
}

_FACTS = (
    sa.select(
        case,
        household.c.division,
        household.c.cause,
        household.c.identity,
        household.c.observed,
        household.c.event_kind,
        household.c.idle_able_members,
        household.c.economy_as_of,
        household.c.filed_on,
        household.c.exited_on,
        household.c.file_no,
    )
    .join(household, household.c.id == case.c.household_id)
    .add_columns(*(sa.literal_column(f"({sql})").label(name) for name, sql in _PARTS.items()))
)


@dataclass(frozen=True, slots=True)
class Known:
    """A case as it stands: its row, what the rules see of it, and the accounts of the family."""

    row: sa.Row[Any]
    facts: Facts

    @property
    def bank_account(self) -> UUID | None:
        """The account on file that a transfer would go to."""
        payee = self.row.payee
        return UUID(payee["id"]) if payee else None


def locked(tx: sa.Connection, case_id: UUID, caller: Caller) -> Known | None:
    """The case and its household, locked until the transaction ends; None when `caller` may not see it.

    The lock comes first and the facts after it: facts read by the statement that waited would be those of before.
    """
    held = (
        sa.select(case.c.id)
        .join(household, household.c.id == case.c.household_id)
        .where(case.c.id == case_id, visible_to(caller, case.c.unit_path))
    )
    if tx.execute(held.with_for_update(of=[case, household])).one_or_none() is None:
        return None
    return _known(tx.execute(_FACTS.where(case.c.id == case_id)).one_or_none())


def read(tx: sa.Connection, case_id: UUID, caller: Caller) -> Known | None:
    """The case as it stands, without a lock; None when `caller` may not see it."""
    return _known(tx.execute(_FACTS.where(case.c.id == case_id, visible_to(caller, case.c.unit_path))).one_or_none())


def _known(row: sa.Row[Any] | None) -> Known | None:
    return None if row is None else Known(row, _facts(row))


def _day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _facts(row: sa.Row[Any]) -> Facts:
    return replace(
        _file_facts(row),
        visits=tuple(_visit(each) for each in row.visits or ()),
        verification=_verification(row.verification),
        notice=_notice(row.notice),
        approvals=tuple(Approval(tier, UUID(by), content) for tier, by, content in row.approvals or ()),
        content=content_of(row, row.award_fen, row.fund_id, row.policy_set_id, row.category),
        fund=fund_facts(row.fund),
        payee_in_family=row.payee["in_family"] if row.payee else None,
        live_payment="live" in (row.payments or ()),
        others=tuple(
            Award(item, Fen(fen), date.fromisoformat(on), school_year, same_student=student)
            for item, fen, on, school_year, student in row.others or ()
        ),
    )


def _file_facts(row: sa.Row[Any]) -> Facts:
    """What the case's row and the household's file say by themselves."""
    return Facts(
        state=row.state,
        opened_on=row.opened_on,
        entered_on=row.entered_on,
        item=row.item,
        asked=Fen(row.asked_fen),
        award=row.award_fen,
        outstanding=Fen(row.outstanding_fen),
        held=row.held_until is not None,
        duties=frozenset((Duty(duty), UUID(person)) for duty, person in row.duties or ())
        | frozenset((Duty.FILER, UUID(person)) for person in row.filers or ()),
        family_staff=frozenset(UUID(each) for each in row.family_staff or ()),
        answers=row.answers,
        filed=row.exited_on is None,
        beneficiary_in_family=bool(row.beneficiary_in_family),
        division=row.division,
        cause=row.cause,
        economy=_economy(row),
        consented_until=_day(row.consented_until),
        papers=frozenset(row.papers or ()),
    )


def _visit(each: dict[str, Any]) -> Visit:
    visitors = frozenset(UUID(account) for account in each["visitors"] or ())
    return Visit(each["kind"], date.fromisoformat(each["on"]), visitors, each["conclusion"])


def _verification(each: dict[str, Any] | None) -> Verification | None:
    if each is None:
        return None
    return Verification(date.fromisoformat(each["replied_on"]), each["outcome"], each["explained"])


def _notice(each: dict[str, Any] | None) -> Notice | None:
    if each is None:
        return None
    posted, ended = date.fromisoformat(each["posted_on"]), _day(each["ended_on"])
    return Notice(posted, each["content"], ended, each["open"], each["upheld"])


def fund_facts(each: dict[str, Any] | None) -> Fund | None:
    """A fund line as the rules see it, from the row's JSON."""
    if each is None:
        return None
    return Fund(
        available=Fen(each["available_fen"]),
        items=frozenset(each["permitted_items"]),
        categories=frozenset(each["categories"]),
        opens_on=date.fromisoformat(str(each["opens_on"])),
        expires_on=date.fromisoformat(str(each["expires_on"])),
    )


def _economy(row: sa.Row[Any]) -> Economy | None:
    if row.economy_as_of is None or not row.members:
        return None
    lines = row.lines or ()
    return Economy(
        members=len(row.members or ()),
        income=tuple(IncomeLine(kind, who, Fen(fen)) for side, kind, who, fen, _ in lines if side == "income"),
        spending=tuple(
            SpendingLine(kind, who, Fen(fen), Fen(back)) for side, kind, who, fen, back in lines if side == "spending"
        ),
        assets=Fen(sum(fen for side, _, _, fen, _ in lines if side == "asset")),
        idle_able_members=row.idle_able_members,
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in row.prior_aid or ()),
        event=row.event_kind,
        observed=frozenset(row.observed),
    )


def content_of(
    row: sa.Row[Any], award: int | None, fund_id: UUID | None, policy_set_id: UUID, category: str | None
) -> str:
    """The digest an approval binds: payee, account, sum, fund, category, household facts, papers, answers.

    Anything listed here that changes voids the signatures that covered it (design, "What always holds" 4).
    """
    payee = row.payee or {}
    bound = {
        "item": row.item,
        "asked": row.asked_fen,
        "award": award,
        "fund": str(fund_id) if fund_id else None,
        "policy": str(policy_set_id),
        "category": category,
        "beneficiary": str(row.beneficiary_id),
        "payee": [payee.get("id"), payee.get("card"), payee.get("person_id"), payee.get("in_family")],
        "answers": row.answers,
        "household": [row.division, row.cause, row.identity, sorted(row.observed), row.event_kind],
        "economy": [str(row.economy_as_of), row.idle_able_members, row.lines, row.members],
        "papers": row.papers,
    }
    text = json.dumps(bound, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()
