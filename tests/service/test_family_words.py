"""Every field and every choice of a family's forms has words in both languages."""

from enum import StrEnum

import pytest

from service.actions.finances import KINDS
from service.i18n.catalogue import LANGUAGES, catalogue
from service.queries.possible_twins import SIGNS
from service.queries.shared_details import SHARED
from service.web import family_forms
from service.web.record_forms import RecordForm
from workflows import code_lists, household_change_codes

GROUPS: dict[str, type[StrEnum]] = {
    "file_kind": code_lists.HouseholdKind,
    "identity": code_lists.Identity,
    "cause": code_lists.Cause,
    "event_kind": code_lists.MisfortuneKind,
    "relation": code_lists.Relation,
    "kinship": code_lists.Kinship,
    "exclusion": code_lists.Observation,
    "line_side": code_lists.LineSide,
    "visit_kind": code_lists.VisitKind,
    "place": code_lists.Place,
    "fund_source": code_lists.FundSource,
    "change_kind": household_change_codes.HouseholdChangeKind,
    "head_change_reason": household_change_codes.HeadChangeReason,
    "exit_reason": household_change_codes.ExitReason,
    "filing_again_reason": household_change_codes.FilingAgainReason,
    "move_reason": household_change_codes.MoveReason,
    "leaving_reason": household_change_codes.LeavingReason,
    "number_absence": household_change_codes.NumberAbsence,
}
"""The groups of terms that the pages of a family use, with their codes."""


def forms() -> list[RecordForm]:
    """Return every form of a family."""
    named = [each for each in vars(family_forms).values() if isinstance(each, RecordForm)]
    return [*named, *family_forms.CHANGES.values()]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_field_of_a_form_has_a_label(lang: str) -> None:
    known = catalogue(lang)
    silent = {
        f"{form.key}.{section.words_of(form)}.{field.key}"
        for form in forms()
        for section in form.sections
        for field in section.fields
        if not {f"forms.field.{section.words_of(form)}.{field.key}", f"forms.field.{field.key}"} & known.keys()
    }
    assert not silent


@pytest.mark.parametrize("lang", LANGUAGES)
def test_code_that_a_page_of_a_family_shows_has_a_word(lang: str) -> None:
    wanted = {f"terms.{group}.{code}" for group, codes in GROUPS.items() for code in codes}
    wanted |= {f"terms.line_{side}.{kind}" for side, kinds in KINDS.items() for kind in kinds}
    wanted |= {f"terms.shared.{sign}" for sign in (*SIGNS, *SHARED)}
    assert not wanted - catalogue(lang).keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_form_has_a_title(lang: str) -> None:
    assert not {f"pages.record.{form.key}" for form in forms()} - catalogue(lang).keys()
