"""Letters: every kind has words, and all words have a kind."""

import pytest

from service.letter_text import TELL_FAMILY, readers, write
from service.queries.reminders import REMINDERS
from service.words import LANGUAGES, catalogue
from tests.house.source import listed
from workflows.letters import LETTERS
from workflows.programmes import PROGRAMMES

KINDS = (*LETTERS, TELL_FAMILY)
OWED = {step.letter for programme in PROGRAMMES.values() for step in programme.steps if step.letter}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_can_be_written_to_each_of_its_readers(kind: str, lang: str) -> None:
    """Why: the outbox promises a letter in the transaction that owes it; words must not be missing when it is due."""
    assert readers(kind)
    for reader in readers(kind):
        text = write(kind, reader, lang, case_no="HA2025-000001", case_id=None)
        assert "HA2025-000001" in text.subject
        assert "{" not in text.subject + text.body


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_read_by_somebody(lang: str) -> None:
    """Why: a template no kind names is a letter somebody believes is being sent."""
    wanted = {
        f"letters.{kind}.{reader}.{part}" for kind in KINDS for reader in readers(kind) for part in ("subject", "body")
    }
    kept = {key for key in catalogue(lang) if key.startswith("letters.") and not key.startswith("letters.frame.")}
    assert kept == wanted, listed(kept ^ wanted)


def test_every_kind_is_owed_by_a_table_or_a_reminder() -> None:
    """Why: a kind nothing owes is never sent, and one a table names must be a kind."""
    reminded = {reminder.kind for reminder in REMINDERS}
    assert OWED | reminded == LETTERS.keys(), listed(OWED | reminded ^ LETTERS.keys())
