"""Only a change to a column an approval covers changes the approval digest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.context import ActionContext
from service.crypto.encryption import blind_index, encrypt_field
from service.db.columns import METADATA, new_id
from service.queries.case_loading import load
from service.tables.cases import case, paper
from service.tables.column_classification import CLASSIFICATION, Data
from service.tables.documents import document, paper_document, stored_file
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.policies import policy_set
from tests.document_files import add_photo
from tests.factories import RING, create_family, create_organisation, open_fund
from workflows.vocabulary import Fen

DAY = date(2025, 9, 1)
BOUND = {(table, column) for table, row in CLASSIFICATION.items() for column, data in row.items() if Data.BOUND in data}

EDITS: Mapping[tuple[str, str], str] = {
    ("case", "household_id"): ":other_household",
    ("case", "beneficiary_id"): ":child",
    ("case", "item"): "'MED'",
    ("case", "answers"): """'{"self_paid": 1}'::jsonb""",
    ("case", "requested_fen"): "requested_fen + 1",
    ("case", "award_fen"): "award_fen + 1",
    ("case", "fund_id"): ":other_fund",
    ("case", "policy_set_id"): ":other_policy",
    ("case", "category"): "'sudden'",
    ("case", "method"): "'bank', cash_reason = NULL",
    ("case", "cash_reason"): "'disabled'",
    ("household", "division"): "'371084'",
    ("household", "cause"): "'disaster'",
    ("household", "identity"): "'retired'",
    ("household", "observed"): "array_append(observed, 'vehicle')",
    ("household", "event_kind"): "'fire'",
    ("household", "idle_able_members"): "idle_able_members + 1",
    ("household", "finances_as_of"): "finances_as_of + 1",
    ("person", "household_id"): ":other_household",
    ("person", "active"): "false",
    ("person", "name_index"): r"name_index || '\x00'::bytea",
    ("person", "id_no_index"): r"'\x00'::bytea, id_no_sealed = '\x00'::bytea",
    ("bank_account", "household_id"): ":other_household",
    ("bank_account", "person_id"): ":child",
    ("bank_account", "card_index"): r"card_index || '\x00'::bytea",
    ("bank_account", "active"): "false",
    ("finance_line", "household_id"): ":other_household",
    ("finance_line", "person_id"): ":child",
    ("finance_line", "side"): "'asset'",
    ("finance_line", "kind"): "'rent'",
    ("finance_line", "fen"): "fen + 1",
    ("finance_line", "reimbursed_fen"): "reimbursed_fen + 1",
    ("finance_line", "ended_on"): "DATE '2025-09-01'",
    ("paper", "case_id"): ":other_case",
    ("paper", "kind"): "'diagnosis'",
    ("stored_file", "sha256"): "decode(repeat('00', 32), 'hex')",
    ("document", "file_id"): ":child",
    ("document", "kind"): "'diagnosis'",
    ("document", "ended_on"): "DATE '2025-09-01', end_reason = 'blurred'",
    ("paper_document", "case_id"): ":other_case",
    ("paper_document", "document_id"): ":child",
}
UNBOUND: Mapping[tuple[str, str], str] = {
    ("person", "phone_sealed"): ":sealed",
    ("person", "phone_index"): r"phone_index || '\x00'::bytea",
    ("person", "email_sealed"): ":sealed",
    ("person", "address_sealed"): ":sealed",
    ("person", "workplace_sealed"): ":sealed",
    ("person", "name_sealed"): ":sealed",
    ("person", "version"): "version + 1",
    ("household", "story_sealed"): ":sealed",
    ("household", "file_no"): "file_no || 'x'",
    ("household", "version"): "version + 1",
    ("bank_account", "bank"): "'另一银行'",
    ("case", "version"): "version + 1",
    ("case", "due_on"): "due_on + 1",
    ("case", "held_until"): "due_on",
    ("case", "state"): "'survey'",
    ("paper", "seen_on"): "seen_on + 1",
}


@dataclass(frozen=True)
class CaseRecord:
    """A case with an award, papers, a bank account and finances, and another family's case."""

    conn: sa.Connection
    context: ActionContext
    case_id: UUID
    rows: Mapping[str, sa.ColumnElement[bool]]
    values: Mapping[str, Any]

    def content(self) -> str:
        """Return the digest an approval would cover now."""
        loaded_case = load.load_case(self.conn, self.case_id, self.context.caller, self.context.today)
        assert loaded_case is not None
        return loaded_case.facts.content

    def edit(self, column: tuple[str, str], new_value: str) -> None:
        """Change one column of the rows the case depends on."""
        table = METADATA.tables[column[0]]
        parameters = {name: value for name, value in self.values.items() if f":{name}" in new_value}
        expression = sa.text(new_value).bindparams(**parameters)
        changed = self.conn.execute(table.update().where(self.rows[column[0]]).values({column[1]: expression}))
        assert changed.rowcount == 1


@pytest.fixture(scope="module")
def module_record(engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseRecord]:
    """Create the record once; each test edits it behind a savepoint."""
    with engine.connect() as conn:
        yield _create_record(conn, tmp_path_factory.mktemp("var"))
        conn.rollback()


@pytest.fixture
def record(module_record: CaseRecord) -> Iterator[CaseRecord]:
    """Return the record as it was created."""
    savepoint = module_record.conn.begin_nested()
    yield module_record
    savepoint.rollback()


def _create_record(conn: sa.Connection, folder: Path) -> CaseRecord:
    organisation = create_organisation(conn)
    context = organisation.context(conn, "registrar", DAY)
    family, other = create_family(conn, organisation), create_family(conn, organisation)
    conn.execute(bank_account.update().where(bank_account.c.household_id == other.household_id).values(active=False))
    case_id, other_case_id = (_open(conn, each.household_id, each.head_id, context) for each in (family, other))
    reviewed = {"award_fen": 300_000, "fund_id": organisation.fund_id, "method": "cash", "cash_reason": "urgent"}
    conn.execute(case.update().where(case.c.id == case_id).values(**reviewed))
    conn.execute(paper.insert().values(case_id=case_id, kind="identity", seen_on=DAY, seen_by=context.caller.account))
    scan = add_photo(conn, folder, family.household_id, context)
    conn.execute(paper_document.insert().values(case_id=case_id, document_id=scan, seq=1))
    phone = {
        "phone_sealed": encrypt_field(RING, "person.phone", family.child_id, "13900000000"),
        "phone_index": blind_index(RING, "phone", "13900000000"),
    }
    conn.execute(person.update().where(person.c.id == family.child_id).values(phone))
    finance_lines = METADATA.tables["finance_line"]
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))  # a line on file changes by no write of ours
    conn.execute(
        finance_lines.update().where(finance_lines.c.household_id == family.household_id).values(side="spending")
    )
    household = METADATA.tables["household"]
    return CaseRecord(
        conn,
        context,
        case_id,
        {
            "case": case.c.id == case_id,
            "paper": paper.c.case_id == case_id,
            "document": document.c.id == scan,
            "paper_document": paper_document.c.document_id == scan,
            "stored_file": sa.exists().where(document.c.id == scan, document.c.file_id == stored_file.c.id),
            "household": household.c.id == family.household_id,
            "person": person.c.id == family.child_id,
            "bank_account": bank_account.c.household_id == family.household_id,
            "finance_line": finance_lines.c.household_id == family.household_id,
        },
        {
            "child": family.child_id,
            "other_household": other.household_id,
            "other_case": other_case_id,
            "other_fund": open_fund(conn, organisation, 0),
            "other_policy": _another_policy(conn, organisation.policy_id),
            "sealed": encrypt_field(RING, "person.phone", family.child_id, "13800000000"),
        },
    )


def _open(conn: sa.Connection, household_id: UUID, head_id: UUID, context: ActionContext) -> UUID:
    return open_case(conn, CaseApplication("hardship", household_id, head_id, "LIV", Fen(300_000), {}), context).case_id


def _another_policy(conn: sa.Connection, policy_id: UUID) -> UUID:
    """Copy the policy set under another id: a decision cites one set."""
    row = conn.execute(sa.select(policy_set).where(policy_set.c.id == policy_id)).mappings().one()
    copy_id = new_id()
    conn.execute(policy_set.insert().values({**row, "id": copy_id, "key": f"{row['key']}-{copy_id.hex[-8:]}"}))
    return copy_id


def test_bound_columns_all_have_an_edit() -> None:
    """Why: an approval does not cover a bound column that is missing from the digest."""
    assert EDITS.keys() == BOUND
    assert not UNBOUND.keys() & BOUND


@pytest.mark.parametrize("column", EDITS, ids=".".join)
def test_digest_changes_when_a_bound_column_is_edited(record: CaseRecord, column: tuple[str, str]) -> None:
    """Why: money is paid only to the account, in the sum and for the reasons that were approved."""
    before = record.content()
    record.edit(column, EDITS[column])
    assert record.content() != before


@pytest.mark.parametrize("column", UNBOUND, ids=".".join)
def test_digest_stays_when_an_unbound_column_is_edited(record: CaseRecord, column: tuple[str, str]) -> None:
    """Why: a new telephone number must not need three approvals again."""
    before = record.content()
    record.edit(column, UNBOUND[column])
    assert record.content() == before
