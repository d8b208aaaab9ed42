"""Hand-written SQL of the two compared pages: the session, a case in approval, and the first page of the list."""

from benchmarks.facts_sql import DECISION_FACTS, HOLDS, YEARS

_SEEN = "EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS p (path) WHERE starts_with(c.unit_path, p.path))"

SESSION = f"""SELECT a.id, a.display_name, g.role, g.tier, u.path, g.for_account_id, s.id AS session_id, s.csrf_token,
    s.last_seen_at, EXISTS (SELECT FROM credential AS k WHERE k.account_id = a.id AND k.kind = 'totp'
    AND k.ended_at IS NULL) AS has_totp, EXISTS (SELECT FROM passkey AS k WHERE k.account_id = a.id
    AND k.revoked_at IS NULL) AS has_passkey
    FROM session AS s JOIN account AS a ON a.id = s.account_id
    LEFT JOIN role_grant AS g ON g.account_id = a.id AND {HOLDS} LEFT JOIN unit AS u ON u.id = g.unit_id
    WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND s.ends_at > %(at)s AND s.last_seen_at > %(seen_after)s
    AND a.disabled_at IS NULL"""

TOUCH = "UPDATE session SET last_seen_at = %(at)s WHERE id = %(session)s"

_WAITING = """LATERAL (SELECT count(*) AS waiting_number, coalesce(sum(o.award_fen), 0) AS waiting_fen FROM "case" AS o
    WHERE o.fund_id = c.fund_id AND o.id <> c.id AND o.state IN ('notice', 'approval')) AS w"""
_SIGNATURE = """(SELECT json_build_array(a.display_name, s.tier, s."on", s.voided_seq IS NOT NULL, s.id,
    encode(s.content_sealed, 'hex')) FROM approval AS s JOIN account AS a ON a.id = s.account_id
    WHERE s.case_id = c.id ORDER BY s.seq DESC LIMIT 1) AS signature"""
_SCANNED = """(SELECT json_agg(json_build_array(d.kind, encode(t.sha256, 'hex')) ORDER BY d.kind, d.id)
    FROM paper_document AS p JOIN document AS d ON d.id = p.document_id JOIN stored_file AS t ON t.id = d.file_id
    WHERE p.case_id = c.id AND d.ended_on IS NULL) AS scanned"""

DECISION = f"""SELECT c.*, h.division, h.cause, h.identity, h.observed, h.event_kind, h.idle_able_members,
    h.finances_as_of, h.exited_on, h.file_no, u.name AS unit_name, f.code AS fund_code, f.title AS fund_title,
    s.title AS policy_title, w.waiting_number, w.waiting_fen, {_SIGNATURE}, {_SCANNED}, {", ".join(DECISION_FACTS)}
    FROM "case" AS c JOIN household AS h ON h.id = c.household_id JOIN unit AS u ON u.id = c.unit_id
    JOIN policy_set AS s ON s.id = c.policy_set_id JOIN fund AS f ON f.id = c.fund_id CROSS JOIN {_WAITING}
    WHERE c.id = %(case)s AND c.state = 'approval' AND {_SEEN}"""

EVENTS = """SELECT e.seq, e.action, e.to_state, e."on", a.display_name AS actor, p.display_name AS principal,
    CASE WHEN e.action = 'correct_application' THEN e.body END AS body,
    (SELECT json_agg(json_build_array(r.id, r.field, encode(r.text_sealed, 'hex')) ORDER BY r.id) FROM sealed_remark AS r
    WHERE r.subject_id = e.subject_id AND r.seq = e.seq) AS remarks FROM event AS e
    JOIN account AS a ON a.id = e.actor_id LEFT JOIN account AS p ON p.id = e.principal_id
    WHERE e.subject_id = %(case)s ORDER BY e.seq"""

LETTERS = """SELECT n."on", n.channel, n.state, a.display_name AS staff FROM notification AS n
    LEFT JOIN account AS a ON a.id = n.account_id WHERE n.case_id = %(case)s ORDER BY n.id"""

MEMBERS = """SELECT p.id, p.relation, p.name_sealed, p.id_no_sealed, p.phone_sealed, b.id AS card_id, b.bank, b.card_sealed,
    b.person_id AS holder_id
    FROM person AS p LEFT JOIN bank_account AS b ON b.household_id = p.household_id AND b.active
    WHERE p.household_id = %(household)s AND p.active ORDER BY p.relation <> 'head', p.id"""

NOTICES = """SELECT n.id, n.posted_on, n.ends_on, n.ended_on, n.places, n.shown_sealed, a.display_name AS posted_by,
    (SELECT json_agg(json_build_object('id', o.id, 'source', o.source, 'raised_on', o.raised_on, 'outcome', o.outcome,
    'answered_on', o.answered_on) ORDER BY o.id) FROM objection AS o WHERE o.notice_id = n.id) AS objections
    FROM notice AS n JOIN event AS e ON e.subject_id = n.case_id AND e.seq = n.seq JOIN account AS a ON a.id = e.actor_id
    WHERE n.case_id = %(case)s ORDER BY n.id DESC"""

DOCUMENTS = """SELECT d.id, d.kind, d.received_on, d.ended_on, f.pages, a.display_name AS recorder,
    EXISTS (SELECT FROM paper_document AS p WHERE p.case_id = %(case)s AND p.document_id = d.id) AS is_named
    FROM document AS d JOIN stored_file AS f ON f.id = d.file_id JOIN account AS a ON a.id = d.recorded_by
    WHERE d.household_id = %(household)s AND (d.case_id IS NULL OR d.case_id = %(case)s) ORDER BY d.kind, d.id"""

STAFF = f"""SELECT a.id, a.display_name, g.role, g.tier, u.path, g.for_account_id FROM role_grant AS g
    JOIN unit AS u ON u.id = g.unit_id JOIN account AS a ON a.id = g.account_id
    WHERE u.path = ANY (%(above)s) AND a.disabled_at IS NULL AND {HOLDS} ORDER BY a.display_name, a.id"""

POLICY = "SELECT source FROM policy_set WHERE id = %(policy)s"
CALENDAR = 'SELECT "on", working FROM calendar_day WHERE extract(year FROM "on") = ANY(%(years)s)'


def above(path: str) -> list[str]:
    """Return the paths of the unit at `path` and of every unit above it."""
    return [path[: end + 1] for end, letter in enumerate(path) if letter == "/" and end]


def scope(paths: list[str]) -> tuple[str, dict[str, str]]:
    """Return the condition for cases below these paths, as ranges of an index, and its parameters."""
    ranges = [f"(c.unit_path >= %(from_{number})s AND c.unit_path < %(to_{number})s)" for number in range(len(paths))]
    bounds = {f"from_{number}": path for number, path in enumerate(paths)}
    # "0" follows "/" in the C collation.
    bounds |= {f"to_{number}": f"{path[:-1]}0" for number, path in enumerate(paths)}
    return f"({' OR '.join(ranges) or 'FALSE'})", bounds


def total(condition: str) -> str:
    """Return the SELECT of the number and sum of up to 10,001 cases, of the calendar's years, and of the units seen."""
    return f"""SELECT (SELECT json_build_array(count(*), sum(fen)) FROM (SELECT coalesce(c.award_fen, c.requested_fen) AS fen
        FROM "case" AS c WHERE {condition} LIMIT 10001) AS counted) AS total, {YEARS},
        (SELECT json_agg(json_build_array(id, name) ORDER BY path) FROM unit AS c WHERE
        {condition.replace("unit_path", "path")}) AS units"""


_ORDERS = {
    "newest": ("opened_on DESC", "id DESC", "TRUE"),
    "oldest": ("opened_on", "id", "TRUE"),
    "due": ("due_on", "id", "c.phase <> 'ended'"),
}


def listed(condition: str, sort: str, size: int) -> str:
    """Return the SELECT of `size` cases in an order, with their units and the encrypted names of their beneficiaries."""
    first, second, also = _ORDERS[sort]
    return f"""SELECT c.id, c.case_no, c.programme, c.item, c.state, c.phase, c.opened_on, c.entered_on, c.due_on,
        c.held_until, coalesce(c.award_fen, c.requested_fen) AS fen, c.beneficiary_id, u.name AS unit_name, p.name_sealed
        FROM (SELECT c.id FROM "case" AS c WHERE {condition} AND {also} ORDER BY c.{first}, c.{second} LIMIT {size}) AS few
        JOIN "case" AS c ON c.id = few.id JOIN unit AS u ON u.id = c.unit_id JOIN person AS p ON p.id = c.beneficiary_id
        ORDER BY c.{first}, c.{second}"""
