"""Tests of the approval digest: every field changes it, a new empty field does not."""

from dataclasses import fields, replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from workflows.approval_digest import ApprovalContent, approval_digest
from workflows.canonical_json import canonical_json, without_nulls

CONTENT = ApprovalContent(
    item="MED",
    requested=300_000,
    award=200_000,
    fund=UUID(int=1),
    policy=UUID(int=2),
    category="deep",
    beneficiary=UUID(int=3),
    payee={"id": "4", "card": "ab", "person_id": "3", "in_family": True},
    form={"self_paid": 5_000_000},
    division="371083",
    cause="illness",
    identity="active",
    observed=("vehicle",),
    misfortune="fire",
    finances_as_of=date(2025, 9, 1),
    idle_able_members=0,
    finance_lines=({"side": "income", "kind": "wage", "person": "3", "fen": 100, "reimbursed": 0},),
    members=({"id": "3", "name": "cd", "number": None},),
    papers=("identity",),
)

OTHER: dict[type[Any], Any] = {
    str: "other",
    int: 7,
    UUID: UUID(int=9),
    tuple: (),
    dict: {"k": 1},
    date: date(2020, 1, 1),
    type(None): "other",
}


@pytest.mark.parametrize("field", [each.name for each in fields(ApprovalContent)])
def test_digest_changes_with_each_field(field: str) -> None:
    changed = replace(CONTENT, **{field: OTHER[type(getattr(CONTENT, field))]})
    assert approval_digest(changed) != approval_digest(CONTENT)


def test_digest_with_a_new_empty_field_stays_equal() -> None:
    """Add a field as a later version may, None for every case signed before."""
    later = without_nulls({each.name: getattr(CONTENT, each.name) for each in fields(CONTENT)} | {"school": None})
    assert sha256(canonical_json(later).encode()).hexdigest() == approval_digest(CONTENT)


def test_digest_of_sample_content_never_changes() -> None:
    # Signatures with this digest are valid in installations, so it must never change.
    assert approval_digest(CONTENT) == "8ef820dfc959a64f1f42ba78562dc4f8dd44d730233577f6d111e616b570158a"
