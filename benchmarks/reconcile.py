"""The recount after a round checks cases, event chains and pots in the database."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from tests.factories import Organisation

_LIVES = """SELECT count(*) FILTER (WHERE phase = 'ended') AS closed, count(*) FILTER (WHERE phase <> 'ended') AS left
    FROM "case" WHERE unit_id = :unit AND id > :since"""
_CHAINS = """SELECT count(*) FROM (SELECT e.seq, e.hash, e.prev, e.body, c.version, c.head_hash,
        lag(e.hash) OVER chain AS before, row_number() OVER chain AS place,
        count(*) OVER (PARTITION BY e.subject_id) AS length
        FROM event AS e JOIN "case" AS c ON c.id = e.subject_id WHERE c.unit_id = :unit AND c.id > :since
        WINDOW chain AS (PARTITION BY e.subject_id ORDER BY e.seq)) AS chained
    WHERE hash <> sha256(prev || convert_to(body, 'UTF8')) OR seq <> place OR length <> version
        OR prev <> coalesce(before, decode(repeat('00', 32), 'hex')) OR (seq = length AND hash <> head_hash)"""
_POTS = """SELECT count(*) FROM fund AS f JOIN (SELECT sum(CASE target_pot WHEN 'available' THEN fen ELSE 0 END)
        - sum(CASE source_pot WHEN 'available' THEN fen ELSE 0 END) AS available,
        sum(CASE target_pot WHEN 'paid' THEN fen ELSE 0 END) AS paid,
        sum(CASE target_pot WHEN 'committed' THEN fen WHEN 'in_transit' THEN -fen ELSE 0 END) AS committed
        FROM ledger_entry WHERE fund_id = :fund) AS e ON TRUE
    WHERE f.id = :fund AND (f.available_fen, f.paid_fen, f.committed_fen) IS DISTINCT FROM (e.available, e.paid, e.committed)"""
_OF_CASE = dict.fromkeys(("case_duty", "paper", "verification", "notice", "approval", "payment", "visit"), "case_id")
_ROWS = {"event": "subject_id", "ledger_entry": "case_id", "notification": "case_id", **_OF_CASE}
_DECIDED = """SELECT count(*) FROM event AS e JOIN "case" AS c ON c.household_id = e.subject_id
    WHERE c.unit_id = :unit AND c.id > :since AND e.action = 'decide_category'"""
_OF_VISIT = ("visit_visitor", "visit_confirmation")


@dataclass(frozen=True)
class Recount:
    """The closed cases of a round, faults by name, and rows by table."""

    lives: int
    faults: dict[str, int]
    rows: dict[str, int]


def recount(conn: sa.Connection, organisation: Organisation, since: UUID, lives: int) -> Recount:
    """Recount the rows of the organisation's cases after `since`; `lives` closed cases are expected."""
    parameters = {"unit": organisation.unit_id, "since": since, "fund": organisation.fund_id}
    closed, left_open = conn.execute(sa.text(_LIVES), parameters).one()
    differences = {
        "lives_not_there": abs(lives - closed),
        "lives_left_open": left_open,
        "links_broken": conn.scalar(sa.text(_CHAINS), parameters) or 0,
        "pots_differ": conn.scalar(sa.text(_POTS), parameters) or 0,
    }
    rows = {
        table: conn.scalar(sa.text(_count_query(table, column)), parameters) or 0 for table, column in _ROWS.items()
    }
    rows |= {table: conn.scalar(sa.text(_of_visits(table)), parameters) or 0 for table in _OF_VISIT}
    rows["event of the household"] = conn.scalar(sa.text(_DECIDED), parameters) or 0
    return Recount(closed, {name: number for name, number in differences.items() if number}, rows)


def _count_query(table: str, column: str) -> str:
    return f"""SELECT count(*) FROM {table} AS t JOIN "case" AS c ON c.id = t.{column}
        WHERE c.unit_id = :unit AND c.id > :since"""


def _of_visits(table: str) -> str:
    return f"""SELECT count(*) FROM {table} AS t JOIN visit AS v ON v.id = t.visit_id JOIN "case" AS c ON c.id = v.case_id
        WHERE c.unit_id = :unit AND c.id > :since"""
