"""The file of replayed cases is what the present service writes (tests/workflows/replayed_cases.py)."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service.db.engine import make_engine
from service.tables.accounts import role_grant
from service.tables.units import unit
from tests.chaos.case_chains import read_chains
from tests.chaos.sample_record import write_sample_record
from tests.workflows.replayed_cases import PATH, TABLES, ReplayedCases
from workflows.replay import MOVE, RULES


@pytest.fixture(scope="module")
def sample_engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    pooled = make_engine(migrated_database())
    write_sample_record(pooled)
    yield pooled
    pooled.dispose()


def kept(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with the rows that the history takes in."""
    rows = {table: rows for table, rows in (body.get("rows") or {}).items() if table in TABLES}
    return {**body, "rows": rows}


def written_by_the_service(conn: sa.Connection) -> dict[str, Any]:
    """Return what the file should hold: the shortest cases that together take every kind of step."""
    top = sa.select(unit.c.id, unit.c.path).order_by(unit.c.id).limit(1)
    unit_id, path = conn.execute(top).one()
    columns = (role_grant.c.account_id, role_grant.c.role, role_grant.c.tier, role_grant.c.for_account_id)
    grants: dict[str, list[list[Any]]] = {}
    for account_id, role, tier, principal in conn.execute(sa.select(*columns).where(role_grant.c.unit_id == unit_id)):
        grants.setdefault(str(account_id), []).append([role, tier, str(principal) if principal else None])
    chosen, covered = {}, set[tuple[str, str, str]]()
    for case_id, chain in sorted(read_chains(conn).items(), key=lambda each: (-len(each[1]), each[0])):
        steps = {(chain[0]["programme"], body["action"], str(body.get("from"))) for body in chain}
        if MOVE in {body["action"] for body in chain} or steps <= covered:
            continue
        covered |= steps
        chosen[case_id] = [kept(body) for body in chain]
    return {"rules": RULES, "path": path, "grants": grants, "chains": chosen}


def test_file_of_replayed_cases_is_of_the_present_rules_and_takes_every_step(sample_engine: sa.Engine) -> None:
    """Why: after a new rule, `SONGNUAN_WRITE=1` writes the file again from a record that the service made."""
    with sample_engine.connect() as conn:
        written = written_by_the_service(conn)
    if os.environ.get("SONGNUAN_WRITE"):
        PATH.write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    file = ReplayedCases.read()
    assert file.rules == RULES
    present = {(chain[0]["programme"], body["action"]) for chain in written["chains"].values() for body in chain}
    assert {(programme, body["action"]) for programme, body in file.steps()} == present
    keys = {action: set(body) for chain in written["chains"].values() for body in chain for action in [body["action"]]}
    assert all(set(body) == keys[body["action"]] for _, body in file.steps())
