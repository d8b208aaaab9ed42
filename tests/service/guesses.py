"""Ten thousand guesses at passwords: each is refused, and leaves its event, its attempt or its count.

`make guesses` sends them to a web process with the rates of an installation and prints its figures; exit code 1 when a
guess got in, or left nothing. A third comes from one network, the others from networks that send a few each; one in ten
names a login that nobody has.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from flask import Flask

from service.actions.failed_sign_ins import LOCK, MAX_FAILURES
from service.db import migrate
from service.db.engine import make_engine
from service.integrity.verify import verify
from service.limits import Limits
from service.local_servers import start_postgres
from service.observability import metrics
from service.tables.accounts import account
from service.tables.credentials import sign_in_count
from service.tables.events import event
from service.tables.sessions import session, sign_in_attempt
from tests.factories import Organisation, create_organisation
from tests.service.sign_in_fixtures import desk_serving, refusals
from tests.sign_in_browser import Browser, add_credentials

ORGANISATIONS = 10
OF_A_NETWORK = 10
"""Guesses of each of the many networks: fewer than the rate refuses, so that each is checked."""

NOBODY = "nobody.at.all"
RATE = Limits().rate_failed_tokens
RATES = {"SONGNUAN_RATE_FAILED_TOKENS": f"{RATE.count}/minute" if RATE else "off"}
_COUNTED = ("too_many_failed_tokens", "sign_in_wrong")


@dataclass
class Sent:
    """Guesses and their answers."""

    answers: Counter[int] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    """Guesses whose password was compared with a hash, by login."""

    forms: int = 0
    """Forms to sign in that were opened; each is an attempt."""

    cookies: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Refusals that the web process has counted, by reason."""

    seconds: float = 0.0


def send(app: Flask, logins: Sequence[str], guesses: int) -> Sent:
    """Send so many guesses, each with the login of the next person, and return how they were answered."""
    sent, before, began = Sent(), {code: refusals(code) for code in _COUNTED}, time.monotonic()
    one, is_open = Browser(app.test_client(), address="192.0.2.1"), False
    for number in range(guesses):
        network, is_of_one = number // OF_A_NETWORK, number < guesses // 3
        browser = one if is_of_one else Browser(app.test_client(), address=f"10.0.{network >> 8}.{network & 255}")
        login = NOBODY if number % 10 == 0 else logins[number % len(logins)]
        fields = {"login": login, "password": f"a guess of many {number}"}
        answer = _guess(browser, fields, sent, is_open=is_of_one and is_open and number % 100 > 0)
        is_open = answer == HTTPStatus.UNPROCESSABLE_ENTITY
    sent.refused = Counter({code: int(refusals(code) - count) for code, count in before.items()})
    sent.seconds = time.monotonic() - began
    return sent


def _guess(browser: Browser, fields: dict[str, str], sent: Sent, *, is_open: bool) -> int:
    """Send one guess, after opening the form where it is not open, and return the status of the answer."""
    hashes, answer = metrics.PASSWORD_CHECKS._value.get(), None if is_open else browser.get("/sign-in")
    sent.forms += answer is not None and answer.status_code == HTTPStatus.OK
    if answer is None or answer.status_code == HTTPStatus.OK:
        answer = browser.post("/sign-in", fields)
    sent.answers[answer.status_code] += 1
    sent.checked[fields["login"]] += metrics.PASSWORD_CHECKS._value.get() > hashes
    sent.cookies += browser.cookie() is not None
    return int(answer.status_code)


def faults_of(engine: sa.Engine, sent: Sent, guesses: int) -> Iterator[str]:
    """Yield what a guess did that no guess may do, or did not leave behind."""
    with engine.connect() as conn:
        sessions = conn.scalar(sa.select(sa.func.count()).select_from(session))
        attempts = conn.scalar(sa.select(sa.func.count()).select_from(sign_in_attempt)) or 0
        done = conn.scalar(sa.select(sa.func.count()).where(sign_in_attempt.c.done_at.is_not(None)))
        events = failures(conn)
        verified = verify(conn)
    checked, limited = sent.checked.total(), sent.answers[HTTPStatus.TOO_MANY_REQUESTS]
    locks = 1 + int(timedelta(seconds=sent.seconds) / LOCK)
    checks = {
        f"answers {dict(sent.answers)}": sent.answers[HTTPStatus.UNPROCESSABLE_ENTITY] + limited == guesses,
        f"{checked} checked, {limited} over the rate": checked == guesses - limited,
        f"{sent.refused} counted": sent.refused == Counter({_COUNTED[0]: limited, _COUNTED[1]: checked}),
        f"{sent.cookies} cookies, {sessions} sessions, {done} attempts done": (sent.cookies, sessions, done)
        == (0, 0, 0),
        f"{attempts} attempts, {sent.forms} forms": attempts == sent.forms >= guesses - guesses // 3,
        "events of an account that are more or fewer than its guesses until it was locked": all(
            min(count, MAX_FAILURES) <= events.get(login, 0) <= min(count, MAX_FAILURES * locks)
            for login, count in sent.checked.items()
            if login != NOBODY
        ),
        f"verify: {[fault.code for fault in verified.faults][:5]}": not verified.faults,
    }
    yield from (fault for fault, holds in checks.items() if not holds)


def failures(conn: sa.Connection) -> dict[str, int]:
    """Return how many failed sign-ins are events, by login."""
    count = sa.select(account.c.login, sa.func.count()).join(event, event.c.subject_id == account.c.id)
    rows = conn.execute(count.where(event.c.action == "sign_in_failed").group_by(account.c.login))
    return {row[0]: row[1] for row in rows}


def locked_now(engine: sa.Engine) -> list[str]:
    """Return the logins that stay locked for another minute at least."""
    later = sign_in_count.c.locked_until > datetime.now(UTC) + timedelta(minutes=1)
    with engine.connect() as conn:
        rows = sa.select(account.c.login).join(sign_in_count, sign_in_count.c.account_id == account.c.id)
        return list(conn.scalars(rows.where(later).order_by(account.c.login)))


def right_passwords_refused(app: Flask, logins: Sequence[str]) -> int:
    """Return how many people are refused with the right password, each from a network that has guessed nothing."""
    browsers = (
        Browser(app.test_client(), address=f"198.51.{number >> 8}.{number & 255}") for number in range(len(logins))
    )
    answers = [each.sign_in(login).status_code for each, login in zip(browsers, logins, strict=True)]
    return answers.count(HTTPStatus.UNPROCESSABLE_ENTITY)


def run(folder: Path, guesses: int) -> tuple[dict[str, object], list[str]]:
    """Send the guesses to a union of its own; return the figures and the faults."""
    with start_postgres(folder / "postgres", durable=False) as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            logins = [login for _ in range(ORGANISATIONS) for login in _people(conn, create_organisation(conn))]
        with desk_serving(server.url, folder, **RATES) as app, redirect_stderr(StringIO()) as log:
            sent = send(app, logins, guesses)
            faults = list(faults_of(engine, sent, guesses))
            locked = locked_now(engine)
            refused = right_passwords_refused(app, locked)
        with engine.connect() as conn:
            events = sum(failures(conn).values())
        engine.dispose()
    if refused != len(locked):
        faults.append(f"{len(locked) - refused} locked people were let in")
    if log.getvalue().count('"path":"/sign-in"') < guesses:
        faults.append("a guess is not in the log")
    return {
        "guesses": f"{guesses:,} in {sent.seconds:,.0f} s",
        "over the rate of their network (429, nothing hashed)": sent.answers[HTTPStatus.TOO_MANY_REQUESTS],
        "wrong (422)": f"{sent.answers[HTTPStatus.UNPROCESSABLE_ENTITY]}, of them at nobody's login {sent.checked[NOBODY]}",
        "events of failed sign-ins": events,
        "attempts that led nowhere": sent.forms,
        "accounts locked, also for the right password": f"{refused} of {len(locked)}, of {len(logins)} people",
        "sessions": sent.cookies,
    }, faults


def _people(conn: sa.Connection, organisation: Organisation) -> list[str]:
    """Give each person of an organisation the password of the tests; return their logins."""
    for name in organisation.people:
        add_credentials(conn, organisation, name)
    return [organisation.login(name) for name in organisation.people]


def main(arguments: Sequence[str]) -> int:
    """Send the guesses, print the figures, and return 1 when one was not refused or left nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.service.guesses", description=__doc__)
    parser.add_argument("--guesses", type=int, default=10_000)
    guesses = parser.parse_args(arguments).guesses
    with TemporaryDirectory(prefix="songnuan-guesses-") as name:
        Path(name).chmod(0o711)
        figures, faults = run(Path(name), guesses)
    for figure, value in figures.items():
        sys.stdout.write(f"{figure}: {value}\n")
    for fault in faults:
        sys.stdout.write(f"FAULT {fault}\n")
    sys.stdout.write("every guess was refused\n" if not faults else f"{len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
