"""Masked columns are what a bundle shows of the encrypted data of persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.crypto.encryption import Keyring, decrypt_field
from workflows.code_lists import Relation
from workflows.disclosure import Profile, is_id_number, shown

ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class MaskedColumn:
    """One encrypted column, and the field of workflows/disclosure.py by which it is masked."""

    name: str
    sealed: str
    disclosed_as: str


PERSON = (
    MaskedColumn("name", "name_sealed", "name"),
    MaskedColumn("id_no", "id_no_sealed", "id_number"),
    MaskedColumn("phone", "phone_sealed", "phone"),
)
BANK_ACCOUNT = (MaskedColumn("card", "card_sealed", "card"),)


@dataclass(frozen=True, slots=True)
class Masking:
    """The keys that open encrypted columns, and the day on which a person counts as a minor or not."""

    keyring: Keyring
    today: date

    def of_person(self, row: Mapping[str, Any]) -> dict[str, str | None]:
        """Return name and numbers of a person as an export shows them; of a minor neither name nor number."""
        plain = {each.name: self._plain("person", each, row) for each in PERSON}
        minor = is_minor(plain["id_no"], row["relation"], row["student_stage"], self.today)
        return {each.name: _masked(each, plain[each.name], minor=minor) for each in PERSON}

    def of_bank_account(self, row: Mapping[str, Any]) -> dict[str, str | None]:
        """Return the number of an account as an export shows it."""
        return {each.name: _masked(each, self._plain("bank_account", each, row)) for each in BANK_ACCOUNT}

    def _plain(self, table: str, column: MaskedColumn, row: Mapping[str, Any]) -> str | None:
        sealed, row_id = row[column.sealed], UUID(str(row["id"]))
        return None if sealed is None else decrypt_field(self.keyring, f"{table}.{column.name}", row_id, sealed)


def _masked(column: MaskedColumn, value: str | None, *, minor: bool = False) -> str | None:
    return None if value is None else shown(column.disclosed_as, value, Profile.EXPORT, minor=minor)


def is_minor(id_number: str | None, relation: str, student_stage: str | None, today: date) -> bool:
    """Return whether a person is, or may be, under 18: without a resident number a child or a student of a school is."""
    if id_number is None or not is_id_number(id_number):
        return relation == Relation.CHILD or student_stage is not None
    born = date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age < ADULT_YEARS
