"""Every step of a case that comes over HTTP goes through here, so that it is counted once it is kept."""

from collections.abc import Mapping
from uuid import UUID

from flask import g

from service.actions import cases
from service.actions.case_rows import Taken
from service.request import asked, tx


def take_step(case_id: UUID, action: str, answers: Mapping[str, object], version: int | None = None) -> Taken:
    """Take one action on one case as the caller. Raises what cases.take() raises."""
    return counted(cases.take(tx(), case_id, action, answers, asked(version)))


def counted(taken: Taken) -> Taken:
    """Note what was taken; request.ended() counts it when the answer says that it was kept."""
    g.taken = (taken.programme, taken.action)
    return taken
