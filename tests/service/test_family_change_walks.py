"""Random walks of cases and changes of families keep the invariants, and figures equal a recount from rows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.actions.household_changes import two_steps
from service.actions.household_changes.exits import Exit, FilingAgain
from service.actions.household_changes.heads import HeadChange
from service.actions.household_changes.moves import Move
from service.actions.household_changes.transfers import Transfer
from service.integrity.verify import verify
from service.queries import households
from service.report.figure_definition import Scope
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.payments import payment
from service.tables.persons import person
from tests.chaos.fixtures import DECIDED, NOTICED, OPENED, form
from tests.factories import Family
from tests.service.change_fixtures import DAY, Town, changed_engine, town
from tests.service.figure_rows import figure_amount
from tests.service.report_fixtures import YEAR
from workflows.vocabulary import Phase, Pot, Refused

__all__ = ["changed_engine", "town"]

STEPS = 70
ONWARD = {
    "draft": (("registrar", OPENED, "submit"),),
    "survey": (
        ("visitor_1", OPENED, "record_visit"),
        ("visitor_2", OPENED, "confirm_visit"),
        ("registrar", OPENED, "add_papers"),
        ("registrar", OPENED, "finish_survey"),
    ),
    "verification": (("verifier", OPENED, "record_check"),),
    "review": (("reviewer", NOTICED, "pass_review"),),
    "notice": (("clock", DECIDED, "end_notice"),),
    "approval": (("approver_1", DECIDED, "approve"),),
    "payment": (("cashier", DECIDED, "pay"),),
    "transit": (("cashier_2", DECIDED, "confirm_payment"),),
    "receipt": (("witness", DECIDED, "confirm_receipt"),),
    "follow_up": (("follower", DECIDED, "record_follow_up"), ("registrar", DECIDED, "close")),
    "closed": (("approver_1", DAY, "recall"),),
    "recalling": (("cashier", DAY, "recover"),),
    "rest_stated": (("cashier_2", DAY, "confirm_recovery"),),
}
"""Staff member, day and action of the steps that lead a case out of its state."""


@dataclass
class Walk:
    """A walk over some families of one town; `refused` and `made` count what was tried."""

    town: Town
    rng: Random
    families: list[Family]
    opened: list[UUID] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        """Take one random step; a refusal is a result too."""
        options = (self.open_case, self.advance, self.advance, self.advance, self.advance, self.withdraw, self.change)
        self.rng.choice(options)()

    def open_case(self) -> None:
        """Open a case for a member of a family."""
        family = self.rng.choice(self.families)
        members = self.members(family)
        if members:
            self.opened += self.attempt(
                "open", lambda: self.town.open_case(family, beneficiary=self.rng.choice(members))
            )

    def advance(self) -> None:
        """Lead a case one state further."""
        if not self.opened:
            return
        case_id = self.rng.choice(self.opened)
        state, unit_id = self.town.conn.execute(
            sa.select(case.c.state, case.c.unit_id).where(case.c.id == case_id)
        ).one()
        branches = {each.unit_id: each.fund_id for each in (self.town.branch, self.town.other_branch)}
        for account, day, action in ONWARD.get(state, ()):
            answers = form(self.town.county, action, day, award="1500.00", fund=branches[unit_id])
            take = partial(cases.take_action, self.town.conn, case_id, action, answers, self.town.context(account, day))
            self.attempt(action, take)

    def withdraw(self) -> None:
        """Withdraw a case."""
        if self.opened:
            case_id, answers = self.rng.choice(self.opened), {"reason": "示例"}
            context = self.town.context()
            self.attempt("withdraw", lambda: cases.take_action(self.town.conn, case_id, "withdraw", answers, context))

    def change(self) -> None:
        """Show a change of a family, and make it unless it is refused."""
        family = self.rng.choice(self.families)
        change = self.rng.choice((self.head, self.exit, self.again, self.move, self.transfer))(family)
        if change is None:
            return
        effects = self.town.show(family, change)
        if effects.refusals:
            self.refused.update(reason.code for reason in effects.refusals)
            return
        two_steps.make(self.town.conn, family.household_id, change, effects.seen, self.town.context())
        self.made[type(change).__name__] += 1

    def attempt(self, name: str, act: Callable[[], object]) -> list[UUID]:
        """Do an act, or note why it was refused."""
        try:
            with self.town.conn.begin_nested():
                result = act()
        except Refused as refused:
            self.refused.update(refused.codes)
            return []
        self.made[name] += 1
        return [result] if isinstance(result, UUID) else []

    def members(self, family: Family, *, active: bool = True) -> list[UUID]:
        """Return the ids of the family's members on file, head first, or of those who are not."""
        if active:
            return [each["id"] for each in households.members(self.town.conn, family.household_id)]
        former = sa.and_(person.c.household_id == family.household_id, sa.not_(person.c.active))
        return list(self.town.conn.scalars(sa.select(person.c.id).where(former).order_by(person.c.id)))

    def head(self, family: Family) -> HeadChange | None:
        """Return a change of head: death, divorce with the old head staying, or leaving."""
        members = self.members(family)
        if len(members) < 2:
            return None
        reason = self.rng.choice(("death", "divorce"))
        stays = reason == "divorce" and self.rng.choice((True, False))
        return HeadChange(
            on=DAY,
            reason=reason,
            new_head=self.rng.choice(members[1:]),
            old_head_relation="other" if stays else None,
            close_account=self.rng.choice((True, False)),
        )

    def exit(self, _family: Family) -> Exit:
        """Return the end of the file."""
        return Exit(on=DAY, reason=self.rng.choice(("lifted_out", "requested")), document="示例〔2025〕7号")

    def again(self, family: Family) -> FilingAgain | None:
        """Return a filing again of members who are not on file, if there are any."""
        former = self.members(family, active=False)
        relations = ["head", *["other"] * (len(former) - 1)]
        return (
            FilingAgain(on=DAY, reason="relapse", members=dict(zip(former, relations, strict=True))) if former else None
        )

    def move(self, _family: Family) -> Move:
        """Return a move to one of the branches."""
        target = self.rng.choice((self.town.branch, self.town.other_branch))
        return Move(on=DAY, reason="unit_changed", to_unit_id=target.unit_id)

    def transfer(self, family: Family) -> Transfer | None:
        """Return a member's leaving for another family's file."""
        members, other = self.members(family), self.rng.choice(self.families)
        if not members:
            return None
        member = self.rng.choice(members)
        target = other.household_id
        return Transfer(on=DAY, reason="other", person_id=member, to_household_id=target, relation="other")


def assert_invariants(walk: Walk) -> None:
    """Pots are not below zero, each file on file has one head, and a case with an award stayed where it was awarded."""
    conn = walk.town.conn
    for row in conn.execute(sa.select(fund)).mappings():
        assert all(row[f"{pot.value}_fen"] >= 0 for pot in Pot if pot is not Pot.OUTSIDE)
        assert sum(row[f"{pot.value}_fen"] for pot in Pot) == 0
    heads = sa.select(person.c.household_id, sa.func.count().label("heads"))
    heads = heads.where(person.c.active, person.c.relation == "head").group_by(person.c.household_id)
    counts = {row.household_id: row.heads for row in conn.execute(heads)}
    for file in conn.execute(sa.select(household.c.id, household.c.exited_on)):
        assert counts.get(file.id, 0) == (0 if file.exited_on else 1)
    apart = sa.select(case.c.id).join(household, household.c.id == case.c.household_id)
    apart = apart.where(case.c.phase != Phase.ENDED.value, case.c.award_fen.is_(None))
    assert not conn.scalars(apart.where(case.c.unit_id != household.c.unit_id)).all()
    paid = sa.select(payment.c.id).join(case, case.c.id == payment.c.case_id)
    assert not conn.scalars(paid.where(payment.c.unit_path != case.c.unit_path)).all()


def recount(walk: Walk) -> dict[str, int]:
    """Return figures of the county's year, counted from rows."""
    conn = walk.town.conn
    changes = list(conn.execute(sa.select(household_change.c.kind, household_change.c.household_id)))
    of_kind = {
        kind: {row.household_id for row in changes if row.kind == kind} for kind in ("exited", "head", "filed_again")
    }
    paid = conn.execute(sa.select(payment.c.fen).where(payment.c.state == "live")).scalars().all()
    on_file = conn.scalar(sa.select(sa.func.count()).select_from(household).where(household.c.exited_on.is_(None)))
    return {
        "households_on_file": on_file or 0,
        "households_filed": len(walk.families),
        "households_exited": len(of_kind["exited"]),
        "households_with_new_head": len(of_kind["head"]),
        "households_filed_again": len(of_kind["filed_again"]),
        "cases_opened": len(walk.opened),
        "aid_money": sum(paid),
        "aid_grants": len(paid),
    }


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_walk_with_changes_of_families_keeps_pots_and_figures(town: Town, seed: int) -> None:
    walk = Walk(town, Random(seed), [town.family() for _ in range(3)])
    for _ in range(STEPS):
        walk.step()
        assert_invariants(walk)
    assert verify(town.conn).faults == []
    expected = recount(walk)
    assert {key: figure_amount(town.conn, key, Scope(town.county.unit_path, *YEAR)) for key in expected} == expected
    print(f"seed {seed}: made {dict(walk.made)}, refused {dict(walk.refused)}")  # noqa: T201
    assert walk.made["open"] > 2
