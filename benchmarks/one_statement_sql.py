"""A whole step as one SQL statement that locks, checks, computes and writes.

The last SELECT returns the number of changed cases, which is 0 for a refusal. Facts are as of before a wait for a lock, so
a statement that waited sees an old version and changes nothing. Approvers act under a grant of their own.
"""

from benchmarks.facts_sql import FILE_CHAIN, FILE_HEAD, OPENED, TWINS
from benchmarks.one_statement_checks import checks
from benchmarks.steps import DUTY, MEANS, POTS, TARGET

_FILE = """(SELECT jsonb_agg(jsonb_build_array(side, kind, person_id, fen, reimbursed_fen)
        ORDER BY side, kind, person_id, fen, id) FROM finance_line WHERE household_id = h.id AND ended_on IS NULL) AS lines,
    (SELECT jsonb_agg(jsonb_build_array(id, name_index::text, id_no_index::text) ORDER BY id) FROM person
        WHERE household_id = h.id AND active) AS members,
    (SELECT jsonb_agg(kind ORDER BY kind) FROM paper WHERE case_id = c.id) AS papers,
    (SELECT jsonb_build_array(b.id, card_index::text, person_id, p.household_id = h.id AND p.active) FROM bank_account AS b
        JOIN person AS p ON p.id = person_id WHERE b.household_id = h.id AND b.active) AS payee"""
_FACTS = """jsonb_build_array(item, requested_fen, beneficiary_id, answers, division, cause, identity, observed, event_kind,
    finances_as_of, idle_able_members, lines, members, papers, payee) AS facts"""
_DIGEST = "encode(sha256(convert_to(jsonb_build_array({parts})::text, 'UTF8')), 'hex')"
_SAW = f"""jsonb_build_object('members', people,
    'finances', {_DIGEST.format(parts="finances_as_of, idle_able_members, event_kind, lines")},
    'exclusions', to_jsonb(ARRAY(SELECT unnest(observed) ORDER BY 1)),
    'application', {_DIGEST.format(parts="item, requested_fen, answers, cause, papers")}) AS saw"""
_BEHIND = """(SELECT (s.version, t.version) <> (c.version, h.version) FROM "case" AS s JOIN household AS t
    ON t.id = s.household_id WHERE s.id = c.id) AS behind"""
_CITED = """CASE WHEN c.award_fen IS NULL OR {awarding} THEN EXISTS (SELECT FROM policy_set WHERE id = %(policy)s
    AND %(today)s BETWEEN effective_from AND coalesce(effective_to, %(today)s)) ELSE c.policy_set_id = %(policy)s END AS cited"""
_IN_FAMILY = "(SELECT active AND household_id = h.id FROM person WHERE id = c.beneficiary_id) AS beneficiary_in_family"
_RETURNED = (
    """coalesce((SELECT max(seq) FROM event WHERE subject_id = c.id AND action = 'return_to_survey'), 0) AS returned"""
)
_PEOPLE = """(SELECT encode(sha256(convert_to(string_agg(m, E'\\n' ORDER BY m), 'UTF8')), 'hex') FROM (
    SELECT encode(coalesce(id_no_index, name_index), 'hex') AS m FROM person WHERE household_id = h.id AND active) AS f) AS people"""
_FUND = f", f.available_fen, f.permitted_items, f.categories, f.opens_on, f.expires_on, f.settles_until, {OPENED}"
_NAMED = "JOIN fund AS f ON f.id = %(fund)s"
_DRAWN = "JOIN fund AS f ON f.id = c.fund_id"
_FUNDS = {
    "pass_review": (_NAMED, ""),
    "approve": (f"{_DRAWN} {FILE_CHAIN}", ", f, k"),
    "pay": (_DRAWN, ", f"),
    "confirm_payment": (_DRAWN, ", f"),
}

_MEANS = f"""others AS (
    SELECT o.item FROM c, "case" AS o WHERE o.id <> c.id AND o.outstanding_fen + o.written_off_fen > 0
        AND (o.household_id = c.household_id OR o.beneficiary_id = ANY ({TWINS}))
        AND extract(year FROM coalesce((SELECT max("on") FROM approval WHERE case_id = o.id AND voided_seq IS NULL),
            o.entered_on)) = %(year)s
    UNION ALL SELECT gift.item FROM c, gift WHERE gift.household_id = c.household_id AND fen IS NOT NULL
        AND voided_on IS NULL AND gift.item IN ('LIV', 'MED', 'EDU', 'ACC', 'TMP') AND extract(year FROM "on") = %(year)s
), pending AS (
    SELECT o.item FROM c, "case" AS o WHERE o.outstanding_fen = 0 AND o.phase <> 'ended'
        AND (o.opened_on, o.id) < (c.opened_on, c.id)
        AND (o.household_id = c.household_id OR o.beneficiary_id = ANY ({TWINS}))
), aid AS (
    SELECT o.item, o.outstanding_fen + o.written_off_fen AS fen, p.paid_on AS "on" FROM c, payment AS p JOIN "case" AS o ON o.id = p.case_id
    WHERE o.household_id = c.household_id AND o.id <> c.id AND p.state NOT IN ('failed', 'returned')
        AND o.outstanding_fen + o.written_off_fen > 0
    UNION ALL SELECT gift.item, fen, "on" FROM c, gift WHERE gift.household_id = c.household_id AND fen IS NOT NULL
        AND voided_on IS NULL
), sums AS (
    SELECT coalesce(sum(fen) FILTER (WHERE side = 'income' AND kind <> ALL (%(uncounted)s)), 0)
        + c.idle_able_members * 12 * %(wage)s + (SELECT coalesce(sum(fen), 0) FROM aid
            WHERE "on" > %(year_ago)s AND "on" <= %(today)s AND NOT (item = ANY (%(gifts)s) AND fen <= %(small)s)) AS income,
        coalesce(sum(fen - reimbursed_fen) FILTER (WHERE side = 'spending' AND kind = ANY (%(rigid)s)), 0) AS rigid,
        coalesce(sum(fen - reimbursed_fen) FILTER (WHERE side = 'spending' AND kind = ANY (%(misfortune)s)), 0) AS misfortune,
        coalesce(sum(fen) FILTER (WHERE side = 'asset'), 0) AS assets,
        %(line)s * 12 * (SELECT count(*) FROM person WHERE household_id = c.household_id AND active) AS line
    FROM c LEFT JOIN finance_line AS l ON l.household_id = c.household_id AND l.ended_on IS NULL
    WHERE c.finances_as_of IS NOT NULL GROUP BY c.household_id, c.idle_able_members
), m AS (
    SELECT s.*, CASE
        WHEN income - rigid < line AND NOT 'idle_refusal' = ANY (c.observed) THEN 'deep'
        WHEN income - rigid <= 2 * line THEN 'relative'
        WHEN c.event_kind = ANY (%(events)s) AND income <= 3 * line AND income - misfortune <= 1.5 * line THEN 'sudden'
        WHEN c.event_kind = ANY (%(events)s) AND income > 3 * line AND misfortune > 0.8 * income
            AND income + assets - misfortune <= 1.5 * line THEN 'sudden' END AS judged FROM sums AS s, c
)"""
_NO_MEANS = "m AS (SELECT NULL::text AS judged)"

_BOUND = _DIGEST.format(parts="facts, {award}, {fund}, %(policy)s::text, {category}, {method}")
_AFTER = {
    True: ("%(award)s::bigint", "%(fund)s::uuid", "judged"),
    False: ("award_fen", "fund_id", "category"),
}
_REGISTRARS = "SELECT '{kind}', account_id FROM ok, case_duty AS d WHERE d.case_id = ok.id AND d.duty = 'registrar'"
_HOLDERS = """SELECT '{kind}', g.account_id FROM ok, role_grant AS g JOIN unit AS u ON u.id = g.unit_id
    WHERE g.role = '{role}' AND g.tier = {tier} AND %(today)s BETWEEN g.from_on AND g.until_on AND g.revoked_on IS NULL
    AND starts_with(ok.unit_path, u.path)"""
_HEAR = {
    "pass_review": (_REGISTRARS.format(kind="tell_family"), _REGISTRARS.format(kind="notice_posted")),
    "end_notice": (_HOLDERS.format(kind="approval_due", role="approver", tier=1),),
    "approve": (_REGISTRARS.format(kind="tell_family"), _HOLDERS.format(kind="approved", role="cashier", tier=0)),
    "pay": (_HOLDERS.format(kind="advice_due", role="cashier", tier=0),),
    "confirm_payment": (_REGISTRARS.format(kind="tell_family"), _REGISTRARS.format(kind="paid")),
}
_OWED = """heard (kind, account) AS ({hear}), owed AS (
    SELECT uuidv7() AS id, kind, channel, account FROM heard JOIN account AS a ON a.id = account
    JOIN (VALUES ('inbox'), ('email')) AS w (channel) ON channel = 'inbox' OR a.email IS NOT NULL
), """
_SAID = """said AS (
    SELECT ok.*, jsonb_build_object('v', 2, 'subject', 'case', 'id', id, 'seq', version + 1, 'action', %(action)s::text,
        'clock', 'demo', 'actor', %(actor)s::uuid, 'principal', NULL, 'on', %(today)s::date, 'at', %(at_text)s::text, 'from', state,
        'to', {state}, 'answers', %(answers)s::jsonb, 'remarks', '{{}}'::jsonb, 'content', bound_after, 'award', {award},
        'policy', jsonb_build_object('id', %(policy)s::uuid, 'digest', %(digest)s::text), 'assessment', {assessment},
        'entries', {entries}, 'notifications', {notifications}, 'duties', {duties})::text AS body FROM ok
), chained AS (SELECT *, sha256(head_hash || convert_to(body, 'UTF8')) AS hash FROM said)"""
_MOVED = """moved AS (
    UPDATE "case" AS t SET {columns} version = t.version + 1, head_hash = s.hash, policy_set_id = %(policy)s
    FROM chained AS s WHERE t.id = s.id RETURNING t.id
), happened AS (
    INSERT INTO event (subject_id, seq, subject, action, from_state, to_state, actor_id, "on", at, body, prev, hash)
    SELECT id, version + 1, 'case', %(action)s, state, {state}, %(actor)s, %(today)s, %(at)s, body, head_hash, hash
    FROM chained
)"""
_ENTRIES = """jsonb_build_array(jsonb_build_object('id', %(ledger_entry)s::uuid, 'source_pot', '{0}', 'target_pot', '{1}',
    'fen', award_fen))"""
_DUTIES = """(SELECT coalesce(jsonb_agg(jsonb_build_object('duty', d.duty, 'account_id', v)), '[]')
    FROM (VALUES ('{duty}')) AS d (duty), unnest(%(people)s::uuid[]) AS v WHERE NOT EXISTS (SELECT FROM case_duty AS done
        WHERE done.case_id = ok.id AND done.duty = d.duty AND done.account_id = v))"""
_JUDGED = "(SELECT to_jsonb(m) FROM m)"


def statement(action: str, beside: str) -> str:
    """Return the statement of a step; `beside` inserts the step's own row."""
    join, of = _FUNDS.get(action, ("", ""))
    awarding, means = action == "pass_review", action in MEANS
    award, fund, category = _AFTER[awarding]
    cited = _CITED.format(awarding=str(awarding).upper())
    seen = ", ".join((*_of_file(action), _FILE, _BEHIND, cited, _IN_FAMILY, _RETURNED, _PEOPLE))
    bound = _BOUND.format(award="award_fen", fund="fund_id", category="category", method="method")
    method = "'bank'" if awarding else "method"
    bound_after = _BOUND.format(award=award, fund=fund, category=category, method=method)
    state = f"'{TARGET[action][0]}'" if action in TARGET else "state"
    entries = _ENTRIES.format(*POTS[action]) if action in POTS else "'[]'::jsonb"
    owed = _OWED.format(hear=" UNION ALL ".join(_HEAR[action])) if action in _HEAR else ""
    said = _SAID.format(
        state=state,
        award=award,
        assessment=_JUDGED if means else "NULL",
        entries=entries,
        notifications="(SELECT jsonb_agg(kind || '/' || channel) FROM owed)" if owed else "'[]'::jsonb",
        duties=_DUTIES.format(duty=DUTY[action]) if action in DUTY else "'[]'::jsonb",
    )
    return f"""WITH seen AS MATERIALIZED (
        SELECT c.*, h.division, h.cause, h.identity, h.observed, h.event_kind, h.idle_able_members, h.finances_as_of,
            h.exited_on, {seen}{_FUND if join else ""}
        FROM "case" AS c JOIN household AS h ON h.id = c.household_id {join}
        WHERE c.id = %(case)s FOR NO KEY UPDATE OF c, h{of}
    ), c AS MATERIALIZED (SELECT *, {bound} AS bound, {_SAW} FROM (SELECT *, {_FACTS} FROM seen) AS s), {_MEANS if means else _NO_MEANS},
    ok AS MATERIALIZED (SELECT c.*, m.judged, {bound_after} AS bound_after FROM c, m WHERE {" AND ".join(checks(action))}),
    {owed}{said}, {_MOVED.format(columns=_columns(action), state=state)}{_left(action, owed=bool(owed))}{beside}
    SELECT count(*) FROM moved"""


def _of_file(action: str) -> tuple[str, ...]:
    """Return what an approval reads besides, because it changes the household's file."""
    return (f"{FILE_HEAD}, h.version AS file_version",) if action == "approve" else ()


def _columns(action: str) -> str:
    columns = ""
    if action in TARGET:
        state, phase, _ = TARGET[action]
        columns = f"state = '{state}', phase = '{phase}', entered_on = %(today)s, due_on = %(due_on)s,"
    if action == "pass_review":
        columns += "award_fen = %(award)s, fund_id = %(fund)s, category = s.judged, method = 'bank',"
    if action == "approve":
        columns += "outstanding_fen = t.outstanding_fen + t.award_fen,"
    return columns


_DID = """, did AS (INSERT INTO case_duty (case_id, duty, account_id, seq)
    SELECT id, '{duty}', v, version + 1 FROM ok, unnest(%(people)s::uuid[]) AS v ON CONFLICT DO NOTHING)"""
_POSTED = """, posted AS (INSERT INTO ledger_entry (id, fund_id, subject_id, seq, case_id, source_pot, target_pot, fen, "on", at)
    SELECT %(ledger_entry)s, fund_id, id, version + 1, id, '{0}', '{1}', award_fen, %(today)s, %(at)s FROM ok
)"""
_COUNTED = ", counted AS (UPDATE household AS h SET aid_version = aid_version + 1 FROM ok WHERE h.id = ok.household_id)"
_DECIDED = """, filed AS (
    SELECT household_id, file_seq + 1 AS seq, file_hash AS prev, jsonb_build_object('v', 2, 'subject', 'household',
        'id', household_id, 'seq', file_seq + 1, 'action', 'decide_category', 'clock', 'demo', 'actor', %(actor)s::uuid,
        'on', %(today)s::date, 'at', %(at_text)s::text, 'facts', jsonb_build_object('case', id, 'case_no', case_no,
        'case_seq', version + 1, 'category', judged))::text AS body FROM ok
), linked_file AS (SELECT *, sha256(prev || convert_to(body, 'UTF8')) AS hash FROM filed
), decided AS (
    INSERT INTO event (subject_id, seq, subject, action, actor_id, "on", at, body, prev, hash)
    SELECT household_id, seq, 'household', 'decide_category', %(actor)s, %(today)s, %(at)s, body, prev, hash FROM linked_file
), linked AS (UPDATE chain_head AS k SET seq = l.seq, hash = l.hash FROM linked_file AS l WHERE k.id = l.household_id
), counted AS (UPDATE household AS h SET aid_version = aid_version + 1, version = file_version + 1, category = judged,
    category_on = %(today)s, category_case_id = ok.id FROM ok WHERE h.id = ok.household_id)"""
_SENT = """, sent AS (INSERT INTO notification
    (id, subject_id, seq, case_id, kind, channel, account_id, "on", not_before, created_at)
    SELECT owed.id, ok.id, version + 1, ok.id, kind, channel, account, %(today)s, now(), now() FROM ok, owed)"""


def _left(action: str, *, owed: bool) -> str:
    """Return the CTEs that insert duties, ledger entries and notifications."""
    did = _DID.format(duty=DUTY[action]) if action in DUTY else ""
    posted = _POSTED.format(*POTS[action]) if action in POTS else ""
    given = {"approve": _DECIDED}.get(action, _COUNTED) if action in POTS else ""
    return did + posted + given + (_SENT if owed else "")
