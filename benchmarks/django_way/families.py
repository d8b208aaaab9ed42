"""Bulk creation of families, outside the measurement."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from benchmarks.django_way.models import BankAccount, ChainHead, Consent, FinanceLine, Household, Person
from benchmarks.django_way.services import RING
from service.crypto.encryption import blind_index, encrypt_field
from service.crypto.hash_chain import GENESIS


@transaction.atomic
def file(organisation: dict[str, Any], number: int) -> list[tuple[UUID, UUID]]:
    """File `number` households, and return the id of each and of its head."""
    families = [(uuid7(), uuid7()) for _ in range(number)]
    unit_columns = {"unit_id": organisation["unit_id"], "unit_path": organisation["unit_path"], "division": "371083"}
    need = {"kind": "worker", "identity": "laid_off", "cause": "illness", "finances_as_of": date(2024, 12, 31)}
    Household.objects.bulk_create(
        Household(id=household, filed_on=date(2025, 1, 3), **unit_columns, **need) for household, _ in families
    )
    ChainHead.objects.bulk_create(ChainHead(id=household, seq=0, hash=GENESIS) for household, _ in families)
    Person.objects.bulk_create(each for household, head in families for each in _members(household, head))
    BankAccount.objects.bulk_create(_card(household, head) for household, head in families)
    wage = {"side": "income", "kind": "wage", "fen": 3_000_000, "reimbursed_fen": 0}
    FinanceLine.objects.bulk_create(FinanceLine(household_id=household, **wage) for household, _ in families)
    Consent.objects.bulk_create(
        Consent(household_id=household, until_on=date(2026, 12, 31)) for household, _ in families
    )
    return families


def _members(household: UUID, head: UUID) -> list[Person]:
    members = ((head, "head", "示例甲"), (uuid7(), "spouse", "示例乙"), (uuid7(), "child", "示例丙"))
    return [
        Person(
            id=row,
            household_id=household,
            relation=relation,
            name_sealed=encrypt_field(RING, "person.name", row, name),
            name_index=blind_index(RING, "name", name),
            id_no_index=blind_index(RING, "id_no", f"{row.int % 10**18:018d}"),
        )
        for row, relation, name in members
    ]


def _card(household: UUID, head: UUID) -> BankAccount:
    row = uuid7()
    number = f"62{row.int % 10**16:016d}"
    card = {
        "card_sealed": encrypt_field(RING, "bank_account.card", row, number),
        "card_index": blind_index(RING, "card", number),
    }
    return BankAccount(id=row, household_id=household, person_id=head, bank="示例银行", **card)
