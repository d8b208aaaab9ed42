"""A step on one case reads no growing table from end to end."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.db.engine import make_engine
from service.db.prepared import PreparedStatement
from service.queries.case_loading import load
from service.queries.case_loading.plan import EVERYTHING, LoadPlan
from service.queries.case_loading.statement import load_unlocked, lock_and_load
from tests.factories import create_family, create_organisation
from tests.service.query_plans import read_whole
from workflows.vocabulary import Fen, Role

DAY = date(2025, 9, 1)


@pytest.fixture(scope="module")
def own_engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield a database of its own: what other tests have left there would decide what PostgreSQL expects of the tables."""
    engine = make_engine(migrated_database())
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        lock_and_load(EVERYTHING.facts, money=False, staff=True),
        load_unlocked(EVERYTHING.facts, staff=True, many=False),
        load_unlocked(EVERYTHING.facts, staff=True, many=True),
    ],
)
def test_step_on_one_case_reads_no_growing_table_whole(own_engine: sa.Engine, statement: PreparedStatement) -> None:
    with own_engine.connect() as conn:
        assert not _read_whole_for_a_step(conn, statement) & {"case", "event", "person", "household"}


def _read_whole_for_a_step(conn: sa.Connection, statement: PreparedStatement) -> set[str]:
    organisation = create_organisation(conn)
    family = create_family(conn, organisation)
    context = organisation.context(conn, "registrar", DAY)
    application = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(300_000), {})
    case_id = open_case(conn, application, context).case_id
    plan = LoadPlan(EVERYTHING.facts, frozenset({Role.VISITOR}))
    values = load._values(context.caller, DAY, plan, None, case_id=case_id, case_ids=[case_id])
    return read_whole(conn, statement, values)
