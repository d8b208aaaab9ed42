"""The organisation of a contestant as JSON, and its families."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks import scenario
from service.actions.context import ActionContext
from service.actions.event_log import EventSource, event_envelope
from service.clock import Clock
from service.crypto.encryption import blind_index, encrypt_field
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.queries.scope import Caller
from service.tables.row_fingerprints import recorded_rows
from tests.factories import RING, Family, Organisation, instant
from tests.identity_numbers import another_number
from workflows.canonical_json import canonical_json

FILED_ON = date(2025, 1, 3)
BORN = {"head": 1970, "spouse": 1972, "child": 2008}
Rows = dict[str, list[dict[str, Any]]]


def scenario_steps(organisation: Organisation) -> list[scenario.ScenarioStep]:
    """Return the scenario with the organisation's accounts and fund."""
    return scenario.steps({name: str(row) for name, row in organisation.people.items()}, str(organisation.fund_id))


def organisation_json(organisation: Organisation) -> str:
    """Return an organisation as JSON for another process."""
    return json.dumps(asdict(organisation), default=str)


def organisation_from_json(text: str) -> Organisation:
    """Return the organisation of a JSON text."""
    fields = json.loads(text)
    unit_id, fund_id, policy_id = (UUID(fields[name]) for name in ("unit_id", "fund_id", "policy_id"))
    people = {name: UUID(row) for name, row in fields["people"].items()}
    return Organisation(unit_id, fields["unit_path"], people, fields["tokens"], fund_id, policy_id)


def file_families(conn: sa.Connection, organisation: Organisation, number: int) -> list[Family]:
    """File `number` households like tests.factories.create_family, but by COPY, outside the measurement."""
    families, at = [Family(new_id(), new_id(), new_id()) for _ in range(number)], datetime.now(UTC)
    rows: Rows = {}
    for family in families:
        add(rows, family_rows(organisation, family, at))
    for table, more in rows.items():
        pour(conn, table, more)
    return families


def pour(conn: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows into a table by COPY; the first row must have every column."""
    driver: Any = conn.connection.driver_connection
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([_json(row.get(name)) for name in names])


def _json(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


def add(batch: Rows, more: Rows) -> None:
    """Append rows to the batch, table by table."""
    for table, each in more.items():
        batch.setdefault(table, []).extend(each)


def family_rows(organisation: Organisation, family: Family, at: datetime, filed_on: date = FILED_ON) -> Rows:
    """Return every row of a household file, and the event that records them."""
    rows = _rows(organisation, family, at, filed_on)
    return {**rows, **_filing_event(organisation, family, rows, filed_on)}


def _rows(organisation: Organisation, family: Family, at: datetime, filed_on: date) -> Rows:
    unit_columns = {"unit_id": organisation.unit_id, "unit_path": organisation.unit_path, "division": "371083"}
    need = {"kind": "worker", "identity": "laid_off", "cause": "illness", "finances_as_of": date(2024, 12, 31)}
    file = {"file_no": f"F{family.household_id.hex[-12:]}", "filed_on": filed_on, "created_at": at}
    wage = {"side": "income", "kind": "wage", "fen": 3_000_000, "reimbursed_fen": 0}
    signed = {"signed_on": filed_on, "until_on": date(2026, 12, 31), "text_version": "2025-1", "adults_signed": 2}
    names = ((family.head_id, "head", "示例甲"), (new_id(), "spouse", "示例乙"), (family.child_id, "child", "示例丙"))
    household = {"household_id": family.household_id}
    return {
        "household": [{"id": family.household_id, **unit_columns, **need, **file, "version": 1}],
        "person": [_person(family.household_id, row, relation, name, at) for row, relation, name in names],
        "bank_account": [_card(family, at)],
        "finance_line": [{"id": new_id(), **household, **wage}],
        "consent": [{"id": new_id(), **household, **signed}],
    }


def _person(household_id: UUID, row: UUID, relation: str, name: str, at: datetime) -> dict[str, object]:
    number = another_number(BORN[relation])
    sealed = {
        "name_sealed": encrypt_field(RING, "person.name", row, name),
        "name_index": blind_index(RING, "name", name),
        "id_no_sealed": encrypt_field(RING, "person.id_no", row, number),
        "id_no_index": blind_index(RING, "id_no", number),
    }
    return {"id": row, "household_id": household_id, "relation": relation, **sealed, "created_at": at}


def _card(family: Family, at: datetime) -> dict[str, object]:
    row = new_id()
    number = f"62{row.int % 10**16:016d}"
    owner = {"household_id": family.household_id, "person_id": family.head_id, "bank": "示例银行"}
    card = {
        "card_sealed": encrypt_field(RING, "bank_account.card", row, number),
        "card_index": blind_index(RING, "card", number),
    }
    return {"id": row, **owner, **card, "created_at": at}


def _filing_event(organisation: Organisation, family: Family, batch: Rows, on: date) -> Rows:
    clerk = Caller(organisation.people["admin"], "", "", organisation.unit_id, ())
    context = ActionContext(clerk, instant(on), on, RING, clock=Clock.DEMO)
    subject, account = family.household_id, organisation.people["admin"]
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
