"""Tests of the table definitions."""

import re

import pytest
import sqlalchemy as sa

from service import tables
from service.actions.errors import BY_CONSTRAINT
from service.db.columns import METADATA
from service.tables.column_classification import CLASSIFICATION, Data
from service.tables.events import SUBJECTS
from tests.architecture.source import listed, pages
from workflows.vocabulary import Pot

COLUMNS = {(table.name, column.name): column for table in METADATA.tables.values() for column in table.columns}


def test_module_of_tables_is_imported() -> None:
    """Why: migrations are compared with METADATA, which contains only tables of imported modules."""
    files = {
        page.path.rpartition("/")[2].removesuffix(".py") for page in pages("service/tables") if not page.is_package
    }
    assert files - {"row_fingerprints", "recorded_columns", "column_classification", "privileges"} == set(
        tables.__all__
    )


def test_column_is_classified() -> None:
    """Why: the author of a column must decide whether an edit voids signatures and whether it is encrypted."""
    classified = {(table, column) for table, columns in CLASSIFICATION.items() for column in columns}
    assert classified == COLUMNS.keys(), listed(classified ^ COLUMNS.keys())


def test_personal_column_is_not_stored_as_text() -> None:
    """Why: a copied backup must not contain a family's name."""
    plain = [
        key
        for key, column in COLUMNS.items()
        if _is(key, Data.PERSONAL) and not isinstance(getattr(column.type, "item_type", column.type), sa.LargeBinary)
    ]
    assert not plain, listed(plain)


def test_column_named_sealed_or_index_is_classified_personal() -> None:
    """Why: developers rely on the name of a column, so it must agree with the classification."""
    named = {key for key in COLUMNS if re.search(r"_(sealed|index)$", key[1])}
    personal = {key for key in COLUMNS if _is(key, Data.PERSONAL)}
    assert named == personal, listed(named ^ personal)


def _is(column: tuple[str, str], data: Data) -> bool:
    return data in CLASSIFICATION[column[0]][column[1]]


def test_money_column_is_an_integer_of_fen() -> None:
    """Why: a NUMERIC or REAL column could hold a fraction of a fen."""
    wrong = [key for key, column in COLUMNS.items() if isinstance(column.type, sa.Numeric)]
    wrong += [
        key
        for key, column in COLUMNS.items()
        if re.search(r"(^|_)fen$", key[1]) and not isinstance(column.type, sa.BigInteger)
    ]
    assert not wrong, listed(wrong)


def test_pot_is_a_column_of_the_fund() -> None:
    """Why: money moved to a pot without a column would be lost."""
    columns = {
        name.removesuffix("_fen")
        for table, name in COLUMNS
        if table == "fund" and name.endswith("_fen") and not name.startswith(("counted_", "expected_"))
    }
    assert columns == {pot.value for pot in Pot}


@pytest.mark.parametrize("name", sorted(BY_CONSTRAINT))
def test_constraint_with_a_message_exists(name: str) -> None:
    """Why: a renamed constraint would be reported as "conflict" instead of its own code."""
    objects = (each for table in METADATA.tables.values() for each in (*table.constraints, *table.indexes))
    names = {str(getattr(each, "name", None)) for each in objects}
    assert name in names or any(f"CONSTRAINT = '{name}'" in page.text for page in pages("migrations"))


def test_subject_of_the_event_log_is_a_table() -> None:
    """Why: an auditor cannot look up an event about something without a table."""
    # In the event log a policy set is called policy, and an import of workbooks import.
    subjects = {*METADATA.tables, "policy", "import"}
    assert set(SUBJECTS) <= subjects


def test_instant_column_has_a_time_zone() -> None:
    """Why: a column without a time zone is read differently on machines in different zones."""
    naive = [
        key for key, column in COLUMNS.items() if isinstance(column.type, sa.DateTime) and not column.type.timezone
    ]
    assert not naive
