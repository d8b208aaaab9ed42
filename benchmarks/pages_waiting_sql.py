"""Hand-written SQL that finds whom cases wait for, as service/queries/awaited_steps.py does."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.decided_category import NOT_FILING
from benchmarks.facts_sql import HOLDS

_CALLED = """coalesce((SELECT coalesce(v.conclusion, '') NOT IN ('not_received', 'handed_back') FROM visit AS v
    WHERE v.case_id = c.id AND v.kind = 'follow_up' ORDER BY v.id DESC LIMIT 1), FALSE)"""
_VISITED = """EXISTS (SELECT FROM visit AS v WHERE v.case_id = c.id AND v.kind = 'survey' AND coalesce(v.seq, 0) > coalesce(
    (SELECT max(e.seq) FROM event AS e WHERE e.subject_id = c.id AND e.action = 'return_to_survey'), -1))"""
_WHEN: Mapping[str, str] = {
    "always": "TRUE",
    "hold_over": "c.held_until < %(today)s",
    "visited": _VISITED,
    "objection_open": "EXISTS (SELECT FROM objection AS o WHERE o.case_id = c.id AND o.outcome IS NULL)",
    "objection_upheld": """EXISTS (SELECT FROM objection AS o WHERE o.outcome = 'upheld' AND o.notice_id =
        (SELECT n.id FROM notice AS n WHERE n.case_id = c.id ORDER BY n.seq DESC LIMIT 1))""",
    "followed_up": _CALLED,
    "not_followed_up": f"NOT {_CALLED}",
}
_POSTED = """EXISTS (SELECT FROM objection AS o JOIN notice AS n ON n.id = o.notice_id JOIN event AS e
    ON e.subject_id = n.case_id AND e.seq = n.seq WHERE o.case_id = c.id AND {0}
    AND (e.actor_id = ANY (who.people) OR e.principal_id = ANY (who.people)))"""
_OLDEST = (
    """o.id = (SELECT w.id FROM objection AS w WHERE w.case_id = c.id AND w.outcome IS NULL ORDER BY w.id LIMIT 1)"""
)
_SAME_PEOPLE = """EXISTS (SELECT FROM payment AS l JOIN payment AS b ON b.case_id = l.case_id AND b.seq < l.seq
    AND b.paid_by = l.paid_by AND b.confirmed_by = ANY (who.people) WHERE l.case_id = c.id
    AND l.seq = (SELECT max(m.seq) FROM payment AS m WHERE m.case_id = c.id))"""
_AGAINST: Mapping[str, str] = {
    "answers_own_award": _POSTED.format(_OLDEST),
    "passes_own_award": _POSTED.format("o.outcome = 'upheld'"),
    "same_people_again": _SAME_PEOPLE,
}
_FILED = f"""EXISTS (SELECT FROM event AS e WHERE e.subject_id = ANY (ARRAY(SELECT id FROM person AS m
    WHERE m.household_id = c.household_id) || c.household_id) AND e.actor_id = ANY (who.people)
    AND e.action NOT IN {NOT_FILING})"""
_FAMILY = """EXISTS (SELECT FROM kinship AS k WHERE k.household_id = c.household_id AND k.account_id = ANY (who.people)
    AND k.confirmed_on IS NOT NULL AND (k.ended_on IS NULL OR k.ended_on >= c.opened_on))
    OR EXISTS (SELECT FROM person AS m JOIN account AS s ON s.id_no_index = m.id_no_index
    WHERE m.household_id = c.household_id AND m.active AND s.id = ANY (who.people))"""


def waiting(steps: Iterable[Mapping[str, Any]]) -> str:
    """Return the SELECT of (case_id, display_name, role) for the cases of `cases` on `today`, in the order of names.

    `steps` are rows of workflows.awaited_steps; they become a table of constants, so that the statement is prepared once.
    """
    rows = list(steps)
    when = " ".join(f"WHEN '{name}' THEN {_WHEN[name]}" for name in sorted({row["awaited"] for row in rows}))
    asked = sorted({name for row in rows for name in row["asks"]})
    asks = " ".join(f"AND NOT ('{name}' = ANY (step.asks) AND {_AGAINST[name]})" for name in asked)
    return f"""SELECT DISTINCT c.id AS case_id, step.role, a.id, a.display_name FROM "case" AS c JOIN (VALUES {", ".join(map(_constants, rows))})
        AS step (programme, state, role, awaited, while_held, signatures, barred_by, asks)
        ON step.programme = c.programme AND step.state = c.state AND (step.while_held OR c.held_until IS NULL)
        JOIN role_grant AS g ON g.role = step.role AND (step.signatures IS NULL OR g.tier > step.signatures) AND {HOLDS}
        JOIN unit AS u ON u.id = g.unit_id AND starts_with(c.unit_path, u.path)
        JOIN account AS a ON a.id = g.account_id AND a.disabled_at IS NULL
        CROSS JOIN LATERAL (SELECT array_remove(ARRAY[g.account_id, g.for_account_id], NULL) AS people) AS who
        WHERE c.id = ANY (%(cases)s) AND CASE step.awaited {when} END
        AND (step.signatures IS NULL OR step.signatures = (SELECT count(*) FROM approval AS s WHERE s.case_id = c.id
        AND s.voided_seq IS NULL)) AND NOT EXISTS (SELECT FROM case_duty AS d WHERE d.case_id = c.id
        AND d.account_id = ANY (who.people) AND d.duty = ANY (step.barred_by))
        AND NOT ('filer' = ANY (step.barred_by) AND {_FILED}) AND NOT ({_FAMILY}) {asks}
        ORDER BY a.display_name, a.id"""


def _constants(row: Mapping[str, Any]) -> str:
    texts = ", ".join(f"'{row[name]}'" for name in ("programme", "state", "role", "awaited"))
    arrays = ", ".join(f"'{{{','.join(row[name])}}}'::text[]" for name in ("barred_by", "asks"))
    signatures = "NULL::int" if row["signatures"] is None else str(row["signatures"])
    return f"({texts}, {str(row['while_held']).upper()}, {signatures}, {arrays})"
