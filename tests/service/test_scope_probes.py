"""Random requests over random unit trees get exactly what an independent model permits."""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
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
from tests.document_files import add_photo
from tests.factories import (
    LONG_AGO,
    Organisation,
    create_account,
    create_family,
    create_organisation,
    file_no,
    grant,
    open_fund,
)
from workflows.vocabulary import Fen

TODAY = date(2025, 9, 1)
NO_ROLE, NOT_FOUND = (403, ["role_missing"]), (404, ["not_found"])
UNITS, CALLERS, PROBES = 9, 12, int(os.environ.get("SCOPE_PROBES", "500"))
SEEDS = (1, 2, 3, 4)
SURNAMES = "亓仉佴郄爨逄妫甪缑"
"""The surname of each unit's family, and the first character of its name: no text of the program has one of them."""
SHARE_BELOW = 0.85
"""The share of units that are below another unit. The others are roots."""
READING = ("registrar", "visitor", "verifier", "reviewer", "approver", "cashier", "auditor", "admin")


@dataclass
class TreeUnit:
    """A unit with its parent and the ids of its records."""

    organisation: Organisation
    parent: "TreeUnit | None"
    ids: dict[str, str] = field(default_factory=dict)

    def within(self, other: "TreeUnit") -> bool:
        """Return whether this unit is the other one or below it, by following parents and not by path."""
        unit: TreeUnit | None = self
        while unit is not None:
            if unit is other:
                return True
            unit = unit.parent
        return False


@dataclass
class ProbeCaller:
    """A caller with their grants: role, unit, and whether the grant is in force today."""

    organisation: Organisation
    name: str
    grants: list[tuple[str, TreeUnit, bool]]
    notifications: set[str] = field(default_factory=set)

    def may_read(self, unit: TreeUnit) -> bool:
        """Return whether a grant in force, in a role that reads cases, covers the unit (the model of the test)."""
        return any(runs and role != "admin" and unit.within(granted_unit) for role, granted_unit, runs in self.grants)

    def may_read_any(self) -> bool:
        """Return whether any grant in force is in a role that reads cases."""
        return any(runs and role != "admin" for role, _, runs in self.grants)


def build_tree(conn: sa.Connection, rng: random.Random, folder: Path) -> list[TreeUnit]:
    """Create a tree of units, each with a family, its case, a document of the case, a fund and a visit."""
    tree: list[TreeUnit] = []
    for _ in range(UNITS):
        parent = rng.choice(tree) if tree and rng.random() < SHARE_BELOW else None
        above, name = parent.organisation if parent else None, f"{SURNAMES[len(tree)]}县总工会"
        tree.append(TreeUnit(create_organisation(conn, above=above, fen=0, name=name), parent))
    for each, surname in zip(tree, SURNAMES, strict=True):
        add_records(conn, each, surname, folder)
    return tree


def add_records(conn: sa.Connection, unit: TreeUnit, surname: str, folder: Path) -> None:
    organisation, family = unit.organisation, create_family(conn, unit.organisation, surname=surname)
    application = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(10_000), {})
    opened = open_case(conn, application, organisation.context(conn, "registrar", TODAY))
    context = organisation.context(conn, "visitor_1", TODAY)
    document_id = add_photo(conn, folder, family.household_id, context, opened.case_id)
    unit_columns = {"unit_id": organisation.unit_id, "unit_path": organisation.unit_path, "created_at": sa.func.now()}
    visit_id = new_id()
    conn.execute(
        visit.insert().values(
            id=visit_id,
            natural_key=visit_id.hex,
            household_id=family.household_id,
            kind="festival",
            occasion="daily",
            on=TODAY,
            place="home",
            **unit_columns,
        )
    )
    conn.execute(visit_visitor.insert().values(visit_id=visit_id, account_id=organisation.people["visitor_1"]))
    unit.ids = {
        "cases": str(opened.case_id), "households": str(family.household_id), "persons": str(family.head_id),
        "visits": str(visit_id), "funds": str(open_fund(conn, organisation, 0)), "documents": str(document_id),
    }  # fmt: skip


def create_callers(conn: sa.Connection, tree: list[TreeUnit], rng: random.Random) -> list[ProbeCaller]:
    """Create callers with one to three grants, each over a unit of its own: in force, ended, not begun, revoked or delegated."""
    callers = []
    for number in range(CALLERS):
        home_unit, name = rng.choice(tree), f"probe_{number}"
        create_account(conn, home_unit.organisation, name, "visitor")
        account_id = home_unit.organisation.people[name]
        conn.execute(role_grant.delete().where(role_grant.c.account_id == account_id))
        grants = [
            _add_grant(conn, home_unit.organisation, name, unit, rng) for unit in rng.sample(tree, rng.randint(1, 3))
        ]
        callers.append(
            ProbeCaller(home_unit.organisation, name, grants, _add_notification(conn, account_id, home_unit, rng))
        )
    return callers


def _add_grant(
    conn: sa.Connection, organisation: Organisation, name: str, granted_unit: TreeUnit, rng: random.Random
) -> tuple[str, TreeUnit, bool]:
    role, kind = (
        rng.choice(READING),
        rng.choice(["runs", "runs", "runs", "ended", "ahead", "revoked", "stand-in", "orphan"]),
    )
    granted_organisation = Organisation(
        granted_unit.organisation.unit_id,
        granted_unit.organisation.unit_path,
        {name: organisation.people[name], **granted_unit.organisation.people},
    )
    since, until = LONG_AGO, date(2099, 12, 31)
    if kind == "ended":
        until = TODAY - timedelta(days=1)
    if kind == "ahead":
        since = TODAY + timedelta(days=1)
    tier = 1 if role == "approver" else 0
    principal = {"approver": "approver_1", "visitor": "visitor_1"}.get(role, role)
    for_whom = principal if kind == "stand-in" else "clock" if kind == "orphan" else None
    grant(conn, granted_organisation, name, role, tier, for_whom=for_whom, since=since, until=until)
    if kind == "revoked":
        own_grant = sa.and_(
            role_grant.c.account_id == organisation.people[name],
            role_grant.c.unit_id == granted_unit.organisation.unit_id,
        )
        conn.execute(
            role_grant.update()
            .where(own_grant, role_grant.c.role == role, role_grant.c.revoked_on.is_(None))
            .values(revoked_on=TODAY)
        )
    return role, granted_unit, kind in {"runs", "stand-in"}


def _add_notification(conn: sa.Connection, account_id: UUID, home_unit: TreeUnit, rng: random.Random) -> set[str]:
    """Write a notification to the inbox of the account, or none. Return its ids."""
    if rng.choice((True, False)):
        return set()
    notification_id, case_id = new_id(), UUID(home_unit.ids["cases"])
    subject = {"subject_id": case_id, "seq": 1, "case_id": case_id, "on": TODAY, "account_id": account_id}
    delivery = {"state": "delivered", "delivered_at": sa.func.now(), "kind": "returned", "channel": "inbox"}
    conn.execute(notification.insert().values(id=notification_id, **subject, **delivery))
    return {str(notification_id)}


def _probe_list(noun: str) -> Any:
    def probe(client: ApiClient, caller: ProbeCaller, tree: list[TreeUnit], _target: TreeUnit) -> bool:
        answer = client.get(caller.name, f"/{noun}" + ("?size=100" if noun != "funds" else ""))
        if not caller.may_read_any():
            return bool(refusal(answer) == NO_ROLE)
        page = answer.get_json()
        shown_ids = {each["id"] for each in page["items"]}
        expected_ids = {each.ids[noun] for each in tree if caller.may_read(each)}
        all_ids = {each.ids[noun] for each in tree}
        return bool(
            shown_ids & all_ids == expected_ids
            and (noun == "funds" or page["count"] == len(shown_ids) == len(expected_ids))
        )

    return probe


def _probe_search(client: ApiClient, caller: ProbeCaller, tree: list[TreeUnit], target: TreeUnit) -> bool:
    """A search by name finds the families of the caller's units; one by file number the target's, if it is theirs."""
    answer = client.get(caller.name, "/search?q=甲")
    if not caller.may_read_any():
        return bool(refusal(answer) == NO_ROLE)
    household_id = target.ids["households"]
    by_number = client.get(caller.name, f"/search?q={file_no(UUID(household_id))}").get_json()
    expected_ids = {each.ids["households"] for each in tree if caller.may_read(each)}
    return bool(
        {each["household_id"] for each in answer.get_json()["persons"]} == expected_ids
        and [each["household_id"] for each in by_number["households"]]
        == ([household_id] if caller.may_read(target) else [])
    )


def _probe_family_filters(client: ApiClient, caller: ProbeCaller, tree: list[TreeUnit], target: TreeUnit) -> bool:
    """Filters, a search and a capped count of families count nothing that the caller may not read."""
    unit_id = target.organisation.unit_id
    query = f"unit_id={unit_id}&q=甲&has_open_case=true&active=true&count=capped&sort=newest&size=1"
    answer = client.get(caller.name, f"/households?{query}")
    if not caller.may_read_any():
        return bool(refusal(answer) == NO_ROLE)
    expected = sum(each.within(target) and caller.may_read(each) for each in tree)
    return bool(answer.get_json()["count"] == expected)


def _probe_record(noun: str, suffix: str = "") -> Any:
    def probe(client: ApiClient, caller: ProbeCaller, _tree: list[TreeUnit], target: TreeUnit) -> bool:
        answer = client.get(caller.name, f"/{noun}/{target.ids[noun]}{suffix}")
        if caller.may_read(target):
            return bool(answer.status_code == 200)
        return bool(refusal(answer) == (NOT_FOUND if caller.may_read_any() else NO_ROLE))

    return probe


def _probe_filters(client: ApiClient, caller: ProbeCaller, _tree: list[TreeUnit], target: TreeUnit) -> bool:
    """Filters and pages of one row give the right count and hide what the caller may not read."""
    answer = client.get(
        caller.name, f"/cases?size=1&household_id={target.ids['households']}&unit_id={target.organisation.unit_id}"
    )
    if not caller.may_read_any():
        return bool(refusal(answer) == NO_ROLE)
    page = answer.get_json()
    return bool(
        [each["id"] for each in page["items"]] == ([target.ids["cases"]] if caller.may_read(target) else [])
        and page["count"] == len(page["items"])
    )


def _probe_action(client: ApiClient, caller: ProbeCaller, _tree: list[TreeUnit], target: TreeUnit) -> bool:
    """An action in the wrong state is refused with the reason, and with 404 outside the scope of the caller."""
    status, codes = refusal(client.act(caller.name, target.ids["cases"], "pay"))
    acting = any(runs and role not in {"admin", "auditor"} for role, _, runs in caller.grants)
    if acting and caller.may_read(target):
        return (status, codes) == (409, ["wrong_state"])
    return (status, codes) == (NOT_FOUND if acting else NO_ROLE)


def _probe_figure_rows(client: ApiClient, caller: ProbeCaller, tree: list[TreeUnit], target: TreeUnit) -> bool:
    """The rows behind a figure are 404, or exactly the visits of the unit and those below it."""
    period = f"unit={target.organisation.unit_id}&from=2025-01-01&to=2025-12-31&size=500"
    answer = client.get(caller.name, f"/reports/welfare/figures/festival_visits/rows?{period}")
    if not caller.may_read_any() or not caller.may_read(target):
        return bool(refusal(answer) == (NOT_FOUND if caller.may_read_any() else NO_ROLE))
    expected_ids = {each.ids["visits"] for each in tree if each.within(target)}
    page = answer.get_json()
    return bool({each["id"] for each in page["items"]} == expected_ids and page["count"] == len(expected_ids))


def _probe_inbox(client: ApiClient, caller: ProbeCaller, _tree: list[TreeUnit], _target: TreeUnit) -> bool:
    answer = client.get(caller.name, "/inbox")
    if not any(runs for _, _, runs in caller.grants):
        return bool(refusal(answer) == NO_ROLE)
    return bool({each["id"] for each in answer.get_json()["items"]} == caller.notifications)


PROBE_KINDS = {
    "cases listed": _probe_list("cases"),
    "households listed": _probe_list("households"),
    "visits listed": _probe_list("visits"),
    "documents listed": _probe_list("documents"),
    "funds listed": _probe_list("funds"),
    "cases filtered": _probe_filters,
    "families filtered": _probe_family_filters,
    "search": _probe_search,
    "case": _probe_record("cases"),
    "events": _probe_record("cases", "/events"),
    "actions": _probe_record("cases", "/actions"),
    "action taken": _probe_action,
    "household": _probe_record("households"),
    "person": _probe_record("persons"),
    "document": _probe_record("documents"),
    "document's file": _probe_record("documents", "/content"),
    "document's thumbnail": _probe_record("documents", "/thumbnail"),
    "fund": _probe_record("funds"),
    "figure's rows": _probe_figure_rows,
    "inbox": _probe_inbox,
}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_request_discloses_no_more_than_the_caller_may_read(
    desk: ApiClient, engine: sa.Engine, seed: int
) -> None:
    rng, folder = random.Random(seed), desk.http.application.extensions["songnuan"].settings.var
    with engine.begin() as conn:
        tree = build_tree(conn, rng, folder)
        callers = create_callers(conn, tree, rng)
    wrong, counts, permitted = [], Counter[str](), 0
    for number in range(PROBES):
        kind, caller, target = rng.choice(list(PROBE_KINDS)), rng.choice(callers), rng.choice(tree)
        counts[kind] += 1
        permitted += caller.may_read(target)
        if not PROBE_KINDS[kind](ApiClient(desk.http, caller.organisation, TODAY), caller, tree, target):
            wrong.append(
                f"seed {seed}, probe {number}: {kind} by {caller.name} {[(r, runs) for r, _, runs in caller.grants]}"
            )
    print(f"seed {seed}: {counts.total()} probes, {permitted} in scope, {len(wrong)} leaks")  # noqa: T201
    assert wrong == []
    assert set(counts) == set(PROBE_KINDS)
    assert PROBES // 20 < permitted < PROBES - PROBES // 20, (
        "the probes are neither all outside nor all inside the scope of the caller"
    )
