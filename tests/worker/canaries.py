"""Canary data: households with marked values, an installation to file them in, and invalid requests."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from stdnum.cn import ric

from service.db import engine as database
from service.db import migrate
from service.local_servers import start_broker, start_postgres
from service.local_servers.smtp import Mailbox
from tests.application_role import application_url
from tests.document_files import photo
from tests.factories import RING, Organisation, create_organisation
from tests.worker.notification_fixtures import PAPERS
from tests.worker.processes import Processes, wait_until
from tests.worker.test_serving import WATCHER, WEB

PLANTED = int(os.environ.get("CANARIES", "100"))
CASES = 5
"""Households whose case is brought to its notice."""
TODAY, SURVEYED, POSTED = date(2025, 9, 22), date(2025, 9, 25), date(2025, 9, 29)
MARKS = {
    "identity number": "1101051949123",
    "card": "6222029988776",
    "phone": "1991234",
    "address": "金丝雀路",
    "name": "鸟雀",
    "mail": "canary-bird",
    "story": "笼中之歌",
    "file name": "雀之照",
}
"""The prefix of every planted value of a kind; a search for the prefixes finds all values."""


def family(number: int) -> dict[str, Any]:
    """Return the household file of one planted family."""
    # Born on the 31st and on the 30th: a thousand families have two thousand numbers.
    of_head, of_child = (f"{MARKS['identity number']}{day}{number:03d}" for day in (1, 0))
    head = {
        "key": "head", "relation": "head", "name": f"{MARKS['name']}{chr(0x4E00 + number)}", "phone": f"{MARKS['phone']}{number:04d}",
        "id_no": of_head + ric.calc_check_digit(of_head + "0"), "address": f"{MARKS['address']}{number}号",
        "email": f"{MARKS['mail']}-{number}@example.org", "workplace": f"{MARKS['address']}{number}厂",
    }  # fmt: skip
    child = {
        "key": "child",
        "relation": "child",
        "name": f"{MARKS['name']}{chr(0x6E00 + number)}",
        "id_no": of_child + ric.calc_check_digit(of_child + "0"),
        "student_stage": "bachelor",
    }
    income = {"side": "income", "kind": "wage", "amount": "12000.00"}
    return {
        "file_no": f"plain-{number:04d}", "identity": "laid_off", "division": "371083", "cause": "illness",
        "filed_on": TODAY.isoformat(), "story": f"{MARKS['story']}{number}", "members": [head, child],
        "finances": {"as_of": TODAY.isoformat(), "lines": [income]},
        "consent": {"signed_on": TODAY.isoformat(), "until_on": "2026-09-01", "text_version": "1", "adults_signed": 1},
        "payee": {"person": "head", "bank": "示例银行", "card": f"{MARKS['card']}{number:06d}"},
    }  # fmt: skip


@dataclass
class Installation:
    """A id_no installation, with the refusals it has answered."""

    folder: Path
    url: str
    broker: str
    processes: Processes
    organisation: Organisation
    http: httpx.Client
    mailbox: Mailbox
    refused: list[bytes] = field(default_factory=list)

    def post(
        self, account: str, path: str, body: Any, on: date = TODAY, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": uuid4().hex, "X-Songnuan-Date": on.isoformat(), **(more or {})}
        request_body = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self._keep_refusal(
            self.http.post(f"/api/v1{path}", headers=self._token(account) | headers, **request_body)
        )

    def send_file(self, account: str, path: str, name: str, content: bytes, fields: dict[str, str]) -> httpx.Response:
        """Send a form with one file, and keep a refusal."""
        headers = {"Idempotency-Key": uuid4().hex, "X-Songnuan-Date": TODAY.isoformat()}
        files = {"files": (name, content)}
        headers |= self._token(account)
        return self._keep_refusal(self.http.post(f"/api/v1{path}", headers=headers, data=fields, files=files))

    def get(self, account: str, path: str) -> httpx.Response:
        return self._keep_refusal(
            self.http.get(path, headers=self._token(account) | {"X-Songnuan-Date": POSTED.isoformat()})
        )

    def _token(self, account: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.organisation.tokens[account]}"}

    def _keep_refusal(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            self.refused.append(answer.content + str(answer.headers).encode())
        return answer


@contextmanager
def start_installation(folder: Path) -> Iterator[Installation]:
    with (
        start_postgres(folder / "pg", durable=False) as pg,
        start_broker(folder / "broker") as broker,
        Mailbox(folder / "mail") as mailbox,
    ):
        engine = database.make_engine(pg.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            organisation = create_organisation(conn)
        engine.dispose()
        keyring = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
        settings = {
            "DATABASE_URL": application_url(pg.url),
            "REDIS_URL": broker.url,
            "SMTP_URL": mailbox.url,
            "MAIL_FROM": "post@union.example",
        }
        settings |= {"KEYRING": keyring, "SONGNUAN_VAR": str(folder / "var"), "SONGNUAN_DEMO_CLOCK": "1"}
        settings |= {"SONGNUAN_MONITORING_TOKEN": WATCHER}
        socket = folder / "w"
        http = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://web", timeout=60)
        with Processes(settings, folder) as processes, http:
            web = processes.start((*WEB, f"--bind=unix:{socket}"))
            assert wait_until(socket.exists), web.log.read_text()
            yield Installation(folder, pg.url, broker.url, processes, organisation, http, mailbox)


def plant(installation: Installation) -> list[str]:
    """File the families over HTTP, and return the ids of their households."""
    household_ids = []
    for number in range(PLANTED):
        response = installation.post(
            "registrar", "/households", {**family(number), "unit_id": str(installation.organisation.unit_id)}
        )
        assert response.status_code == 201, response.text
        household_ids.append(response.json()["id"])
    return household_ids


def run_case(installation: Installation, household: str, number: int) -> None:
    """Bring a case to its notice, with notifications, an objection and a reveal of the full values."""
    people = {
        each["relation"]: each["id"]
        for each in installation.get("registrar", f"/api/v1/households/{household}").json()["members"]
    }
    visitors = [str(installation.organisation.people[name]) for name in ("visitor_1", "visitor_2")]
    survey_story, award = (
        f"{MARKS['story']}{number}",
        {"award": "1000.00", "fund": str(installation.organisation.fund_id), "places": ["unit_board"]},
    )
    opening = {
        "programme": "tuition",
        "household_id": household,
        "beneficiary_id": people["child"],
        "item": "EDU",
        "requested": "1000.00",
    }
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    opened_case = installation.post("registrar", "/cases", {**opening, "answers": form})
    assert opened_case.status_code == 201, opened_case.text
    visit = {
        "on": SURVEYED.isoformat(),
        "visitors": visitors,
        "place": "home",
        "conclusion": "confirmed",
        "story": survey_story,
    }
    steps: tuple[tuple[str, str, date, dict[str, Any]], ...] = (
        ("registrar", "submit", TODAY, {}),
        ("registrar", "add_papers", TODAY, {"papers": PAPERS}),
        ("visitor_1", "record_visit", SURVEYED, visit),
        ("visitor_2", "confirm_visit", SURVEYED, {}),
        ("registrar", "finish_survey", SURVEYED, {}),
        ("reviewer", "pass_review", POSTED, award),
        (
            "witness",
            "object",
            POSTED,
            {"source": "written", "objection": f"{MARKS['name']}{survey_story}{MARKS['phone']}"},
        ),
    )
    for account, action, day, answers in steps:
        response = installation.post(
            account, f"/cases/{opened_case.json()['id']}/actions/{action}", {"answers": answers}, day
        )
        assert response.status_code == 200, (action, response.text)
    revealed = installation.post("visitor_1", f"/persons/{people['head']}/reveal", {"purpose": "survey"}, POSTED)
    assert MARKS["identity number"] in revealed.text, "only this answer may contain it"


def add_photos(installation: Installation, household: str, number: int) -> None:
    """Add a photo whose name and whose camera name the family, look at it, and send it once more, which is refused."""
    path, name = f"/households/{household}/documents", f"{MARKS['name']}{MARKS['file name']}{number}.jpg"
    content = photo(number, 80, 60, camera=f"{MARKS['mail']}-{number}")
    added = installation.send_file("registrar", path, name, content, {"kind": "identity"})
    assert added.status_code == 201, added.text
    shown = f"/api/v1/documents/{added.json()['ids'][0]}"
    assert installation.get("registrar", shown).json()["name"] == name, "only this answer may contain it"
    assert MARKS["mail"].encode() not in installation.get("auditor", f"{shown}/content").content
    assert installation.get("auditor", f"{shown}/thumbnail").status_code == 200
    again = installation.send_file("registrar", path, f"{number}.jpg", content, {"kind": "identity"})
    assert (again.status_code, again.json()["code"]) == (409, "document_known")


def send_invalid_requests(installation: Installation, household: str) -> None:
    """Send invalid requests that contain the marked values in every free-text part of a request."""
    number, phone, card = (MARKS[kind] for kind in ("identity number", "phone", "card"))
    id_no, name = family(0)["members"][0]["id_no"], family(0)["members"][0]["name"]
    unit = str(installation.organisation.unit_id)
    installation.post("registrar", "/households", {**family(0), "unit_id": unit, "file_no": "again"})
    installation.post(
        "registrar",
        "/households",
        {**family(1), "unit_id": unit, "file_no": number, "division": number, "cause": phone},
    )
    installation.post(
        "registrar", "/households", {"members": [{"relation": phone, "name": number, id_no: card}], id_no: id_no}
    )
    installation.post(
        "registrar", f"/households/{household}/payee", {"person": id_no, "bank": name, "card": f"{card}x"}
    )
    installation.post(
        "registrar", f"/households/{household}/members", {"relation": "child", "name": name, "id_no": id_no[:-1] + "?"}
    )
    installation.post("registrar", f"/households/{id_no}/members", {})
    installation.post("registrar", "/cases", b'{"' + id_no.encode() + b'": ')
    installation.post("registrar", "/cases", id_no.encode(), more={"Content-Type": "application/json"})
    installation.post(
        "registrar", "/cases", {"programme": id_no, "item": id_no, "requested": id_no, "household_id": id_no}
    )
    installation.post("registrar", f"/cases/{uuid4()}/actions/{id_no}", {"answers": {id_no: name}})
    installation.post("admin", "/policy-sets", {"source": f'title = "{name}"\n{id_no} = {phone}'})
    installation.post(
        "admin",
        "/accounts",
        {"login": id_no, "display_name": "x", "unit_id": unit, "id_no": id_no[:-1] + "?", "email": phone},
    )
    for fields in ({"kind": id_no}, {"kind": "identity", id_no: name}):
        installation.send_file("registrar", f"/households/{household}/documents", "x.jpg", id_no.encode(), fields)
    for path in (
        f"/documents?kind={id_no}",
        f"/documents/{id_no}/content",
        f"/cases?state={id_no}&cursor={card}",
        f"/persons/{id_no}",
        f"/{id_no}",
        f"/reports/welfare/figures/{id_no}/rows",
    ):
        installation.get("auditor", f"/api/v1{path}")
    for header in ("X-Request-Id", "If-Match", "Accept-Language", "User-Agent", "Referer", "Cookie", "X-Songnuan-Date"):
        installation.post("registrar", f"/cases/{uuid4()}/actions/submit", {}, more={header: id_no})
    installation.http.get("/api/v1/me", headers={"Authorization": f"Bearer {id_no}"})
    assert len(installation.refused) >= 20
