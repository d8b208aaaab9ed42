"""The words of a case: actions that one name covers are told apart, and lists name those who lead the case on."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.queries import case_pages
from service.queries.people_awaited import AwaitedPerson
from service.web.case_rows import waits_for
from service.web.forms import EMPTY, action_label, action_words, draw
from tests.api_client import ApiClient
from tests.lives import case_at
from workflows.code_lists import NoticePlace
from workflows.programmes.forms import AWARD
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Role

PAIRS = (("decline", "review", "approval"), ("confirm_recovery", "part_stated", "rest_stated"))


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize(("action", "first", "second"), PAIRS)
def test_two_acts_of_one_name_have_words_of_their_own(
    shared_app: Flask, lang: str, action: str, first: str, second: str
) -> None:
    """Why: 不予救助 and 不予批准 were both “Decline”, and the timeline had one word for both."""
    labels = [step.label for state in (first, second) if (step := HARDSHIP.step(action, state))]
    with shared_app.test_request_context(headers={"Accept-Language": lang}):
        assert len({action_label(action, label) for label in labels}) == 2
        assert len({action_words(f"{action}.{state}") for state in (first, second)}) == 2
        assert action_label("approve", "批准") == action_words("approve")


def test_event_names_the_state_that_its_words_depend_on(desk: ApiClient, engine: sa.Engine) -> None:
    life = case_at("approval", desk, engine)
    life.act("approver_1", "decline", reason="不符合条件")
    with engine.connect() as conn:
        actions = [each["action"] for each in case_pages.events(conn, UUID(life.case_id))]
    assert actions[0] == "open"
    assert actions[-1] == "decline.approval"


def test_of_many_people_a_list_names_the_roles_that_lead_the_case_on(shared_app: Flask) -> None:
    """Why: 待审批 named reviewers too, who can only return the case."""
    many = [AwaitedPerson(UUID(int=number), f"示例{number}", Role.APPROVER, 1) for number in range(5)]
    with shared_app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert waits_for("hardship", "approval", many) == "审批人"
        assert waits_for("hardship", "approval", ()) == "审批人"
        assert waits_for("hardship", "survey", ()) == "走访人、经办人"
        assert waits_for("hardship", "approval", many[:1]) == "示例0"


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_places_of_a_notice_are_boxes_with_words(shared_app: Flask, lang: str) -> None:
    """Why: a person types 公告栏, and the form took unit_board only."""
    with shared_app.test_request_context(headers={"Accept-Language": lang}):
        places = next(each for each in draw("pass_review", AWARD, {}, EMPTY) if each.name == "places")
    assert places.control == "checkboxes"
    assert [each.value for each in places.options] == list(NoticePlace)
    assert not {each.label for each in places.options} & set(NoticePlace)
