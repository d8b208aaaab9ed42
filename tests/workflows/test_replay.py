"""Each step of the replayed cases is decided again from its event, and a mutated one is contradicted."""

import copy
import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.workflows.mutated_decisions import MUTATIONS, contradictions, mutated
from tests.workflows.replayed_cases import KeptSources, ReplayedCases
from tests.workflows.rule_input_builders import PEOPLE, rule_input
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.facts import Award, Facts, Fund
from workflows.kept_facts import KEPT, kept_by, kept_facts
from workflows.payment_states import Advice
from workflows.programme import Step
from workflows.programmes.hardship import HARDSHIP
from workflows.replay import MOVE, RULES, CaseReplay, Decided, _duties_agree
from workflows.state_machine import decide
from workflows.vocabulary import Duty, Fen

FILE = ReplayedCases.read()
DAY = date(2025, 9, 1)


def replayed(chain: list[dict[str, Any]]) -> tuple[list[tuple[str, ...]], Decided]:
    """Return the codes of each contradiction of a chain, and what was decided."""
    counts = Decided()
    replay = CaseReplay(FILE.sources, counts)
    found = [replay.apply(body["no"], body) for body in chain]
    return [each.codes for each in found if each is not None], counts


@pytest.mark.parametrize("case_id", sorted(FILE.chains))
def test_every_step_is_decided_again(case_id: str) -> None:
    chain = FILE.chains[case_id]
    found, counts = replayed(chain)
    assert (found, counts.steps, counts.undecided, counts.of_earlier_rules) == ([], len(chain), 0, 0)
    assert counts.rules >= len(chain)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_mutated_decision_is_contradicted(name: str) -> None:
    tried = Counter[bool]()
    for seed in range(12):
        chain = mutated(FILE.chains, Random(f"{name}:{seed}"), name)
        assert chain is not None
        tried[bool(list(contradictions(FILE.sources, chain)))] += 1
    assert tried[False] == 0


def test_event_of_earlier_rules_is_taken_in_and_not_decided() -> None:
    chain = copy.deepcopy(max(FILE.chains.values(), key=len))
    for body in chain[:5]:
        body["rules"] = RULES - 1
    found, counts = replayed(chain)
    assert (found, counts.of_earlier_rules, counts.steps) == ([], 5, len(chain) - 5)


@pytest.mark.parametrize("missing", range(1, 8))
def test_step_that_is_left_out_is_missed_by_the_next(missing: int) -> None:
    """Why: each step of a case rests on the one before it."""
    chain = copy.deepcopy(max(FILE.chains.values(), key=len))
    del chain[missing]
    assert replayed(chain)[0]


def facts_before(action: str, chain: list[dict[str, Any]]) -> Facts:
    """Return the facts of a case before a step of it."""
    replay = CaseReplay(FILE.sources, Decided())
    for body in chain:
        if body["action"] == action:
            assert replay._history is not None
            return replay._history.facts(body)
        replay.apply(body["no"], body)
    raise AssertionError(action)


def chain_with(*actions: str) -> list[dict[str, Any]]:
    """Return a copy of a case that took these steps."""
    fitting = [chain for chain in FILE.chains.values() if set(actions) <= {body["action"] for body in chain}]
    return copy.deepcopy(fitting[0])


def test_facts_before_the_money_are_of_no_sum() -> None:
    facts = facts_before("submit", chain_with("submit"))
    assert (facts.outstanding, facts.recovering, facts.written_off, facts.held, facts.award) == (0, 0, 0, False, None)
    assert (facts.approvals, facts.payments, facts.visits, facts.notice) == ((), (), (), None)


def test_facts_before_the_payment_have_the_signature_and_the_notice() -> None:
    chain = chain_with("approve", "pay")
    facts = facts_before("pay", chain)
    assert [each.tier for each in facts.approvals] == list(range(1, len(facts.approvals) + 1))
    assert facts.outstanding == facts.award == next(body["award"] for body in chain if body["action"] == "approve")
    assert facts.notice is not None
    assert facts.notice.ended_on is not None


def test_rule_whose_fact_is_not_kept_is_counted_and_not_decided() -> None:
    chain = chain_with("submit")
    _, whole = replayed(chain)
    submit = next(body for body in chain if body["action"] == "submit")
    review = next(body for body in chain if body["action"] == "pass_review")
    del submit["facts"]["consented_until"], review["facts"]["consented_until"]
    found, counts = replayed(chain)
    assert (found, counts.undecided, counts.rules) == ([], 2, whole.rules - 2)


def test_assessment_in_an_event_of_another_step_is_contradicted() -> None:
    chain = chain_with("submit")
    next(body for body in chain if body["action"] == "submit")["assessment"] = {"category": "deep"}
    assert replayed(chain)[0] == [("assessment_differs",)]


class CaseIsNowhere(KeptSources):
    """Sources that do not know the case."""

    def unit_path(self, case_id: str) -> str | None:
        """Return None."""
        del case_id
        return None


def test_unit_is_that_of_the_opening_or_of_the_case_now() -> None:
    chain = chain_with("submit")
    nowhere = CaseIsNowhere(FILE.sources.grants_by_account, FILE.sources.path)
    assert not list(contradictions(nowhere, chain))
    del chain[0]["unit"]
    assert not list(contradictions(FILE.sources, chain))
    assert {code for each in contradictions(nowhere, chain) for code in each.codes} >= {"role_missing"}


@pytest.mark.parametrize(("later", "codes"), [(1, []), (0, [("policy_not_in_force",)])])
def test_award_under_a_set_that_was_followed_is_contradicted(later: int, codes: list[tuple[str, ...]]) -> None:
    """Why: a set without a last day would bear out every later award."""
    chain = chain_with("pass_review")
    review = next(body for body in chain if body["action"] == "pass_review")
    first_day = date.fromisoformat(review["on"]) + timedelta(days=later)

    class Followed(KeptSources):
        def followed_from(self, policy_id: str, no: int) -> date | None:
            del policy_id, no
            return first_day

    sources = Followed(FILE.sources.grants_by_account, FILE.sources.path)
    found = list(contradictions(sources, chain[: chain.index(review) + 1]))
    assert [each.codes for each in found] == codes


def test_finances_are_kept_as_sums_by_kind() -> None:
    lines = (IncomeLine("wage", "a", Fen(100)), IncomeLine("wage", "b", Fen(200)), IncomeLine("pension", "a", Fen(5)))
    spent = (SpendingLine("illness", "a", Fen(70), Fen(90)), SpendingLine("illness", "a", Fen(30), Fen(10)))
    facts = Facts("review", DAY, DAY, "LIV", Fen(1), finances=Finances(3, lines, spent), cause="illness")
    kept = kept_facts(step_of("pass_review"), facts)
    finances = kept["finances"]
    assert isinstance(finances, dict)
    assert finances["income"] == [["pension", 5], ["wage", 300]]
    assert finances["spending"] == [["illness", 20]]


def step_of(action: str) -> Step:
    return next(step for step in HARDSHIP.steps if step.action == action)


def test_steps_that_ask_for_the_check_keep_whom_it_was_of() -> None:
    assert "people" in {each.name for each in kept_by(step_of("pass_review"))}
    assert "people" in {each.name for each in kept_by(step_of("record_check"))}
    assert "people" not in {each.name for each in kept_by(step_of("submit"))}


def test_records_of_what_somebody_saw_keep_it_and_others_do_not() -> None:
    keeping = {
        action
        for action in ("record_visit", "record_check", "pass_review", "suspend", "add_papers")
        if "seen" in {each.name for each in kept_by(step_of(action))}
    }
    assert keeping == {"record_visit", "record_check", "pass_review"}


def test_advice_is_kept_by_its_number_day_and_sum() -> None:
    advice = Advice("HD-1", DAY, Fen(150_000))
    kept = kept_facts(step_of("confirm_return"), Facts("returning", DAY, DAY, "LIV", Fen(1), advice=advice))
    assert kept["advice"] == ["HD-1", "2025-09-01", 150_000]
    nothing = kept_facts(step_of("confirm_return"), Facts("returning", DAY, DAY, "LIV", Fen(1)))
    assert nothing["advice"] is None


def moved(chain: list[dict[str, Any]], **changed: Any) -> list[dict[str, Any]]:
    """Return the opening of a case, and its move with the file to another unit."""
    opening = chain[0]
    named = {name: opening[name] for name in ("id", "programme", "rules", "actor", "policy", "on")}
    said = {"action": MOVE, "seq": 2, "no": opening["no"] + 1, "from": "draft", "to": "draft"}
    rows = {"case": {opening["id"]: {"unit_path": f"{FILE.sources.path}below/"}}}
    return [opening, {**named, **said, "rows": rows, **changed}]


def test_move_of_a_case_changes_its_unit_and_nothing_else() -> None:
    chain = chain_with("submit")
    assert replayed(moved(chain))[0] == []
    case_id = chain[0]["id"]
    others: tuple[dict[str, Any], ...] = (
        {"rows": {"payment": {case_id: {}}}},
        {"rows": {"case": {case_id: {"award_fen": 1}}}},
        {"entries": [{"source_pot": "committed", "target_pot": "available", "fen": 1}]},
        {"to": "survey"},
    )
    for changed in others:
        assert replayed(moved(chain, **changed))[0] == [("more_than_a_move",)], changed
    approver = next(body["actor"] for body in chain_with("approve") if body["action"] == "approve")
    assert replayed(moved(chain, actor=approver))[0] == [("role_missing",)]


def test_fact_that_is_empty_is_kept_but_for_relatives_and_filers_whom_nobody_is() -> None:
    nobody = kept_facts(step_of("submit"), Facts("draft", DAY, DAY, "LIV", Fen(1), payee_in_family=False))
    assert (nobody["payee_in_family"], nobody["consented_until"]) == (False, None)
    assert {"family_staff", "filers"}.isdisjoint(nobody)
    someone = UUID(int=5)
    filed = Facts(
        "draft", DAY, DAY, "LIV", Fen(1), family_staff=frozenset({someone}), duties=frozenset({(Duty.FILER, someone)})
    )
    kept = kept_facts(step_of("submit"), filed)
    assert (kept["family_staff"], kept["filers"]) == ([str(someone)], [str(someone)])


@pytest.mark.parametrize(
    ("grants", "eligible"),
    [
        ([["visitor", 0, None], ["visitor", 0, str(UUID(int=9))]], {UUID(int=5): frozenset()}),
        ([["visitor", 0, str(UUID(int=9))]], {UUID(int=5): frozenset({UUID(int=9)})}),
        ([["registrar", 0, None]], {}),
    ],
)
def test_visitor_with_a_role_of_their_own_goes_for_nobody_else(grants: list[Any], eligible: dict[Any, Any]) -> None:
    someone = str(UUID(int=5))
    replay = CaseReplay(KeptSources({someone: grants}, "/a/"), Decided())
    assert replay._visitors(1, {"visitors": [someone], "on": "2025-09-01"}, "/a/b/") == eligible
    assert replay._visitors(1, {"visitors": [someone]}, "/a/b/") == {}
    assert replay._visitors(1, {"on": "2025-09-01"}, "/a/b/") == {}


@pytest.mark.parametrize("step", [step for step in HARDSHIP.steps if step.must_hold], ids=lambda step: step.action)
def test_step_with_rules_keeps_what_every_rule_may_read(step: Step) -> None:
    kept = {each.name for each in kept_by(step)}
    assert {"cause", "division", "filed", "payee_in_family", "family_staff"} <= kept


SAMPLES: dict[str, list[Any]] = {
    "advice": [None, Advice("HD-1", DAY, Fen(1))],
    "cause": ["illness"],
    "documents": [{}, {"00000000-0000-0000-0000-000000000001": "identity"}],
    "division": ["371083"],
    "filed": [True, False],
    "payee_in_family": [True, False, None],
    "family_staff": [frozenset(), frozenset({UUID(int=2), UUID(int=1)})],
    "beneficiary_in_family": [True, False],
    "consented_until": [None, DAY],
    "finances": [
        None,
        Finances(3, (IncomeLine("wage", "", Fen(5)),), (SpendingLine("illness", "", Fen(7)),), Fen(9), 1),
    ],
    "finances_as_of": [None, DAY],
    "fund": [None, Fund(Fen(5), frozenset({"LIV"}), frozenset({"deep"}), DAY, DAY, settles_until=DAY)],
    "no_number": [{}, {"payee": DAY, "beneficiary": None}],
    "open_cases": [{}, {"hardship": "LIV"}],
    "others": [(), (Award("EDU", Fen(5), DAY, "2025-2026", same_student=True),)],
    "pending": [(), ("gift_void",)],
    "people": ["digest"],
    "student_stage": [None, "bachelor"],
}
"""Values of each fact that an event keeps."""


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_kept_fact_is_restored_as_it_was(name: str) -> None:
    kept = next(each for each in KEPT if each.name == name)
    for value in SAMPLES[name]:
        plain = json.loads(json.dumps(kept.to_plain(value)))
        assert kept.from_plain(plain) == value


def test_every_kept_fact_has_samples() -> None:
    assert {each.name for each in KEPT} - SAMPLES.keys() == {"seen"}


def test_day_is_kept_as_text() -> None:
    kept = next(each for each in KEPT if each.name == "consented_until")
    assert (kept.to_plain(DAY), kept.to_plain(None)) == ("2025-09-01", None)


def test_event_that_cites_a_set_of_another_digest_is_not_decided_under_it() -> None:
    chain = chain_with("submit")
    chain[0]["policy"] = {**chain[0]["policy"], "digest": "0" * 64}
    assert replayed(chain)[0][0] == ("policy_unknown",)


def test_counts_of_a_log_begin_at_nothing_and_add_up() -> None:
    whole = Decided()
    assert (whole.steps, whole.rules, whole.undecided, whole.of_earlier_rules) == (0, 0, 0, 0)
    whole.add(Decided(1, 2, 3, 4))
    whole.add(Decided(10, 20, 30, 40))
    assert (whole.steps, whole.rules, whole.undecided, whole.of_earlier_rules) == (11, 22, 33, 44)


@pytest.mark.parametrize(
    ("did", "recorded", "agrees"),
    [
        ((), ["registrar"], True),
        ((), [], False),
        (((Duty.REGISTRAR, "registrar"),), [], True),
        (((Duty.REGISTRAR, "registrar_2"),), [], False),
        ((), ["registrar", "verifier"], False),
    ],
)
def test_event_records_the_duty_of_its_step_unless_the_case_has_it(did: Any, recorded: list[str], agrees: bool) -> None:
    case = replace(rule_input("draft"), answers={})
    case = replace(
        case, facts=case.facts.replace(duties=frozenset((duty, PEOPLE.get(name, UUID(int=99))) for duty, name in did))
    )
    transition = decide(HARDSHIP, "submit", case)
    body = {"duties": [{"duty": duty, "account_id": str(PEOPLE["registrar"])} for duty in recorded]}
    assert _duties_agree(body, transition, case) is agrees
