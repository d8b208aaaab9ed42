"""The section says how many records were voided, and counts none of them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from service.actions import activities, donations
from service.report.markdown import write_markdown
from service.report.section import make_section
from tests.service.report_fixtures import AS_OF, YEAR
from tests.service.test_recorded_once import Records
from workflows.vocabulary import Fen

SENTENCE = "另有2条走访、慰问、捐款、活动的记录登记有误，已作废或更正，不计入以上各数。"


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on one snapshot, rolled back when the test ends."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection
        connection.rollback()


def test_voided_and_corrected_records_are_printed_and_counted_nowhere(conn: sa.Connection) -> None:
    records = Records(conn)
    context = records.context()
    donation_id = donations.record_donation(conn, records.donation, context)
    corrected = replace(records.donation, fen=Fen(300_000))
    donations.correct_donation(conn, donation_id, corrected, "多写一个零", records.seconded())
    activity_id = activities.record_activity(conn, records.activity, context)
    activities.void_activity(conn, activity_id, "没有办", records.seconded())
    printed = write_markdown(make_section(conn, records.organisation.unit_path, *YEAR, AS_OF, "zh_CN"))
    assert SENTENCE in printed
    assert "收到社会和职工捐款3,000元" in printed
    assert "30,000" not in printed
    assert "举办职工活动" not in printed
