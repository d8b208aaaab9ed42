"""A small union with everybody in it, written straight into tables: the ground most tests on a database stand on."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from service.actions.trail import Asked
from service.db import new_id
from service.privacy import Keyring, blind_index, seal
from service.queries import accounts
from service.tables.events import event
from service.tables.funds import entry, fund
from service.tables.households import consent, economy_line, household
from service.tables.people import bank_account, person
from service.tables.rules import calendar_day, calendar_year, policy_set
from service.tables.units import account, role_grant, token, unit
from workflows.policy_file import read_policy
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
class Office:
    """Ids by name, and everybody's token."""

    unit_id: UUID
    unit_path: str
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    fund_id: UUID = field(default_factory=new_id)
    policy_id: UUID = field(default_factory=new_id)

    def asked(self, tx: sa.Connection, who: str, day: date, version: int | None = None) -> Asked:
        """`who` asks on `day`."""
        caller = accounts.caller_named(tx, self.login(who), day)
        assert caller is not None
        return Asked(caller, instant(day), day, RING, version)

    def login(self, who: str) -> str:
        """The account name of `who` in this office."""
        return f"{who}.{self.unit_id.hex[-8:]}"


def rules(tx: sa.Connection, office: Office) -> None:
    """The sample policy and the calendars of 2025 and 2026, once per database."""
    found = tx.scalar(sa.select(policy_set.c.id))
    if found is not None:
        office.policy_id = found
        return
    text = (SAMPLES / "policy-2025.toml").read_text()
    policy = read_policy(text)
    columns = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")
    values = {name: getattr(policy, name) for name in columns}
    tx.execute(
        policy_set.insert().values(
            id=office.policy_id, source=text, version=str(policy.version), loaded_at=datetime.now(UTC), **values
        )
    )
    for year in (2025, 2026):
        source = (SAMPLES / f"calendar-{year}.csv").read_text()
        days = read_calendar(source).days
        digest = sha256(source.encode()).hexdigest()
        tx.execute(calendar_year.insert().values(year=year, source="samples", digest=digest))
        tx.execute(calendar_day.insert(), [{"on": on, "working": is_on, "name": ""} for on, is_on in days.items()])


def open_office(tx: sa.Connection, *, above: Office | None = None, fen: int = 10_000_000) -> Office:
    """A unit with its staff, their tokens, a fund with `fen` in it, and the rules."""
    unit_id = new_id()
    path = f"{above.unit_path if above else '/'}{unit_id.hex}/"
    office = Office(unit_id, path)
    made = {"created_at": datetime.now(UTC)}
    parent = above.unit_id if above else None
    tx.execute(
        unit.insert().values(
            id=unit_id, parent_id=parent, name="示例县总工会", kind="county", division="371083", path=path, **made
        )
    )
    for who, role, tier in STAFF:
        hire(tx, office, who, role, tier)
    rules(tx, office)
    office.fund_id = open_fund(tx, office, fen)
    return office


def hire(tx: sa.Connection, office: Office, who: str, role: str, tier: int = 0) -> None:
    """One more member of staff, with a role and a token."""
    made = {"created_at": datetime.now(UTC)}
    office.people[who] = new_id()
    office.tokens[who] = f"snt_test_{office.people[who].hex}"
    tx.execute(
        account.insert().values(
            id=office.people[who],
            unit_id=office.unit_id,
            login=office.login(who),
            display_name=who,
            email=f"{who}@example.org",
            **made,
        )
    )
    grant(tx, office, who, role, tier)
    tx.execute(
        token.insert().values(
            id=new_id(),
            account_id=office.people[who],
            hash=sha256(office.tokens[who].encode()).digest(),
            label="test",
            expires_at=datetime(2099, 1, 1, tzinfo=UTC),
            **made,
        )
    )


def grant(
    tx: sa.Connection,
    office: Office,
    who: str,
    role: str,
    tier: int = 0,
    *,
    for_whom: str | None = None,
    since: date = LONG_AGO,
    until: date = FAR,
) -> None:
    """Give a role in the office's unit, perhaps to stand in for somebody."""
    tx.execute(
        role_grant.insert().values(
            id=new_id(),
            account_id=office.people[who],
            unit_id=office.unit_id,
            role=role,
            tier=tier,
            for_account_id=office.people[for_whom] if for_whom else None,
            from_on=since,
            until_on=until,
        )
    )


def open_fund(
    tx: sa.Connection, office: Office, fen: int, *, items: tuple[str, ...] = ("LIV", "MED", "EDU", "HOU")
) -> UUID:
    """A fund line of the office with `fen` in it."""
    fund_id = new_id()
    made = {"created_at": datetime.now(UTC)}
    tx.execute(
        fund.insert().values(
            id=fund_id,
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            code=f"OWN-{fund_id.hex[-6:]}",
            title="本级经费",
            source="OWN",
            year=2025,
            document="示例〔2025〕1号",
            permitted_items=list(items),
            opens_on=date(2025, 1, 1),
            expires_on=date(2026, 12, 31),
            **made,
        )
    )
    if fen:
        receive(tx, office, fund_id, fen)
    return fund_id


def receive(tx: sa.Connection, office: Office, fund_id: UUID, fen: int) -> None:
    """Money comes in from outside."""
    day, moment = date(2025, 1, 2), instant(date(2025, 1, 2))
    happened = {"subject_id": fund_id, "seq": 1, "on": day, "at": moment}
    tx.execute(
        event.insert().values(
            subject="fund",
            action="receive",
            actor_id=office.people["admin"],
            body="{}",
            prev=bytes(32),
            hash=sha256(fund_id.bytes).digest(),
            **happened,
        )
    )
    tx.execute(
        entry.insert().values(
            id=new_id(), fund_id=fund_id, source_pot="outside", target_pot="available", fen=fen, **happened
        )
    )


@dataclass(frozen=True)
class Family:
    """A household's ids."""

    household_id: UUID
    head_id: UUID
    child_id: UUID


def file_family(tx: sa.Connection, office: Office, *, income_fen: int = 3_000_000, email: str | None = None) -> Family:
    """A worker's household of three: head, spouse, child; consent signed, account on file."""
    household_id, made = new_id(), {"created_at": datetime.now(UTC)}
    tx.execute(
        household.insert().values(
            id=household_id,
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            file_no=f"F{household_id.hex[-8:]}",
            kind="worker",
            identity="laid_off",
            division="371083",
            cause="illness",
            economy_as_of=date(2024, 12, 31),
            filed_on=date(2025, 1, 3),
            **made,
        )
    )
    ids = {}
    for relation, name in (("head", "示例甲"), ("spouse", "示例乙"), ("child", "示例丙")):
        row = ids[relation] = new_id()
        mail = seal(RING, "person.email", row, email) if email and relation == "head" else None
        tx.execute(
            person.insert().values(
                id=row,
                household_id=household_id,
                relation=relation,
                name_sealed=seal(RING, "person.name", row, name),
                name_index=blind_index(RING, "name", name),
                email_sealed=mail,
                **made,
            )
        )
    card = new_id()
    tx.execute(
        bank_account.insert().values(
            id=card,
            household_id=household_id,
            person_id=ids["head"],
            bank="示例银行",
            card_sealed=seal(RING, "bank_account.card", card, f"62{card.int % 10**16:016d}"),
            card_index=blind_index(RING, "card", f"62{card.int % 10**16:016d}"),
            **made,
        )
    )
    tx.execute(
        economy_line.insert().values(
            id=new_id(), household_id=household_id, side="income", kind="wage", fen=income_fen, reimbursed_fen=0
        )
    )
    tx.execute(
        consent.insert().values(
            id=new_id(),
            household_id=household_id,
            signed_on=date(2025, 1, 3),
            until_on=date(2026, 12, 31),
            text_version="2025-1",
            adults_signed=2,
        )
    )
    return Family(household_id, ids["head"], ids["child"])
