"""Persons, payees and notices for display: decrypted and masked."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from service.crypto.encryption import Keyring, decrypt_field
from workflows.disclosure import Profile, shown

DISCLOSURE_FIELDS = {"id_no": "id_number"}
"""Field names of workflows/disclosure.py where they differ from our columns."""
FIELDS = ("name", "id_no", "phone", "email", "address", "workplace")
"""The encrypted fields of a person."""


def plain_fields(keyring: Keyring, row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the full values of a person's encrypted fields; the caller of this function records the access."""
    return {name: _decrypt(keyring, f"person.{name}", row["id"], row[f"{name}_sealed"]) for name in FIELDS}


def member(keyring: Keyring, row: Mapping[str, Any], profile: Profile = Profile.LIST) -> dict[str, Any]:
    """Return a member with each encrypted field masked for `profile`."""
    plain_values = plain_fields(keyring, row)
    masked = {
        name: shown(DISCLOSURE_FIELDS.get(name, name), value, profile) if value else None
        for name, value in plain_values.items()
    }
    return {key: row[key] for key in ("id", "household_id", "relation", "student_stage", "version")} | masked


def name(keyring: Keyring, row: Mapping[str, Any], profile: Profile = Profile.LIST) -> str:
    """Return a person's name, masked for `profile`."""
    return shown("name", _decrypt(keyring, "person.name", row["id"], row["name_sealed"]) or "", profile) or ""


def payee(keyring: Keyring, row: Mapping[str, Any] | None, profile: Profile = Profile.LIST) -> dict[str, Any] | None:
    """Return the household's payee with a masked card number."""
    if row is None:
        return None
    card = _decrypt(keyring, "bank_account.card", row["id"], row["card_sealed"])
    return {
        "id": row["id"],
        "person_id": row["person_id"],
        "bank": row["bank"],
        "card": shown("card", card or "", profile),
    }


def plain_payee(keyring: Keyring, row: Mapping[str, Any], holder: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account with its full number and its holder's name; the caller of this function records the access."""
    return {
        "id": row["id"],
        "person_id": row["person_id"],
        "name": _decrypt(keyring, "person.name", holder["id"], holder["name_sealed"]),
        "bank": row["bank"],
        "card": _decrypt(keyring, "bank_account.card", row["id"], row["card_sealed"]),
    }


def notice(keyring: Keyring, row: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return what a public notice showed; its name is masked once the notice has ended."""
    lines: dict[str, Any] = json.loads(decrypt_field(keyring, "notice.shown", row["id"], row["shown_sealed"]))
    if row["ended_on"] is not None or row["ends_on"] < today:
        lines["name"] = shown("name", lines["name"], Profile.LIST)
    return lines


def _decrypt(keyring: Keyring, field: str, row_id: UUID, sealed: bytes | None) -> str | None:
    return decrypt_field(keyring, field, row_id, sealed) if sealed is not None else None
