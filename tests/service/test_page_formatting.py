"""Amounts and instants are written one way on every page, in the reader's language."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from service.web.formatting import NOTHING, instant, sortable_instant, thousands

AT = datetime(2025, 3, 4, 17, 30, tzinfo=UTC)
"""In the night of the next day, in the union's time."""


@pytest.mark.parametrize(("lang", "written"), [("zh-CN", "2025年3月5日 01:30"), ("en", "Mar 5, 2025 01:30")])
def test_instant_has_the_day_as_other_days_are_written(shared_app: Flask, lang: str, written: str) -> None:
    with shared_app.test_request_context(headers={"Accept-Language": lang}):
        assert instant(AT) == written
        assert instant(None) == NOTHING


def test_instant_of_a_spreadsheet_sorts_as_text() -> None:
    assert sortable_instant(AT) == "2025-03-05 01:30"


@pytest.mark.parametrize(
    ("amount", "written"), [("833.33", "833.33"), ("1550.00", "1,550.00"), ("-1550.00", "-1,550.00")]
)
def test_amount_in_text_has_thousands(amount: str, written: str) -> None:
    assert thousands(amount) == written
