"""The rules of a hardship step as hand-written SQL on the row `c` and the assessment `m`."""

from benchmarks.decided_category import NOT_FILING
from benchmarks.facts_sql import HOLDS
from benchmarks.steps import DUTY, FIELDWORK, ROLE, SOURCE

_OVER = f"""FROM role_grant AS g JOIN unit AS u ON u.id = g.unit_id JOIN account AS a ON a.id = g.account_id
    WHERE {HOLDS} AND a.disabled_at IS NULL AND starts_with(c.unit_path, u.path)"""
_KIN = """(SELECT account_id FROM kinship WHERE household_id = c.household_id UNION
    SELECT a.id FROM account AS a JOIN person AS p ON p.id_no_index = a.id_no_index
    WHERE p.household_id = c.household_id AND p.active)"""
_FILED_BY = f"""EXISTS (SELECT FROM event WHERE subject_id = ANY (ARRAY(SELECT id FROM person
    WHERE household_id = c.household_id) || c.household_id) AND action NOT IN {NOT_FILING} AND actor_id = ANY (%(people)s))"""
_CLASH = """EXISTS (SELECT FROM case_duty AS d JOIN incompatible_duty AS k
    ON (k.one = d.duty AND k.other = '{duty}') OR (k.one = '{duty}' AND k.other = d.duty)
    WHERE d.case_id = c.id AND d.account_id = ANY (%(people)s))"""

_CONSENT = "EXISTS (SELECT FROM consent WHERE household_id = c.household_id AND until_on >= %(today)s)"
_WENT = f"""%(actor)s = ANY (%(visitors)s::uuid[]) AND %(went)s BETWEEN c.opened_on AND %(today)s
    AND NOT EXISTS (SELECT FROM unnest(%(visitors)s::uuid[]) AS v (id) WHERE v.id IN {_KIN}
        OR NOT EXISTS (SELECT {_OVER} AND g.role = 'visitor' AND g.account_id = v.id))"""
_SURVEYED = """EXISTS (SELECT FROM visit AS v WHERE case_id = c.id AND kind = 'survey' AND v.seq > c.returned
        AND (v.seen IS NULL OR v.seen - 'application' = c.saw - 'application')
        AND CASE WHEN v.seen IS NULL THEN (SELECT count(*) FROM visit_visitor WHERE visit_id = v.id)
            ELSE (SELECT count(*) FROM visit_confirmation WHERE visit_id = v.id) END >= %(min_visitors)s)
    AND (SELECT conclusion FROM visit WHERE case_id = c.id AND kind = 'survey' ORDER BY id DESC LIMIT 1) <> 'refuted'"""
UNCONFIRMED = """SELECT v.id FROM visit AS v JOIN visit_visitor AS w ON w.visit_id = v.id AND w.account_id = %(actor)s
    WHERE v.case_id = {case}.id AND v.kind = 'survey' AND v.seen IS NOT NULL
    AND NOT EXISTS (SELECT FROM visit_confirmation AS k WHERE k.visit_id = v.id AND k.account_id = w.account_id)"""
_VERIFIED = """EXISTS (SELECT FROM (SELECT * FROM verification WHERE case_id = c.id ORDER BY seq DESC LIMIT 1) AS v
    WHERE v.people = c.people AND %(today)s - replied_on <= %(valid_days)s AND (outcome = 'clear' OR explained)
    AND (v.seen IS NULL OR (v.seen -> 'finances', v.seen -> 'exclusions') = (c.saw -> 'finances', c.saw -> 'exclusions')))"""
_IDENTIFIED = """NOT EXISTS (SELECT FROM person AS p WHERE p.id_no_index IS NULL AND p.id = ANY (ARRAY(SELECT c.beneficiary_id
    UNION ALL SELECT person_id FROM bank_account WHERE household_id = c.household_id AND active))
    AND NOT EXISTS (SELECT FROM number_absence AS a WHERE a.person_id IN (p.id, p.first_person_id) AND a.until_on >= %(today)s))"""
_PAPERS = """ARRAY(SELECT kind FROM paper WHERE case_id = c.id)
    @> ARRAY(SELECT jsonb_array_elements_text(%(papers_of)s::jsonb -> c.cause))"""
_PAYEE = """(SELECT p.household_id = c.household_id AND p.active FROM bank_account AS b JOIN person AS p ON p.id = person_id
    WHERE b.household_id = c.household_id AND b.active)"""
_ELIGIBLE = """m.judged IS NOT NULL AND NOT c.observed && %(exclusions)s AND c.exited_on IS NULL
    AND c.beneficiary_in_family AND c.finances_as_of + make_interval(months => %(valid_months)s) >= %(today)s
    AND NOT EXISTS (SELECT FROM others WHERE item = c.item) AND NOT EXISTS (SELECT FROM pending WHERE item = c.item)
    AND (SELECT count(*) FROM (SELECT item FROM others UNION SELECT item FROM pending UNION SELECT c.item) AS i)
        <= coalesce((%(items_per_year)s::jsonb ->> m.judged)::int, 99)
    AND {award} <= CASE m.judged WHEN 'deep' THEN %(cap_deep)s ELSE %(cap_else)s END"""
_FUNDED = """c.opened AND %(today)s BETWEEN c.opens_on AND c.expires_on AND c.item = ANY (c.permitted_items)
    AND (c.categories = '{{}}' OR m.judged = ANY (c.categories)) AND c.available_fen >= {award}"""
_NOTICE = """EXISTS (SELECT FROM (SELECT * FROM notice WHERE case_id = c.id ORDER BY seq DESC LIMIT 1) AS n WHERE {over}
    AND NOT EXISTS (SELECT FROM objection AS o WHERE o.case_id = c.id AND (outcome IS NULL
        OR (o.notice_id = n.id AND outcome = 'upheld'))))"""
_TIERS = "(SELECT count(*) FROM approval WHERE case_id = c.id AND voided_seq IS NULL)"
_SIGNED = "NOT EXISTS (SELECT FROM approval WHERE case_id = c.id AND voided_seq IS NULL AND content <> c.bound)"
_CALLED = "(SELECT conclusion FROM visit WHERE case_id = c.id AND kind = 'follow_up' ORDER BY id DESC LIMIT 1)"

_HELD = {
    "submit": (_CONSENT,),
    "record_visit": (_WENT, "cardinality(%(visitors)s::uuid[]) >= %(min_visitors)s"),
    "confirm_visit": (f"EXISTS ({UNCONFIRMED.format(case='c')} AND v.seq > c.returned)",),
    "finish_survey": (_SURVEYED,),
    "record_check": ("%(replied_on)s <= %(today)s",),
    "pass_review": (
        *(_CONSENT, _SURVEYED, _PAPERS, _VERIFIED, _IDENTIFIED, f"{_PAYEE} IS NOT FALSE"),
        "%(award)s BETWEEN 1 AND c.requested_fen",
        *(_ELIGIBLE.format(award="%(award)s"), _FUNDED.format(award="%(award)s")),
    ),
    "end_notice": (_NOTICE.format(over="n.ends_on < %(today)s"),),
    "approve": (
        *(_NOTICE.format(over="n.ended_on IS NOT NULL AND n.content = c.bound"), f"{_TIERS} = 0"),
        *(_IDENTIFIED, "coalesce(c.category, m.judged) = m.judged"),
        "c.award_fen <= %(tier_1)s AND c.award_fen < %(collective)s",
        *(_ELIGIBLE.format(award="c.award_fen"), _FUNDED.format(award="c.award_fen")),
    ),
    "pay": (
        *(f"{_TIERS} >= 1 AND c.award_fen <= %(tier_1)s", _SIGNED, f"c.beneficiary_in_family AND {_PAYEE}"),
        "NOT EXISTS (SELECT FROM payment WHERE case_id = c.id AND state IN ('sent', 'live', 'returning'))",
        "%(method)s = coalesce(c.method, 'bank') AND %(method)s = 'bank'",
        "%(today)s BETWEEN c.opens_on AND coalesce(c.settles_until, c.expires_on) AND c.item = ANY (c.permitted_items)",
    ),
    "confirm_payment": (
        "%(amount)s = c.award_fen AND %(advised_on)s::date <= %(today)s",
        """EXISTS (SELECT FROM payment AS p WHERE p.case_id = c.id AND p.state = 'sent' AND %(advised_on)s::date >= p.paid_on
            AND NOT EXISTS (SELECT FROM payment AS e WHERE e.case_id = c.id AND e.id <> p.id AND e.paid_by = p.paid_by
                AND e.confirmed_by = %(actor)s))""",
    ),
    "record_follow_up": (_WENT,),
    "close": (f"{_CALLED} NOT IN ('not_received', 'handed_back')",),
}


def checks(action: str) -> tuple[str, ...]:
    """Return the conditions of a step, cheapest first."""
    roles = ", ".join(f"'{role}'" for role in ROLE[action])
    states = ", ".join(f"'{state}'" for state in ((SOURCE[action],) if action in SOURCE else FIELDWORK))
    duty = DUTY.get(action)
    apart = (f"NOT {_CLASH.format(duty=duty)}",) if duty else ()
    filed = (f"NOT {_FILED_BY}",) if duty in {"reviewer", "approver_1", "payer", "payment_confirmer"} else ()
    return (
        f"NOT c.behind AND c.held_until IS NULL AND c.cited AND c.state IN ({states})",
        f"EXISTS (SELECT {_OVER} AND g.account_id = %(actor)s AND g.role IN ({roles}) AND g.for_account_id IS NULL)",
        f"%(actor)s NOT IN {_KIN}",
        *apart,
        *filed,
        *_HELD.get(action, ()),
    )
