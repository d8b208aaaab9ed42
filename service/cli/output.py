"""Command output: translated messages, errors and exit codes."""

import os
import sys
from typing import IO, Any

import click

from service.i18n.catalogue import LANGUAGES
from service.i18n.catalogue import translate as translate_to
from service.i18n.reason_messages import message_for
from workflows.vocabulary import InvalidForm, Refused

CANNOT_RUN = 2
"""Exit code: the command could not run (a setting, a server, a file)."""

FAULTS = 1
"""Exit code: the command ran and found faults, or the service refused."""


def language() -> str:
    """Return the language of messages: SONGNUAN_LANG, or Chinese when it names none; config reports a wrong value."""
    requested = os.environ.get("SONGNUAN_LANG")
    return requested if requested in LANGUAGES else LANGUAGES[0]


def translate(key: str, /, **values: object) -> str:
    """Return the message for a catalogue key in the reader's language."""
    return translate_to(key, language(), **values)


class CommandEnded(click.ClickException):
    """An error that ends a command, printed in the reader's language."""

    exit_code = FAULTS

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the error, to standard error by default."""
        click.echo(translate("cli.error", why=self.format_message()), file=file or sys.stderr)


class CommandFailed(CommandEnded):
    """An error before the command could run: what is wrong, and the remedy."""

    exit_code = CANNOT_RUN


def refusal(refused: Refused | InvalidForm) -> CommandEnded:
    """Return the error for an action that was refused: one reason per line."""
    reasons = refused.reasons if isinstance(refused, Refused) else refused.problems
    return CommandEnded("\n  ".join(message_for(reason, language()) for reason in reasons))
