"""Families whose every value is marked, a house to file them in, their cases, and mistakes with the values in them."""

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
from tests.factories import RING, Organisation, create_organisation
from tests.worker.notification_fixtures import PAPERS
from tests.worker.processes import Processes, wait_until
from tests.worker.test_serving import WEB

PLANTED = int(os.environ.get("CANARIES", "100"))
LIVES = 5
"""Families whose case is brought as far as its notifications."""
TODAY, SURVEYED, POSTED = date(2025, 9, 22), date(2025, 9, 25), date(2025, 9, 29)
MARKS = {
    "identity number": "11010519491231",
    "card": "6222029988776",
    "phone": "1991234",
    "address": "金丝雀路",
    "name": "鸟雀",
    "mail": "canary-bird",
    "story": "笼中之歌",
}
"""What every planted value of a kind begins with: whoever finds none of these finds none of the values."""


def family(number: int) -> dict[str, Any]:
    """The file of one planted family."""
    seventeen = f"{MARKS['identity number']}{number:03d}"
    head = {
        "key": "head", "relation": "head", "name": f"{MARKS['name']}{chr(0x4E00 + number)}", "phone": f"{MARKS['phone']}{number:04d}",
        "id_no": seventeen + ric.calc_check_digit(seventeen + "0"), "address": f"{MARKS['address']}{number}号",
        "email": f"{MARKS['mail']}-{number}@example.org", "workplace": f"{MARKS['address']}{number}厂",
    }  # fmt: skip
    child = {
        "key": "child",
        "relation": "child",
        "name": f"{MARKS['name']}{chr(0x6E00 + number)}",
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
    """A whole system of this test's own, and everything it has refused."""

    folder: Path
    url: str
    broker: str
    processes: Processes
    office: Organisation
    http: httpx.Client
    mailbox: Mailbox
    refused: list[bytes] = field(default_factory=list)

    def post(
        self, who: str, path: str, body: Any, on: date = TODAY, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": uuid4().hex, "X-Songnuan-Date": on.isoformat(), **(more or {})}
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self._kept(self.http.post(f"/api/v1{path}", headers=self._token(who) | headers, **sent))

    def get(self, who: str, path: str) -> httpx.Response:
        return self._kept(self.http.get(path, headers=self._token(who) | {"X-Songnuan-Date": POSTED.isoformat()}))

    def _token(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.office.tokens[who]}"}

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            self.refused.append(answer.content + str(answer.headers).encode())
        return answer


@contextmanager
def opened(place: Path) -> Iterator[Installation]:
    with (
        start_postgres(place / "pg", durable=False) as pg,
        start_broker(place / "broker") as bell,
        Mailbox(place / "mail") as box,
    ):
        engine = database.make_engine(pg.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            office = create_organisation(conn)
        engine.dispose()
        keyring = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
        told = {"DATABASE_URL": pg.url, "REDIS_URL": bell.url, "SMTP_URL": box.url, "MAIL_FROM": "post@union.example"}
        told |= {"KEYRING": keyring, "SONGNUAN_VAR": str(place / "var"), "SONGNUAN_DEMO_CLOCK": "1"}
        socket = place / "w"
        http = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://web", timeout=60)
        with Processes(told, place) as processes, http:
            web = processes.start((*WEB, f"--bind=unix:{socket}"))
            assert wait_until(socket.exists), web.log.read_text()
            yield Installation(place, pg.url, bell.url, processes, office, http, box)


def plant(house: Installation) -> list[str]:
    """File the families over HTTP; their households' ids."""
    found = []
    for number in range(PLANTED):
        made = house.post("registrar", "/households", {**family(number), "unit_id": str(house.office.unit_id)})
        assert made.status_code == 201, made.text
        found.append(made.json()["id"])
    return found


def live(house: Installation, household: str, number: int) -> None:
    """A case as far as its notice: notifications to the family and to the staff, an objection, and a look at the full values."""
    people = {
        each["relation"]: each["id"]
        for each in house.get("registrar", f"/api/v1/households/{household}").json()["members"]
    }
    visitors = [str(house.office.people[name]) for name in ("visitor_1", "visitor_2")]
    words, award = (
        f"{MARKS['story']}{number}",
        {"award": "1000.00", "fund": str(house.office.fund_id), "places": ["workplace"]},
    )
    opening = {
        "programme": "tuition",
        "household_id": household,
        "beneficiary_id": people["child"],
        "item": "EDU",
        "requested": "1000.00",
    }
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    opened = house.post("registrar", "/cases", {**opening, "answers": form})
    assert opened.status_code == 201, opened.text
    visit = {
        "on": SURVEYED.isoformat(),
        "visitors": visitors,
        "place": "home",
        "conclusion": "confirmed",
        "story": words,
    }
    steps: tuple[tuple[str, str, date, dict[str, Any]], ...] = (
        ("registrar", "submit", TODAY, {}),
        ("registrar", "add_papers", TODAY, {"papers": PAPERS}),
        ("visitor_1", "record_visit", SURVEYED, visit),
        ("registrar", "finish_survey", SURVEYED, {}),
        ("reviewer", "pass_review", POSTED, award),
        ("witness", "object", POSTED, {"source": "written", "objection": f"{MARKS['name']}{words}{MARKS['phone']}"}),
    )
    for who, action, day, answers in steps:
        taken = house.post(who, f"/cases/{opened.json()['id']}/actions/{action}", {"answers": answers}, day)
        assert taken.status_code == 200, (action, taken.text)
    shown = house.post("visitor_1", f"/persons/{people['head']}/reveal", {"purpose": "survey"}, POSTED)
    assert MARKS["identity number"] in shown.text, "the one answer that may hold it"


def provoke(house: Installation, household: str) -> None:
    """Mistakes and malice with the values in them, wherever a request has room for words."""
    number, phone, card = (MARKS[kind] for kind in ("identity number", "phone", "card"))
    whole, name = family(0)["members"][0]["id_no"], family(0)["members"][0]["name"]
    unit = str(house.office.unit_id)
    house.post("registrar", "/households", {**family(0), "unit_id": unit, "file_no": "again"})
    house.post(
        "registrar",
        "/households",
        {**family(1), "unit_id": unit, "file_no": number, "division": number, "cause": phone},
    )
    house.post(
        "registrar", "/households", {"members": [{"relation": phone, "name": number, whole: card}], whole: whole}
    )
    house.post("registrar", f"/households/{household}/payee", {"person": whole, "bank": name, "card": f"{card}x"})
    house.post(
        "registrar", f"/households/{household}/members", {"relation": "child", "name": name, "id_no": whole[:-1] + "?"}
    )
    house.post("registrar", f"/households/{whole}/members", {})
    house.post("registrar", "/cases", b'{"' + whole.encode() + b'": ')
    house.post("registrar", "/cases", whole.encode(), more={"Content-Type": "application/json"})
    house.post("registrar", "/cases", {"programme": whole, "item": whole, "requested": whole, "household_id": whole})
    house.post("registrar", f"/cases/{uuid4()}/actions/{whole}", {"answers": {whole: name}})
    house.post("admin", "/policy-sets", {"source": f'title = "{name}"\n{whole} = {phone}'})
    house.post(
        "admin",
        "/accounts",
        {"login": whole, "display_name": "x", "unit_id": unit, "id_no": whole[:-1] + "?", "email": phone},
    )
    for place in (
        f"/cases?state={whole}&cursor={card}",
        f"/persons/{whole}",
        f"/{whole}",
        f"/reports/welfare/figures/{whole}/rows",
    ):
        house.get("auditor", f"/api/v1{place}")
    for header in ("X-Request-Id", "If-Match", "Accept-Language", "User-Agent", "Referer", "Cookie", "X-Songnuan-Date"):
        house.post("registrar", f"/cases/{uuid4()}/actions/submit", {}, more={header: whole})
    house.http.get("/api/v1/me", headers={"Authorization": f"Bearer {whole}"})
    assert len(house.refused) >= 20
