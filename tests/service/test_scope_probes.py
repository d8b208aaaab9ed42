"""Two thousand random questions over random unit trees, each held against an oracle that counts on its fingers (S2)."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.db.columns import new_id
from service.tables.accounts import role_grant
from service.tables.notifications import notification
from service.tables.visits import visit, visit_visitor
from tests.api_client import ApiClient, refusal
from tests.factories import LONG_AGO, Organisation, create_account, create_family, create_organisation, grant, open_fund
from workflows.vocabulary import Fen

TODAY = date(2025, 9, 1)
NO_ROLE, NOT_FOUND = (403, ["role_missing"]), (404, ["not_found"])
UNITS, CALLERS, PROBES = 9, 12, 500
SEEDS = (1, 2, 3, 4)
ROOTED = 0.85
"""How many units stand below another; the rest are trees of their own."""
READING = ("registrar", "visitor", "verifier", "reviewer", "approver", "cashier", "auditor", "admin")


@dataclass
class Here:
    """A unit and what lies in it."""

    office: Organisation
    parent: "Here | None"
    ids: dict[str, str] = field(default_factory=dict)

    def within(self, other: "Here") -> bool:
        """Whether this is the other, or anywhere below it: by climbing, not by path."""
        place: Here | None = self
        while place is not None:
            if place is other:
                return True
            place = place.parent
        return False


@dataclass
class Someone:
    """A caller, and what he was given: role, where, and whether it counts today."""

    office: Organisation
    who: str
    given: list[tuple[str, Here, bool]]
    notifications: set[str] = field(default_factory=set)

    def sees(self, here: Here) -> bool:
        """The oracle: a grant that runs today, in a role that reads cases, over the unit or one above it."""
        return any(runs and role != "admin" and here.within(over) for role, over, runs in self.given)

    def let_in(self) -> bool:
        """Whether any grant of his lets him read at all."""
        return any(runs and role != "admin" for role, _, runs in self.given)


def grow(conn: sa.Connection, chance: random.Random) -> list[Here]:
    """A tree of units, each with a family, its case, a fund and a visit."""
    tree: list[Here] = []
    for _ in range(UNITS):
        parent = chance.choice(tree) if tree and chance.random() < ROOTED else None
        tree.append(Here(create_organisation(conn, above=parent.office if parent else None, fen=0), parent))
    for each in tree:
        fill(conn, each)
    return tree


def fill(conn: sa.Connection, here: Here) -> None:
    office, family = here.office, create_family(conn, here.office)
    opening = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(10_000), {})
    made = open_case(conn, opening, office.context(conn, "registrar", TODAY))
    row, common = new_id(), {"unit_id": office.unit_id, "unit_path": office.unit_path, "created_at": sa.func.now()}
    conn.execute(
        visit.insert().values(
            id=row,
            household_id=family.household_id,
            kind="festival",
            occasion="daily",
            on=TODAY,
            place="home",
            **common,
        )
    )
    conn.execute(visit_visitor.insert().values(visit_id=row, account_id=office.people["visitor_1"]))
    here.ids = {
        "cases": str(made.case_id), "households": str(family.household_id), "persons": str(family.head_id),
        "visits": str(row), "funds": str(open_fund(conn, office, 0)),
    }  # fmt: skip


def people(conn: sa.Connection, tree: list[Here], chance: random.Random) -> list[Someone]:
    """Callers with one to three grants anywhere: running, ended, not begun, revoked, or in another's place."""
    found = []
    for number in range(CALLERS):
        home, who = chance.choice(tree), f"probe_{number}"
        create_account(conn, home.office, who, "visitor")
        account_id = home.office.people[who]
        conn.execute(role_grant.delete().where(role_grant.c.account_id == account_id))
        given = [_given(conn, home.office, who, chance.choice(tree), chance) for _ in range(chance.randint(1, 3))]
        found.append(Someone(home.office, who, given, _written(conn, account_id, home, chance)))
    return found


def _given(
    conn: sa.Connection, home: Organisation, who: str, over: Here, chance: random.Random
) -> tuple[str, Here, bool]:
    role, kind = (
        chance.choice(READING),
        chance.choice(["runs", "runs", "runs", "ended", "ahead", "revoked", "stand-in", "orphan"]),
    )
    place = Organisation(over.office.unit_id, over.office.unit_path, {who: home.people[who], **over.office.people})
    since, until = LONG_AGO, date(2099, 12, 31)
    if kind == "ended":
        until = TODAY - timedelta(days=1)
    if kind == "ahead":
        since = TODAY + timedelta(days=1)
    tier = 1 if role == "approver" else 0
    principal = {"approver": "approver_1", "visitor": "visitor_1"}.get(role, role)
    for_whom = principal if kind == "stand-in" else "clock" if kind == "orphan" else None
    grant(conn, place, who, role, tier, for_whom=for_whom, since=since, until=until)
    if kind == "revoked":
        mine = sa.and_(role_grant.c.account_id == home.people[who], role_grant.c.unit_id == over.office.unit_id)
        conn.execute(
            role_grant.update()
            .where(mine, role_grant.c.role == role, role_grant.c.revoked_on.is_(None))
            .values(revoked_on=TODAY)
        )
    return role, over, kind in {"runs", "stand-in"}


def _written(conn: sa.Connection, account_id: UUID, home: Here, chance: random.Random) -> set[str]:
    """A notification in his own inbox, or none."""
    if chance.choice((True, False)):
        return set()
    row, case_id = new_id(), UUID(home.ids["cases"])
    told = {"subject_id": case_id, "seq": 1, "case_id": case_id, "on": TODAY, "account_id": account_id}
    sent = {"state": "delivered", "delivered_at": sa.func.now(), "kind": "returned", "channel": "inbox"}
    conn.execute(notification.insert().values(id=row, **told, **sent))
    return {str(row)}


def _listed(noun: str) -> Any:
    def probe(desk: ApiClient, someone: Someone, tree: list[Here], _target: Here) -> bool:
        answer = desk.get(someone.who, f"/{noun}" + ("?size=100" if noun != "funds" else ""))
        if not someone.let_in():
            return bool(refusal(answer) == NO_ROLE)
        told = answer.get_json()
        shown = {each["id"] for each in told["items"]}
        expected = {each.ids[noun] for each in tree if someone.sees(each)}
        every = {each.ids[noun] for each in tree}
        return bool(shown & every == expected and (noun == "funds" or told["count"] == len(shown) == len(expected)))

    return probe


def _single(noun: str, below: str = "") -> Any:
    def probe(desk: ApiClient, someone: Someone, _tree: list[Here], target: Here) -> bool:
        answer = desk.get(someone.who, f"/{noun}/{target.ids[noun]}{below}")
        if someone.sees(target):
            return bool(answer.status_code == 200)
        return bool(refusal(answer) == (NOT_FOUND if someone.let_in() else NO_ROLE))

    return probe


def _filtered(desk: ApiClient, someone: Someone, _tree: list[Here], target: Here) -> bool:
    """Filters and pages of one: the count is the same, and what is hidden stays so."""
    answer = desk.get(
        someone.who, f"/cases?size=1&household_id={target.ids['households']}&unit_id={target.office.unit_id}"
    )
    if not someone.let_in():
        return bool(refusal(answer) == NO_ROLE)
    told = answer.get_json()
    return bool(
        [each["id"] for each in told["items"]] == ([target.ids["cases"]] if someone.sees(target) else [])
        and told["count"] == len(told["items"])
    )


def _acted(desk: ApiClient, someone: Someone, _tree: list[Here], target: Here) -> bool:
    """An action nobody can take now: a stranger hears that there is no such case, anybody else why not."""
    status, codes = refusal(desk.act(someone.who, target.ids["cases"], "pay"))
    acting = any(runs and role not in {"admin", "auditor"} for role, _, runs in someone.given)
    if acting and someone.sees(target):
        return (status, codes) == (409, ["wrong_state"])
    return (status, codes) == (NOT_FOUND if acting else NO_ROLE)


def _counted(desk: ApiClient, someone: Someone, tree: list[Here], target: Here) -> bool:
    """The list behind a figure: not there, or exactly the visits of the unit and those below it."""
    period = f"unit={target.office.unit_id}&from=2025-01-01&to=2025-12-31&size=500"
    answer = desk.get(someone.who, f"/reports/welfare/figures/festival_visits/rows?{period}")
    if not someone.let_in() or not someone.sees(target):
        return bool(refusal(answer) == (NOT_FOUND if someone.let_in() else NO_ROLE))
    expected = {each.ids["visits"] for each in tree if each.within(target)}
    told = answer.get_json()
    return bool({each["id"] for each in told["items"]} == expected and told["count"] == len(expected))


def _read(desk: ApiClient, someone: Someone, _tree: list[Here], _target: Here) -> bool:
    answer = desk.get(someone.who, "/inbox")
    if not any(runs for _, _, runs in someone.given):
        return bool(refusal(answer) == NO_ROLE)
    return bool({each["id"] for each in answer.get_json()["items"]} == someone.notifications)


QUESTIONS = {
    "cases listed": _listed("cases"),
    "households listed": _listed("households"),
    "visits listed": _listed("visits"),
    "funds listed": _listed("funds"),
    "cases filtered": _filtered,
    "case": _single("cases"),
    "events": _single("cases", "/events"),
    "actions": _single("cases", "/actions"),
    "action taken": _acted,
    "household": _single("households"),
    "person": _single("persons"),
    "fund": _single("funds"),
    "figure's rows": _counted,
    "inbox": _read,
}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_question_gets_more_than_its_asker_may_know(desk: ApiClient, engine: sa.Engine, seed: int) -> None:
    chance = random.Random(seed)
    with engine.begin() as conn:
        tree = grow(conn, chance)
        callers = people(conn, tree, chance)
    wrong, context, seen = [], Counter[str](), 0
    for number in range(PROBES):
        name, someone, target = chance.choice(list(QUESTIONS)), chance.choice(callers), chance.choice(tree)
        context[name] += 1
        seen += someone.sees(target)
        if not QUESTIONS[name](ApiClient(desk.http, someone.office, TODAY), someone, tree, target):
            wrong.append(
                f"seed {seed}, probe {number}: {name} by {someone.who} {[(r, runs) for r, _, runs in someone.given]}"
            )
    print(f"seed {seed}: {context.total()} probes, {seen} by somebody who may, {len(wrong)} leaks")  # noqa: T201
    assert wrong == []
    assert set(context) == set(QUESTIONS)
    assert PROBES // 20 < seen < PROBES - PROBES // 20, "the askers are neither all strangers nor all at home"
