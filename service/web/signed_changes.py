"""What has changed in a case since it was last signed: each field with what was signed and what is on file now."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.crypto.encryption import decrypt_field
from service.http.context import app_state, caller
from service.http.errors import language
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import case_pages, named_rows
from service.queries.case_loading.load import content_of
from service.queries.case_loading.loaded_case import LoadedCase
from service.web.formatting import joined
from service.web.forms import choice_label
from workflows.approval_digest import content_record
from workflows.money_format import in_yuan_with_thousands

MONEY = frozenset({"requested", "award"})
ROWS = frozenset({"payee", "members", "finance_lines", "beneficiary"})
"""Fields that hold ids and indexes of people: the page says only that they differ."""


@dataclass(frozen=True, slots=True)
class SignedChanges:
    """The latest signature, and each field that differs from what it covered: label, before, now."""

    signer: str
    tier: int
    on: date
    is_void: bool
    rows: tuple[tuple[str, str, str], ...]


def signed_changes(loaded: LoadedCase) -> SignedChanges | None:
    """Return what differs from the latest signature; None before the first, and for one that kept only its digest."""
    row = case_pages.latest_signature(connection(), loaded.row.id)
    if row is None or row.content_sealed is None:
        return None
    signed = json.loads(decrypt_field(app_state().keyring, "approval.content", row.id, row.content_sealed))
    present = json.loads(content_record(content_of(loaded.row, loaded.row)))
    return SignedChanges(row.signer, row.tier, row.on, row.voided_seq is not None, _differences(signed, present))


def _differences(signed: dict[str, Any], present: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    names = [name for name in dict.fromkeys((*signed, *present)) if signed.get(name) != present.get(name)]
    lines = [UUID(each["fund"]) for each in (signed, present) if "fund" in names and each.get("fund")]
    known = named_rows.names_of(connection(), lines, caller())
    return tuple(
        (
            translate(f"forms.signed.{name}", language()),
            _worded(name, signed.get(name), known),
            _worded(name, present.get(name), known),
        )
        for name in names
    )


def _worded(name: str, value: Any, known: dict[UUID, str]) -> str:
    if value is None:
        return "—"
    if name in ROWS or name == "policy":
        return translate("pages.case.on_file", language())
    if name == "fund":
        return known.get(UUID(value), "—")
    if name in MONEY:
        return in_yuan_with_thousands(value)
    if isinstance(value, dict):
        return "；".join(f"{key}: {each}" for key, each in value.items())
    if isinstance(value, list):
        return joined(choice_label("paper", str(each)) for each in value)
    return choice_label(name, str(value))
