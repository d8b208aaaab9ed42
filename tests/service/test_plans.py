"""What is asked of one case costs as much in the thousandth year as in the first: no growing table is read whole."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.actions.case_opening import open_case
from service.actions.case_rows import Opening
from service.db import Prepared
from service.queries import case_facts
from service.queries.case_needs import EVERYTHING, Reads
from service.queries.case_select import reading
from tests.office import file_family, open_office
from tests.service.plans import read_whole
from workflows.terms import Fen, Role

DAY = date(2025, 9, 1)


@pytest.mark.parametrize("statement", [reading(EVERYTHING, lock=True), reading(EVERYTHING, lock=False)])
def test_a_step_reads_no_table_whole(tx: sa.Connection, statement: Prepared) -> None:
    office = open_office(tx)
    family = file_family(tx, office)
    asked = office.asked(tx, "registrar", DAY)
    opening = Opening("hardship", family.household_id, family.head_id, "LIV", Fen(300_000), {})
    case_id = open_case(tx, opening, asked).case_id
    values = case_facts._values(case_id, asked.caller, DAY, Reads(EVERYTHING, frozenset({Role.VISITOR})), None)
    assert not read_whole(tx, statement, values) & {"case", "event", "person", "household"}
