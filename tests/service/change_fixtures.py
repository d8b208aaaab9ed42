"""Fixtures of changes of a file: a county with two branches, a family, and the five kinds of change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.household_changes import two_steps
from service.actions.household_changes.effects import Effects
from service.actions.household_changes.exits import Exit
from service.actions.household_changes.heads import HeadChange
from service.actions.household_changes.moves import Move
from service.db.engine import make_engine
from service.tables.persons import person
from tests.application_role import act_as_application, application_url
from tests.chaos.fixtures import STEPS_TO_RECEIPT, form
from tests.factories import Family, Organisation, create_family, create_organisation
from workflows.vocabulary import Fen

DAY = date(2025, 9, 20)
OPENED = date(2025, 9, 1)


@pytest.fixture(scope="session")
def changed_engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """A database for these tests only, so that the event log of all its rows can be verified."""
    url = migrated_database()
    engine = make_engine(url)
    application_url(url)
    yield engine
    engine.dispose()


@dataclass
class Town:
    """A county with two branches, in a transaction; the county's staff act in all three units."""

    conn: sa.Connection
    county: Organisation
    branch: Organisation
    other_branch: Organisation

    def family(self) -> Family:
        """File a family of head, spouse and child in the first branch."""
        return create_family(self.conn, self.branch)

    def spouse(self, family: Family) -> UUID:
        """Return the spouse's id."""
        of_family = sa.and_(person.c.household_id == family.household_id, person.c.relation == "spouse")
        spouse_id: UUID = self.conn.scalars(sa.select(person.c.id).where(of_family)).one()
        return spouse_id

    def context(self, staff_name: str = "registrar", day: date = DAY) -> Any:
        """Return the context of a member of the county's staff."""
        return self.county.context(self.conn, staff_name, day)

    def open_case(self, family: Family, state: str = "draft", *, beneficiary: UUID | None = None) -> UUID:
        """Open a case of living relief for the family and lead it to `state`."""
        application = CaseApplication(
            "hardship", family.household_id, beneficiary or family.head_id, "LIV", Fen(150_000), {}
        )
        opened = open_case(self.conn, application, self.context("registrar", OPENED))
        reached = opened.state
        for account, day, action, _target in STEPS_TO_RECEIPT:
            if reached == state:
                break
            answers = form(self.county, action, day, award="1500.00", fund=self.branch.fund_id)
            reached = cases.take_action(self.conn, opened.case_id, action, answers, self.context(account, day)).state
        return opened.case_id

    def show(self, family: Family, change: two_steps.FileChange) -> Effects:
        """Return what a change would do."""
        return two_steps.preview(self.conn, family.household_id, change, self.context())

    def make(self, family: Family, change: two_steps.FileChange) -> UUID:
        """Make a change after it was shown."""
        return two_steps.make(self.conn, family.household_id, change, self.show(family, change).seen, self.context())


@pytest.fixture
def town(changed_engine: sa.Engine) -> Iterator[Town]:
    """Yield the county in a transaction that is rolled back when the test ends."""
    with changed_engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
        county = create_organisation(conn)
        branch = create_organisation(conn, above=county, kind="grass_roots")
        other_branch = create_organisation(conn, above=county, kind="grass_roots")
        act_as_application(conn)
        yield Town(conn, county, branch, other_branch)
        conn.rollback()


def death_of_head(town: Town, family: Family, **more: Any) -> HeadChange:
    """Return the change of head to the spouse after the head has died."""
    return HeadChange(on=DAY, reason="death", new_head=town.spouse(family), **more)


def move(town: Town, **more: Any) -> Move:
    """Return the move to the other branch."""
    return Move(on=DAY, reason="new_employer", to_unit_id=town.other_branch.unit_id, **more)


LIFTED_OUT = Exit(on=DAY, reason="lifted_out", document="示例〔2025〕7号")
