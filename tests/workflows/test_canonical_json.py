"""Tests of canonical JSON: one text for each value, whatever its order."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from workflows.canonical_json import canonical_json, without_nulls


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        (UUID(int=10), '"00000000-0000-0000-0000-00000000000a"'),
        (date(2025, 9, 1), '"2025-09-01"'),
        (datetime(2025, 9, 1, 1, 30, tzinfo=UTC), '"2025-09-01T01:30:00+00:00"'),
        (datetime(2025, 9, 1, 9, 30, tzinfo=timezone(timedelta(hours=8))), '"2025-09-01T01:30:00+00:00"'),
        (b"\x00\xff", '"00ff"'),
        (memoryview(b"\x0a"), '"0a"'),
        ("困难", '"困难"'),
    ],
)
def test_value_has_one_text(value: Any, text: str) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize("value", [object(), {1, 2}, 1 + 2j])
def test_other_object_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=f"canonical JSON holds no {type(value).__name__}"):
        canonical_json(value)


def test_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_members_without_a_value_are_left_out_and_items_of_lists_stay() -> None:
    assert without_nulls({"a": None, "b": {"c": None, "d": [None, {"e": None}]}, "f": (1,)}) == {
        "b": {"d": [None, {}]},
        "f": [1],
    }
