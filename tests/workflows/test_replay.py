"""Each step of the replayed cases is decided again from its event, and a mutated one is contradicted."""

import copy
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.workflows.mutated_decisions import MUTATIONS, contradictions, mutated
from tests.workflows.replayed_cases import ReplayedCases
from workflows.replay import RULES, CaseReplay, Decided

FILE = ReplayedCases.read()


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
