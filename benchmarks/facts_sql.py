"""Hand-written SQL that locks a case and reads the facts of one step.

Under READ COMMITTED the rows of locked tables are as of after the wait for the lock, but sub-selects are as of before it.
Each SELECT therefore returns the versions it saw; if they are older than the locked ones, it is run again.
"""

from benchmarks.decided_category import NOT_FILING

_LINES = """(SELECT json_agg(json_build_array(side, kind, coalesce(person_id::text, ''), fen, reimbursed_fen)
    ORDER BY side, kind, person_id, fen, id) FROM finance_line WHERE household_id = h.id AND ended_on IS NULL) AS lines"""
_MEMBERS = """(SELECT json_agg(json_build_array(id, encode(name_index, 'hex'), encode(id_no_index, 'hex')) ORDER BY id)
    FROM person WHERE household_id = h.id AND active) AS members"""
_PAPERS = "(SELECT json_agg(kind ORDER BY kind) FROM paper WHERE case_id = c.id) AS papers"
_PAYEE = """(SELECT json_build_array(b.id, encode(card_index, 'hex'), person_id, p.household_id = h.id AND p.active)
    FROM bank_account AS b JOIN person AS p ON p.id = person_id WHERE b.household_id = h.id AND b.active) AS payee"""
_DUTIES = """(SELECT json_agg(json_build_array(duty, account_id)) FROM case_duty WHERE case_id = c.id) AS duties"""
_FILERS = f"""(SELECT json_agg(DISTINCT actor_id) FROM event WHERE subject_id = ANY (ARRAY(SELECT id FROM person
    WHERE household_id = h.id) || h.id) AND action NOT IN {NOT_FILING}) AS filers"""
_FAMILY_STAFF = """ARRAY(SELECT account_id FROM kinship WHERE household_id = h.id UNION
    SELECT a.id FROM account AS a JOIN person AS p ON p.id_no_index = a.id_no_index
    WHERE p.household_id = h.id AND p.active) AS family_staff"""
_POLICIES = """ARRAY(SELECT id FROM policy_set WHERE effective_from <= %(today)s
    AND (effective_to IS NULL OR effective_to >= %(today)s)) AS policies"""
_YEARS = "ARRAY(SELECT year FROM calendar_year ORDER BY year) AS years"

_RUNS = (
    "{0}.from_on <= %(today)s AND {0}.until_on >= %(today)s AND ({0}.revoked_on IS NULL OR {0}.revoked_on > %(today)s)"
)
HOLDS = f"""{_RUNS.format("g")} AND (g.for_account_id IS NULL OR EXISTS (SELECT FROM role_grant AS own
    WHERE own.account_id = g.for_account_id AND own.role = g.role AND own.tier = g.tier AND own.for_account_id IS NULL
    AND {_RUNS.format("own")}))"""
_HOLDING = f"""FROM role_grant AS g JOIN unit AS u ON u.id = g.unit_id JOIN account AS a ON a.id = g.account_id
    WHERE {HOLDS} AND a.disabled_at IS NULL AND starts_with(c.unit_path, u.path)"""
_ENTITLED = f"""ARRAY(SELECT DISTINCT g.account_id {_HOLDING} AND g.role = 'visitor'
    AND g.account_id = ANY(%(visitors)s)) AS eligible_visitors"""
_FAMILY = """(SELECT id FROM person WHERE household_id = h.id AND active AND email_sealed IS NOT NULL
    ORDER BY relation <> 'head', id LIMIT 1) AS reachable"""
_REGISTRARS = """(SELECT json_agg(json_build_array(a.id, a.email IS NOT NULL) ORDER BY a.id) FROM case_duty AS d
    JOIN account AS a ON a.id = d.account_id WHERE d.case_id = c.id AND d.duty = 'registrar') AS registrars"""


def _holders(role: str, tier: str = "") -> str:
    return f"""(SELECT json_agg(json_build_array(id, mailed) ORDER BY id) FROM (SELECT DISTINCT g.account_id AS id,
        a.email IS NOT NULL AS mailed {_HOLDING} AND g.role = '{role}' {tier}) AS held) AS holders"""


_VISITS = """(SELECT json_agg(json_build_object('id', id, 'kind', kind, 'on', "on", 'conclusion', conclusion, 'seq', seq,
    'visitors', (SELECT json_agg(account_id) FROM visit_visitor WHERE visit_id = v.id),
    'confirmed', (SELECT json_agg(account_id) FROM visit_confirmation WHERE visit_id = v.id), 'seen', seen) ORDER BY v.id)
    FROM visit AS v WHERE case_id = c.id) AS visits"""
_CONSENT = "(SELECT max(until_on) FROM consent WHERE household_id = h.id) AS consented_until"
_CHECK = """(SELECT json_build_array(replied_on, outcome, explained, people, seen) FROM verification WHERE case_id = c.id
    ORDER BY seq DESC LIMIT 1) AS verification"""
_NOTICE = """(SELECT json_build_array(posted_on, ended_on, content,
    (SELECT count(*) FROM objection AS o WHERE o.case_id = n.case_id AND outcome IS NULL),
    (SELECT count(*) FROM objection AS o WHERE o.notice_id = n.id AND outcome = 'upheld'), n.id)
    FROM notice AS n WHERE case_id = c.id ORDER BY seq DESC LIMIT 1) AS notice"""
_APPROVALS = """(SELECT json_agg(json_build_array(tier, content) ORDER BY tier) FROM approval
    WHERE case_id = c.id AND voided_seq IS NULL) AS approvals"""
_PAYMENTS = """(SELECT json_agg(json_build_array(id, state, paid_on, paid_by, confirmed_by) ORDER BY seq) FROM payment
    WHERE case_id = c.id) AS payments"""
_PAYMENT = "(SELECT id FROM payment WHERE case_id = c.id AND state = 'live') AS payment"
_IN_FAMILY = "(SELECT active AND household_id = h.id FROM person WHERE id = c.beneficiary_id) AS beneficiary_in_family"
TWINS = """ARRAY(SELECT c.beneficiary_id UNION SELECT coalesce(first_person_id, id) FROM person WHERE id = c.beneficiary_id
    UNION SELECT twin.id FROM person AS me JOIN person AS twin ON twin.id_no_index = me.id_no_index
    WHERE me.id = c.beneficiary_id UNION SELECT twin.id FROM person AS me
    JOIN person AS twin ON twin.first_person_id = coalesce(me.first_person_id, me.id) WHERE me.id = c.beneficiary_id)"""
_NO_NUMBER = """(SELECT json_object_agg(who, until_on) FROM (SELECT 'beneficiary' AS who, c.beneficiary_id AS id
    UNION ALL SELECT 'payee', person_id FROM bank_account WHERE household_id = h.id AND active) AS named
    JOIN person AS p ON p.id = named.id AND p.id_no_index IS NULL CROSS JOIN LATERAL (SELECT max(until_on) AS until_on
    FROM number_absence WHERE person_id IN (p.id, p.first_person_id)) AS absence) AS no_number"""
_RETURNED = """(SELECT json_build_array(e.seq, e."on", e.body::json -> 'answers' -> 'again', EXISTS (SELECT FROM event AS p
    WHERE p.subject_id = c.id AND p.seq > e.seq AND p.action = 'add_papers')) FROM event AS e
    WHERE e.subject_id = c.id AND e.action = 'return_to_survey' ORDER BY e.seq DESC LIMIT 1) AS returned"""
_GIVEN = "o.outstanding_fen + o.written_off_fen"
_OTHERS = f"""(SELECT json_agg(json_build_array(item, fen, "on", school_year, same)) FROM (SELECT o.item, {_GIVEN} AS fen,
    coalesce((SELECT max(a."on") FROM approval AS a WHERE a.case_id = o.id AND a.voided_seq IS NULL), o.entered_on) AS "on",
    o.answers ->> 'school_year' AS school_year, o.beneficiary_id = ANY ({TWINS}) AS same
    FROM "case" AS o WHERE o.id <> c.id AND {_GIVEN} > 0
    AND (o.household_id = h.id OR o.beneficiary_id = ANY ({TWINS}))
    UNION ALL SELECT item, fen, "on", NULL, FALSE FROM gift WHERE household_id = h.id AND fen IS NOT NULL
    AND voided_on IS NULL AND item IN ('LIV', 'MED', 'EDU', 'ACC', 'TMP')) AS given) AS others"""
_PENDING = f"""(SELECT json_agg(o.item ORDER BY o.id) FROM "case" AS o WHERE o.outstanding_fen = 0 AND o.phase <> 'ended'
    AND (o.opened_on, o.id) < (c.opened_on, c.id)
    AND (o.household_id = h.id OR o.beneficiary_id = ANY ({TWINS}))) AS pending"""
_PRIOR_AID = f"""(SELECT json_agg(json_build_array(item, fen, "on")) FROM (SELECT o.item, {_GIVEN} AS fen, p.paid_on AS "on"
    FROM payment AS p JOIN "case" AS o ON o.id = p.case_id
    WHERE o.household_id = h.id AND o.id <> c.id AND p.state NOT IN ('failed', 'returned') AND {_GIVEN} > 0
    UNION ALL SELECT item, fen, "on" FROM gift WHERE household_id = h.id AND fen IS NOT NULL AND voided_on IS NULL) AS aid
    ) AS prior_aid"""
_HEAD = """(SELECT json_build_array(p.id, encode(p.name_sealed, 'hex'), u.name) FROM person AS p, unit AS u
    WHERE p.household_id = h.id AND p.relation = 'head' AND p.active AND u.id = c.unit_id) AS head"""
OPENED = """(f.unit_path = c.unit_path OR EXISTS (SELECT FROM fund_allocation AS o WHERE o.fund_id = f.id
    AND (o.unit_path = c.unit_path OR (o.with_below AND starts_with(c.unit_path, o.unit_path)))
    AND %(today)s BETWEEN o.from_on AND o.until_on AND (o.closed_on IS NULL OR o.closed_on > %(today)s))) AS opened"""
_FUND = f"f.available_fen, f.permitted_items, f.categories, f.opens_on, f.expires_on, f.settles_until, {OPENED}"

FILE_HEAD = "k.seq AS file_seq, k.hash AS file_hash"
FILE_CHAIN = "JOIN chain_head AS k ON k.id = h.id"
_MEANS = (_OTHERS, _PENDING, _PRIOR_AID, _IN_FAMILY, _NO_NUMBER)
_ASKED = {
    "submit": (_CONSENT,),
    "record_visit": (_ENTITLED,),
    "confirm_visit": (_VISITS, _RETURNED),
    "finish_survey": (_VISITS, _RETURNED),
    "record_check": (_RETURNED,),
    "pass_review": (*_MEANS, _CONSENT, _VISITS, _RETURNED, _CHECK, _HEAD, _FAMILY, _REGISTRARS, _FUND),
    "end_notice": (_NOTICE, _holders("approver", "AND g.tier = 1")),
    "approve": (*_MEANS, _NOTICE, _APPROVALS, _FAMILY, _REGISTRARS, _holders("cashier"), _FUND, FILE_HEAD),
    "pay": (_APPROVALS, _PAYMENTS, _IN_FAMILY, _holders("cashier"), _FUND),
    "confirm_payment": (_PAYMENTS, _FAMILY, _REGISTRARS),
    "confirm_receipt": (_PAYMENT,),
    "record_follow_up": (_ENTITLED,),
    "close": (_VISITS,),
}
_FUNDS = {
    "pass_review": ("LEFT JOIN fund AS f ON f.id = %(fund)s", ""),
    "approve": (f"JOIN fund AS f ON f.id = c.fund_id {FILE_CHAIN}", ", f, k"),
    "pay": ("JOIN fund AS f ON f.id = c.fund_id", ", f"),
    "confirm_payment": ("JOIN fund AS f ON f.id = c.fund_id", ", f"),
}
_ALWAYS = (_LINES, _MEMBERS, _PAPERS, _PAYEE, _DUTIES, _FILERS, _FAMILY_STAFF, _POLICIES, _YEARS)
DECISION_FACTS = (*_ALWAYS[:-2], *_MEANS, _VISITS, _CHECK, _NOTICE, _APPROVALS, _FUND)
"""The facts of `c`, `h` and `f` that the page of a case in approval shows or checks."""

YEARS = _YEARS


def _select(action: str) -> str:
    join, of = _FUNDS.get(action, ("", ""))
    facts = ", ".join((*_ALWAYS, *_ASKED.get(action, ())))
    return f"""SELECT c.*, h.version AS household_version, h.division, h.cause, h.identity, h.observed, h.event_kind,
        h.idle_able_members, h.finances_as_of, h.exited_on,
        (SELECT (s.version, t.version) <> (c.version, h.version) FROM "case" AS s JOIN household AS t
            ON t.id = s.household_id WHERE s.id = c.id) AS behind, {facts}
        FROM "case" AS c JOIN household AS h ON h.id = c.household_id {join}
        WHERE c.id = %(case)s AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS p (path)
            WHERE starts_with(c.unit_path, p.path)) FOR NO KEY UPDATE OF c, h{of}"""


ACTIONS = ("submit", "record_visit", "confirm_visit", "add_papers", "finish_survey", "record_check", "pass_review")
LATER_ACTIONS = ("end_notice", "approve", "pay", "confirm_payment", "confirm_receipt", "record_follow_up", "close")
FACTS = {action: _select(action) for action in (*ACTIONS, *LATER_ACTIONS)}

OPENING = f"""SELECT nextval('case_no') AS number, h.unit_id, h.unit_path, h.division, h.kind, h.exited_on, {_FAMILY_STAFF}, {_POLICIES}, {_YEARS},
    (SELECT case_no FROM "case" WHERE beneficiary_id = p.id AND item = %(item)s AND phase <> 'ended' LIMIT 1) AS already
    FROM household AS h JOIN person AS p ON p.household_id = h.id AND p.id = %(person)s AND p.active
    WHERE h.id = %(household)s AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS q (path)
        WHERE starts_with(h.unit_path, q.path)) FOR NO KEY UPDATE OF h"""
