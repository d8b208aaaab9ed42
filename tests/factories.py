"""A small union with everybody in it, written straight into tables: the ground most tests on a database stand on."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.event_log import append_event
from service.actions.policies import _CALENDARS
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, blind_index, encrypt_field
from service.db.columns import new_id
from service.queries import accounts
from service.queries.scope import Caller
from service.tables.accounts import account, role_grant, token
from service.tables.consents import consent
from service.tables.finances import finance_line
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.units import unit
from workflows.policy_parser import read_policy
from workflows.workdays import read_calendar

SAMPLES = Path(__file__).parent.parent / "samples"
RING = Keyring({1: bytes(range(32))})
LONG_AGO, FAR = date(2020, 1, 1), date(2099, 12, 31)
STAFF = (
    ("registrar", "registrar", 0),
    ("visitor_1", "visitor", 0),
    ("visitor_2", "visitor", 0),
    ("verifier", "verifier", 0),
    ("reviewer", "reviewer", 0),
    ("approver_1", "approver", 1),
    ("approver_2", "approver", 2),
    ("approver_3", "approver", 3),
    ("cashier", "cashier", 0),
    ("follower", "visitor", 0),
    ("witness", "registrar", 0),
    ("auditor", "auditor", 0),
    ("admin", "admin", 0),
    ("clock", "clock", 0),
)


def instant(day: date) -> datetime:
    """Half past one in the morning UTC, half past nine for the union."""
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


@dataclass
class Organisation:
    """Ids by name, and everybody's token."""

    unit_id: UUID
    unit_path: str
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    fund_id: UUID = field(default_factory=new_id)
    policy_id: UUID = field(default_factory=new_id)

    def context(self, conn: sa.Connection, who: str, day: date, version: int | None = None) -> ActionContext:
        """`who` asks on `day`."""
        caller = accounts.caller_by_login(conn, self.login(who), day)
        assert caller is not None
        return ActionContext(caller, instant(day), day, RING, version)

    def login(self, who: str) -> str:
        """The account name of `who` in this office."""
        return f"{who}.{self.unit_id.hex[-8:]}"


def rules(conn: sa.Connection, office: Organisation) -> None:
    """The sample policy and the calendars of 2025 and 2026, once per database."""
    found = conn.scalar(sa.select(policy_set.c.id))
    if found is not None:
        office.policy_id = found
        return
    text = (SAMPLES / "policy-2025.toml").read_text()
    policy, batch = read_policy(text), WriteBatch()
    columns = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")
    values = {name: getattr(policy, name) for name in columns} | {"version": str(policy.version)}
    batch.add(policy_set, {"id": office.policy_id, "source": text, "loaded_at": datetime.now(UTC), **values})
    instant_of(conn, office, "policy", office.policy_id, batch)
    for year in (2025, 2026):
        source, batch = (SAMPLES / f"calendar-{year}.csv").read_text(), WriteBatch()
        days = read_calendar(source).days
        digest = sha256(source.encode()).hexdigest()
        batch.add(calendar_year, {"year": year, "source": "samples", "digest": digest})
        batch.add(calendar_day, *({"on": on, "working": is_on, "name": ""} for on, is_on in days.items()))
        instant_of(conn, office, "policy", uuid5(_CALENDARS, str(year)), batch)


def instant_of(
    conn: sa.Connection, office: Organisation, subject: str, subject_id: UUID, batch: WriteBatch, *moved: Any
) -> None:
    """Write rows with an event that names them, as every act does; the administrator is who set the office up."""
    admin = Caller(office.people["admin"], office.login("admin"), "admin", office.unit_id, ())
    day = date(2025, 1, 2)
    append_event(conn, subject, subject_id, "set_up", {}, ActionContext(admin, instant(day), day, RING), batch, moved)


def create_organisation(
    conn: sa.Connection, *, above: Organisation | None = None, fen: int = 10_000_000, kind: str = "county"
) -> Organisation:
    """A unit with its staff, their tokens, a fund with `fen` in it, and the rules."""
    unit_id = new_id()
    path = f"{above.unit_path if above else '/'}{unit_id.hex}/"
    office, batch = Organisation(unit_id, path), WriteBatch()
    named = {"name": "示例县总工会", "kind": kind, "division": "371083", "path": path}
    parent = above.unit_id if above else None
    batch.add(unit, {"id": unit_id, "parent_id": parent, **named, "created_at": datetime.now(UTC)})
    batch.add(account, _engaged(office, "admin"))
    instant_of(conn, office, "unit", unit_id, batch)
    for who, role, tier in STAFF:
        create_account(conn, office, who, role, tier)
    rules(conn, office)
    office.fund_id = open_fund(conn, office, fen)
    return office


def _engaged(office: Organisation, who: str) -> dict[str, object]:
    office.people[who] = new_id()
    row = {"id": office.people[who], "unit_id": office.unit_id, "login": office.login(who), "display_name": who}
    return {**row, "email": f"{who}@example.org", "created_at": datetime.now(UTC)}


def create_account(
    conn: sa.Connection, office: Organisation, who: str, role: str, tier: int = 0, *, login: str | None = None
) -> None:
    """One more member of staff, with a role and a token."""
    batch = WriteBatch()
    if who not in office.people:
        batch.add(account, _engaged(office, who) | ({"login": login} if login else {}))
    person_id = office.people[who]
    office.tokens[who] = f"snt_test_{person_id.hex}"
    shown = {"hash": sha256(office.tokens[who].encode()).digest(), "label": "test"}
    dates = {"created_at": datetime.now(UTC), "expires_at": datetime(2099, 1, 1, tzinfo=UTC)}
    batch.add(token, {"id": new_id(), "account_id": person_id, **shown, **dates})
    instant_of(conn, office, "account", person_id, batch)
    grant(conn, office, who, role, tier)


def grant(
    conn: sa.Connection,
    office: Organisation,
    who: str,
    role: str,
    tier: int = 0,
    *,
    for_whom: str | None = None,
    since: date = LONG_AGO,
    until: date = FAR,
) -> None:
    """Give a role in the office's unit, perhaps to stand in for somebody."""
    whose, batch = {"account_id": office.people[who], "unit_id": office.unit_id}, WriteBatch()
    what = {"role": role, "tier": tier, "for_account_id": office.people[for_whom] if for_whom else None}
    batch.add(role_grant, {"id": new_id(), **whose, **what, "from_on": since, "until_on": until})
    instant_of(conn, office, "account", office.people[who], batch)


def open_fund(
    conn: sa.Connection, office: Organisation, fen: int, *, items: tuple[str, ...] = ("LIV", "MED", "EDU", "HOU")
) -> UUID:
    """A fund line of the office with `fen` in it."""
    fund_id, batch = new_id(), WriteBatch()
    line = {"id": fund_id, "unit_id": office.unit_id, "unit_path": office.unit_path, "code": f"OWN-{fund_id.hex[-6:]}"}
    rests_on = {"title": "本级经费", "source": "OWN", "year": 2025, "document": "示例〔2025〕1号"}
    dates = {"opens_on": date(2025, 1, 1), "expires_on": date(2026, 12, 31), "created_at": datetime.now(UTC)}
    batch.add(fund, {**line, **rests_on, "permitted_items": list(items), "categories": [], **dates})
    instant_of(conn, office, "fund", fund_id, batch)
    if fen:
        receive(conn, office, fund_id, fen)
    return fund_id


def receive(conn: sa.Connection, office: Organisation, fund_id: UUID, fen: int) -> None:
    """Money comes in from outside."""
    day = date(2025, 1, 2)
    pots = {"source_pot": "outside", "target_pot": "available", "fen": fen}
    moved = {"id": new_id(), "fund_id": fund_id, "case_id": None, **pots, "on": day, "at": instant(day)}
    instant_of(conn, office, "fund", fund_id, WriteBatch(), moved)


@dataclass(frozen=True)
class Family:
    """A household's ids."""

    household_id: UUID
    head_id: UUID
    child_id: UUID


def create_family(
    conn: sa.Connection, office: Organisation, *, income_fen: int = 3_000_000, email: str | None = None
) -> Family:
    """A worker's household of three: head, spouse, child; consent signed, account on file."""
    household_id, made, batch = new_id(), {"created_at": datetime.now(UTC)}, WriteBatch()
    here = {"unit_id": office.unit_id, "unit_path": office.unit_path, "file_no": f"F{household_id.hex[-8:]}"}
    what = {"kind": "worker", "identity": "laid_off", "division": "371083", "cause": "illness"}
    stood = {"finances_as_of": date(2024, 12, 31), "filed_on": date(2025, 1, 3), "observed": [], "idle_able_members": 0}
    batch.add(household, {"id": household_id, **here, **what, **stood, "version": 1, **made})
    ids = {}
    for relation, name in (("head", "示例甲"), ("spouse", "示例乙"), ("child", "示例丙")):
        row = ids[relation] = new_id()
        mail = encrypt_field(RING, "person.email", row, email) if email and relation == "head" else None
        sealed = {
            "name_sealed": encrypt_field(RING, "person.name", row, name),
            "name_index": blind_index(RING, "name", name),
        }
        batch.add(
            person,
            {"id": row, "household_id": household_id, "relation": relation, **sealed, "email_sealed": mail, **made},
        )
    card, number = new_id(), f"62{new_id().int % 10**16:016d}"
    holder = {"id": card, "household_id": household_id, "person_id": ids["head"], "bank": "示例银行"}
    kept = {
        "card_sealed": encrypt_field(RING, "bank_account.card", card, number),
        "card_index": blind_index(RING, "card", number),
    }
    batch.add(bank_account, {**holder, **kept, **made})
    earned = {"side": "income", "kind": "wage", "fen": income_fen, "reimbursed_fen": 0}
    batch.add(finance_line, {"id": new_id(), "household_id": household_id, **earned})
    signed = {"signed_on": date(2025, 1, 3), "until_on": date(2026, 12, 31), "text_version": "2025-1"}
    batch.add(consent, {"id": new_id(), "household_id": household_id, **signed, "adults_signed": 2})
    instant_of(conn, office, "household", household_id, batch)
    return Family(household_id, ids["head"], ids["child"])
