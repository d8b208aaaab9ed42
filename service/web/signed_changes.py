"""What has changed in a case since it was last signed: each field with what was signed and what is on file now."""

import json
from collections.abc import Callable, Mapping
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
from service.web.application import application_rows
from service.web.formatting import day, document_kind, joined
from service.web.forms import choice_label
from workflows.approval_digest import content_record
from workflows.money_format import in_yuan_with_thousands
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES

ROWS = frozenset({"payee", "members", "finance_lines", "beneficiary", "policy"})
"""Fields that hold ids and indexes of people, or a whole policy set: the page says only that they differ."""

GROUPS: Mapping[str, str] = {"papers": "paper", "observed": "exclusion", "misfortune": "event_kind"}
"""The group of terms of a field, where it has another name."""


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
    return SignedChanges(
        row.signer,
        row.tier,
        row.on,
        row.voided_seq is not None,
        _differences(PROGRAMMES[loaded.row.programme], signed, present),
    )


def _differences(
    programme: Programme, signed: dict[str, Any], present: dict[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    names = [name for name in dict.fromkeys((*signed, *present)) if signed.get(name) != present.get(name)]
    lines = [UUID(each["fund"]) for each in (signed, present) if "fund" in names and each.get("fund")]
    known = named_rows.names_of(connection(), lines, caller())
    return tuple(
        (
            translate(f"forms.signed.{name}", language()),
            in_words(programme, name, signed.get(name), known),
            in_words(programme, name, present.get(name), known),
        )
        for name in names
    )


def in_words(programme: Programme, name: str, value: Any, fund_lines: Mapping[UUID, str]) -> str:
    """Return a signed value as people read it; `fund_lines` are the names of fund lines by id."""
    if value is None:
        return "—"
    if name in ROWS:
        return translate("pages.case.on_file", language())
    return _WORDS.get(name, _word)(Signed(programme, name, value, fund_lines))


@dataclass(frozen=True, slots=True)
class Signed:
    """One value that a signature covers, and what its words need."""

    programme: Programme
    name: str
    value: Any
    fund_lines: Mapping[UUID, str]


def _word(signed: Signed) -> str:
    group = GROUPS.get(signed.name, signed.name)
    codes = signed.value if isinstance(signed.value, list) else [signed.value]
    return joined(choice_label(group, str(each)) for each in codes)


def _yuan(signed: Signed) -> str:
    return in_yuan_with_thousands(signed.value)


def _fund_line(signed: Signed) -> str:
    return signed.fund_lines.get(UUID(signed.value), "—")


def _answers(signed: Signed) -> str:
    rows = application_rows(signed.programme, {"answers": signed.value}, {})
    return "；".join(f"{label}{translate('pages.colon', language())}{words}" for label, words in rows)


def _documents(signed: Signed) -> str:
    """Return the kind of each document with the start of its SHA-256: two scans of one paper read differently."""
    return joined(f"{document_kind(kind)} {sha256[:8]}" for kind, sha256 in signed.value)


_WORDS: Mapping[str, Callable[[Signed], str]] = {
    "requested": _yuan,
    "award": _yuan,
    "fund": _fund_line,
    "form": _answers,
    "documents": _documents,
    "finances_as_of": lambda signed: day(date.fromisoformat(signed.value)),
}
