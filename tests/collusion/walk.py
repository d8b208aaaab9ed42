"""One walk: attackers try writes one after another, and follow what succeeds."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from service.actions import accounts as account_actions
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.db.columns import new_id
from service.queries import accounts
from tests.collusion import forms, sheets
from tests.collusion.routes import ROUTES, Route
from tests.collusion.sheets import SHEETS
from tests.collusion.snapshot import Snapshot
from tests.collusion.union import WALK_BEGINS, Union
from tests.factories import RING, Family, instant
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import InvalidForm, Refused, Role

ASIDE = {"confirm": 10, "case step": 22, "days": 4, "own token": 1}
"""Attempts besides the routes and the sheets, and how often each is tried while there is something to follow."""


@dataclass
class Proposed:
    """A proposal of this walk that waits: its digest, its proposer, and the first halves of its invitations."""

    id: str
    digest: str
    by: UUID
    halves: list[str]


@dataclass
class Walk:
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
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        office = self.union.office
        names = {person_id: name for name, person_id in office.people.items()}
        self.tokens = {each: office.tokens[names[each]] for each in self.attackers}
        self.roles = {each: set(self.before.roles[each]) for each in self.attackers}
        self.cases, self.advice = dict(self.union.cases), dict(self.union.advice)
        self.unit = str(office.unit_id)
        self.fund_code = self.before.fund_code

    def step(self) -> None:
        """Try one write."""
        kinds = self._kinds()
        name = self.rng.choices(list(kinds), list(kinds.values()))[0]
        self.acting = self.rng.choice(list(self.tokens))
        self.tried[name] += 1
        outcome = self._try(name)
        if outcome not in {"accepted", "days"}:
            self.refusals[f"{name}: {outcome}"] += 1
        if outcome == "accepted":
            self.accepted[name] += 1
            self.story.append(f"{self.today} {self.login(self.acting)} {name} {self.said}")

    said: str = ""

    def _kinds(self) -> dict[str, int]:
        kinds = {route.endpoint: route.weight for route in ROUTES} | {name: often for name, (_, often) in SHEETS.items()}
        kinds |= ASIDE
        held = set().union(*(self.roles[each] for each in self.tokens))
        for route in ROUTES:
            if not held & set(route.roles) and self.rng.random() < 0.9:
                kinds[route.endpoint] = 0
        if not self.waiting:
            kinds["confirm"] = 0
        kinds["accounts.accept_invitation"] = 20 if self.codes else self.rng.random() < 0.05
        return {name: often * 30 if name in self.favours else often for name, often in kinds.items()}

    def _try(self, name: str) -> str:
        self.said = ""
        if name in SHEETS:
            return sheets.bring(self, name)
        if name == "confirm":
            return self._confirm()
        if name == "case step":
            return self._take_step()
        if name == "days":
            return self._let_days_pass()
        if name == "own token":
            return self._make_token()
        return self._call(next(route for route in ROUTES if route.endpoint == name))

    def _call(self, route: Route) -> str:
        self._act_as(route.roles)
        path = route.path
        for pool in ("account", "household", "person", "fund", "unit", *self.before.pools):
            if f"{{{pool}}}" in path:
                self.target = self.pick(pool)
                path = path.replace(f"{{{pool}}}", str(self.target))
        version = self._version(path) if route.method != "POST" else ""
        response = self.send(route.method, path, route.body(self), anonymous="acceptance" in path, version=version)
        if response.status_code >= 300:
            return self._refused(response)
        self._note(route, response.get_json(silent=True) or {}, path)
        return "accepted"

    def send(
        self, method: str, path: str, body: dict[str, Any], *, anonymous: bool = False, token: str = "", version: str = ""
    ) -> Any:
        """Send a request as the acting attacker, or with a token."""
        headers = {"X-Songnuan-Date": f"{self.today.isoformat()}T09:30:00+08:00"}
        if version:
            headers["If-Match"] = version
        if not anonymous:
            shown = token or self.tokens[self.acting]
            headers |= {"Authorization": f"Bearer {shown}", "Idempotency-Key": uuid4().hex}
        self.said = f"{method} {path} {body}"[:400]
        return self.union.client.http.open(f"/api/v1{path}", method=method, json=body or None, headers=headers)

    def _version(self, path: str) -> str:
        """Return the version of what is to be changed, as a person who has read it knows it."""
        return str(self.send("GET", path.removesuffix("/finances"), {}).headers.get("ETag", ""))

    def _note(self, route: Route, said: dict[str, Any], path: str) -> None:
        if "confirmation" in said:
            self.waits(said["confirmation"], said["digest"], self.acting, said.get("shown_once", []))
        if "token" in said:
            self.tokens[UUID(said["account_id"])] = said["token"]
            self.roles.setdefault(UUID(said["account_id"]), set(Role))
            self.codes.clear()
        if route.endpoint == "cases.open_case":
            self.cases[said["id"]] = ("hardship", "draft")
            self.own.append(said["id"])
        if route.endpoint == "notices.object_to" or "case" in path:
            return
        pool = route.endpoint.partition(".")[2].rpartition("_")[2]
        if "id" in said:
            self.made.setdefault(pool, []).append(said["id"])

    def _refused(self, response: Any) -> str:
        """Return the reason codes of a refusal."""
        said = response.get_json(silent=True) or {}
        return ",".join(reason["code"] for reason in said.get("reasons", ())) or str(said.get("errors", response.status_code))

    def waits(self, confirmation_id: str, digest: str, by: UUID, halves: list[str]) -> None:
        """Note a proposal that waits."""
        self.waiting.append(Proposed(confirmation_id, digest, by, halves))

    def _confirm(self) -> str:
        """Confirm a proposal, the newest most often, as anybody the attackers control."""
        proposal = self.waiting[-1] if self.rng.random() < 0.7 else self.rng.choice(self.waiting)
        others = [each for each in self.tokens if each != proposal.by]
        self.acting = self.rng.choice(others if others and self.rng.random() < 0.8 else list(self.tokens))
        path = f"/confirmations/{proposal.id}/confirmation"
        response = self.send("POST", path, {"digest": proposal.digest})
        if response.status_code >= 300:
            return self._refused(response)
        said = response.get_json()
        if said["done"]:
            self.waiting.remove(proposal)
            second = said["shown_once"]
            self.codes += [f"{one}{other}" for one, other in zip(proposal.halves, second, strict=False)]
        return "accepted"

    def _take_step(self) -> str:
        """Take a step of a case: of an own one as often as of any honest one."""
        mine = self.own and self.rng.random() < 0.6
        case_id = self.rng.choice(self.own if mine else list(self.cases))
        programme, state = self.cases[case_id]
        steps = PROGRAMMES[programme].steps_from(state)
        if not steps:
            return "refused"
        wanted = [step for step in steps if step.action in self.favours]
        step = self.rng.choice(wanted if wanted and self.rng.random() < 0.9 else steps)
        self._act_as(step.roles)
        answers = forms.answers_for(self, step, case_id)
        response = self.send("POST", f"/cases/{case_id}/actions/{step.action}", {"answers": answers})
        if response.status_code >= 300:
            return self._refused(response)
        self._note_step(step, case_id, programme, response.get_json()["state"], answers)
        return "accepted"

    def _note_step(self, step: Step, case_id: str, programme: str, state: str, answers: dict[str, Any]) -> None:
        self.cases[case_id] = (programme, state)
        self.accepted[f"step {step.action}"] += 1
        if "award" in answers:
            self.awards[case_id] = answers["award"]
        if "advice_no" in answers:
            self.advice[case_id] = answers

    def _let_days_pass(self) -> str:
        """Let days pass; on the new day the clock ends the notices that are over."""
        self.today += timedelta(days=self.rng.choice((1, 1, 3, 7, 14)))
        clock = self.union.office.tokens["clock"]
        for case_id, (programme, state) in self.cases.items():
            if state == "notice":
                response = self.send("POST", f"/cases/{case_id}/actions/end_notice", {"answers": {}}, token=clock)
                if response.status_code == 200:
                    self.cases[case_id] = (programme, response.get_json()["state"])
        return "days"

    def _make_token(self) -> str:
        """Make a token, for oneself or for another, as `songnuan token create` does."""
        for_whom = self.anybody()
        with self.union.engine.connect() as conn:
            context = self.context(conn)
            if context is None:
                return "refused"
            try:
                expires_at = instant(self.today + timedelta(days=600))
                token = account_actions.create_token(conn, for_whom, "cli", expires_at, context)
            except (InvalidForm, Refused, NotFound):
                return "refused"
            conn.commit()
        self.tokens.setdefault(for_whom, token)
        self.roles.setdefault(for_whom, set(self.before.roles.get(for_whom, set(Role))))
        return "accepted"

    def context(self, conn: sa.Connection) -> ActionContext | None:
        """Return the context of the acting attacker's command today."""
        caller = accounts.caller_by_id(conn, self.acting, self.today)
        return ActionContext(caller, instant(self.today), self.today, RING) if caller else None

    def _act_as(self, roles: tuple[Role, ...]) -> None:
        """Act as somebody who holds one of the roles, if anybody does; sometimes as anybody."""
        fitting = [each for each in self.tokens if self.roles[each] & set(roles)]
        if fitting and self.rng.random() < 0.95:
            self.acting = self.rng.choice(fitting)

    def anybody(self) -> UUID:
        """Return an account that a form or a cell may name: an attacker's as often as anybody's."""
        return self.rng.choice(list(self.tokens) if self.rng.random() < 0.5 else self.before.accounts)

    def keeper(self, role: str) -> UUID:
        """Return an account to name in a sheet: mostly the acting attacker, or an honest holder of the role."""
        if "admin" not in self.roles[self.acting] or self.rng.random() < 0.2:
            return self.acting
        return self.rng.choice([each for each in self.before.accounts if role in self.before.roles[each]])

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
        return self.union.friend if self.rng.random() < 0.8 else self.union.related

    def member(self) -> UUID:
        """Return the head of the household that the address names."""
        return self.before.family_heads.get(self.target, self.union.friend.head_id)

    def file_no(self) -> str:
        """Return the file number of a household."""
        return self.before.file_nos[self.pick("household")]

    def code(self) -> str:
        """Return an invitation's code that the attackers have put together, or a guess."""
        return self.codes[-1] if self.codes else "2345678923456789AB"

    def pick(self, pool: str) -> UUID:
        """Return an id of a kind: of the friend's household half of the time, else of the record or of this walk."""
        if pool == "account":
            return self.anybody()
        if pool == "unit":
            return self.union.office.unit_id
        if pool == "household" and self.rng.random() < 0.6:
            return self.union.friend.household_id
        if pool == "person" and self.rng.random() < 0.4:
            return self.union.friend.head_id
        if pool == "confirmation":
            return UUID(self.rng.choice(self.waiting).id) if self.waiting else new_id()
        known = [*self.before.pools.get(pool, ()), *(UUID(each) for each in self.made.get(pool, ()))]
        return self.rng.choice(known) if known else new_id()
