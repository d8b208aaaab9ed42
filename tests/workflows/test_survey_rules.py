"""The survey counts the visit with most people, and the conclusion of the latest one."""

from dataclasses import replace
from datetime import date

import pytest

from tests.workflows.rule_input_builders import SURVEY, rule_input
from workflows.code_lists import SurveyConclusion
from workflows.evidence import Visit
from workflows.rules.survey import surveyed_by_two

ALONE = replace(SURVEY, on=date(2025, 9, 9), visitors=frozenset([next(iter(SURVEY.visitors))]), seq=9)


@pytest.mark.parametrize("visits", [(SURVEY, ALONE), (ALONE, SURVEY)])
def test_one_visit_by_enough_people_is_enough(visits: tuple[Visit, ...]) -> None:
    assert surveyed_by_two(rule_input("survey", visits=visits)) is None


def test_latest_visit_decides_whether_the_need_is_confirmed() -> None:
    refuted = replace(ALONE, conclusion=SurveyConclusion.REFUTED)
    reason = surveyed_by_two(rule_input("survey", visits=(SURVEY, refuted)))
    assert reason is not None
    assert reason.code == "survey_refuted"
    assert surveyed_by_two(rule_input("survey", visits=(refuted, SURVEY))) is None
