"""Notifications: every kind has words, and all words have a kind."""

import pytest

from service.i18n.catalogue import LANGUAGES, catalogue
from service.i18n.notification_text import FAMILY, STAFF, TELL_FAMILY, render
from service.queries.reminders import REMINDERS
from tests.architecture.source import listed
from workflows.notifications import NOTIFICATIONS, Audience
from workflows.programmes import PROGRAMMES

KINDS = (*NOTIFICATIONS, TELL_FAMILY)
FRAMES = {f"notifications.frame.{reader}" for reader in (FAMILY, STAFF)}
OWED = {step.notification for programme in PROGRAMMES.values() for step in programme.steps if step.notification}


def readers(kind: str) -> tuple[str, ...]:
    """Who reads a kind of notification: the family, staff, or both."""
    if kind == TELL_FAMILY:
        return (STAFF,)
    to = set(NOTIFICATIONS[kind].to)
    return ((FAMILY,) if Audience.FAMILY in to else ()) + ((STAFF,) if to - {Audience.FAMILY} else ())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_notification_can_be_written_to_each_of_its_readers(kind: str, lang: str) -> None:
    """Why: the outbox promises a notification in the transaction that owes it; words must not be missing when it is due."""
    assert readers(kind)
    for reader in readers(kind):
        text = render(kind, reader, lang, case_no="HA2025-000001", case_id=None)
        assert "HA2025-000001" in text.subject
        assert "\n" not in text.subject
        assert "{" not in text.subject + text.body
        assert not any(mark in text.body for mark in ("元", "yuan", "￥", "¥"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_read_by_somebody(lang: str) -> None:
    """Why: a template no kind names is a notification somebody believes is being sent."""
    parts = {
        f"notifications.{kind}.{reader}.{part}"
        for kind in KINDS
        for reader in readers(kind)
        for part in ("subject", "body")
    }
    wanted = FRAMES | parts
    kept = {key for key in catalogue(lang) if key.startswith("notifications.")}
    assert kept == wanted, listed(kept ^ wanted)


def test_every_kind_is_owed_by_a_table_or_a_reminder() -> None:
    """Why: a kind nothing owes is never sent, and one a table names must be a kind."""
    reminded = {reminder.kind for reminder in REMINDERS}
    assert OWED | reminded == NOTIFICATIONS.keys(), listed(OWED | reminded ^ NOTIFICATIONS.keys())
