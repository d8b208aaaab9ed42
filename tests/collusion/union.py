"""A small union whose honest people have brought cases to every state, and a friend's family outside all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from service.actions.write_batch import WriteBatch
from service.crypto.encryption import blind_index
from service.db.columns import new_id
from service.tables.kinship import kinship
from tests.api_client import ApiClient
from tests.collusion.one_connection import TakenBack
from tests.collusion.undoing import import_receipt
from tests.document_files import photo
from tests.factories import RING, Family, Organisation, create_account, create_family, grant, instant_of, take_number
from tests.lives import ILLNESS, PAPERS, Life, number, start

FIRST_DAY = date(2025, 9, 1)
NOTICE_HANGS, WALK_BEGINS = date(2025, 9, 11), date(2025, 9, 15)
CARD = "6222020200001234567"
"""The number of the card that the attackers share."""

MORE_ROLES = (
    ("registrar", "visitor", 0),
    ("registrar", "verifier", 0),
    ("visitor_1", "registrar", 0),
    ("reviewer", "approver", 1),
    ("approver_1", "reviewer", 0),
    ("approver_1", "visitor", 0),
    ("cashier", "registrar", 0),
    ("cashier_2", "reviewer", 0),
    ("factotum", "visitor", 0),
    ("factotum", "verifier", 0),
    ("factotum", "reviewer", 0),
    ("factotum", "approver", 1),
    ("factotum", "cashier", 0),
)
"""In a small union one person holds several roles; the others of tests/factories.py have one each."""

TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
STATES = ("draft", "survey", "verification", "review", "approval", "payment", "transit", "receipt")
OF_TUITION = ("review", "approval", "payment", "receipt")
OF_SCANS = ("review", "approval", "payment", "transit", "receipt")


@dataclass
class Union:
    """The union on the morning of a walk: its client, its connection, its people and what they have done."""

    client: ApiClient
    engine: sa.Engine
    connection: TakenBack
    cases: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Programme and state of each honest case by its id."""

    advice: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the cashiers last stated of the bank's advice, by case."""

    friend: Family = field(default_factory=lambda: Family(new_id(), new_id(), new_id()))
    related: Family = field(default_factory=lambda: Family(new_id(), new_id(), new_id()))
    """A family with a relative among the staff (the factotum), whose case was open before anybody ended the kinship."""

    @property
    def office(self) -> Organisation:
        """The unit with its people."""
        return self.client.office

    def card_index(self) -> bytes:
        """Return the index under which the attackers' card is found."""
        return blind_index(RING, "card", CARD)


def attackers(people: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield every single person and every pair."""
    yield from ((each,) for each in people)
    yield from combinations(people, 2)


def add_roles(conn: sa.Connection, office: Organisation) -> None:
    """Add the factotum, and give some people several roles."""
    create_account(conn, office, "factotum", "registrar")
    for name, role, tier in MORE_ROLES:
        grant(conn, office, name, role, tier)


def live(client: ApiClient, engine: sa.Engine, connection: TakenBack) -> Union:
    """Let honest people work until the morning of the walks."""
    union = Union(client, engine, connection)
    client.today = NOTICE_HANGS
    _keep(union, start(client, engine, "hardship", "LIV", {}).to("notice"))
    _keep(union, _tuition(union, "notice"), "tuition")
    _raise_objections(union)
    for state in STATES:
        client.today = FIRST_DAY
        _keep(union, start(client, engine, "hardship", "LIV", {}).to(state))
    for state in OF_TUITION:
        client.today = FIRST_DAY
        _keep(union, _tuition(union, state), "tuition")
    client.today = FIRST_DAY
    _keep(union, start(client, engine, "hardship", "LIV", {}).to("approval", "3000.00"))
    _bring_back_money(union)
    _add_scanned_cases(union)
    _add_families(union)
    client.today = WALK_BEGINS
    _keep_records(union)
    import_receipt(union)
    return union


def _tuition(union: Union, state: str) -> Life:
    """Lead a case of tuition aid to a state; it has no economic check, and other papers."""
    life = start(union.client, union.engine, "tuition", "EDU", TUITION)
    life.act("registrar", "submit")
    life.visit()
    life.act("registrar", "add_papers", papers=[*PAPERS, *ILLNESS, "enrolment", "fee_bill"])
    life.act("registrar", "finish_survey")
    return life.to(state)


def _keep(union: Union, life: Life, programme: str = "hardship") -> Life:
    union.cases[life.case_id] = (programme, life.state)
    return life


def _raise_objections(union: Union) -> None:
    """Leave one objection open, and uphold another, whose case goes back to review."""
    client, objection = union.client, {"source": "written", "objection": "示例异议内容"}
    waiting = start(client, union.engine, "hardship", "LIV", {}).to("notice")
    waiting.act("registrar", "object", **objection)
    upheld = start(client, union.engine, "hardship", "LIV", {}).to("notice")
    upheld.act("registrar", "object", **objection)
    upheld.act("cashier_2", "answer_objection", outcome="upheld", answer="收入比申报的高")
    if upheld.state != "review":
        upheld.act("cashier_2", "return_to_review", reason="异议成立")
    for life in (waiting, upheld):
        _keep(union, life)


def _bring_back_money(union: Union) -> None:
    """Lead cases to the states behind a payment: called back, stated as returned, stated as recovered, failed, closed."""
    client = union.client

    def paid() -> Life:
        client.today = FIRST_DAY
        return start(client, union.engine, "hardship", "LIV", {}).to("receipt")

    returning = paid()
    stated = returning.advice()
    returning.act("cashier", "payment_returned", bank_code="wrong_number", voucher=number("T"), **stated)
    union.advice[returning.case_id] = stated
    failed = paid()
    failed.take_back()
    recalling = paid()
    recalled = {"amount": "1500.00", "ground": "paid_in_error", "reason": "示例"}
    recalling.act("approver_1", "recall", **recalled)
    rest = paid()
    rest.act("approver_1", "recall", **recalled)
    stated = rest.advice()
    rest.act("cashier", "recover", voucher=number("S"), **stated)
    union.advice[rest.case_id] = stated
    for life in (returning, failed, recalling, rest):
        _keep(union, life)


def _add_scanned_cases(union: Union) -> None:
    """Lead cases whose papers were seen in scans past their review: their signatures cover the scans."""
    client = union.client
    for number_of_scan, state in enumerate(OF_SCANS):
        client.today = FIRST_DAY
        life = start(client, union.engine, "hardship", "LIV", {}).to("survey")
        scan = {"kind": "identity", "files": [(BytesIO(photo(number_of_scan)), "证.jpg")]}
        path = f"/api/v1/cases/{life.case_id}/documents"
        answer = client.http.post(path, headers=client.headers("registrar"), data=scan)
        life.act("registrar", "add_papers", papers=["identity"], documents=answer.get_json()["ids"])
        _keep(union, life.to(state))


def _add_families(union: Union) -> None:
    """Add the friend's family, and with a case at review a relative of the factotum and a family without numbers."""
    with union.engine.begin() as conn:
        union.friend = create_family(conn, union.office)
    union.client.today = FIRST_DAY
    life = _keep(union, start(union.client, union.engine, "hardship", "LIV", {}).to("review"))
    union.related = life.family
    unknown = start(union.client, union.engine, "hardship", "LIV", {})
    with union.engine.begin() as conn:
        take_number(conn, unknown.family.head_id)
    _keep(union, unknown.to("review"))
    batch, factotum = WriteBatch(), union.office.people["factotum"]
    pair = {"id": new_id(), "household_id": union.related.household_id, "account_id": factotum}
    word = {"relation": "sibling", "declared_on": FIRST_DAY, "declared_by": factotum}
    batch.add(kinship, {**pair, **word, "confirmed_on": FIRST_DAY, "confirmed_by": factotum})
    with union.engine.begin() as conn:
        instant_of(conn, union.office, "household", union.related.household_id, batch)


def _keep_records(union: Union) -> None:
    """Record a gift, a receipt, an opening, a visit, a donation, an activity and a pairing, each by two people."""
    client, office = union.client, union.office
    unit, day = str(office.unit_id), client.today.isoformat()
    with union.engine.begin() as conn:
        family = create_family(conn, office)
    gift: dict[str, Any] = {
        "unit_id": unit,
        "household_id": str(family.household_id),
        "on": day,
        "item": "SWN",
        "purpose": "慰问",
    }
    gift |= {"account_code": "502", "handed_by": str(office.people["visitor_2"]), "signed_by_family": True}
    gift |= {"amount": "500.00", "fund_id": str(office.fund_id), "approved_by": str(office.people["approver_1"])}
    _both(client, "approver_1", "/gifts", gift, "visitor_2")
    receipt = {"amount": "1000.00", "document": "银收2025-001", "on": day}
    _both(client, "cashier", f"/funds/{office.fund_id}/receipts", receipt, "approver_3")
    visit: dict[str, Any] = {"unit_id": unit, "kind": "festival", "on": day, "place": "home", "occasion": "daily"}
    visit |= {"visitors": [str(office.people["visitor_1"])]}
    donation = {"unit_id": unit, "on": day, "direction": "passed_on", "campaign": "募捐", "organiser": "县"}
    donation |= {"amount": "1.00", "handed_to": "县"}
    activity = {"unit_id": unit, "on": day, "title": "球赛", "kind": "sport", "amount": "1.00", "account_code": "501"}
    pairing = {"unit_id": unit, "programme_name": "结对", "issued_by": "县", "from_on": day}
    for who, path, body in (
        ("visitor_1", "/visits", visit),
        ("registrar", "/donations", donation),
        ("registrar", "/activities", activity),
        ("registrar", f"/households/{family.household_id}/pairings", pairing),
    ):
        response = client.post(who, path, body)
        assert response.status_code < 300, response.get_json()


def _both(client: ApiClient, who: str, path: str, body: dict[str, Any], by: str) -> None:
    """Propose a write and let another person confirm it."""
    proposed = client.post(who, path, body)
    assert proposed.status_code == 202, proposed.get_json()
    waiting = proposed.get_json()
    done = client.post(by, f"/confirmations/{waiting['confirmation']}/confirmation", {"digest": waiting["digest"]})
    assert done.status_code == 200, done.get_json()
    assert done.get_json()["done"]
