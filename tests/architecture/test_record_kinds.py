"""What a record kind does is a row of a table, not a comparison."""

import ast

from service.actions.step_records import STEP_RECORDS
from tests.architecture.source import FLOORS, listed, pages
from workflows.record_kinds import RECORD_KINDS
from workflows.vocabulary import Record


def test_no_code_compares_a_record_with_one_of_its_kinds() -> None:
    """Why: the third `if record is …` wants a row; a new kind would be forgotten in one of them."""
    compared = [
        page.at(node)
        for page in pages(*FLOORS)
        for node in page.nodes
        if isinstance(node, ast.Compare) and "Record." in ast.unparse(node)
    ]
    assert not compared, listed(compared)


def test_every_record_has_its_row_in_both_tables() -> None:
    """Why: a record without a row fails on the day a case first leaves it."""
    assert set(Record) == RECORD_KINDS.keys() == STEP_RECORDS.keys()
