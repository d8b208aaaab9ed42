"""People as screens and answers show them: unsealed only to be masked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.crypto.encryption import Keyring, decrypt_field
from workflows.disclosure import Profile, shown

REVEALED_FOR_CALL = {"id_no": "id_number"}
"""What disclosure.py calls our columns, where it differs."""
FIELDS = ("name", "id_no", "phone", "email", "address", "workplace")


def revealed(keyring: Keyring, row: Mapping[str, Any]) -> dict[str, str | None]:
    """The full values of a person's sealed fields; whoever calls this records the look."""
    return {name: _plain(keyring, f"person.{name}", row["id"], row[f"{name}_sealed"]) for name in FIELDS}


def member(keyring: Keyring, row: Mapping[str, Any], profile: Profile = Profile.LIST) -> dict[str, Any]:
    """A member with each sealed field masked for `profile`."""
    plain = revealed(keyring, row)
    masked = {
        name: shown(REVEALED_FOR_CALL.get(name, name), value, profile) if value else None
        for name, value in plain.items()
    }
    return {key: row[key] for key in ("id", "household_id", "relation", "student_stage", "version")} | masked


def payee(keyring: Keyring, row: Mapping[str, Any] | None, profile: Profile = Profile.LIST) -> dict[str, Any] | None:
    """The account money goes to, its number masked."""
    if row is None:
        return None
    card = _plain(keyring, "bank_account.card", row["id"], row["card_sealed"])
    return {
        "id": row["id"],
        "person_id": row["person_id"],
        "bank": row["bank"],
        "card": shown("card", card or "", profile),
    }


def _plain(keyring: Keyring, place: str, row: UUID, sealed: bytes | None) -> str | None:
    return decrypt_field(keyring, place, row, sealed) if sealed is not None else None
