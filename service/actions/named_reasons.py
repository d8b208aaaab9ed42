"""Reasons that name people by their ids get the names that readers know."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from service.queries import accounts
from workflows.state_machine import AvailableAction
from workflows.vocabulary import Reason

PEOPLE = "people"
"""The value of a reason that is a list of accounts, for a sentence; `accounts` keeps their ids for programs."""


def named_reasons(conn: sa.Connection, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons with people by name, without a SELECT where none names people."""
    reasons = tuple(reasons)
    ids = {UUID(each) for reason in reasons for each in _people(reason)}
    names = accounts.display_names(conn, ids) if ids else {}
    return tuple(_named(reason, names) if _people(reason) else reason for reason in reasons)


def named_actions(conn: sa.Connection, actions: Iterable[AvailableAction]) -> tuple[AvailableAction, ...]:
    """Return the actions, with people by name in the reasons against them."""
    return tuple(replace(each, reasons=named_reasons(conn, each.reasons)) for each in actions)


def _people(reason: Reason) -> list[str]:
    people = reason.values.get(PEOPLE)
    return [str(each) for each in people] if isinstance(people, list | tuple) else []


def _named(reason: Reason, names: dict[UUID, str]) -> Reason:
    people = sorted(names.get(UUID(each), "?") for each in _people(reason))
    return Reason(reason.code, {**reason.values, PEOPLE: list(people)})
