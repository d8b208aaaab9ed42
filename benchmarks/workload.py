"""The ground a life stands on: an office, told from process to process, and the families it is about."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks import scenario
from service.actions.context import ActionContext
from service.actions.event_log import EventSource, event_envelope
from service.crypto.encryption import blind_index, encrypt_field
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.queries.scope import Caller
from service.tables.row_fingerprints import recorded_rows
from tests.factories import RING, Family, Organisation, instant
from workflows.canonical_json import canonical_json

FILED_ON = date(2025, 1, 3)
Rows = dict[str, list[dict[str, Any]]]


def lines(office: Organisation) -> list[scenario.Line]:
    """The script with this office's people and fund."""
    return scenario.lines({name: str(row) for name, row in office.people.items()}, str(office.fund_id))


def told(office: Organisation) -> str:
    """An office as JSON, for another process."""
    return json.dumps(asdict(office), default=str)


def heard(text: str) -> Organisation:
    """The office another process told."""
    kept = json.loads(text)
    ids = {name: UUID(kept[name]) for name in ("unit_id", "fund_id", "policy_id")}
    people = {name: UUID(row) for name, row in kept["people"].items()}
    return Organisation(unit_path=kept["unit_path"], people=people, tokens=kept["tokens"], **ids)


def file_families(conn: sa.Connection, office: Organisation, number: int) -> list[Family]:
    """`number` households like tests.office.file_family makes, by COPY: they are the ground, not the contest."""
    families, at = [Family(new_id(), new_id(), new_id()) for _ in range(number)], datetime.now(UTC)
    filed: Rows = {}
    for family in families:
        add(filed, family_rows(office, family, at))
    for table, more in filed.items():
        pour(conn, table, more)
    return families


def pour(conn: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table by COPY; they name the columns of the first, or fewer."""
    driver: Any = conn.connection.driver_connection
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([_json(row.get(name)) for name in names])


def _json(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


def add(batch: Rows, more: Rows) -> None:
    """Put more rows beside those of the same tables."""
    for table, each in more.items():
        batch.setdefault(table, []).extend(each)


def family_rows(office: Organisation, family: Family, at: datetime, filed_on: date = FILED_ON) -> Rows:
    """Every row of a family's file, and the event that names them, as every act leaves one."""
    rows = _rows(office, family, at, filed_on)
    return {**rows, **_filing(office, family, rows, filed_on)}


def _rows(office: Organisation, family: Family, at: datetime, filed_on: date) -> Rows:
    where = {"unit_id": office.unit_id, "unit_path": office.unit_path, "division": "371083"}
    what = {"kind": "worker", "identity": "laid_off", "cause": "illness", "finances_as_of": date(2024, 12, 31)}
    file = {"file_no": f"F{family.household_id.hex[-12:]}", "filed_on": filed_on, "created_at": at}
    wage = {"side": "income", "kind": "wage", "fen": 3_000_000, "reimbursed_fen": 0}
    signed = {"signed_on": filed_on, "until_on": date(2026, 12, 31), "text_version": "2025-1", "adults_signed": 2}
    names = ((family.head_id, "head", "示例甲"), (new_id(), "spouse", "示例乙"), (family.child_id, "child", "示例丙"))
    home = {"household_id": family.household_id}
    return {
        "household": [{"id": family.household_id, **where, **what, **file, "version": 1}],
        "person": [_person(family.household_id, row, relation, name, at) for row, relation, name in names],
        "bank_account": [_card(family, at)],
        "finance_line": [{"id": new_id(), **home, **wage}],
        "consent": [{"id": new_id(), **home, **signed}],
    }


def _person(household_id: UUID, row: UUID, relation: str, name: str, at: datetime) -> dict[str, object]:
    called = {
        "name_sealed": encrypt_field(RING, "person.name", row, name),
        "name_index": blind_index(RING, "name", name),
    }
    return {"id": row, "household_id": household_id, "relation": relation, **called, "created_at": at}


def _card(family: Family, at: datetime) -> dict[str, object]:
    row = new_id()
    number = f"62{row.int % 10**16:016d}"
    whose = {"household_id": family.household_id, "person_id": family.head_id, "bank": "示例银行"}
    card = {
        "card_sealed": encrypt_field(RING, "bank_account.card", row, number),
        "card_index": blind_index(RING, "card", number),
    }
    return {"id": row, **whose, **card, "created_at": at}


def _filing(office: Organisation, family: Family, batch: Rows, on: date) -> Rows:
    clerk = Caller(office.people["admin"], "", "", office.unit_id, ())
    context = ActionContext(clerk, instant(on), on, RING)
    subject, account = family.household_id, office.people["admin"]
    body = canonical_json(
        {
            **event_envelope(EventSource("household", subject, 1, "set_up"), context),
            "facts": {},
            "rows": recorded_rows(batch),
        }
    )
    head = event_hash(GENESIS, body)
    event = {"subject_id": subject, "seq": 1, "subject": "household", "action": "set_up", "actor_id": account}
    event |= {"from_state": None, "to_state": None}
    chained = {"on": on, "at": context.at, "body": body, "prev": GENESIS, "hash": head}
    return {"event": [{**event, **chained}], "chain_head": [{"id": subject, "seq": 1, "hash": head}]}
