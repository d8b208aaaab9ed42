"""Random cases written straight into tables: more states, duties and stand-ins than a walk of steps would reach."""

# The rules read what is stored, so that cases which no sequence of steps would leave are judged alike by both sides.

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.db.columns import new_id
from service.tables.accounts import role_grant
from service.tables.cases import approval, case, case_duty
from service.tables.events import event
from service.tables.kinship import kinship
from service.tables.notices import notice, objection
from service.tables.payments import payment
from service.tables.visits import visit, visit_confirmation, visit_visitor
from tests.factories import FAR, LONG_AGO, Family, Organisation, create_family, create_organisation, instant
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Duty, Phase

TODAY = date(2025, 9, 15)
BUSINESS = ("registrar", "visitor", "verifier", "reviewer", "approver", "cashier")


@dataclass(frozen=True)
class Town:
    """A city with two counties, their staff and their families."""

    city: Organisation
    counties: tuple[Organisation, Organisation]
    families: list[tuple[Organisation, Family]]

    @property
    def people(self) -> dict[str, tuple[Organisation, str]]:
        """Return every account by its login."""
        return {each.login(name): (each, name) for each in (self.city, *self.counties) for name in each.people}

    def accounts(self) -> list[UUID]:
        """Return the id of every account."""
        return [each.people[name] for each, name in self.people.values()]


def found_town(conn: sa.Connection, dice: Random, families: int) -> Town:
    """Create the town; some of its staff have second roles, and some act for others."""
    city = create_organisation(conn, kind="city")
    counties = (create_organisation(conn, above=city), create_organisation(conn, above=city))
    homes = [dice.choice(counties) for _ in range(families)]
    town = Town(city, counties, [(office, create_family(conn, office)) for office in homes])
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    for _ in range(30):
        office = dice.choice((city, *counties))
        role, principal = dice.choice(BUSINESS), dice.choice(town.accounts()) if dice.randrange(2) else None
        holder = dice.choice(town.accounts())
        tier = dice.randint(1, 3) if role == "approver" else 0
        grant = {"account_id": holder, "unit_id": office.unit_id, "role": role, "tier": tier}
        dates = {"from_on": LONG_AGO, "until_on": FAR}
        if principal is None or principal == holder:
            conn.execute(role_grant.insert().values(id=new_id(), **grant, **dates, for_account_id=None))
            continue
        own = {**grant, "account_id": principal}
        conn.execute(role_grant.insert().values(id=new_id(), **own, **dates, for_account_id=None))
        conn.execute(role_grant.insert().values(id=new_id(), **grant, **dates, for_account_id=principal))
    return town


def write_case(conn: sa.Connection, town: Town, dice: Random, number: int) -> UUID:
    """Write a case in a random state with random people behind it; return its id."""
    office, family = dice.choice(town.families)
    programme = PROGRAMMES[dice.choice(sorted(PROGRAMMES))]
    state = dice.choice(programme.states)
    values, opened = _case_values(office, family, dice, number), TODAY - timedelta(days=dice.randint(0, 40))
    tuition = programme.key == "tuition"
    values |= {"programme": programme.key, "item": "EDU" if tuition else dice.choice(("LIV", "MED"))}
    values |= {"beneficiary_id": family.child_id if tuition else family.head_id}
    answers = {"school_year": f"20{number:02d}-x", "stage": "senior", "institution_kind": "public"} if tuition else {}
    ended = state.phase is Phase.ENDED
    values |= {"state": state.key, "phase": state.phase.value, "opened_on": opened, "answers": answers}
    values |= {"entered_on": opened, "due_on": None if ended else TODAY + timedelta(days=dice.randint(-9, 9))}
    hold = dice.choice((None, None, None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=9)))
    conn.execute(case.insert().values(**values, held_until=None if ended else hold))
    _People(conn, town, dice, values["id"], family.household_id).write()
    return UUID(str(values["id"]))


def _case_values(office: Organisation, family: Family, dice: Random, number: int) -> dict[str, Any]:
    fen = dice.choice((50_000, 150_000, 300_000, 2_500_000))
    award = dice.choice((None, fen))
    return {
        "id": new_id(),
        "case_no": f"R-{number}",
        "year": 2025,
        "unit_id": office.unit_id,
        "unit_path": office.unit_path,
        "household_id": family.household_id,
        "version": 1,
        "requested_fen": fen,
        "award_fen": award,
        "outstanding_fen": 0,
        "fund_id": office.fund_id if award else None,
        "policy_set_id": office.policy_id,
        "head_hash": bytes(32),
        "created_at": instant(TODAY),
    }


class _People:
    """Who did what on one case: mostly one person each, drawn from everybody."""

    def __init__(self, conn: sa.Connection, town: Town, dice: Random, case_id: UUID, household_id: UUID) -> None:
        self.conn, self.town, self.dice, self.case_id, self.household_id = conn, town, dice, case_id, household_id
        self.accounts, self.seq = town.accounts(), 1
        self.rows: dict[sa.Table, list[dict[str, Any]]] = {}

    def one(self) -> UUID:
        return self.dice.choice(self.accounts)

    def once_in(self, times: int) -> bool:
        return self.dice.randrange(times) == 0

    def write(self) -> None:
        self.event("open")
        for duty in Duty:
            for _ in range(2 if self.once_in(3) else 0):
                self.add(case_duty, case_id=self.case_id, duty=duty.value, account_id=self.one(), seq=1)
        for tier in range(1, 1 + self.dice.choice((0, 0, 1, 1, 2))):
            self.signature(tier)
        self.some(lambda: self.visit("survey"), 0, 1, 1, 2)
        if self.once_in(3):
            self.event("return_to_survey")
            self.some(lambda: self.visit("survey"), 0, 1)
        self.some(lambda: self.visit("follow_up"), 0, 1, 2)
        self.some(self.notice, 0, 1, 1, 2)
        self.some(self.payment, 0, 1, 2)
        self.family()
        self.insert()

    def some(self, write: Callable[[], None], *times: int) -> None:
        """Do something as often as one of the numbers says."""
        for _ in range(self.dice.choice(times)):
            write()

    def add(self, table: sa.Table, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def insert(self) -> None:
        for table, rows in self.rows.items():
            once = table in {case_duty, kinship}  # the same person may be drawn twice
            self.conn.execute(insert(table).on_conflict_do_nothing() if once else insert(table), rows)

    def event(self, action: str, subject: str = "case", subject_id: UUID | None = None) -> int:
        seq, self.seq = self.seq, self.seq + 1
        numbers = {
            "subject_id": subject_id or self.case_id,
            "seq": seq if subject_id is None else self.dice.randrange(10**9),
        }
        chain = {"prev": bytes(32), "hash": self.dice.randbytes(32), "body": '{"answers": {}}'}
        actor = {"actor_id": self.one(), "principal_id": self.one() if self.once_in(4) else None}
        self.add(event, subject=subject, action=action, on=TODAY, at=instant(TODAY), **numbers, **chain, **actor)
        return seq

    def signature(self, tier: int) -> None:
        own = {"tier": tier, "account_id": self.one(), "on": TODAY, "award_fen": 50_000, "content": "x"}
        voided = 99 if self.once_in(6) else None
        self.add(approval, id=new_id(), case_id=self.case_id, seq=self.event("endorse"), voided_seq=voided, **own)

    def visit(self, kind: str) -> None:
        office, visit_id = self.town.counties[0], new_id()
        place = {
            "unit_id": office.unit_id,
            "unit_path": office.unit_path,
            "place": "home",
            "created_at": instant(TODAY),
        }
        conclusion = self.dice.choice(("received", "not_received")) if kind == "follow_up" else "confirmed"
        seq = None if self.once_in(8) else self.event("record_visit")
        own = {"kind": kind, "on": TODAY, "conclusion": conclusion, "seq": seq, "household_id": self.household_id}
        self.add(visit, id=visit_id, case_id=self.case_id, **place, **own)
        for account in {self.one(), self.one()}:
            self.add(visit_visitor, visit_id=visit_id, account_id=account)
            if self.once_in(2):
                self.add(visit_confirmation, visit_id=visit_id, account_id=account, on=TODAY)

    def notice(self) -> None:
        notice_id, seq = new_id(), self.event("pass_review")
        days = {"posted_on": TODAY - timedelta(days=9), "ends_on": TODAY - timedelta(days=1), "ended_on": TODAY}
        shown = {"places": ["unit_board"], "shown_sealed": b"x", "shown_hash": "x", "content": "x"}
        self.add(notice, id=notice_id, case_id=self.case_id, seq=seq, **days, **shown)
        for outcome in self.dice.sample((None, "upheld", "cleared"), self.dice.choice((0, 0, 1, 2))):
            answer = {"outcome": outcome, "answered_on": TODAY if outcome else None}
            raised = {"source": "phone", "raised_on": TODAY, "text_sealed": b"x"}
            self.add(objection, id=new_id(), case_id=self.case_id, notice_id=notice_id, **raised, **answer)

    def payment(self) -> None:
        seq = self.event("pay")
        payers = self.accounts[:3]
        money = {"fund_id": self.town.counties[0].fund_id, "fen": 50_000, "method": "cash", "cash_reason": "no_account"}
        people = {"paid_by": self.dice.choice(payers), "confirmed_by": self.dice.choice(self.accounts[3:])}
        state = {"state": "returned", "returned_on": TODAY, "advice_no": f"A-{seq}-{self.case_id}", "advised_on": TODAY}
        own = {"unit_path": self.town.counties[0].unit_path, "voucher": f"V-{seq}-{self.case_id}", "paid_on": TODAY}
        self.add(payment, id=new_id(), case_id=self.case_id, seq=seq, **money, **people, **state, **own)

    def family(self) -> None:
        """Let somebody have written the file, and let somebody be a relative."""
        for action in self.dice.sample(("edit_household", "reveal", "add_person"), self.dice.choice((0, 1))):
            self.event(action, "household", self.household_id)
        if self.once_in(3):
            ended = self.dice.choice((None, None, TODAY - timedelta(days=60)))
            told = {"declared_on": LONG_AGO, "confirmed_on": self.dice.choice((None, LONG_AGO)), "ended_on": ended}
            own = {"household_id": self.household_id, "account_id": self.one(), "relation": "sibling"}
            self.add(kinship, id=new_id(), **own, **told)
