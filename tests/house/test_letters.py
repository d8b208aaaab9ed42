"""Letters: every kind has words, and all words have a kind."""

import pytest

from service.letter_text import FAMILY, STAFF, TELL_FAMILY, write
from service.queries.reminders import REMINDERS
from service.words import LANGUAGES, catalogue
from tests.house.source import listed
from workflows.letters import LETTERS, Audience
from workflows.programmes import PROGRAMMES

KINDS = (*LETTERS, TELL_FAMILY)
FRAMES = {f"letters.frame.{reader}" for reader in (FAMILY, STAFF)}
OWED = {step.letter for programme in PROGRAMMES.values() for step in programme.steps if step.letter}


def readers(kind: str) -> tuple[str, ...]:
    """Who reads a kind of letter: the family, staff, or both."""
    if kind == TELL_FAMILY:
        return (STAFF,)
    to = set(LETTERS[kind].to)
    return ((FAMILY,) if Audience.FAMILY in to else ()) + ((STAFF,) if to - {Audience.FAMILY} else ())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_can_be_written_to_each_of_its_readers(kind: str, lang: str) -> None:
    """Why: the outbox promises a letter in the transaction that owes it; words must not be missing when it is due."""
    assert readers(kind)
    for reader in readers(kind):
        text = write(kind, reader, lang, case_no="HA2025-000001", case_id=None)
        assert "HA2025-000001" in text.subject
        assert "\n" not in text.subject
        assert "{" not in text.subject + text.body
        assert not any(mark in text.body for mark in ("元", "yuan", "￥", "¥"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_read_by_somebody(lang: str) -> None:
    """Why: a template no kind names is a letter somebody believes is being sent."""
    parts = {
        f"letters.{kind}.{reader}.{part}" for kind in KINDS for reader in readers(kind) for part in ("subject", "body")
    }
    wanted = FRAMES | parts
    kept = {key for key in catalogue(lang) if key.startswith("letters.")}
    assert kept == wanted, listed(kept ^ wanted)


def test_every_kind_is_owed_by_a_table_or_a_reminder() -> None:
    """Why: a kind nothing owes is never sent, and one a table names must be a kind."""
    reminded = {reminder.kind for reminder in REMINDERS}
    assert OWED | reminded == LETTERS.keys(), listed(OWED | reminded ^ LETTERS.keys())
