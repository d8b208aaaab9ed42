"""The hand-written statement of each step, which writes the same rows as the service."""

_MOVED = """WITH moved AS (
    UPDATE "case" SET {columns} version = %(seq)s, head_hash = %(hash)s
    WHERE id = %(case)s AND version = %(seq)s - 1 RETURNING id
), happened AS (
    INSERT INTO event (subject_id, seq, subject, action, from_state, to_state, actor_id, principal_id, "on", at,
        body, prev, hash)
    SELECT id, %(seq)s, 'case', %(action)s, %(source)s, %(state)s, %(actor)s, %(principal)s, %(today)s, %(at)s,
        %(body)s, %(prev)s, %(hash)s FROM moved
){more} SELECT count(*) FROM moved"""
_STATE = """state = %(state)s, phase = %(phase)s, entered_on = %(today)s, due_on = %(due_on)s,
    due_is_provisional = FALSE,"""
_AWARD = "award_fen = %(award)s, fund_id = %(fund)s, policy_set_id = %(policy)s, category = %(category)s,"
_AWARD += " method = %(method)s, cash_reason = %(cash_reason)s,"
_POLICY = "policy_set_id = %(policy)s,"
_OUT = "outstanding_fen = %(outstanding)s,"
_DID = """, did AS (
    INSERT INTO case_duty (case_id, duty, account_id, seq)
    SELECT %(case)s, %(duty)s, account, %(seq)s FROM unnest(%(people)s::uuid[]) AS d (account) ON CONFLICT DO NOTHING
)"""
_POSTED = """, posted AS (
    INSERT INTO ledger_entry (id, fund_id, subject_id, seq, case_id, source_pot, target_pot, fen, "on", at)
    VALUES (%(ledger_entry)s, %(fund)s, %(case)s, %(seq)s, %(case)s, %(source_pot)s, %(target_pot)s, %(award)s, %(today)s, %(at)s)
)"""
_COUNTED = """, counted AS (
    UPDATE household SET aid_version = aid_version + 1 FROM "case" AS c WHERE c.id = %(case)s AND household.id = c.household_id
)"""
_DECIDED = """, decided AS (
    INSERT INTO event (subject_id, seq, subject, action, actor_id, "on", at, body, prev, hash)
    VALUES (%(household)s, %(file_seq)s, 'household', 'decide_category', %(actor)s, %(today)s, %(at)s, %(file_body)s,
        %(file_prev)s, %(file_hash)s)
), linked AS (
    UPDATE chain_head SET seq = %(file_seq)s, hash = %(file_hash)s WHERE id = %(household)s
), counted AS (
    UPDATE household SET aid_version = aid_version + 1, version = version + 1, category = %(category)s,
        category_on = %(today)s, category_case_id = %(case)s WHERE id = %(household)s
)"""
_OWED = """, owed AS (
    INSERT INTO notification (id, subject_id, seq, case_id, kind, channel, account_id, person_id, "on", not_before, created_at)
    SELECT id, %(case)s, %(seq)s, %(case)s, kind, channel, account, person, %(today)s, now(), now()
    FROM unnest(%(notification_ids)s::uuid[], %(kinds)s::text[], %(channels)s::text[], %(accounts)s::uuid[], %(persons)s::uuid[])
        AS l (id, kind, channel, account, person)
)"""
_VISIT = """, visited AS (
    INSERT INTO visit (id, unit_id, unit_path, case_id, household_id, seq, kind, "on", place, conclusion, seen, created_at)
    VALUES (%(row)s, %(unit)s, %(path)s, %(case)s, %(household)s, %(seq)s, %(kind)s, %(went)s, %(place)s, %(conclusion)s,
        %(seen)s, %(at)s)
), went AS (
    INSERT INTO visit_visitor (visit_id, account_id) SELECT %(row)s, account FROM unnest(%(visitors)s::uuid[]) AS v (account)
)"""
_CONFIRMED = """, said_so AS (
    INSERT INTO visit_confirmation (visit_id, account_id, "on")
    SELECT visit, %(actor)s, %(today)s FROM unnest(%(confirmed)s::uuid[]) AS v (visit)
)"""
_PAPERS = """, seen AS (
    INSERT INTO paper (case_id, kind, seen_on, seen_by)
    SELECT %(case)s, kind, %(today)s, %(actor)s FROM unnest(%(papers)s::text[]) AS p (kind) ON CONFLICT DO NOTHING
)"""
_CHECK = """, checked AS (
    INSERT INTO verification (id, case_id, seq, authority, request_no, replied_on, outcome, explained, people, seen)
    VALUES (%(row)s, %(case)s, %(seq)s, %(authority)s, %(request_no)s, %(replied_on)s, %(outcome)s, %(explained)s, %(members)s,
        %(seen)s)
)"""
_NOTICE = """, hung AS (
    INSERT INTO notice (id, case_id, seq, posted_on, ends_on, places, shown_sealed, shown_hash, content, award_fen, seen)
    VALUES (%(row)s, %(case)s, %(seq)s, %(today)s, %(ends_on)s, %(places)s, %(shown)s, %(shown_hash)s, %(content)s, %(award)s,
        %(seen)s)
)"""
_DOWN = ", taken_down AS (UPDATE notice SET ended_on = %(today)s WHERE case_id = %(case)s AND ended_on IS NULL)"
_SIGNED = """, signed AS (
    INSERT INTO approval (id, case_id, seq, tier, account_id, principal_id, "on", award_fen, content, minutes)
    VALUES (%(row)s, %(case)s, %(seq)s, %(tier)s, %(actor)s, %(principal)s, %(today)s, %(award)s, %(content)s, %(minutes)s)
)"""
_PAID = """, paid AS (
    INSERT INTO payment (id, case_id, unit_path, fund_id, seq, fen, method, bank_account_id, cash_reason, voucher, voucher_year,
        paid_on, paid_by, state)
    VALUES (%(row)s, %(case)s, %(path)s, %(fund)s, %(seq)s, %(award)s, %(method)s, %(card)s, %(cash_reason)s, %(voucher)s,
        %(voucher_year)s, %(today)s, %(actor)s, 'sent')
)"""
_ARRIVED = """, arrived AS (
    UPDATE payment SET state = 'live', advice_no = %(advice_no)s, advised_on = %(advised_on)s, confirmed_by = %(actor)s
    WHERE case_id = %(case)s AND state = 'sent'
)"""
_RECEIPT = """, confirmed AS (
    UPDATE payment SET receipt_on = %(today)s, receipt_evidence = %(evidence)s
    WHERE case_id = %(case)s AND state = 'live'
)"""


def _write(columns: str, *more: str) -> str:
    return _MOVED.format(columns=columns, more="".join(more))


WRITES = {
    "submit": _write(_POLICY + _STATE, _DID),
    "record_visit": _write(_POLICY, _DID, _VISIT, _CONFIRMED),
    "confirm_visit": _write(_POLICY, _DID, _CONFIRMED),
    "add_papers": _write(_POLICY, _DID, _PAPERS),
    "finish_survey": _write(_POLICY + _STATE),
    "record_check": _write(_POLICY + _STATE, _DID, _CHECK),
    "pass_review": _write(_AWARD + _STATE, _DID, _OWED, _NOTICE),
    "end_notice": _write(_STATE, _OWED, _DOWN),
    "approve": _write(_OUT + _STATE, _DID, _POSTED, _DECIDED, _OWED, _SIGNED),
    "pay": _write(_STATE, _DID, _POSTED, _COUNTED, _OWED, _PAID),
    "confirm_payment": _write(_STATE, _DID, _POSTED, _COUNTED, _OWED, _ARRIVED),
    "confirm_receipt": _write(_STATE, _DID, _RECEIPT),
    "record_follow_up": _write("", _DID, _VISIT, _CONFIRMED),
    "close": _write(_STATE),
}

OPEN = """WITH opened AS (
    INSERT INTO "case" (id, case_no, programme, year, unit_id, unit_path, household_id, beneficiary_id, item, state, phase,
        version, answers, requested_fen, outstanding_fen, policy_set_id, opened_on, entered_on, due_on, due_is_provisional,
        head_hash, created_at)
    VALUES (%(case)s, %(number)s, 'hardship', %(year)s,
        %(unit)s, %(path)s, %(household)s, %(person)s, %(item)s, 'draft', 'survey', 1, '{}', %(requested)s, 0, %(policy)s,
        %(today)s, %(today)s, %(due_on)s, FALSE, %(hash)s, %(at)s) RETURNING case_no
), happened AS (
    INSERT INTO event (subject_id, seq, subject, action, to_state, actor_id, "on", at, body, prev, hash)
    VALUES (%(case)s, 1, 'case', 'open', 'draft', %(actor)s, %(today)s, %(at)s, %(body)s, %(prev)s, %(hash)s)
), did AS (
    INSERT INTO case_duty (case_id, duty, account_id, seq) VALUES (%(case)s, 'registrar', %(actor)s, 1)
)
SELECT case_no FROM opened"""
