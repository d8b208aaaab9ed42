"""Tests that every notification kind has templates, and every template a kind."""

import pytest

from service.actions.confirmation_notices import CHANGED, DUE, ENDED
from service.i18n.catalogue import LANGUAGES, catalogue
from service.i18n.notification_text import FAMILY, STAFF, TELL_FAMILY, render
from service.queries.reminders import REMINDERS
from tests.architecture.source import listed
from workflows.notifications import CHECKPOINT, NOTIFICATIONS, Audience
from workflows.programmes import PROGRAMMES

WITHOUT_CASE = {DUE, ENDED, CHANGED}
KINDS = (*NOTIFICATIONS, TELL_FAMILY)
FRAMES = {f"notifications.frame.{frame}" for frame in (FAMILY, STAFF, "checkpoint")}
IN_PROGRAMMES = {
    step.notification for programme in PROGRAMMES.values() for step in programme.steps if step.notification
}


def readers(kind: str) -> tuple[str, ...]:
    """Return the readers of a kind of notification: the family, staff, or both."""
    if kind == TELL_FAMILY:
        return (STAFF,)
    audiences = set(NOTIFICATIONS[kind].to)
    return ((FAMILY,) if Audience.FAMILY in audiences else ()) + ((STAFF,) if audiences - {Audience.FAMILY} else ())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_notification_kind_has_a_template_for_each_reader(kind: str, lang: str) -> None:
    """Why: the outbox row is written with the step, and its template must exist when it is sent."""
    assert readers(kind)
    for reader in readers(kind):
        text = render(kind, reader, lang, case_no="HA2025-000001", case_id=None)
        assert ("HA2025-000001" in text.subject) is (kind not in WITHOUT_CASE)
        assert "\n" not in text.subject
        assert "{" not in text.subject + text.body
        assert not any(mark in text.body for mark in ("元", "yuan", "￥", "¥"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_template_belongs_to_a_notification_kind(lang: str) -> None:
    """Why: a template without a kind is never sent, although it looks so."""
    parts = {
        f"notifications.{kind}.{reader}.{part}"
        for kind in KINDS
        for reader in readers(kind)
        for part in ("subject", "body")
    }
    wanted = FRAMES | parts
    templates = {key for key in catalogue(lang) if key.startswith("notifications.")}
    assert templates == wanted, listed(templates ^ wanted)


def test_notification_kind_is_named_by_a_programme_or_a_reminder() -> None:
    """Why: a kind that nothing names is never sent, and a named one must exist."""
    reminded = {reminder.kind for reminder in REMINDERS} | {CHECKPOINT.kind}
    named = IN_PROGRAMMES | reminded | WITHOUT_CASE
    assert named == NOTIFICATIONS.keys(), listed(named ^ NOTIFICATIONS.keys())
