"""What a command says, in the language SONGNUAN_LANG names, and how it ends when the answer is no."""

import os
import sys
from typing import IO, Any

import click

from service.reasons import in_words
from service.words import LANGUAGES
from service.words import say as say_in
from workflows.terms import BadAnswers, Refused

CANNOT = 2
"""Exit code: the command could not begin (a setting, a server, a file)."""
FAULTS = 1
"""Exit code: it ran, and what it looked at has faults, or the answer was no."""


def language() -> str:
    """The reader's language; a setting that names none is told of where settings are read."""
    wished = os.environ.get("SONGNUAN_LANG")
    return wished if wished in LANGUAGES else LANGUAGES[0]


def say(key: str, /, **values: object) -> str:
    """The words for `key` in the reader's language."""
    return say_in(key, language(), **values)


class Ended(click.ClickException):
    """The end of a command, told in the reader's language from the first word."""

    exit_code = FAULTS

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it where errors go."""
        click.echo(say("cli.error", why=self.format_message()), file=file or sys.stderr)


class Cannot(Ended):
    """The command could not begin: what is in the way, and how to mend it."""

    exit_code = CANNOT


def refusal(no: Refused | BadAnswers) -> Ended:
    """The error a command ends with when the house says no: every reason on a line of its own."""
    reasons = no.reasons if isinstance(no, Refused) else no.problems
    return Ended("\n  ".join(in_words(each, language()) for each in reasons))
