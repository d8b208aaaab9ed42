"""The main job, as `make demo` runs it: real processes, real mail, every case over HTTP, and the section in the end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from service.cli.installation import demo_url
from service.db.engine import make_engine
from service.imports.applications import read_applications
from service.report.figures import snapshot
from service.report.section import Section, make_section
from service.tables.cases import case
from service.tables.events import event
from service.tables.notifications import notification
from service.tables.payments import payment
from service.tables.units import unit

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[2]
PRINTED = "serve.txt"
SONGNUAN = (sys.executable, "-c", "from service.cli import main; main()")
EXPECTED = json.loads((ROOT / "samples" / "expected.json").read_text())


@dataclass(frozen=True)
class Lived:
    """A demo that has run: what it printed, where its files are, its database, and what it was told."""

    printed: str
    folder: Path
    engine: sa.Engine
    environ: dict[str, str]


@pytest.fixture(scope="module")
def lived(empty_database: Any, broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    url, folder = empty_database(), tmp_path_factory.mktemp("var") / "demo"
    environ = {**os.environ, "DATABASE_URL": url, "REDIS_URL": broker_url, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [*SONGNUAN, "demo", "--var", str(folder)]
    run = subprocess.run(
        command, env=environ, cwd=folder.parent, capture_output=True, text=True, timeout=380, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    made = make_engine(demo_url(url))
    yield Lived(run.stdout, folder, made, environ)
    made.dispose()
    with psycopg.connect(url, autocommit=True) as server:
        name = sql.Identifier(sa.make_url(demo_url(url)).database or "")
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


@contextmanager
def _served(lived: Lived, port: int) -> Iterator[httpx.Client]:
    """`songnuan serve --demo` on what the demo left, and a client with the token it left."""
    command = [*SONGNUAN, "serve", "--demo", "--port", str(port), "--var", str(lived.folder.parent)]
    environ, printed = {**lived.environ, "COLUMNS": "40"}, (lived.folder.parent / PRINTED).open("wb")
    with printed, subprocess.Popen(command, env=environ, cwd=lived.folder.parent, stdout=printed) as serving:
        token = (lived.folder / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            try:
                _wait_for(client, serving)
                yield client
            finally:
                serving.send_signal(signal.SIGHUP)
                assert serving.wait(60) == 0, "a terminal that closes stops the house in good order"


def _wait_for(client: httpx.Client, serving: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert serving.poll() is None, "serve has ended by itself"
        with suppress(httpx.TransportError):
            client.get("/api/v1/openapi.json")
            return
        time.sleep(0.2)
    raise AssertionError("serve does not answer")


def test_serve_after_the_demo_shows_that_year_and_each_figure_opens_as_many_rows_as_it_says(lived: Lived) -> None:
    """`make demo`, `make serve`, then README's curl: the token and the links of var/demo work on what is served."""
    figures = json.loads((lived.folder / "figures.json").read_text())["figures"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _served(lived, port) as client:
        for figure in figures:
            answer = client.get(figure["link"])
            assert answer.status_code == 200, (figure["key"], answer.text)
            assert answer.json()["count"] == figure["rows"], figure["key"]
    token = (lived.folder / "token").read_text().strip()
    assert token in (lived.folder.parent / PRINTED).read_text(), "a narrow screen breaks no token in two"


def _section(engine: sa.Engine) -> Section:
    with snapshot(engine) as conn:
        root = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
        return make_section(conn, root, date(2025, 1, 1), date(2025, 12, 31), datetime(2026, 1, 5, tzinfo=UTC))


def _sentences(section: Section) -> dict[str, str]:
    return {each.key: each.text for chapter in section.chapters for each in chapter.paragraphs}


def test_the_section_has_the_words_of_the_sample_report(lived: Lived) -> None:
    text = (lived.folder / "welfare-section.md").read_text()
    for words in (
        "走访慰问下岗困难职工30多户",
        "发放救助、助学金4万多元",
        "8月为5户困难职工家庭的子女发放学费、生活费3,000元",
        "结对帮扶的农村家庭走访2次，送去褥子2床、图书数套",
        "资金28,000余元",
        "吊唁慰问2次",
        "转交捐款2,880元",
        "受理申请26件，办结22件，不予救助2件，撤回1件。另有1件发放后全部追回、了结。",
    ):
        assert words in text


def test_every_expected_figure_is_counted_exactly(lived: Lived) -> None:
    figures = {each["key"]: each for each in json.loads((lived.folder / "figures.json").read_text())["figures"]}
    expected = EXPECTED["units"]["临澜县总工会"]
    checked = 0
    for key, value in expected.items():
        told = {f"{key}:{part}": each for part, each in value.items()} if isinstance(value, dict) else {key: value}
        for name, exact in told.items():
            if exact is None or name not in figures:
                continue
            shown = figures[name]["value"]
            fen = int(shown.replace(".", "")) if isinstance(shown, str) else shown
            assert fen == exact, name
            checked += 1
    assert checked >= 30


def test_the_webs_log_shows_one_post_for_each_step(lived: Lived) -> None:
    told = [json.loads(line) for line in (lived.folder / "log" / "web.log").read_text().splitlines()]
    kept = [each["path"] for each in told if each.get("method") == "POST" and each["status"] < 300]
    found = [re.fullmatch(r"/api/v1/cases(?:/([0-9a-f-]+)/actions/[a-z_]+)?", path) for path in kept]
    posts = [each[1] or "" for each in found if each]
    with lived.engine.connect() as conn:
        counts = sa.select(event.c.subject_id, sa.func.count()).where(event.c.subject == "case")
        steps = {str(case_id): count for case_id, count in conn.execute(counts.group_by(event.c.subject_id))}
    applications = read_applications(ROOT / "samples" / "09-applications.xlsx")
    assert len(steps) == len(applications) == posts.count("")
    assert {case_id: posts.count(case_id) + 1 for case_id in steps} == steps


def test_every_notification_was_delivered_once_and_says_nothing_of_the_family(lived: Lived) -> None:
    mails = [message_from_bytes(each.read_bytes(), policy=policy.default) for each in lived.folder.glob("mail/*.eml")]
    with lived.engine.connect() as conn:
        states = set(conn.scalars(sa.select(notification.c.state).distinct()))
        sent = set(conn.scalars(sa.select(notification.c.id).where(notification.c.channel == "email")))
    assert states == {"delivered"}
    assert len(mails) == len(sent)
    assert {str(each["Message-ID"]).strip("<>").partition("@")[0] for each in mails} == {str(each) for each in sent}
    names = [each.beneficiary for each in read_applications(ROOT / "samples" / "09-applications.xlsx")]
    for mail in mails:
        body = mail.get_body()
        assert body is not None
        assert not [name for name in names if name in body.get_content()]
        assert not re.search(r"\d[\d,]*\.?\d*\s*元", body.get_content())


def test_no_name_of_a_family_in_what_is_published(lived: Lived) -> None:
    names = {each.beneficiary for each in read_applications(ROOT / "samples" / "09-applications.xlsx")}
    with zipfile.ZipFile(lived.folder / "welfare-section.docx") as parts:
        word = "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    published = word + (lived.folder / "welfare-section.md").read_text() + (lived.folder / "figures.json").read_text()
    assert not [name for name in names if name in published]


def test_changing_one_grant_changes_the_sentences_that_rest_on_it_and_no_other(lived: Lived) -> None:
    before = _sentences(_section(lived.engine))
    with lived.engine.begin() as conn:
        living = sa.select(payment.c.id).join(case, case.c.id == payment.c.case_id).where(case.c.item == "LIV")
        one = conn.scalars(living.where(payment.c.state == "live").order_by(payment.c.id)).first()
        conn.execute(sa.text("ALTER TABLE payment DISABLE TRIGGER only_may_change"))
        conn.execute(payment.update().where(payment.c.id == one).values(fen=payment.c.fen + 1_000_000))
        conn.execute(sa.text("ALTER TABLE payment ENABLE TRIGGER only_may_change"))
    after = _sentences(_section(lived.engine))
    assert before.keys() == after.keys()
    changed = {key: after[key] for key in before if after[key] != before[key]}
    assert "5万多元" in "".join(changed.values())
    assert "83,400元" in "".join(changed.values())
    assert len(changed) == 3
    assert not any("走访" in text or "结对" in text or "捐款" in text or "活动" in text for text in changed.values())
