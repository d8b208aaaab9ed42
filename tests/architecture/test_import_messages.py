"""Tests that a message of an import says nothing that only the program knows."""

import re

import pytest

from service.i18n.catalogue import LANGUAGES, catalogue
from service.i18n.reason_messages import MONEY, TERMS_OF
from tests.architecture.import_messages import COMMAND, codes, text_of_code
from tests.architecture.source import listed
from tests.architecture.test_catalogues import placeholders

READABLE = frozenset(
    {
        *(
            "field",
            "found",
            "near",
            "name",
            "sheet",
            "column",
            "remarks",
            "sheets",
            "count",
            "most",
            "notes",
            "known",
            "choices",
            "with_",
            "root",
            "file_no",
        ),
        *(
            "row",
            "tier",
            "logins",
            "policy",
            "line",
            "on",
            "given",
            "today",
            "first",
            "last",
            "opens_on",
            "expires_on",
            "until",
            "year",
            "from",
            "to",
            "since",
        ),
        *(
            "limit",
            "digits",
            "length",
            "oldest",
            "needed",
            "least",
            "lowest",
            "highest",
            "rows",
            "columns",
            "uncounted",
            "wanted",
        ),
    }
)
"""Values that people typed, sheets and columns, days and numbers."""

OF_POLICY_FILES = frozenset(
    {"kind", "kinds", "other", "term", "division", "region", "example", "policies", "item", "told"}
)
"""Values that stand in a policy set (.toml), whose author writes them."""

IDENTIFIER = re.compile(r"[A-Za-z]+_[A-Za-z_]+|\b(?:UUID|NULL|None|constraint|Exception)\b")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_message_of_an_import_names_no_identifier(lang: str) -> None:
    """Why: “ck_person_id_no_twice” or “members[2].id_no” means nothing to a clerk."""
    texts = {code: text_of_code(code, lang) for code in codes()}
    texts |= {key: text for key, text in catalogue(lang).items() if key.startswith(COMMAND)}
    unclear = [f"{code}: {text}" for code, text in texts.items() if IDENTIFIER.search(re.sub(r"\{.*?\}", "", text))]
    assert not unclear, listed(unclear)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_message_of_an_import_shows_values_that_people_read(lang: str) -> None:
    """Why: a code in a value is shown as it is, unless TERMS_OF or MONEY says what it means."""
    shown = READABLE | MONEY | TERMS_OF.keys()
    unclear = {
        f"{code}: {sorted(unknown)}"
        for code in codes()
        if (
            unknown := placeholders(text_of_code(code, lang))
            - shown
            - (OF_POLICY_FILES if code.startswith("poli") else set())
        )
    }
    assert not unclear, listed(unclear)
