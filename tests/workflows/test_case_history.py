"""Tests of a case's history: what each kind of event tells of the case, and nothing more."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from workflows.case_history import CaseHistory, answers_of
from workflows.evidence import Notice, Objection, Seen, Verification, Visit
from workflows.facts import Approval, Facts, Returned
from workflows.payment_states import Payment
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Duty, Fen, Pot

CASE, ROW, OTHER = (str(UUID(int=number)) for number in (1, 2, 3))
ANNA, BEN, CARL = (str(UUID(int=number)) for number in (11, 12, 13))
OPENED = date(2025, 9, 1)
SEEN: dict[str, Any] = {"finances": "f", "exclusions": ["shop", "vehicle"], "members": "m", "application": "a"}


@pytest.fixture
def history() -> CaseHistory:
    """Return the history of a case that was just opened."""
    return CaseHistory(CASE, HARDSHIP, OPENED)


def tell(history: CaseHistory, action: str, state: str, **more: Any) -> Facts:
    """Take in an event, and return the facts after it."""
    body = {"seq": 4, "actor": ANNA, "on": "2025-09-10", "content": "c", **more}
    history.take_in(body, HARDSHIP.step(action, state))
    return history.facts({})


def test_facts_of_an_opened_case_are_empty(history: CaseHistory) -> None:
    facts = history.facts({})
    assert (facts.opened_on, facts.entered_on) == (OPENED, OPENED)
    assert (facts.requested, facts.outstanding, facts.recovering, facts.written_off) == (0, 0, 0, 0)
    assert (facts.held, facts.content, facts.duties, facts.answers) == (False, "", frozenset(), {})


def test_columns_of_the_case_are_the_latest_that_an_event_names(history: CaseHistory) -> None:
    columns = {"state": "review", "entered_on": "2025-09-05", "requested_fen": 500, "award_fen": 300}
    facts = tell(history, "submit", "draft", rows={"case": {CASE: columns, OTHER: {"state": "closed"}}})
    assert (facts.state, facts.entered_on, facts.requested, facts.award) == ("review", date(2025, 9, 5), 500, 300)
    held = {"held_until": "2025-10-01", "outstanding_fen": 300, "category": "deep"}
    facts = tell(history, "suspend", "review", rows={"case": {CASE: held}})
    assert (facts.state, facts.held, facts.outstanding, facts.category) == ("review", True, 300, "deep")
    facts = tell(history, "resume", "review", rows={"case": {CASE: {"held_until": None}}})
    assert not facts.held


def test_duties_are_gathered(history: CaseHistory) -> None:
    tell(history, "submit", "draft", duties=[{"duty": "registrar", "account_id": ANNA}])
    facts = tell(history, "add_papers", "survey", duties=None, answers={"papers": ["application"]})
    assert facts.duties == {(Duty.REGISTRAR, UUID(ANNA))}
    assert facts.papers == {"application"}
    assert facts.returned is None


def test_entries_fill_and_empty_pots(history: CaseHistory) -> None:
    def entry(source: Pot, target: Pot, fen: int) -> dict[str, Any]:
        return {"source_pot": source.value, "target_pot": target.value, "fen": fen}

    facts = tell(history, "recall", "closed", entries=[entry(Pot.PAID, Pot.RECOVERING, 500)])
    assert facts.recovering == 500
    entries = [entry(Pot.RECOVERING, Pot.AVAILABLE, 200), entry(Pot.RECOVERING, Pot.WRITTEN_OFF, 100)]
    facts = tell(history, "write_off", "recalling", entries=entries)
    assert (facts.recovering, facts.written_off) == (200, 100)
    assert history.pots == {Pot.PAID: -500, Pot.RECOVERING: 200, Pot.AVAILABLE: 200, Pot.WRITTEN_OFF: 100}


def test_survey_is_a_visit_without_the_exclusions_that_are_gone(history: CaseHistory) -> None:
    answers = {"on": "2025-09-09", "visitors": [ANNA, BEN], "conclusion": "confirmed", "gone": ["shop"]}
    facts = tell(history, "record_visit", "survey", answers=answers, facts={"seen": SEEN})
    seen = Seen("f", ("vehicle",), "m", "a")
    both, me = frozenset({UUID(ANNA), UUID(BEN)}), frozenset({UUID(ANNA)})
    assert facts.visits == (Visit("survey", date(2025, 9, 9), both, "confirmed", 4, seen, me),)
    tell(history, "confirm_visit", "survey", actor=CARL)
    assert history.visits[0].confirmed == me
    tell(history, "confirm_visit", "survey", actor=BEN)
    assert history.visits[0].confirmed == both


def test_follow_up_is_no_survey_and_an_older_visit_saw_nothing(history: CaseHistory) -> None:
    answers = {"on": "2025-12-01", "visitors": [CARL], "conclusion": "received"}
    [visit] = tell(history, "record_follow_up", "follow_up", answers=answers, actor=CARL).visits
    assert (visit.kind, visit.seen) == ("follow_up", None)


def test_return_to_survey_names_what_to_repeat_until_papers_come(history: CaseHistory) -> None:
    facts = tell(history, "return_to_survey", "review", answers={"again": ["papers"]}, seq=7)
    assert facts.returned == Returned(7, date(2025, 9, 10), frozenset({"papers"}))
    facts = tell(history, "add_papers", "survey", answers={"papers": ["identity"]})
    assert facts.returned == Returned(7, date(2025, 9, 10), frozenset({"papers"}), papers_since=True)
    facts = tell(history, "return_to_survey", "review", answers=None, seq=9)
    assert facts.returned == Returned(9, date(2025, 9, 10))


@pytest.mark.parametrize("explained", [True, False, None])
def test_reply_to_the_check_is_kept_with_the_people_it_was_about(history: CaseHistory, explained: bool | None) -> None:
    answers = {"replied_on": "2025-09-08", "outcome": "differs", "explained": explained}
    facts = tell(history, "record_check", "verification", answers=answers, facts={"people": "p", "seen": SEEN})
    seen = Seen("f", ("shop", "vehicle"), "m", "a")
    assert facts.verification == Verification(date(2025, 9, 8), "differs", bool(explained), "p", seen)


def test_check_of_before_its_people_were_kept_is_about_none(history: CaseHistory) -> None:
    facts = tell(history, "record_check", "verification", answers={"replied_on": "2025-09-08", "outcome": "clear"})
    assert facts.verification == Verification(date(2025, 9, 8), "clear")


def post(history: CaseHistory, notice_id: str = ROW, **more: Any) -> Facts:
    """Post a notice of an award of 300 fen."""
    rows = {"notice": {notice_id: {"fixed": "x"}}, "case": {CASE: {"award_fen": 300}}}
    return tell(history, "pass_review", "review", rows=rows, **more)


def test_notice_is_posted_and_ends(history: CaseHistory) -> None:
    assert post(history).notice == Notice(date(2025, 9, 10), "c", None, UUID(ROW))
    facts = tell(history, "end_notice", "notice", rows={"notice": {OTHER: {"ended_on": "2025-09-20"}}})
    assert facts.notice is not None
    assert facts.notice.ended_on is None
    tell(history, "object", "notice", rows={"notice": {ROW: {}}})
    facts = tell(history, "end_notice", "notice", rows={"notice": {ROW: {"ended_on": "2025-09-21"}}})
    assert facts.notice == Notice(date(2025, 9, 10), "c", date(2025, 9, 21), UUID(ROW))


def test_row_of_a_notice_that_was_never_posted_tells_nothing(history: CaseHistory) -> None:
    assert tell(history, "end_notice", "notice", rows={"notice": {ROW: {"ended_on": "2025-09-21"}}}).notice is None


def test_objections_are_counted_until_they_are_answered_and_forgotten_by_the_next_notice(history: CaseHistory) -> None:
    post(history, actor=ANNA, principal=BEN, facts={"seen": SEEN})
    raised = Objection(None, frozenset({UUID(ANNA), UUID(BEN)}), Fen(300), Seen("f", ("shop", "vehicle"), "m", "a"))
    tell(history, "object", "notice", rows={"objection": {CARL: {"fixed": "x"}}})
    facts = tell(history, "object", "notice", rows={"objection": {OTHER: {"fixed": "x"}}})
    assert facts.notice is not None
    assert (facts.notice.open_objections, facts.notice.upheld_objections) == (2, 0)
    assert facts.objections == (raised, raised)
    tell(history, "answer_objection", "notice", rows={"objection": {CARL: {"outcome": "cleared"}}})
    facts = tell(history, "answer_objection", "notice", rows={"objection": {OTHER: {"outcome": "upheld"}}})
    assert facts.notice is not None
    assert (facts.notice.open_objections, facts.notice.upheld_objections) == (0, 1)
    assert [each.outcome for each in facts.objections] == ["cleared", "upheld"]
    again = post(history, CARL).notice
    assert again is not None
    assert (again.open_objections, again.upheld_objections) == (0, 0)


def test_signatures_are_numbered_and_a_void_one_is_gone(history: CaseHistory) -> None:
    tell(history, "endorse", "approval", rows={"approval": {ROW: {"fixed": "x"}}})
    facts = tell(history, "approve", "approval", rows={"approval": {OTHER: {"fixed": "x"}}}, actor=BEN)
    assert facts.approvals == (Approval(1, UUID(ANNA), "c"), Approval(2, UUID(BEN), "c"))
    facts = tell(history, "return_to_review", "approval", rows={"approval": {ROW: {"voided_seq": 0}, OTHER: {}}})
    assert facts.approvals == (Approval(2, UUID(BEN), "c"),)


def test_payment_is_sent_and_confirmed_by_another(history: CaseHistory) -> None:
    facts = tell(history, "pay", "payment", rows={"payment": {ROW: {"fixed": "x", "state": "sent"}}})
    assert facts.payments == (Payment("sent", date(2025, 9, 10), UUID(ANNA)),)
    confirmed = {ROW: {"state": "live", "confirmed_by": BEN}, OTHER: {"state": "live"}}
    facts = tell(history, "confirm_payment", "transit", rows={"payment": confirmed}, actor=BEN)
    assert facts.payments == (Payment("live", date(2025, 9, 10), UUID(ANNA), UUID(BEN)),)
    facts = tell(history, "confirm_receipt", "receipt", rows={"payment": {ROW: {"receipt_on": "2025-09-12"}}})
    assert facts.payments == (Payment("live", date(2025, 9, 10), UUID(ANNA), UUID(BEN)),)


def test_free_text_is_a_mark_in_the_answers() -> None:
    assert answers_of({"remarks": {"reason": "digest"}, "answers": {"award": 1}}) == {"reason": "…", "award": 1}
    assert answers_of({}) == {}
