"""What a policy set would do, shown before its proposal: differences, floors, families that change, who confirms."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from flask import request

from service.actions import policies as actions
from service.actions.confirmations import try_write
from service.http.context import action_context, caller, today
from service.http.errors import language, policy_reason
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import accounts, policies
from service.queries import confirmations as read
from service.queries.policy_effects import Effects, effects
from service.web.policy_lines import line_of
from service.web.policy_phrases import say
from service.web.policy_words import ParameterChange, changes
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of
from service.web.rule_files import posted_source
from workflows.policy import PolicySet
from workflows.policy_parser import InvalidPolicy, read_policy
from workflows.powers import POWERS
from workflows.rules.policy_floors import Floor, floors
from workflows.vocabulary import InvalidForm, Role

LONGEST = 200_000
"""Characters of a policy file, as the API takes it."""

FORM = "policy"
"""The key of the form: its labels are forms.field.policy.<name>."""


@dataclass(frozen=True, slots=True)
class TypedPolicy:
    """A policy file as it was typed or chosen, and why it takes effect before tomorrow."""

    source: str = ""
    urgent: str = ""

    @property
    def digest(self) -> str:
        """Return what a proposal repeats of its preview: another text is previewed again."""
        return sha256(f"{self.urgent}\n{self.source}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ShownFloor:
    """A floor in words: what it is of, the value of the set, the least, and whether the set keeps it."""

    label: str
    value: int
    least: int
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """What a policy set would do."""

    policy: PolicySet
    before: PolicySet | None
    changes: tuple[ParameterChange, ...]
    floors: tuple[ShownFloor, ...]
    effects: Effects
    roles: tuple[Role, ...]
    confirmers: tuple[str, ...]
    """Who may confirm it today, besides its proposer."""

    loaded_id: UUID | None
    """The same set, where it is loaded already."""


def typed_policy() -> TypedPolicy:
    """Return the posted file: what was chosen, else what was typed. Raises InvalidForm."""
    return TypedPolicy(posted_source(LONGEST), request.form.get("urgent", "").strip())


def preview(typed: TypedPolicy) -> tuple[PolicyPreview | None, Problems]:
    """Return what a file would do, and every reason against it; nothing is written."""
    try:
        policy = read_policy(typed.source)
    except InvalidPolicy as refusal:
        return None, file_problems(refusal, typed.source)
    loaded_id, problems = _trial(typed)
    return _preview(policy, loaded_id), problems


def _trial(typed: TypedPolicy) -> tuple[UUID | None, Problems]:
    """Load the set and take it back; return the id of the same set where it was loaded before, and what was refused."""
    conn = connection()
    try:
        made = try_write(
            conn, action_context(), lambda trial: actions.load_policy(conn, typed.source, trial, urgent=typed.urgent)
        )
    except REFUSALS as refusal:
        return None, file_problems(refusal, typed.source)
    return (made if policies.one(conn, made) is not None else None), NO_PROBLEMS


def _preview(policy: PolicySet, loaded_id: UUID | None) -> PolicyPreview:
    conn, before = connection(), policies.set_before(connection(), policy)
    roles = POWERS["policy", "load_policy"].confirms
    return PolicyPreview(
        policy=policy,
        before=before,
        changes=changes(before, policy),
        floors=tuple(map(_shown_floor, floors(policy))),
        effects=effects(conn, policy),
        roles=roles,
        confirmers=confirmers(roles),
        loaded_id=loaded_id,
    )


def _shown_floor(floor: Floor) -> ShownFloor:
    name = floor.path.rpartition(".")[2]
    return ShownFloor(say(f"policy.name.{name}"), floor.value, floor.least, floor.is_kept)


def confirmers(roles: Iterable[Role]) -> tuple[str, ...]:
    """Return the names of those who hold one of `roles` over the caller's unit today, the caller not among them."""
    conn, top = connection(), next(iter(sorted(held.unit_path for held in caller().held)), "")
    people = read.people_for(conn, roles, None, top, today()) - {caller().account}
    return tuple(sorted(accounts.display_names(conn, people).values()))


def labels() -> dict[str, str]:
    """Return the labels of the form by the names of its fields."""
    return {name: translate(f"forms.field.{FORM}.{name}", language()) for name in ("file", "source", "urgent")}


def file_problems(refusal: Exception, source: str) -> Problems:
    """Return what is wrong with a file: problems of the parser each with the line at which it is."""
    if not isinstance(refusal, InvalidPolicy):
        return problems_of(refusal, labels())
    reasons = [policy_reason(problem) for problem in refusal.problems]
    lines = [line_of(source, problem.path) if problem.path else None for problem in refusal.problems]
    said = problems_of(InvalidForm(*reasons), {})
    messages = [_at_line(line, message) for line, message in zip(lines, said.of_form, strict=True)]
    return Problems(said.status, {"source": messages})


def _at_line(line: int | None, message: str) -> str:
    return message if line is None else translate("pages.policies.at_line", language(), line=line, message=message)
