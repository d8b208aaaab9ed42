"""Which writes outside cases need a second person, and what no policy set goes below."""

from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.sample_policy import SAMPLE
from workflows.policy import PolicySet
from workflows.powers import POWERS, second_needed
from workflows.rules.policy_floors import floor_refusals


@pytest.mark.parametrize(
    ("subject", "action", "moves_money", "needed"),
    [
        ("fund", "receive", False, True),
        ("gift", "record_gift", True, True),
        ("gift", "record_gift", False, False),
        ("gift", "void_gift", True, True),
        ("gift", "void_gift", False, False),
        ("fund", "open_line", False, True),
        ("household", "set_payee", True, False),
        ("visit", "void_visit", False, True),
        ("fund", "close_allocation", True, False),
        ("account", "make_token", False, False),
        ("nothing", "of_this_kind", True, False),
    ],
)
def test_second_person_is_needed_where_the_table_says(
    subject: str, action: str, moves_money: bool, needed: bool
) -> None:
    assert second_needed(subject, action, moves_money=moves_money) is needed


def test_write_by_one_person_says_why() -> None:
    assert all(bool(power.confirms) != bool(power.alone) for power in POWERS.values())


@pytest.mark.parametrize("name", ["notice_days", "min_visitors", "together_days"])
def test_policy_at_its_floor_passes_and_one_below_it_does_not(name: str) -> None:
    least = {"notice_days": 5, "min_visitors": 2, "together_days": 30}[name]
    at: dict[str, Any] = {name: least}
    below: dict[str, Any] = {name: least - 1}

    def refused(policy: PolicySet) -> list[str]:
        return [reason.code for reason in floor_refusals(policy)]

    assert refused(replace(SAMPLE, **at)) == []
    assert refused(replace(SAMPLE, **below)) == ["policy_below_floor"]
    assert refused(replace(SAMPLE, **below, below_floor_document="示例〔2025〕9号")) == []
