"""What the attackers know during a walk, and whom and what they name."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.db.columns import new_id
from service.queries import accounts
from tests.collusion.forms import chance
from tests.collusion.snapshot import Snapshot
from tests.collusion.union import WALK_BEGINS, Union
from tests.factories import RING, Family, instant
from workflows.vocabulary import Role


@dataclass
class Proposed:
    """A proposal of this walk that waits: its digest, its proposer, and the first halves of its invitations."""

    id: str
    digest: str
    by: UUID
    halves: list[str]
    pool: str = ""
    """What the write would make: a policy, a gift, ..."""


@dataclass
class Knowledge:
    """The attackers' knowledge: whom they act as, what they opened, what waits, what the day is."""

    union: Union
    before: Snapshot
    rng: Random
    attackers: tuple[UUID, ...]
    folder: Path
    favours: tuple[str, ...] = ()
    """Attempts that are tried more often; used for a mutant, whose fraud is known."""

    today: date = WALK_BEGINS
    acting: UUID = field(default_factory=new_id)
    target: UUID = field(default_factory=new_id)
    """What the latest address names: a household, an account, ..."""

    tokens: dict[UUID, str] = field(default_factory=dict)
    roles: dict[UUID, set[str]] = field(default_factory=dict)
    cases: dict[str, tuple[str, str]] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    advice: dict[str, dict[str, Any]] = field(default_factory=dict)
    awards: dict[str, str] = field(default_factory=dict)
    waiting: list[Proposed] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    made: dict[str, list[str]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    said: str = ""
    """The latest request."""

    def __post_init__(self) -> None:
        office = self.union.office
        names = {person_id: name for name, person_id in office.people.items()}
        self.tokens = {each: office.tokens[names[each]] for each in self.attackers}
        self.roles = {each: set(self.before.roles[each]) for each in self.attackers}
        self.cases, self.advice = dict(self.union.cases), dict(self.union.advice)
        self.unit = str(office.unit_id)
        self.fund_code = self.before.fund_code

    def send(
        self,
        method: str,
        path: str,
        body: dict[str, Any],
        *,
        anonymous: bool = False,
        token: str = "",
        version: str = "",
    ) -> Any:
        """Send a request as the acting attacker, or with a token."""
        headers = {"X-Songnuan-Date": f"{self.today.isoformat()}T09:30:00+08:00"}
        if version:
            headers["If-Match"] = version
        if not anonymous:
            shown = token or self.tokens[self.acting]
            headers |= {"Authorization": f"Bearer {shown}", "Idempotency-Key": uuid4().hex}
        self.said = f"{method} {path} { {name: value for name, value in body.items() if name != 'files'} }"[:400]
        sent = {"data": body} if "files" in body else {"json": body or None}
        return self.union.client.http.open(f"/api/v1{path}", method=method, headers=headers, **sent)

    def waits(self, confirmation_id: str, digest: str, by: UUID, halves: list[str], pool: str = "") -> None:
        """Note a proposal that waits."""
        self.waiting.append(Proposed(confirmation_id, digest, by, halves, pool))

    def context(self, conn: sa.Connection) -> ActionContext | None:
        """Return the context of the acting attacker's command today."""
        caller = accounts.caller_by_id(conn, self.acting, self.today)
        return ActionContext(caller, instant(self.today), self.today, RING) if caller else None

    def act_as(self, roles: tuple[Role, ...]) -> None:
        """Act as somebody who holds one of the roles, if anybody does; sometimes as anybody."""
        fitting = [each for each in self.tokens if self.roles[each] & set(roles)]
        if fitting and chance(self.rng, 95):
            self.acting = self.rng.choice(fitting)

    def anybody(self) -> UUID:
        """Return an account that a form or a cell may name: an attacker's as often as anybody's."""
        return self.rng.choice(list(self.tokens) if chance(self.rng, 50) else self.before.accounts)

    def keeper(self, role: str) -> UUID:
        """Return an account to name in a sheet: mostly the acting attacker, or an honest holder of the role."""
        if "admin" not in self.roles[self.acting] or chance(self.rng, 20):
            return self.acting
        return self.rng.choice([each for each in self.before.accounts if role in self.before.roles[each]])

    def holder(self, role: str) -> UUID:
        """Return an account that holds a role: an attacker's as often as an honest one."""
        everybody = [each for each in self.before.accounts if role in self.before.roles[each]]
        own = [each for each in self.tokens if role in self.roles[each]]
        return self.rng.choice(own if own and chance(self.rng, 50) else everybody)

    def visitors(self) -> list[UUID]:
        """Return two visitors, the acting attacker among them."""
        holders = [each for each in self.before.accounts if "visitor" in self.before.roles[each]]
        return list(dict.fromkeys((self.acting, self.rng.choice(holders))))

    def login(self, account_id: UUID) -> str:
        """Return the login of an account."""
        return self.before.logins.get(account_id, str(account_id))

    def role_of(self, account_id: UUID) -> dict[str, Any]:
        """Return a role of an account with its tier, as a grant names them."""
        held = self.before.tiers.get(account_id) or [("registrar", 0)]
        role, tier = self.rng.choice(held)
        return {"role": role, "tier": tier}

    def family(self) -> Family:
        """Return the friend's family, mostly."""
        return self.union.friend if chance(self.rng, 80) else self.union.related

    def member(self) -> UUID:
        """Return the head of the household that the address names."""
        return self.before.family_heads.get(self.target, self.union.friend.head_id)

    def file_no(self) -> str:
        """Return the file number of a household."""
        return self.before.file_nos.get(self.pick("household"), "X-1")

    def code(self) -> str:
        """Return an invitation's code that the attackers have put together, or a guess."""
        return self.codes[-1] if self.codes else "2345678923456789AB"

    def pick(self, pool: str) -> UUID:
        """Return an id of a kind: of the friend's household half of the time, else of the record or of this walk."""
        if pool == "account":
            return self.anybody()
        if pool == "case":
            return UUID(self.rng.choice(list(self.cases)))
        if pool == "unit":
            return self.union.office.unit_id
        if pool == "household" and chance(self.rng, 60):
            return self.union.friend.household_id
        if pool == "person" and chance(self.rng, 40):
            return self.union.friend.head_id
        if pool == "confirmation":
            return UUID(self.rng.choice(self.waiting).id) if self.waiting else new_id()
        known = [*self.before.pools.get(pool, ()), *(UUID(each) for each in self.made.get(pool, ()))]
        return self.rng.choice(known) if known else new_id()
