"""The content of a proposal in words, in the order in which a person checks it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from service.http.errors import language
from service.i18n.catalogue import catalogue
from service.web.formatting import day_in, joined
from service.web.layout import text
from workflows.disclosure import Profile, shown
from workflows.money_format import in_yuan_with_thousands

SECRET = frozenset({"first_hash", "base64", "rows_digest"})
"""Parts of a content that the page leaves out: half of a code, whole files, and a digest that its own digest covers."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "source": ("fund_source",),
    "items": ("item",),
    "categories": ("category",),
    "kind": ("visit_kind", "activity_kind"),
    "relation_of_deceased": ("kin",),
}
"""The groups of terms of a field's codes, where they have another name than the field."""

SUMS = ("ceiling", "expected")
"""Sums in fen, besides those whose name says so."""

# fmt: off
ORDER = (
    "record_id", "kinship_id", "policy_set_id", "name", "reversed", "kept",
    "household_id", "person_id", "account_id", "display_name", "login",
    "code", "title", "campaign", "programme_name", "direction", "role", "roles", "tier", "for_account_id", "kind", "occasion", "item",
    "fen", "ceiling", "expected", "goods", "quantity", "goods_unit", "fund_id", "source", "year", "unit_id", "with_below",
    "on", "from_on", "until_on", "opens_on", "expires_on", "settles_until", "items", "categories",
    "purpose", "place", "visitors", "handed_by", "approved_by", "document", "account_code",
)
# fmt: on
"""Which record, of whom, what, how much, out of which money, when, by whom and on what grounds; then the rest."""


def content_lines(content: Any) -> list[tuple[str, Any]]:
    """Return each value of a content with the name of its field; a list of codes, days or ids is one value."""
    rank = {name: number for number, name in enumerate(ORDER)}
    return sorted(_lines(content), key=lambda each: rank.get(each[0], len(ORDER)))


def _lines(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value: `{"new": {"fen": 5}}` → `("fen", 5)`."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name not in SECRET:
                yield from _lines(value, name)
    elif isinstance(content, list) and any(isinstance(each, dict | list) for each in content):
        for value in content:
            yield from _lines(value, path)
    elif content not in (None, "", False, []):
        yield path, content


def ids_in(values: Collection[Any]) -> set[UUID]:
    """Return the ids of rows among the values of a content."""
    single = (each for value in values for each in (value if isinstance(value, list) else [value]))
    return {row_id for each in single if (row_id := _id(each))}


def _id(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def label_of_content(name: str) -> str:
    """Return the label of a field of a content."""
    known = catalogue(language())
    return known.get(f"forms.content.{name}") or known.get(f"forms.field.{name}", name)


def worded(name: str, value: Any, names: Mapping[UUID, str]) -> str:
    """Return a value as people read it; `names` are those of rows."""
    if isinstance(value, list):
        return joined(worded(name, each, names) for each in value)
    row_id = _id(value)
    if row_id is not None:
        return names.get(row_id) or (text("records.open") if name == "record_id" else str(value)[-8:])
    if isinstance(value, bool):
        return text("yes" if value else "no")
    if isinstance(value, int) and (name.endswith("fen") or name in SUMS):
        return in_yuan_with_thousands(value)
    if name == "id_no":
        return shown("id_number", value, Profile.LIST) or ""
    return _term(name, str(value)) or day_in(name, str(value)) or str(value)


def _term(name: str, value: str) -> str | None:
    known, groups = catalogue(language()), (*GROUPS.get(name, (name,)), "role")
    return next((known[key] for key in (f"terms.{group}.{value}" for group in groups) if key in known), None)
