"""Whom the tables of the product demand, as they stood when this module was imported: before any mutant."""

from collections.abc import Iterable, Iterator, Mapping

from workflows.powers import POWERS, Power
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Duty, Pot, Role

TABLE: Mapping[tuple[str, str], Power] = dict(POWERS)
APART = frozenset(INCOMPATIBLE_DUTIES)
STEPS: Mapping[tuple[str, str], tuple[Step, ...]] = {
    (key, step.action): tuple(each for each in programme.steps if each.action == step.action)
    for key, programme in PROGRAMMES.items()
    for step in programme.steps
}
"""The rows of an action by programme and action."""


def demanded_people(programme: Programme, until: Pot) -> list[tuple[frozenset[Role], Duty]]:
    """Return the roles and the duty of each step that leads from an application to money in `until`.

    Steps without a duty may be anybody's, so they need no person of their own.
    """
    return [
        (frozenset(step.roles), _first_tier(step.duty)) for step in _path(programme, until) if step.duty is not None
    ]


def _first_tier(duty: Duty) -> Duty:
    return APPROVERS[0] if duty is Duty.APPROVER else duty


def _path(programme: Programme, until: Pot) -> list[Step]:
    """Return the shortest path of steps from the start to the first money in `until`."""
    paths: list[tuple[str, list[Step]]] = [(programme.start, [])]
    seen = {programme.start}
    while paths:
        state, taken = paths.pop(0)
        for step in programme.steps_from(state):
            path = [*taken, step]
            if step.money is not None and step.money.target is until:
                return path
            target = step.goes_to(state)
            if target not in seen:
                seen.add(target)
                paths.append((target, path))
    return []


def can_fill(people: list[tuple[frozenset[Role], Duty]], roles_of: Mapping[object, set[str]]) -> bool:
    """Return whether these people can do all the duties, each with a role for it and none with two that are apart."""
    return _fill(people, roles_of, [])


def _fill(
    people: list[tuple[frozenset[Role], Duty]], roles_of: Mapping[object, set[str]], done: list[tuple[Duty, object]]
) -> bool:
    if not people:
        return True
    (roles, duty), rest = people[0], people[1:]
    return any(
        _fill(rest, roles_of, [*done, (duty, person)])
        for person, held in roles_of.items()
        if {role.value for role in roles} & held
        and not any(other is person and frozenset((duty, earlier)) in APART for earlier, other in done)
    )


def fewest_people(programme: Programme, until: Pot) -> int:
    """Return how many people, were each to hold every role, bring an application to money in `until`."""
    people = demanded_people(programme, until)
    everything = {role.value for role in Role}
    return next(count for count in range(1, 20) if can_fill(people, dict.fromkeys(range(count), everything)))


def pairs_of_roles(power: Power) -> list[str]:
    """Return which two roles do a write, one proposing and another person confirming."""
    if tuple(power.proposes) == tuple(Role):
        return [f"anybody + {role.value}" for role in power.confirms]
    return list(dict.fromkeys(f"{one.value} + {other.value}" for one in power.proposes for other in power.confirms))


def what_suffices() -> Iterator[str]:
    """Yield a line for each write that needs a second person, with the pairs that do it; then of money through cases."""
    for (subject, action), power in TABLE.items():
        if power.confirms:
            yield f"{subject}.{action}: {', '.join(_short(pairs_of_roles(power)))}"
    for key, programme in PROGRAMMES.items():
        sent, arrived = fewest_people(programme, Pot.IN_TRANSIT), fewest_people(programme, Pot.PAID)
        yield f"case of {key}: {sent} people until money is sent, {arrived} until it has arrived; no pair"


def _short(pairs: Iterable[str]) -> list[str]:
    listed = list(pairs)
    return listed if len(listed) <= 8 else [*listed[:8], f"and {len(listed) - 8} more"]
