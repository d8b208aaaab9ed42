"""A small union written straight into tables, with staff, rules, funds and families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.event_log import EventSource, append_event, build_event
from service.actions.policies import _CALENDARS
from service.actions.write_batch import WriteBatch
from service.clock import Clock
from service.crypto.encryption import Keyring, blind_index, encrypt_field
from service.crypto.search_keys import keys_of_person
from service.db.columns import new_id
from service.queries import accounts
from service.queries.scope import Caller
from service.tables.accounts import account, role_grant, token
from service.tables.consents import consent
from service.tables.events import chain_head, event
from service.tables.finances import finance_line
from service.tables.funds import fund
from service.tables.households import household
from service.tables.installation import RecordKind, installation
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.units import unit
from tests.identity_numbers import another_number
from tests.second_person import seconded
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
    ("reviewer_2", "reviewer", 0),
    ("approver_1", "approver", 1),
    ("approver_2", "approver", 2),
    ("approver_3", "approver", 3),
    ("cashier", "cashier", 0),
    ("cashier_2", "cashier", 0),
    ("follower", "visitor", 0),
    ("witness", "registrar", 0),
    ("auditor", "auditor", 0),
    ("admin", "admin", 0),
    ("clock", "clock", 0),
)


def instant(day: date) -> datetime:
    """Return 01:30 UTC of a day, which is 09:30 for the union."""
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


@dataclass
class Organisation:
    """A unit with the ids and tokens of its staff by name, and the ids of its fund and policy."""

    unit_id: UUID
    unit_path: str
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    fund_id: UUID = field(default_factory=new_id)
    policy_id: UUID = field(default_factory=new_id)
    names: Mapping[str, str] = field(default_factory=dict)
    """The names that people read; a member of staff without one is shown under the name that the tests use."""

    def context(self, conn: sa.Connection, staff_name: str, day: date, version: int | None = None) -> ActionContext:
        """Return the action context of a staff member on `day`."""
        caller = accounts.caller_by_login(conn, self.login(staff_name), day)
        assert caller is not None
        return ActionContext(caller, instant(day), day, RING, version, clock=Clock.DEMO)

    def seconded(self, conn: sa.Connection, staff_name: str, day: date, by: str = "approver_3") -> ActionContext:
        """Return the context of a write that `by` has confirmed."""
        return seconded(conn, self.context(conn, staff_name, day), self.people[by])

    def login(self, staff_name: str) -> str:
        """Return the login of a staff member of this organisation."""
        return f"{staff_name}.{self.unit_id.hex[-8:]}"


def rules(conn: sa.Connection, organisation: Organisation) -> None:
    """Load the sample policy and the calendars of 2025 and 2026 into a demo's record, once per database."""
    policy_id = conn.scalar(sa.select(policy_set.c.id))
    if policy_id is not None:
        organisation.policy_id = policy_id
        return
    batch = WriteBatch()
    batch.add(installation, {"id": new_id(), "kind": RecordKind.DEMO.value, "at": datetime.now(UTC)})
    instant_of(conn, organisation, "unit", organisation.unit_id, batch)
    text = (SAMPLES / "policy-2025.toml").read_text()
    policy, batch = read_policy(text), WriteBatch()
    columns = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")
    values = {name: getattr(policy, name) for name in columns} | {"version": str(policy.version)}
    batch.add(policy_set, {"id": organisation.policy_id, "source": text, "loaded_at": datetime.now(UTC), **values})
    instant_of(conn, organisation, "policy", organisation.policy_id, batch)
    for year in (2025, 2026):
        source, batch = (SAMPLES / f"calendar-{year}.csv").read_text(), WriteBatch()
        days = read_calendar(source).days
        digest = sha256(source.encode()).hexdigest()
        batch.add(calendar_year, {"year": year, "source": "samples", "digest": digest})
        batch.add(calendar_day, *({"on": on, "working": is_on, "name": ""} for on, is_on in days.items()))
        instant_of(conn, organisation, "policy", uuid5(_CALENDARS, str(year)), batch)


def _create_staff(conn: sa.Connection, organisation: Organisation, staff: Sequence[tuple[str, str, int]]) -> None:
    """Add the staff as create_account() does one by one, by one statement; somebody with a second role by another."""
    whole, context = WriteBatch(), _set_up_context(organisation)
    first = {staff_name: (role, tier) for staff_name, role, tier in reversed(staff)}
    for staff_name, (role, tier) in reversed(first.items()):
        batch = _account_batch(organisation, staff_name, role, tier)
        source = EventSource("account", organisation.people[staff_name], 1, "set_up")
        row = build_event(source, {"facts": {}, "rows": batch.fingerprints()}, context)
        batch.add(event, row)
        batch.add(chain_head, {"id": source.subject_id, "seq": 1, "hash": row["hash"]})
        whole.extend(batch)
    whole.write(conn)
    for staff_name, role, tier in staff:
        if first[staff_name] != (role, tier):
            create_account(conn, organisation, staff_name, role, tier)


def _set_up_context(organisation: Organisation) -> ActionContext:
    """Return the context in which the administrator of the organisation sets it up."""
    admin = Caller(organisation.people["admin"], organisation.login("admin"), "admin", organisation.unit_id, ())
    day = date(2025, 1, 2)
    return ActionContext(admin, instant(day), day, RING, clock=Clock.DEMO)


def instant_of(
    conn: sa.Connection,
    organisation: Organisation,
    subject: str,
    subject_id: UUID,
    batch: WriteBatch,
    *ledger_rows: Any,
) -> None:
    """Write rows with an event that names them, as every action does, by the administrator of the organisation."""
    append_event(conn, subject, subject_id, "set_up", {}, _set_up_context(organisation), batch, ledger_rows)


def create_organisation(
    conn: sa.Connection,
    *,
    above: Organisation | None = None,
    fen: int = 10_000_000,
    kind: str = "county",
    staff: Sequence[tuple[str, str, int]] = STAFF,
    name: str = "示例县总工会",
    names: Mapping[str, str] | None = None,
) -> Organisation:
    """Create a unit with its staff, their tokens, a fund with `fen` in it, and the rules."""
    unit_id = new_id()
    path = f"{above.unit_path if above else '/'}{unit_id.hex}/"
    organisation, batch = Organisation(unit_id, path, names=names or {}), WriteBatch()
    unit_columns = {"name": name, "kind": kind, "division": "371083", "path": path}
    parent = above.unit_id if above else None
    batch.add(unit, {"id": unit_id, "parent_id": parent, **unit_columns, "created_at": datetime.now(UTC)})
    batch.add(account, _account_row(organisation, "admin"))
    instant_of(conn, organisation, "unit", unit_id, batch)
    _create_staff(conn, organisation, staff)
    rules(conn, organisation)
    organisation.fund_id = open_fund(conn, organisation, fen)
    return organisation


def _account_row(organisation: Organisation, staff_name: str) -> dict[str, object]:
    organisation.people[staff_name] = new_id()
    account_columns = {
        "id": organisation.people[staff_name],
        "unit_id": organisation.unit_id,
        "login": organisation.login(staff_name),
        "display_name": organisation.names.get(staff_name, staff_name),
    }
    return {**account_columns, "email": f"{staff_name}@example.org", "created_at": datetime.now(UTC)}


def create_account(
    conn: sa.Connection,
    organisation: Organisation,
    staff_name: str,
    role: str,
    tier: int = 0,
    *,
    login: str | None = None,
) -> None:
    """Add a member of staff with a role and a token."""
    batch = _account_batch(organisation, staff_name, role, tier, login)
    instant_of(conn, organisation, "account", organisation.people[staff_name], batch)


def _account_batch(
    organisation: Organisation, staff_name: str, role: str, tier: int, login: str | None = None
) -> WriteBatch:
    """Return the rows of a member of staff with a role and a token."""
    batch = WriteBatch()
    if staff_name not in organisation.people:
        batch.add(account, _account_row(organisation, staff_name) | ({"login": login} if login else {}))
    person_id = organisation.people[staff_name]
    organisation.tokens[staff_name] = f"snt_test_{person_id.hex}"
    token_columns = {"hash": sha256(organisation.tokens[staff_name].encode()).digest(), "label": "test"}
    dates = {"created_at": datetime.now(UTC), "expires_at": datetime(2099, 1, 1, tzinfo=UTC)}
    batch.add(token, {"id": new_id(), "account_id": person_id, **token_columns, **dates})
    batch.add(role_grant, _grant_row(organisation, staff_name, role, tier))
    return batch


def grant(
    conn: sa.Connection,
    organisation: Organisation,
    staff_name: str,
    role: str,
    tier: int = 0,
    *,
    for_whom: str | None = None,
    since: date = LONG_AGO,
    until: date = FAR,
) -> None:
    """Grant a role in the organisation's unit; with `for_whom`, as a stand-in for that staff member."""
    batch, principal = WriteBatch(), organisation.people[for_whom] if for_whom else None
    row = _grant_row(organisation, staff_name, role, tier)
    batch.add(role_grant, {**row, "for_account_id": principal, "from_on": since, "until_on": until})
    instant_of(conn, organisation, "account", organisation.people[staff_name], batch)


def _grant_row(organisation: Organisation, staff_name: str, role: str, tier: int) -> dict[str, object]:
    grantee = {"account_id": organisation.people[staff_name], "unit_id": organisation.unit_id}
    return {"id": new_id(), **grantee, "role": role, "tier": tier, "from_on": LONG_AGO, "until_on": FAR}


def open_fund(
    conn: sa.Connection,
    organisation: Organisation,
    fen: int,
    *,
    items: tuple[str, ...] = ("LIV", "MED", "EDU", "HOU", "SWN", "CON"),
) -> UUID:
    """Create a fund of the organisation with `fen` in it and return its id."""
    fund_id, batch = new_id(), WriteBatch()
    fund_columns = {
        "id": fund_id,
        "unit_id": organisation.unit_id,
        "unit_path": organisation.unit_path,
        "code": f"OWN-{fund_id.hex[-6:]}",
    }
    source_columns = {"title": "本级经费", "source": "OWN", "year": 2025, "document": "示例〔2025〕1号"}
    dates = {"opens_on": date(2025, 1, 1), "expires_on": date(2026, 12, 31), "created_at": datetime.now(UTC)}
    batch.add(fund, {**fund_columns, **source_columns, "permitted_items": list(items), "categories": [], **dates})
    instant_of(conn, organisation, "fund", fund_id, batch)
    if fen:
        receive(conn, organisation, fund_id, fen)
    return fund_id


def receive(conn: sa.Connection, organisation: Organisation, fund_id: UUID, fen: int) -> None:
    """Record money received from outside."""
    day = date(2025, 1, 2)
    movement = {"source_pot": "outside", "target_pot": "available", "fen": fen}
    ledger_row = {"id": new_id(), "fund_id": fund_id, "case_id": None, **movement, "on": day, "at": instant(day)}
    instant_of(conn, organisation, "fund", fund_id, WriteBatch(), ledger_row)


@dataclass(frozen=True)
class Family:
    """The ids of a household, its head and its child."""

    household_id: UUID
    head_id: UUID
    child_id: UUID


def file_no(household_id: UUID) -> str:
    """Return the number of the file of a family that was created here."""
    return f"F{household_id.hex[-15:]}"


def create_family(
    conn: sa.Connection,
    organisation: Organisation,
    *,
    income_fen: int = 3_000_000,
    email: str | None = None,
    division: str = "371083",
    surname: str = "示例",
) -> Family:
    """Create a worker's household of three (head, spouse, child) with a consent and a bank account."""
    household_id, created, batch = new_id(), {"created_at": datetime.now(UTC)}, WriteBatch()
    unit_values = {
        "unit_id": organisation.unit_id,
        "unit_path": organisation.unit_path,
        "file_no": file_no(household_id),
    }
    category_columns = {"kind": "worker", "identity": "laid_off", "division": division, "cause": "illness"}
    finance_columns = {
        "finances_as_of": date(2025, 6, 30),
        "filed_on": date(2025, 1, 3),
        "observed": [],
        "idle_able_members": 0,
    }
    batch.add(
        household, {"id": household_id, **unit_values, **category_columns, **finance_columns, "version": 1, **created}
    )
    ids = {}
    for relation, given, born in (("head", "甲", 1970), ("spouse", "乙", 1972), ("child", "丙", 2008)):
        name = surname + given
        row_id, number = new_id(), another_number(born)
        ids[relation] = row_id
        email_sealed = encrypt_field(RING, "person.email", row_id, email) if email and relation == "head" else None
        sealed = {
            "name_sealed": encrypt_field(RING, "person.name", row_id, name),
            "name_index": blind_index(RING, "name", name),
            "id_no_sealed": encrypt_field(RING, "person.id_no", row_id, number),
            "id_no_index": blind_index(RING, "id_no", number),
            "search_index": keys_of_person(RING, row_id, name, number),
        }
        batch.add(
            person,
            {
                "id": row_id,
                "household_id": household_id,
                "relation": relation,
                **sealed,
                "email_sealed": email_sealed,
                **created,
            },
        )
    card_id, number = new_id(), f"62{new_id().int % 10**16:016d}"
    holder = {"id": card_id, "household_id": household_id, "person_id": ids["head"], "bank": "示例银行"}
    card_columns = {
        "card_sealed": encrypt_field(RING, "bank_account.card", card_id, number),
        "card_index": blind_index(RING, "card", number),
    }
    batch.add(bank_account, {**holder, **card_columns, **created})
    income_columns = {"side": "income", "kind": "wage", "fen": income_fen, "reimbursed_fen": 0}
    batch.add(finance_line, {"id": new_id(), "household_id": household_id, **income_columns})
    consent_columns = {"signed_on": date(2025, 1, 3), "until_on": date(2026, 12, 31), "text_version": "2025-1"}
    batch.add(consent, {"id": new_id(), "household_id": household_id, **consent_columns, "adults_signed": 2})
    instant_of(conn, organisation, "household", household_id, batch)
    return Family(household_id, ids["head"], ids["child"])


def take_number(conn: sa.Connection, person_id: UUID) -> None:
    """Make a person one without an identity number, as the owner of the table could; no event says so."""
    conn.execute(person.update().where(person.c.id == person_id).values(id_no_sealed=None, id_no_index=None))
