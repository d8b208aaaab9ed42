"""Editing what an approval covers changes the digest it was given over; editing anything else does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
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
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.policies import policy_set
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
    ("paper", "case_id"): ":other_case",
    ("paper", "kind"): "'diagnosis'",
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
class Ground:
    """A case with an award, papers, an account and an finances, and another family beside it."""

    conn: sa.Connection
    context: ActionContext
    case_id: UUID
    rows: Mapping[str, sa.ColumnElement[bool]]
    values: Mapping[str, Any]

    def content(self) -> str:
        """The digest a signature would be given over now."""
        known = load.load_case(self.conn, self.case_id, self.context.caller, self.context.today)
        assert known is not None
        return known.facts.content

    def edit(self, place: tuple[str, str], how: str) -> None:
        """Change one column of the rows the case rests on."""
        table = METADATA.tables[place[0]]
        named = {name: value for name, value in self.values.items() if f":{name}" in how}
        expression = sa.text(how).bindparams(**named)
        changed = self.conn.execute(table.update().where(self.rows[place[0]]).values({place[1]: expression}))
        assert changed.rowcount == 1


@pytest.fixture(scope="module")
def settled(engine: sa.Engine) -> Iterator[Ground]:
    """Made once; each test edits it behind a savepoint."""
    with engine.connect() as conn:
        yield _ground(conn)
        conn.rollback()


@pytest.fixture
def ground(settled: Ground) -> Iterator[Ground]:
    """The ground as it was made."""
    savepoint = settled.conn.begin_nested()
    yield settled
    savepoint.rollback()


def _ground(conn: sa.Connection) -> Ground:
    office = create_organisation(conn)
    context = office.context(conn, "registrar", DAY)
    family, other = create_family(conn, office), create_family(conn, office)
    conn.execute(bank_account.update().where(bank_account.c.household_id == other.household_id).values(active=False))
    opened, beside = (_open(conn, each.household_id, each.head_id, context) for each in (family, other))
    conn.execute(case.update().where(case.c.id == opened).values(award_fen=300_000, fund_id=office.fund_id))
    conn.execute(paper.insert().values(case_id=opened, kind="identity", seen_on=DAY, seen_by=context.caller.account))
    phone = {
        "phone_sealed": encrypt_field(RING, "person.phone", family.child_id, "13900000000"),
        "phone_index": blind_index(RING, "phone", "13900000000"),
    }
    conn.execute(person.update().where(person.c.id == family.child_id).values(phone))
    lines = METADATA.tables["finance_line"]
    conn.execute(lines.update().where(lines.c.household_id == family.household_id).values(side="spending"))
    household = METADATA.tables["household"]
    return Ground(
        conn,
        context,
        opened,
        {
            "case": case.c.id == opened,
            "paper": paper.c.case_id == opened,
            "household": household.c.id == family.household_id,
            "person": person.c.id == family.child_id,
            "bank_account": bank_account.c.household_id == family.household_id,
            "finance_line": lines.c.household_id == family.household_id,
        },
        {
            "child": family.child_id,
            "other_household": other.household_id,
            "other_case": beside,
            "other_fund": open_fund(conn, office, 0),
            "other_policy": _another_policy(conn, office.policy_id),
            "sealed": encrypt_field(RING, "person.phone", family.child_id, "13800000000"),
        },
    )


def _open(conn: sa.Connection, household_id: UUID, head_id: UUID, context: ActionContext) -> UUID:
    return open_case(conn, CaseApplication("hardship", household_id, head_id, "LIV", Fen(300_000), {}), context).case_id


def _another_policy(conn: sa.Connection, policy_id: UUID) -> UUID:
    """The same words under another number: a decision must say which it cites."""
    row = conn.execute(sa.select(policy_set).where(policy_set.c.id == policy_id)).mappings().one()
    made = new_id()
    conn.execute(policy_set.insert().values({**row, "id": made, "key": f"{row['key']}-{made.hex[-8:]}"}))
    return made


def test_each_bound_column_is_tried_here() -> None:
    """Why: a column that is called bound and is not in the digest is a signature over something else."""
    assert EDITS.keys() == BOUND
    assert not UNBOUND.keys() & BOUND


@pytest.mark.parametrize("place", EDITS, ids=".".join)
def test_editing_what_is_bound_changes_the_content(ground: Ground, place: tuple[str, str]) -> None:
    """Why: money goes to the account, in the sum, for the reasons that were signed, or it does not go."""
    before = ground.content()
    ground.edit(place, EDITS[place])
    assert ground.content() != before


@pytest.mark.parametrize("place", UNBOUND, ids=".".join)
def test_editing_anything_else_does_not(ground: Ground, place: tuple[str, str]) -> None:
    """Why: a new telephone number must not send a family through three signatures again."""
    before = ground.content()
    ground.edit(place, UNBOUND[place])
    assert ground.content() == before
