"""Every step of a case that comes over HTTP goes through here, so that it is counted once it is kept."""

from collections.abc import Mapping
from uuid import UUID

from flask import g

from service.actions import cases
from service.actions.step_result import StepResult
from service.http.context import action_context, connection


def take_step(case_id: UUID, action: str, answers: Mapping[str, object], version: int | None = None) -> StepResult:
    """Take one action on one case as the caller. Raises what cases.take() raises."""
    return counted(cases.take_action(connection(), case_id, action, answers, action_context(version)))


def counted(taken: StepResult) -> StepResult:
    """Note what was taken; request.ended() counts it when the answer says that it was kept."""
    g.taken = (taken.programme, taken.action)
    return taken
