"""What a command says, in the language SONGNUAN_LANG names, and how it ends when the answer is no."""

import os
import sys
from typing import IO, Any

import click

from service.i18n.catalogue import LANGUAGES
from service.i18n.catalogue import translate as say_in
from service.i18n.reason_messages import message_for
from workflows.vocabulary import InvalidForm, Refused

CANNOT = 2
"""Exit code: the command could not begin (a setting, a server, a file)."""
FAULTS = 1
"""Exit code: it ran, and what it looked at has faults, or the answer was no."""


def language() -> str:
    """The reader's language; a setting that names none is told of where settings are read."""
    wished = os.environ.get("SONGNUAN_LANG")
    return wished if wished in LANGUAGES else LANGUAGES[0]


def translate(key: str, /, **values: object) -> str:
    """The words for `key` in the reader's language."""
    return say_in(key, language(), **values)


class CommandEnded(click.ClickException):
    """The end of a command, told in the reader's language from the first word."""

    exit_code = FAULTS

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it where errors go."""
        click.echo(translate("cli.error", why=self.format_message()), file=file or sys.stderr)


class CommandFailed(CommandEnded):
    """The command could not begin: what is in the way, and how to mend it."""

    exit_code = CANNOT


def refusal(no: Refused | InvalidForm) -> CommandEnded:
    """The error a command ends with when the house says no: every reason on a line of its own."""
    reasons = no.reasons if isinstance(no, Refused) else no.problems
    return CommandEnded("\n  ".join(message_for(each, language()) for each in reasons))
