"""The fact table names every fact of a case: its SQL, the rules' fact it becomes, and what needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.queries.case_loading import readers
from service.queries.case_loading.loaded_case import CaseRow
from service.tables.funds import fund
from workflows.notifications import Audience
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Record


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. In its SQL, `c` is the case, joined with its household; the result is one JSON value."""

    name: str
    select: sa.ColumnElement[Any]
    field: str | None = None
    """The field of Facts that it becomes, if any."""

    read: Callable[[CaseRow], Any] | None = None
    """Makes that field from the loaded row."""

    needed_by: frozenset[Record | Audience] = frozenset()
    """Records whose rows are made from it, and audiences it names, besides the rules that declare the field."""

    always: bool = False
    """Loaded for every action: who worked on the case, and what a signature covers."""


def _sql(text: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"({text})")


def actions_leaving(record: Record) -> list[str]:
    """Return the actions, of any programme, that leave `record`."""
    steps = (step for programme in PROGRAMMES.values() for step in programme.steps)
    return sorted({step.action for step in steps if step.record is record})


def _actions(record: Record) -> str:
    return ", ".join(f"'{action}'" for action in actions_leaving(record))


def _named_fund() -> sa.ColumnElement[Any]:
    columns = (fund.c[each] for each in readers.FUND_COLUMNS)
    row = sa.select(*columns).where(fund.c.id == sa.bindparam("fund_id", type_=sa.Uuid())).subquery("named_fund")
    return sa.select(sa.func.row_to_json(sa.literal_column("named_fund"))).select_from(row).scalar_subquery()


# An array, because `a = x OR a IN (SELECT …)` reads a whole table where `a = ANY (ARRAY(…))` uses an index.
# One person is all rows with the number, and without one the rows that came from the same first row.
_SAME_PERSON = """ANY (ARRAY(SELECT c.beneficiary_id UNION SELECT coalesce(me.first_person_id, me.id) FROM person AS me
    WHERE me.id = c.beneficiary_id UNION SELECT twin.id FROM person AS me
    JOIN person AS twin ON twin.id_no_index = me.id_no_index WHERE me.id = c.beneficiary_id UNION SELECT twin.id
    FROM person AS me JOIN person AS twin ON twin.first_person_id = coalesce(me.first_person_id, me.id)
    WHERE me.id = c.beneficiary_id))"""

NOT_FILING = ("reveal", "match_number", "confirm_kinship", "decide_category", "undo_category")
"""Actions on a household or a person that say nothing about the family, so that they make nobody its filer."""

PRINCIPAL = (
    """CASE WHEN strpos(event.body, '"principal":"') > 0 THEN (event.body::json #>> '{facts,principal}')::uuid END"""
)
"""Whom the actor of an event outside cases acted for, in SQL; reading few bodies as JSON keeps it cheap."""

# The days these mean: kinship and members as they are on the day of the step; an award of another case on the day of its
# decision, the latest signature in force; prior aid on the day it was paid or given; a gift on its own day.
# fmt: off
_DUTIES = """SELECT json_agg(json_build_array(duty, account_id, account.email IS NOT NULL)) FROM case_duty
    JOIN account ON account.id = account_id WHERE case_id = c.id"""
# A stand-in counts as both persons, and so does who imports in the name of a keeper (docs/design.md, "What always holds" 2).
_FILERS = f"""SELECT json_agg(who) FILTER (WHERE who IS NOT NULL) FROM (SELECT unnest(ARRAY[actor_id, {PRINCIPAL}]) AS who
    FROM event WHERE subject_id = ANY (ARRAY(SELECT id FROM person
    WHERE person.household_id = c.household_id) || c.household_id) AND action NOT IN
    ({", ".join(f"'{action}'" for action in NOT_FILING)}) UNION SELECT recorded_by FROM paper_document
    JOIN document ON document.id = document_id WHERE paper_document.case_id = c.id UNION SELECT recorded_by FROM visit
    JOIN visit_photo ON visit_photo.visit_id = visit.id JOIN document ON document.id = document_id
    WHERE visit.case_id = c.id AND visit.kind = 'survey') AS filer"""  # noqa: S608 - a constant above
_FAMILY_STAFF = """SELECT json_agg(account_id) FROM (
    SELECT account_id FROM kinship WHERE household_id = c.household_id AND confirmed_on IS NOT NULL
    AND (ended_on IS NULL OR ended_on >= c.opened_on) UNION
    SELECT account.id FROM account JOIN person ON person.id_no_index = account.id_no_index
    WHERE person.household_id = c.household_id AND person.active) AS staff"""
_LINES = """SELECT json_agg(json_build_array(side, kind, coalesce(person_id::text, ''), fen, reimbursed_fen)
    ORDER BY side, kind, person_id, fen, id) FROM finance_line WHERE household_id = c.household_id AND ended_on IS NULL"""
_MEMBERS = """SELECT json_agg(json_build_array(id, encode(name_index, 'hex'), encode(id_no_index, 'hex')) ORDER BY id)
    FROM person WHERE household_id = c.household_id AND active"""
_PAPERS = "SELECT json_agg(kind ORDER BY kind) FROM paper WHERE case_id = c.id"
_DOCUMENTS = """SELECT json_object_agg(id, kind) FROM document WHERE household_id = c.household_id
    AND (case_id IS NULL OR case_id = c.id) AND ended_on IS NULL"""
_SCANNED = """SELECT json_agg(json_build_array(d.kind, encode(f.sha256, 'hex')) ORDER BY d.kind, d.id)
    FROM paper_document AS p JOIN document AS d ON d.id = p.document_id JOIN stored_file AS f ON f.id = d.file_id
    WHERE p.case_id = c.id AND d.ended_on IS NULL"""
_NAMED_BEFORE = "SELECT json_agg(document_id) FROM paper_document WHERE case_id = c.id"
_PHOTO_DIGESTS = """SELECT json_object_agg(d.id, encode(f.sha256, 'hex')) FROM document AS d
    JOIN stored_file AS f ON f.id = d.file_id WHERE d.household_id = c.household_id
    AND (d.case_id IS NULL OR d.case_id = c.id) AND d.ended_on IS NULL"""
_PAYEE = """SELECT row_to_json(b) FROM (SELECT bank_account.id, encode(card_index, 'hex') AS card, person_id,
    person.household_id = c.household_id AND person.active AS in_family FROM bank_account
    JOIN person ON person.id = person_id
    WHERE bank_account.household_id = c.household_id AND bank_account.active) AS b"""
_IN_FAMILY = """SELECT person.active AND person.household_id = c.household_id FROM person
    WHERE person.id = c.beneficiary_id"""
_NO_NUMBER = """SELECT json_object_agg(who, until_on) FROM (SELECT 'beneficiary' AS who, c.beneficiary_id AS person_id
    UNION ALL SELECT 'payee', person_id FROM bank_account WHERE bank_account.household_id = c.household_id
    AND bank_account.active) AS named JOIN person ON person.id = named.person_id AND person.id_no_index IS NULL
    CROSS JOIN LATERAL (SELECT max(until_on) AS until_on FROM number_absence
    WHERE number_absence.person_id IN (person.id, person.first_person_id)) AS absence"""
_STAGE = "SELECT student_stage FROM person WHERE person.id = c.beneficiary_id"
_OPEN_CASES = """SELECT json_agg(json_build_array(o.item, o.case_no)) FROM "case" AS o
    WHERE o.beneficiary_id = c.beneficiary_id AND o.id <> c.id AND o.phase <> 'ended'"""
# The decision that the category of the file rests on when that of the case is taken back: the latest other one in force.
_DECIDED_BEFORE = """SELECT row_to_json(d) FROM (SELECT o.id, o.category, (SELECT max(a."on") FROM approval AS a
    WHERE a.case_id = o.id AND a.voided_seq IS NULL) AS "on" FROM "case" AS o WHERE o.household_id = c.household_id
    AND o.id <> c.id AND o.outstanding_fen > 0 AND o.category IS NOT NULL ORDER BY "on" DESC NULLS LAST, o.id LIMIT 1)
    AS d WHERE d."on" IS NOT NULL"""
_CONSENT = "SELECT max(until_on) FROM consent WHERE household_id = c.household_id"
_VISITS = """SELECT json_agg(json_build_object('kind', kind, 'on', "on", 'conclusion', conclusion, 'seq', seq, 'visitors',
    (SELECT json_agg(account_id) FROM visit_visitor WHERE visit_id = visit.id), 'confirmed',
    (SELECT json_agg(account_id) FROM visit_confirmation WHERE visit_id = visit.id), 'seen', seen, 'id', id) ORDER BY id)
    FROM visit WHERE case_id = c.id"""
_VERIFICATION = """SELECT row_to_json(v) FROM (SELECT replied_on, outcome, explained, people, seen FROM verification
    WHERE case_id = c.id ORDER BY seq DESC LIMIT 1) AS v"""
_RETURNED = f"""SELECT row_to_json(r) FROM (SELECT e.seq, e."on", e.body::json -> 'answers' -> 'again' AS again,
    EXISTS (SELECT FROM event AS p WHERE p.subject_id = e.subject_id AND p.seq > e.seq
    AND p.action IN ({_actions(Record.PAPERS)})) AS papers_since FROM event AS e WHERE e.subject_id = c.id
    AND e.action IN ({_actions(Record.RESURVEY)}) ORDER BY e.seq DESC LIMIT 1) AS r"""  # noqa: S608 - names from the programmes
_NOTICE = """SELECT row_to_json(n) FROM (SELECT id, posted_on, ends_on, ended_on, content,
    (SELECT count(*) FROM objection o WHERE o.case_id = notice.case_id AND outcome IS NULL) AS open,
    (SELECT o.id FROM objection o WHERE o.case_id = notice.case_id AND outcome IS NULL ORDER BY o.id LIMIT 1) AS oldest,
    (SELECT count(*) FROM objection o WHERE o.notice_id = notice.id AND outcome = 'upheld') AS upheld
    FROM notice WHERE case_id = c.id ORDER BY seq DESC LIMIT 1) AS n"""
# Who posted the award that an objection is against: the actor of the notice's event, and whom they acted for.
_ALL_OBJECTIONS = """SELECT json_agg(json_build_object('outcome', o.outcome, 'award', n.award_fen, 'seen', n.seen,
    'posted_by', json_build_array(e.actor_id, e.principal_id)) ORDER BY o.id) FROM objection AS o
    JOIN notice AS n ON n.id = o.notice_id JOIN event AS e ON e.subject_id = n.case_id AND e.seq = n.seq
    WHERE o.case_id = c.id"""
_APPROVALS = """SELECT json_agg(json_build_array(tier, account_id, content, id) ORDER BY tier)
    FROM approval WHERE case_id = c.id AND voided_seq IS NULL"""
_PAYMENTS = """SELECT json_agg(json_build_array(id, state, paid_on, paid_by, confirmed_by) ORDER BY seq)
    FROM payment WHERE case_id = c.id"""
_ADVICE = """SELECT row_to_json(a) FROM (SELECT id, advice_no, advised_on, fen, code FROM bank_advice
    WHERE case_id = c.id AND state = 'stated') AS a"""
# What a family was given: what is out, and what it kept although it was written off.
_GIVEN = "o.outstanding_fen + o.written_off_fen"
_OTHERS = f"""SELECT json_agg(json_build_array(item, fen, "on", school_year, same)) FROM (
    SELECT o.item, {_GIVEN} AS fen, coalesce((SELECT max(a."on") FROM approval AS a WHERE a.case_id = o.id
    AND a.voided_seq IS NULL), o.entered_on) AS "on", o.answers->>'school_year' AS school_year,
    o.beneficiary_id = {_SAME_PERSON} AS same FROM "case" AS o WHERE o.id <> c.id
    AND {_GIVEN} > 0 AND (o.household_id = c.household_id OR o.beneficiary_id = {_SAME_PERSON})
    UNION ALL SELECT item, fen, "on", NULL, FALSE FROM gift WHERE gift.household_id = c.household_id
    AND fen IS NOT NULL AND voided_on IS NULL AND item IN ('LIV', 'MED', 'EDU', 'ACC', 'TMP')) AS given"""  # noqa: S608 - a constant above
_PENDING = f"""SELECT json_agg(o.item ORDER BY o.id) FROM "case" AS o WHERE o.outstanding_fen = 0
    AND o.phase <> 'ended' AND (o.opened_on, o.id) < (c.opened_on, c.id)
    AND (o.household_id = c.household_id OR o.beneficiary_id = {_SAME_PERSON})"""  # noqa: S608 - a constant above
_PRIOR_AID = f"""SELECT json_agg(json_build_array(item, fen, "on")) FROM (
    SELECT o.item, {_GIVEN} AS fen, p.paid_on AS "on" FROM payment AS p JOIN "case" AS o ON o.id = p.case_id
    WHERE o.household_id = c.household_id AND o.id <> c.id AND p.state NOT IN ('failed', 'returned') AND {_GIVEN} > 0 UNION ALL
    SELECT item, fen, "on" FROM gift WHERE gift.household_id = c.household_id AND fen IS NOT NULL
    AND voided_on IS NULL) AS aid"""  # noqa: S608 - a constant above
_FUND = f"SELECT row_to_json(f) FROM (SELECT {', '.join(readers.FUND_COLUMNS)} FROM fund WHERE fund.id = c.fund_id) AS f"  # noqa: S608 - column names above
_FAMILY_READER = """SELECT person.id FROM person WHERE person.household_id = c.household_id AND person.active
    AND person.email_sealed IS NOT NULL ORDER BY person.relation <> 'head', person.id LIMIT 1"""
_HEAD = """SELECT json_build_object('id', person.id, 'name', encode(person.name_sealed, 'hex'), 'unit', unit.name)
    FROM person JOIN unit ON unit.id = c.unit_id WHERE person.household_id = c.household_id
    AND person.relation = 'head' AND person.active"""

_OBJECTIONS = frozenset({Record.OBJECTION, Record.OBJECTION_ANSWER})
_OF_PAYMENT = frozenset(
    {Record.PAYMENT_CONFIRMED, Record.PAYMENT_FAILED, Record.PAYMENT_RETURNED, Record.RETURN_CONFIRMED}
    | {Record.RETURN_REJECTED, Record.RECEIPT, Record.RECALL, Record.RECOVERY}
)
_OF_ADVICE = frozenset(
    {Record.RETURN_CONFIRMED, Record.RETURN_REJECTED, Record.RECOVERY_CONFIRMED, Record.RECOVERY_REJECTED}
)

FACTS: tuple[Fact, ...] = (
    #    name                     SQL                   field of Facts           reader                   also needed by
    Fact("duties",                _sql(_DUTIES),        always=True),
    Fact("filers",                _sql(_FILERS),        always=True),
    Fact("family_staff",          _sql(_FAMILY_STAFF),  always=True),
    Fact("lines",                 _sql(_LINES),         always=True),
    Fact("members",               _sql(_MEMBERS),       always=True),
    Fact("papers",                _sql(_PAPERS),        always=True),
    Fact("scanned",               _sql(_SCANNED),       always=True),
    Fact("documents",             _sql(_DOCUMENTS),     "documents",             readers.documents),
    Fact("named_before",          _sql(_NAMED_BEFORE),  needed_by=frozenset({Record.PAPERS})),
    Fact("photo_digests",         _sql(_PHOTO_DIGESTS), needed_by=frozenset({Record.VISIT})),
    Fact("payee",                 _sql(_PAYEE),         always=True),
    Fact("beneficiary_in_family", _sql(_IN_FAMILY),     "beneficiary_in_family", readers.beneficiary_in_family),
    Fact("no_number",             _sql(_NO_NUMBER),     "no_number",             readers.no_number),
    Fact("student_stage",         _sql(_STAGE),         "student_stage",         readers.student_stage),
    Fact("open_cases",            _sql(_OPEN_CASES),    "open_cases",            readers.open_cases),
    Fact("decided_before",        _sql(_DECIDED_BEFORE), needed_by=frozenset({Record.VOID_APPROVALS})),
    Fact("consented_until",       _sql(_CONSENT),       "consented_until",       readers.consented_until),
    Fact("visits",                _sql(_VISITS),        "visits",                readers.visits,
         frozenset({Record.VISIT_CONFIRMED})),
    Fact("returned",              _sql(_RETURNED),      "returned",              readers.returned),
    Fact("verification",          _sql(_VERIFICATION),  "verification",          readers.verification),
    Fact("notice",                _sql(_NOTICE),        "notice",                readers.notice,
         _OBJECTIONS | {Record.NOTICE_END, Record.VOID_APPROVALS}),
    Fact("objections",            _sql(_ALL_OBJECTIONS), "objections",           readers.objections),
    Fact("approvals",             _sql(_APPROVALS),     "approvals",             readers.approvals,
         frozenset({Record.APPROVAL, Record.VOID_APPROVALS, Audience.NEXT_APPROVERS})),
    Fact("payments",              _sql(_PAYMENTS),      "payments",              readers.payments,         _OF_PAYMENT),
    Fact("advice",                _sql(_ADVICE),        "advice",                readers.advice,           _OF_ADVICE),
    Fact("others",                _sql(_OTHERS),        "others",                readers.others),
    Fact("pending",               _sql(_PENDING),       "pending",               readers.pending),
    Fact("prior_aid",             _sql(_PRIOR_AID),     "finances",              readers.finances,
         frozenset({Record.AWARD, Record.APPROVAL})),
    Fact("fund",                  _sql(_FUND),          "fund",                  readers.fund),
    Fact("named_fund",            _named_fund(),        needed_by=frozenset({Record.AWARD})),
    Fact("family_reader",         _sql(_FAMILY_READER), needed_by=frozenset({Audience.FAMILY})),
    Fact("head",                  _sql(_HEAD),          needed_by=frozenset({Record.AWARD})),
)
# fmt: on
"""A new fact is one row here, a field of Facts, and `@reads` on the rules that use it."""

BY_NAME = {each.name: each for each in FACTS}
ALWAYS = frozenset(each.name for each in FACTS if each.always)
EVERY_FACT = frozenset(BY_NAME) - {"named_fund"}
"""What an unlocked look at a case loads: all but the fund that a form names."""
