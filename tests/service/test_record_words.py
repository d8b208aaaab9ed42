"""Every field, code and content that pages of money, staff and records show has words in both languages."""

import dataclasses
import typing
from collections.abc import Iterator
from enum import StrEnum
from types import ModuleType
from typing import Any

import pytest

from service.i18n.catalogue import LANGUAGES, catalogue
from service.imports.proposed_import import ALL_WRITES
from service.web import activity_view, donation_view, fund_forms, gift_forms, letter_view, staff_forms, visit_forms
from service.web.proposed_content import SECRET
from service.web.record_forms import RecordForm
from workflows import code_lists, condolence_codes, payment_states, vocabulary

MODULES: tuple[ModuleType, ...] = (activity_view, donation_view, fund_forms, gift_forms, staff_forms, visit_forms)
GROUPS: dict[str, type[StrEnum]] = {
    "item": code_lists.Item,
    "direction": code_lists.DonationDirection,
    "activity_kind": code_lists.ActivityKind,
    "visit_kind": code_lists.VisitKind,
    "place": code_lists.Place,
    "occasion": condolence_codes.Occasion,
    "kin": condolence_codes.Deceased,
    "fund_source": code_lists.FundSource,
    "payment_state": payment_states.PaymentState,
    "pot": vocabulary.Pot,
    "unit_kind": code_lists.UnitKind,
}
"""The groups of terms that these pages use, with their codes."""


def forms() -> list[RecordForm]:
    """Return every form of these pages."""
    return [each for module in MODULES for each in vars(module).values() if isinstance(each, RecordForm)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_field_and_title_of_a_form_have_words(lang: str) -> None:
    known = catalogue(lang)
    silent = {
        f"{section.words_of(form)}.{field.key}"
        for form in forms()
        for section in form.sections
        for field in section.fields
        if not {f"forms.field.{section.words_of(form)}.{field.key}", f"forms.field.{field.key}"} & known.keys()
    }
    assert not silent
    assert not {f"pages.record.{form.key}" for form in forms()} - known.keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_code_that_a_page_shows_has_a_word(lang: str) -> None:
    """The filter of fund lines by item showed LEG, TRN and JOB."""
    wanted = {f"terms.{group}.{code}" for group, codes in GROUPS.items() for code in codes}
    assert not wanted - catalogue(lang).keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_kind_of_letter_has_a_word(lang: str) -> None:
    assert not {f"terms.letter_kind.{kind}" for kind in letter_view.KINDS} - catalogue(lang).keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_content_of_a_proposal_has_a_label_for_each_of_its_fields(lang: str) -> None:
    """The page on which a person confirms showed `handed_by` and `account_code`."""
    known = catalogue(lang)
    named = {name for write in ALL_WRITES.values() for name in leaves(write.content)} - SECRET
    assert not {each for each in named if not {f"forms.content.{each}", f"forms.field.{each}"} & known.keys()}


def leaves(content: type[Any]) -> Iterator[str]:
    """Yield the names of the values that a content holds, however deep."""
    hints = typing.get_type_hints(content)
    for field in dataclasses.fields(content):
        kinds = (hints[field.name], *typing.get_args(hints[field.name]))
        inner = [each for each in kinds if dataclasses.is_dataclass(each) and isinstance(each, type)]
        if not inner:
            yield field.name
        for each in inner:
            yield from leaves(each)
