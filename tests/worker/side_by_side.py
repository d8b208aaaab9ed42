"""Two installations and copies of them on one machine under load: nothing crosses, and no other account reads anything.

`make side-by-side MINUTES=60` runs it for an hour and prints its figures; exit code 1 when anything crossed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import httpx
import psutil
import sqlalchemy as sa

from service.db import engine as database
from service.integrity.verify import verify
from service.local_servers import a_free_port, start_postgres
from service.queries.installation import this_installation
from service.report.figures import snapshot
from service.tables.cases import case
from service.tables.notifications import notification
from tests.factories import RING, Organisation, create_family, create_organisation
from tests.worker.notification_fixtures import POSTED, tuition_at_review
from tests.worker.other_account import attempts_of_another_account, open_to_others
from tests.worker.processes import ROOT, wait_until

SONGNUAN = (sys.executable, "-c", "from service.cli import main; main()")
TOKEN = "watcher-of-this-installation"
COPY_EVERY = 60.0
"""Seconds between attempts to serve a copy, and the same folder a second time."""

WITHOUT_A_LETTER = 120.0
"""Seconds in which a letter goes, where some are owed: the load posts more notices than one worker sends meanwhile."""

BATCH = 8
"""Cases that are made ready at once."""


@dataclass
class Site:
    """One installation, served by `songnuan serve` from its own folder."""

    folder: Path
    port: int
    environ: dict[str, str]
    engine: sa.Engine
    organisation: Organisation
    serving: "subprocess.Popen[bytes]"
    posted: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    case_ids: list[UUID] = field(default_factory=list)

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False)

    def headers(self, staff_name: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.organisation.tokens[staff_name]}",
            "X-Songnuan-Date": POSTED.isoformat(),
            "Idempotency-Key": uuid4().hex,
        }


def environment(folder: Path, token: str) -> dict[str, str]:
    """Return the environment of an installation with servers of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    settings = {
        "SONGNUAN_VAR": str(folder),
        "SONGNUAN_MONITORING_TOKEN": token,
        "SONGNUAN_DEMO_CLOCK": "1",
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
        "PYTHONPATH": str(ROOT),
        "SONGNUAN_LANG": "en",
        "COLUMNS": "400",
    }
    rates = dict.fromkeys(("SONGNUAN_RATE_TOKEN", "SONGNUAN_RATE_ADDRESS", "SONGNUAN_RATE_FAILED_TOKENS"), "off")
    return {**inherited, **settings, **rates}


@contextmanager
def served(folder: Path, name: str) -> Iterator[Site]:
    """Make an installation with a small union, and serve it until the end."""
    environ, port = environment(folder / name, f"{TOKEN}-{name}"), a_free_port()
    subprocess.run([*SONGNUAN, "migrate"], env=environ, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with ExitStack() as stack:
        postgres = stack.enter_context(start_postgres(folder / name / "postgres"))
        engine = database.make_engine(postgres.url)
        stack.callback(engine.dispose)
        with engine.begin() as conn:
            organisation = create_organisation(conn)
        log = stack.enter_context((folder / f"{name}.log").open("wb"))
        command = [*SONGNUAN, "serve", "--port", str(port)]
        serving = stack.enter_context(subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log))
        stack.callback(_stop, serving)
        site = Site(folder / name, port, environ, engine, organisation, serving)
        assert wait_until(lambda: _answers(site), 120), (folder / f"{name}.log").read_text()
        yield site


def _stop(serving: "subprocess.Popen[bytes]") -> None:
    serving.terminate()
    serving.wait(120)


def _answers(site: Site) -> bool:
    with suppress(httpx.TransportError), site.http as http:
        return http.get("/healthz").status_code == 200
    return False


def load(site: Site, other: Site, until: float) -> list[str]:
    """Post notices of cases, which owe letters, until the time is over; ask the other installation for each case too."""
    faults: list[str] = []
    with site.http as http, other.http as there:
        while time.monotonic() < until:
            with site.engine.begin() as conn:
                for number in range(BATCH):
                    email = f"family{site.posted + number}@{site.folder.name}.example"
                    family = create_family(conn, site.organisation, email=email)
                    site.case_ids.append(tuition_at_review(conn, site.organisation, family))
            for case_id in site.case_ids[-BATCH:]:
                faults += _post_notice(site, http, there, case_id)
    return faults


def _post_notice(site: Site, http: httpx.Client, there: httpx.Client, case_id: UUID) -> Iterator[str]:
    form = {"award": "3000.00", "fund": str(site.organisation.fund_id), "places": ["unit_board", "community_board"]}
    path = f"/api/v1/cases/{case_id}"
    answer = _asked(http, "POST", f"{path}/actions/pass_review", site.headers("reviewer"), {"answers": form})
    site.answers[answer.status_code] += 1
    site.posted += answer.status_code == 200
    if not answer.content or "X-Request-Id" not in answer.headers:
        yield f"{site.folder.name}: an empty answer"
    if answer.headers.get("X-Songnuan-Record") != "demo":
        yield f"{site.folder.name}: an answer does not say that the record is a demo's"
    stranger = _asked(there, "GET", path, site.headers("reviewer"))
    if stranger.status_code != 401:
        yield f"{site.folder.name}: its token opens the other installation ({stranger.status_code})"


def _asked(http: httpx.Client, method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response:
    """Ask, and once more with the same key where the server closed the idle connection in that moment."""
    try:
        return http.request(method, path, json=body, headers=headers)
    except httpx.RemoteProtocolError:
        return http.request(method, path, json=body, headers=headers)


def refused_copies(site: Site, number: int) -> list[str]:
    """Try to serve the folder a second time, and a copy of it; return what was not refused."""
    faults = [] if _refusal(site, site.folder, "is served already") else ["a second serve was not refused"]
    before = _processes()
    copy = site.folder.with_name(f"{site.folder.name}-copy-{number}")
    # The folder is in use: files of the database come and go while it is copied.
    with suppress(shutil.Error):
        shutil.copytree(site.folder, copy, symlinks=True, ignore=shutil.ignore_patterns("socket"))
    if not _refusal(site, copy, "was copied from"):
        faults.append("a copy was not refused")
    if started := [each for each in _processes() - before if str(copy) in " ".join(_command(each))]:
        faults.append(f"a copy started {len(started)} processes")
    shutil.rmtree(copy, ignore_errors=True)
    return faults


def _refusal(site: Site, folder: Path, words: str) -> bool:
    command = [*SONGNUAN, "serve", "--port", str(a_free_port()), "--var", str(folder)]
    ended = subprocess.run(command, env=site.environ, cwd=folder.parent, capture_output=True, text=True, check=False)
    return ended.returncode == 2 and words in ended.stderr


def _processes() -> set[int]:
    return set(psutil.pids())


def _command(pid: int) -> Sequence[str]:
    with suppress(psutil.Error):
        return psutil.Process(pid).cmdline()
    return ()


def crossed(site: Site) -> list[str]:
    """Return what an installation has that is not its own, once its letters have gone."""
    name = site.folder.name
    sent = _letters_are_sent(site)
    with site.engine.connect() as conn:
        rows = sa.select(notification.c.id).where(notification.c.channel == "email")
        owed = Counter({str(row): 1 for row in conn.scalars(rows)})
        noticed = conn.scalar(sa.select(sa.func.count()).where(case.c.state == "notice"))
        known = this_installation(conn)
    letters = Counter(_letter_id(file) for file in (site.folder / "mail").glob("*.eml"))
    with site.http as http:
        token = {"Authorization": f"Bearer {site.environ['SONGNUAN_MONITORING_TOKEN']}"}
        metrics = http.get("/metrics", headers=token).text
        closed = http.get("/metrics").status_code
    counted = sum(
        float(line.rpartition(" ")[2])
        for line in metrics.splitlines()
        if line.startswith("songnuan_steps_total{") and 'action="pass_review"' in line
    )
    with snapshot(site.engine) as conn:
        verified = verify(conn)
    identity = json.loads((site.folder / "installation").read_text())["id"]
    checks = {
        "letters not sent": sent,
        f"letters {letters.total()}, owed {owed.total()}": letters == owed,
        f"posts {site.posted}, in the record {noticed}": site.posted == noticed,
        f"posts {site.posted}, in the metrics {counted:.0f}": site.posted == counted,
        "metrics are open without a token": closed == 401,
        "the folder names another installation": known is not None and identity == str(known.id),
        f"verify: {[fault.code for fault in verified.faults][:5]}": not verified.faults,
        "serve has ended": site.serving.poll() is None,
    }
    return [f"{name}: {fault}" for fault, holds in checks.items() if not holds]


def _letters_are_sent(site: Site) -> bool:
    """Wait for the letters that are still owed after the load, as long as some go; return whether all have gone."""
    unsent = sa.select(sa.func.count()).where(notification.c.state != "delivered", notification.c.channel == "email")
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        left = [conn.scalar(unsent) or 0]
        while left[-1]:
            if not wait_until(lambda: (conn.scalar(unsent) or 0) < left[-1], WITHOUT_A_LETTER):
                return False
            left.append(conn.scalar(unsent) or 0)
    return True


def _letter_id(file: Path) -> str:
    return str(message_from_bytes(file.read_bytes())["Message-ID"]).strip("<>").partition("@")[0]


def run(folder: Path, seconds: float) -> tuple[dict[str, object], list[str]]:
    """Serve two installations under load and try copies of both; return the figures and the faults."""
    with served(folder, "north") as north, served(folder, "south") as south:
        until, copies, faults = time.monotonic() + seconds, 0, list[str]()
        with ThreadPoolExecutor(2) as executor:
            loads = [executor.submit(load, *pair, until) for pair in ((north, south), (south, north))]
            while True:
                for site in (north, south):
                    copies += 1
                    faults += refused_copies(site, copies)
                if time.monotonic() + COPY_EVERY > until:
                    break
                for each in wait(loads, COPY_EVERY, FIRST_EXCEPTION).done:
                    each.result()  # a load that stops before its time ends the run with its error
            for each in loads:
                faults += each.result()
        open_files = [file for site in (north, south) for file in open_to_others(site.folder)]
        faults += [f"open to others: {file}" for file in open_files]
        opened, tried = attempts_of_another_account([north, south])
        faults += [f"another account opened {each}" for each in opened]
        faults += [fault for site in (north, south) for fault in crossed(site)]
        figures: dict[str, object] = {
            "seconds": round(seconds),
            "notices posted": {site.folder.name: site.posted for site in (north, south)},
            "answers": {site.folder.name: dict(site.answers) for site in (north, south)},
            "letters": {site.folder.name: len(list((site.folder / "mail").glob("*.eml"))) for site in (north, south)},
            "copies and second serves refused": 2 * copies,
            "tried by another account": tried,
        }
    return figures, faults


def main(arguments: Sequence[str]) -> int:
    """Run for the minutes given, print the figures, and return 1 when anything crossed."""
    parser = argparse.ArgumentParser(prog="python -m tests.worker.side_by_side", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    seconds = parser.parse_args(arguments).minutes * 60
    folder = Path(mkdtemp(prefix="songnuan-side-by-side-"))
    folder.chmod(0o711)
    try:
        figures, faults = run(folder, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {value}\n")
    for fault in faults:
        sys.stdout.write(f"FAULT {fault}\n")
    sys.stdout.write("nothing crossed\n" if not faults else f"{len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
