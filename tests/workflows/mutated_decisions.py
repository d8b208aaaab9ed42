"""Mutated decisions are events of a case as a person could have forged them, to be decided again."""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from workflows.replay import CaseReplay, Contradiction, Decided, Sources

Chain = list[dict[str, Any]]
"""The bodies of one case in order, each with the number of its event under `no`."""

Mutation = Callable[[Chain, random.Random], bool]
"""Changes a copy of a chain; returns whether there was anything of the kind to change."""


def chains(bodies: Sequence[tuple[str, int, Mapping[str, Any]]]) -> dict[str, Chain]:
    """Return the chains of bodies given as (case, number, body)."""
    found: dict[str, Chain] = {}
    for case_id, no, body in bodies:
        found.setdefault(case_id, []).append({**body, "no": no})
    return found


def contradictions(sources: Sources, chain: Chain) -> Iterator[Contradiction]:
    """Yield what contradicts a chain; a body that cannot be read is a contradiction too."""
    replay = CaseReplay(sources, Decided())
    for body in chain:
        try:
            found = replay.apply(body["no"], body)
        except (ValueError, LookupError, TypeError, AttributeError):
            found = Contradiction(body["seq"], ("unreadable",))
        if found is not None:
            yield found


def _one(chain: Chain, chance: random.Random, *actions: str) -> dict[str, Any] | None:
    fitting = [body for body in chain if body["action"] in actions]
    return chance.choice(fitting) if fitting else None


def _actor_of(chain: Chain, action: str) -> str | None:
    return next((body["actor"] for body in chain if body["action"] == action), None)


def _acted_by(action: str, maker: str) -> Mutation:
    def mutate(chain: Chain, chance: random.Random) -> bool:
        step, other = _one(chain, chance, action), _actor_of(chain, maker)
        if step is None or other in {None, step["actor"]}:
            return False
        step["actor"] = other
        return True

    return mutate


def _fact(action: str, name: str, value: Callable[[Any], Any]) -> Mutation:
    def mutate(chain: Chain, chance: random.Random) -> bool:
        step = _one(chain, chance, action)
        if step is None or step["facts"].get(name) is None:
            return False
        before = copy.deepcopy(step["facts"][name])
        step["facts"][name] = value(step["facts"][name])
        return bool(step["facts"][name] != before)

    return mutate


def _drop_step(chain: Chain, chance: random.Random) -> bool:
    moving = [body for body in chain[:-1] if body.get("from") not in {None, body.get("to")}]
    if not moving:
        return False
    chain.remove(chance.choice(moving))
    return True


def _shorten_notice(chain: Chain, chance: random.Random) -> bool:
    ended = _one(chain, chance, "end_notice")
    if ended is None:
        return False
    [posted, *_] = [body for body in chain if body["action"] == "pass_review"][-1:]
    posted["on"] = ended["on"]
    return True


def _one_fen_more(chain: Chain, chance: random.Random) -> bool:
    posting = [body for body in chain if body.get("entries")]
    if not posting:
        return False
    chance.choice(posting)["entries"][0]["fen"] += 1
    return True


def _larger_award(chain: Chain, chance: random.Random) -> bool:
    review = _one(chain, chance, "pass_review")
    if review is None or not any(body.get("entries") for body in chain[chain.index(review) :]):
        return False
    review["answers"]["award"] += 1
    review["award"] = review["answers"]["award"]
    review["rows"]["case"][review["id"]]["award_fen"] = review["award"]
    return True


def _other_sum(chain: Chain, chance: random.Random) -> bool:
    deciding = [body for body in chain if body.get("award")]
    if not deciding:
        return False
    chance.choice(deciding)["award"] += 1
    return True


def _other_content(chain: Chain, chance: random.Random) -> bool:
    signed = _one(chain, chance, "approve", "endorse", "pay")
    if signed is not None:
        signed["content"] = "0" * 64
    return signed is not None


def _one_visitor(chain: Chain, chance: random.Random) -> bool:
    visit = _one(chain, chance, "record_visit")
    if visit is None or len(visit["answers"]["visitors"]) < 2:
        return False
    visit["answers"]["visitors"] = visit["answers"]["visitors"][:1]
    return True


def _no_duty(chain: Chain, chance: random.Random) -> bool:
    with_duty = [body for body in chain[1:] if body.get("duties")]
    if not with_duty:
        return False
    chance.choice(with_duty)["duties"].pop()
    return True


def _other_state(chain: Chain, chance: random.Random) -> bool:
    step = chance.choice(chain)
    step["to"] = "closed" if step["to"] != "closed" else "payment"
    return True


def _other_judgement(chain: Chain, chance: random.Random) -> bool:
    judged = [body for body in chain if body.get("assessment")]
    if not judged:
        return False
    chance.choice(judged)["assessment"]["members"] += 1
    return True


def _stranger(chain: Chain, chance: random.Random) -> bool:
    chance.choice(chain)["actor"] = "00000000-0000-7000-8000-000000000000"
    return True


def _unexplained_hits(chain: Chain, chance: random.Random) -> bool:
    check = _one(chain, chance, "record_check")
    if check is None or not any(body["action"] == "pass_review" for body in chain[chain.index(check) :]):
        return False
    check["answers"] |= {"outcome": "hits", "explained": False}
    return True


MUTATIONS: Mapping[str, Mutation] = {
    "a step dropped": _drop_step,
    "a notice of no days": _shorten_notice,
    "the registrar approves": _acted_by("approve", "open"),
    "the reviewer pays": _acted_by("pay", "pass_review"),
    "an approver pays": _acted_by("pay", "approve"),
    "the cashier reviews": _acted_by("pass_review", "pay"),
    "one fen more in an entry": _one_fen_more,
    "one fen more in the award": _larger_award,
    "another award in an event": _other_sum,
    "another content signed": _other_content,
    "one visitor": _one_visitor,
    "no duty recorded": _no_duty,
    "another state": _other_state,
    "another judgement": _other_judgement,
    "a stranger acts": _stranger,
    "hits of the check unexplained": _unexplained_hits,
    "consent over": _fact("pass_review", "consented_until", lambda _day: "2020-01-01"),
    "payee outside the family": _fact("pass_review", "payee_in_family", lambda _is: False),
    "file closed": _fact("pass_review", "filed", lambda _is: False),
    "line without money": _fact("approve", "fund", lambda fund: {**fund, "available": 0}),
    "line of another item": _fact("approve", "fund", lambda fund: {**fund, "items": ["SWN"]}),
    "more income": _fact("pass_review", "finances", lambda each: {**each, "income": [["wage", 900_000_000]]}),
}
"""The ways to forge a decision. Each is contradicted when its case is decided again."""


def mutated(all_chains: Mapping[str, Chain], chance: random.Random, name: str) -> Chain | None:
    """Return a copy of a random chain that a mutation changed; None when no chain has anything of the kind."""
    for case_id in chance.sample(sorted(all_chains), len(all_chains)):
        chain = copy.deepcopy(all_chains[case_id])
        if MUTATIONS[name](chain, chance):
            return chain
    return None
