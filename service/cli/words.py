"""A "no" of the house as a command says it: every reason on a line of its own."""

import click

from service.reasons import in_words
from workflows.terms import BadAnswers, Refused


def refusal(no: Refused | BadAnswers, lang: str = "zh_CN") -> click.ClickException:
    """The error a command ends with."""
    reasons = no.reasons if isinstance(no, Refused) else no.problems
    return click.ClickException("\n  ".join(in_words(each, lang) for each in reasons))
