"""What is asked of one case costs as much in the thousandth year as in the first: no growing table is read whole."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.actions.case_opening import open_case
from service.actions.case_writer import CaseApplication
from service.db.prepared import PreparedStatement
from service.queries.case_loading import load
from service.queries.case_loading.plan import EVERYTHING, LoadPlan
from service.queries.case_loading.statement import load_statement
from tests.factories import create_family, create_organisation
from tests.service.query_plans import read_whole
from workflows.vocabulary import Fen, Role

DAY = date(2025, 9, 1)


@pytest.mark.parametrize("statement", [load_statement(EVERYTHING, lock=True), load_statement(EVERYTHING, lock=False)])
def test_a_step_reads_no_table_whole(conn: sa.Connection, statement: PreparedStatement) -> None:
    office = create_organisation(conn)
    family = create_family(conn, office)
    context = office.context(conn, "registrar", DAY)
    opening = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(300_000), {})
    case_id = open_case(conn, opening, context).case_id
    values = load._values(case_id, context.caller, DAY, LoadPlan(EVERYTHING, frozenset({Role.VISITOR})), None)
    assert not read_whole(conn, statement, values) & {"case", "event", "person", "household"}
