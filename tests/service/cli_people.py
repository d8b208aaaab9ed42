"""People at the command line: a founded union, its owners' tokens, and what they confirm."""

import json
from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]

ADMINISTRATOR, APPROVER = "admin", "zhou.qi"
FOUNDERS = ("--login", ADMINISTRATOR, "--name", "管理员", "--approver", APPROVER, "--approver-name", "周启")
INIT = ("init", "--unit", "临澜县总工会", "--division", "371099", *FOUNDERS)
SIGNERS = ("bai.lu", "chen.shan", "gu.yue", "jin.tao", "lin.hai", "luo.xin", "pan.jie", "song.yuan", "yan.qing")
"""Those whose names stand beside money in the sample sheets."""


def codes_of(output: str) -> dict[str, str]:
    """Return the codes, or halves of codes, that a command printed, by login."""
    printed = (line.split() for line in output.splitlines())
    return {words[0]: words[1] for words in printed if len(words) == 2 and words[1].replace("-", "").isalnum()}


def make_token(run: Run, code: str) -> str:
    """Let the owner of an account make a token with a whole code."""
    created = run("token", "create", "--invitation", code, "--json")
    assert created.exit_code == 0, created.output
    return str(json.loads(created.stdout)["token"])


def confirm(run: Run, token: str, confirmation_id: str) -> Result:
    """Show a confirmation to the owner of a token, who confirms what it says."""
    digest = json.loads(run("confirm", "show", confirmation_id, SONGNUAN_TOKEN=token).stdout)["digest"]
    given = run("confirm", "give", confirmation_id, "--digest", digest, SONGNUAN_TOKEN=token)
    assert given.exit_code == 0, given.output
    return given


def waiting(run: Run, token: str) -> list[str]:
    """Return the ids of the confirmations that wait for the owner of a token."""
    listed = run("confirm", "list", "--json", SONGNUAN_TOKEN=token)
    assert listed.exit_code == 0, (listed.output, listed.exc_info)
    return [str(each["id"]) for each in json.loads(listed.stdout)]


def found(run: Run) -> dict[str, str]:
    """Found the union with its two people; return their tokens by login."""
    initialised = run(*INIT)
    assert initialised.exit_code == 0, initialised.output
    tokens = {login: make_token(run, code) for login, code in codes_of(initialised.stdout).items()}
    (founding,) = waiting(run, tokens[APPROVER])
    confirm(run, tokens[APPROVER], founding)
    return tokens


def invite(run: Run, tokens: dict[str, str], *logins: str) -> dict[str, str]:
    """Invite owners of accounts: the administrator and the approver each hand over half of a code. Return their tokens."""
    invited = run("invite", *logins, "--by", ADMINISTRATOR, SONGNUAN_TOKEN=tokens[ADMINISTRATOR])
    assert invited.exit_code == 0, invited.output
    (waits,) = waiting(run, tokens[APPROVER])
    first, second = codes_of(invited.stdout), codes_of(confirm(run, tokens[APPROVER], waits).stdout)
    return {login: make_token(run, f"{first[login]}-{second[login]}") for login in logins}
