"""All texts that a person can meet in an import: `python -m tests.architecture.import_messages` prints them."""

import sys
from collections.abc import Iterator
from functools import cache

from service.actions.errors import BY_CONSTRAINT
from service.i18n.catalogue import LANGUAGES, catalogue
from tests.architecture.reason_codes import codes_in_source

FILES = (
    "service/imports/",
    *(
        f"service/actions/{name}.py"
        for name in (
            *(
                "accounts",
                "activities",
                "consents",
                "donations",
                "errors",
                "finances",
                "fund_allocations",
                "funds",
                "gifts",
            ),
            *(
                "households",
                "id_number",
                "kinship",
                "pairings",
                "payees",
                "permissions",
                "personal_data_access",
                "persons",
            ),
            *("policies", "units", "validation", "visits"),
        )
    ),
    "workflows/policy_parser.py",
    "workflows/policy_values.py",
    "workflows/workdays.py",
)
"""The files whose refusals an import shows."""

OF_OTHER_ACTIONS = frozenset(
    {
        *(
            "allocation_closed",
            "cases_open",
            "exclusion_seen",
            "household_not_filed",
            "incompatible_duty",
            "kinship_counts",
            "kinship_over",
        ),
        *("kinship_own_word", "person_is_payee", "token_ends_in_past", "already_paid", "student_repeated"),
    }
)
"""Codes in these files that no row of a sheet causes."""

NOT_PROBLEMS = frozenset({"row", "this_row"})

COMMAND = ("cli.import", "cli.unread_", "cli.kind.", "cli.nothing_to_import")


@cache
def codes() -> tuple[str, ...]:
    """Return the codes that a problem of an import can have, sorted."""
    known = catalogue(LANGUAGES[0])
    found = {
        key.partition(".")[2] for code in codes_in_source() if code.position.startswith(FILES) for key in code.keys
    }
    found = {code for code in found if f"import.{code}" in known or f"reasons.{code}" in known}
    own = {key.split(".")[1] for key in known if key.startswith("import.")} - NOT_PROBLEMS
    return tuple(sorted((found | own | set(BY_CONSTRAINT.values())) - OF_OTHER_ACTIONS))


def text_of_code(code: str, lang: str) -> str:
    """Return the words of a code in an import: what is wrong, then what to do."""
    known = catalogue(lang)
    first = known.get(f"import.{code}") or known[f"reasons.{code}"]
    return first + known.get(f"import.{code}.mend", "")


def lines() -> Iterator[str]:
    """Yield every text in both languages: problems by code, then the sentences of the command."""
    for code in codes():
        yield from (code, *(f"  {text_of_code(code, lang)}" for lang in LANGUAGES), "")
    for key in sorted(key for key in catalogue(LANGUAGES[0]) if key.startswith(COMMAND)):
        yield from (key, *(f"  {catalogue(lang)[key]}" for lang in LANGUAGES), "")


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()))
