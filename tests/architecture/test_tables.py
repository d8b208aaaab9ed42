"""What the tables promise, read from their definitions alone."""

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


def test_every_file_of_tables_is_known() -> None:
    """Why: METADATA is what migrations are compared with; a table it never met is never compared."""
    files = {
        page.path.rpartition("/")[2].removesuffix(".py") for page in pages("service/tables") if not page.is_package
    }
    assert files - {"row_fingerprints", "column_classification"} == set(tables.__all__)


def test_every_column_is_classified() -> None:
    """Why: whoever adds a column decides whether editing it voids signatures, and whether it must be sealed."""
    told = {(table, column) for table, columns in CLASSIFICATION.items() for column in columns}
    assert told == COLUMNS.keys(), listed(told ^ COLUMNS.keys())


def test_personal_data_is_never_stored_as_text() -> None:
    """Why: a backup that leaves the house must not name a family."""
    plain = [
        place
        for place, column in COLUMNS.items()
        if _is(place, Data.PERSONAL) and not isinstance(column.type, sa.LargeBinary)
    ]
    assert not plain, listed(plain)


def test_what_is_called_sealed_or_index_is_personal() -> None:
    """Why: the name of a column is what people go by; it must not say more or less than the list."""
    named = {place for place in COLUMNS if re.search(r"_(sealed|index)$", place[1])}
    personal = {place for place in COLUMNS if _is(place, Data.PERSONAL)}
    assert named == personal, listed(named ^ personal)


def _is(place: tuple[str, str], data: Data) -> bool:
    return data in CLASSIFICATION[place[0]][place[1]]


def test_money_columns_are_whole_fen() -> None:
    """Why: a NUMERIC or a REAL column is where a fraction of a fen comes in."""
    wrong = [place for place, column in COLUMNS.items() if isinstance(column.type, sa.Numeric)]
    wrong += [
        place
        for place, column in COLUMNS.items()
        if re.search(r"(^|_)fen$", place[1]) and not isinstance(column.type, sa.BigInteger)
    ]
    assert not wrong, listed(wrong)


def test_every_pot_is_a_column_of_the_fund() -> None:
    """Why: money that moves to a pot the row does not have would be made or lost on the way."""
    columns = {name.removesuffix("_fen") for table, name in COLUMNS if table == "fund" and name.endswith("_fen")}
    assert columns == {pot.value for pot in Pot}


@pytest.mark.parametrize("name", sorted(BY_CONSTRAINT))
def test_a_constraint_with_words_exists(name: str) -> None:
    """Why: a constraint that was renamed would answer "conflict" instead of the rule it stands for."""
    held = (each for table in METADATA.tables.values() for each in (*table.constraints, *table.indexes))
    names = {str(getattr(each, "name", None)) for each in held}
    assert name in names or any(f"CONSTRAINT = '{name}'" in page.text for page in pages("migrations"))


def test_a_subject_of_the_trail_is_a_noun_of_the_house() -> None:
    """Why: an event about something that has no table cannot be looked up by an auditor."""
    nouns = {*METADATA.tables, "policy"}  # a policy set is called policy in the trail
    assert set(SUBJECTS) <= nouns


def test_instants_are_aware() -> None:
    """Why: half past nine in which time zone? A naive column answers differently on two machines."""
    naive = [
        place for place, column in COLUMNS.items() if isinstance(column.type, sa.DateTime) and not column.type.timezone
    ]
    assert not naive
