"""Tests of amounts written as yuan."""

import pytest

from workflows.money_format import in_yuan, in_yuan_with_thousands


@pytest.mark.parametrize(
    ("fen", "plain", "with_thousands"),
    [
        (0, "0.00", "0.00"),
        (5, "0.05", "0.05"),
        (-5, "-0.05", "-0.05"),
        (300_000, "3000.00", "3,000.00"),
        (-123_456_789, "-1234567.89", "-1,234,567.89"),
    ],
)
def test_fen_are_written_as_yuan(fen: int, plain: str, with_thousands: str) -> None:
    assert in_yuan(fen) == plain
    assert in_yuan_with_thousands(fen) == with_thousands
