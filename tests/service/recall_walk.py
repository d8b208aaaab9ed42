"""Random recalls of paid grants on real tables, and their recount from ledger entries in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import cases
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.tables.ledger import ledger_entry
from tests.factories import Family, Organisation
from tests.lives import ILLNESS, PAPERS, number
from workflows.money_format import in_yuan
from workflows.vocabulary import Fen, InvalidForm, Refused

SETTLED = ("recovered", "written_off")
ENDED = (*SETTLED, "closed")
NEW_GRANTS_IN_TEN = 3
AMOUNTS = (1, 40_000, 60_000, 100_000, 150_000)
LIKELY = {
    "receipt": ("confirm_receipt", "confirm_receipt", "payment_returned"),
    "follow_up": ("close", "close"),
    "recalling": ("recover_part", "recover", "write_off"),
}
"""What else than a recall is tried in a state."""

PAID, RECOVERING, AVAILABLE, COMMITTED, TRANSIT = "paid", "recovering", "available", "committed", "in_transit"


@dataclass
class Grant:
    """A case of the walk, and the state last observed."""

    case_id: UUID
    family: Family
    item: str
    school_year: str | None
    state: str = "receipt"


@dataclass
class Walk:
    """The families of one organisation, their grants, and the day."""

    conn: sa.Connection
    office: Organisation
    families: list[Family]
    dice: Random
    today: date = date(2025, 9, 1)
    grants: list[Grant] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def act(self, staff_name: str, case_id: UUID, action: str, **answers: Any) -> str:
        """Take an action that must succeed and return the new state."""
        context = self.office.context(self.conn, staff_name, self.today)
        return cases.take_action(self.conn, case_id, action, answers, context).state

    def attempt(self, grant: Grant, staff_name: str, action: str, **answers: Any) -> None:
        """Take an action that may be refused; note what became of it."""
        try:
            grant.state = self.act(staff_name, grant.case_id, action, **answers)
        except Refused as refusal:
            self.refused.update(f"{action}: {code}" for code in refusal.codes)
        except InvalidForm as invalid:
            self.refused.update(f"{action}: {problem.code}" for problem in invalid.problems)
        else:
            self.taken[action] += 1

    def turn(self) -> None:
        """Let some days pass, then pay a new grant or move recalled money."""
        self.today += timedelta(days=self.dice.choice((0, 1, 3, 9, 20)))
        if not self.grants or self.dice.randrange(10) < NEW_GRANTS_IN_TEN:
            self.pay_new_grant()
            return
        grant = self.dice.choice(self.grants)
        amount = in_yuan(self.dice.choice(AMOUNTS))
        steps = {
            "recall": ("approver_3", {"amount": amount, "ground": "paid_in_error", "reason": "多发"}),
            "recover_part": ("cashier", {**self._advice(amount), "voucher": number("R")}),
            "recover": ("cashier", {**self._advice(amount), "voucher": number("R")}),
            "write_off": ("approver_3", {"minutes": "示例〔2025〕9号", "reason": "无力偿还"}),
            "payment_returned": ("cashier", {**self._advice("1500.00"), "bank_code": "other", "voucher": number("T")}),
            "confirm_receipt": ("witness", {"evidence": "signature"}),
            "close": ("registrar", {}),
        }
        action = self.dice.choice([*LIKELY.get(grant.state, ()), "recall", "recall"])
        if action == "close":
            self.act("follower", grant.case_id, "record_follow_up", **self._call())
        if action == "recover":
            steps[action][1]["amount"] = in_yuan(Fen(recount(self.conn, [grant])[0].recovering))
        staff_name, answers = steps[action]
        self.attempt(grant, staff_name, action, **answers)
        self._confirm(grant, answers)
        if grant.state == "payment":
            grant.state = self._pay(grant.case_id, "approver_2")

    def _confirm(self, grant: Grant, answers: Mapping[str, Any]) -> None:
        """Let another person confirm what the cashier stated, or now and then reject it."""
        confirming = {"returning": "return", "part_stated": "recovery", "rest_stated": "recovery"}.get(grant.state)
        if confirming is None:
            return
        if self.dice.randrange(6) == 0:
            grant.state = self.act("cashier_2", grant.case_id, f"reject_{confirming}", reason="回单不符")
            return
        advice = {name: answers[name] for name in ("advice_no", "advised_on", "amount")}
        grant.state = self.act("cashier_2", grant.case_id, f"confirm_{confirming}", **advice)

    def _pay(self, case_id: UUID, confirmer: str) -> str:
        self.act("cashier", case_id, "pay", method="bank", voucher=number("V"))
        return self.act(confirmer, case_id, "confirm_payment", **self._advice("1500.00"))

    def _advice(self, yuan: str) -> dict[str, Any]:
        return {"advice_no": number("HD"), "advised_on": self.today.isoformat(), "amount": yuan}

    def _call(self) -> dict[str, Any]:
        went = [str(self.office.people["follower"])]
        return {"on": self.today.isoformat(), "visitors": went, "place": "phone", "conclusion": "received"}

    def pay_new_grant(self) -> None:
        """Ask for a grant of a random family; check that it is refused exactly when the family was given one before."""
        family, item = self.dice.choice(self.families), self.dice.choice(("LIV", "LIV", "EDU"))
        if any((each.family, each.item) == (family, item) and each.state not in ENDED for each in self.grants):
            return
        year = self.today.year - (self.today.month < 7)
        school_year = f"{year}-{year + 1}" if item == "EDU" else None
        case_id = self._request(family, item, school_year)
        repeated = self._given_before(family, item, school_year)
        refusals = self._review(case_id)
        assert repeated == bool({"item_repeated", "student_repeated"} & set(refusals)), refusals
        if refusals:
            self.act("reviewer", case_id, "decline", reason="不符合")
            return
        self.today += timedelta(days=16)
        self.act("clock", case_id, "end_notice")
        self.act("approver_1", case_id, "approve")
        self._pay(case_id, "cashier_2")
        self.grants.append(Grant(case_id, family, item, school_year))
        self.taken["pay"] += 1

    def _review(self, case_id: UUID) -> list[str]:
        """Let the reviewer propose the award; return the reason codes against it."""
        award = {"award": "1500.00", "fund": str(self.office.fund_id), "places": ["unit_board"]}
        try:
            self.act("reviewer", case_id, "pass_review", **award)
        except Refused as refusal:
            self.refused.update(f"pass_review: {code}" for code in refusal.codes)
            return refusal.codes
        return []

    def _request(self, family: Family, item: str, school_year: str | None) -> UUID:
        """Open a case and lead it to review."""
        tuition = {"school_year": school_year, "stage": "bachelor", "institution_kind": "public"}
        programme, person, answers = (
            ("tuition", family.child_id, tuition) if school_year else ("hardship", family.head_id, {})
        )
        own = {"self_paid": "9000.00"} if item == "MED" else answers
        application = CaseApplication(programme, family.household_id, person, item, Fen(300_000), own)
        context = self.office.context(self.conn, "registrar", self.today)
        case_id = open_case(self.conn, application, context).case_id
        went = [str(self.office.people[each]) for each in ("visitor_1", "visitor_2")]
        day = self.today.isoformat()
        self.act("registrar", case_id, "submit")
        self.act("visitor_1", case_id, "record_visit", on=day, visitors=went, place="home", conclusion="confirmed")
        self.act("visitor_2", case_id, "confirm_visit")
        self.act("registrar", case_id, "add_papers", papers=[*PAPERS, *ILLNESS, "enrolment", "fee_bill"])
        if self.act("registrar", case_id, "finish_survey") == "verification":
            check = {"authority": "示例核对中心", "request_no": "HD-1", "outcome": "clear", "replied_on": day}
            self.act("verifier", case_id, "record_check", **check)
        return case_id

    def _given_before(self, family: Family, item: str, school_year: str | None) -> bool:
        accounts = {each.case_id: each for each in recount(self.conn, self.grants)}
        same = [each for each in self.grants if (each.family, each.item) == (family, item)]
        given = [accounts[each.case_id] for each in same if accounts[each.case_id].given > 0]
        if school_year:
            return school_year in [each.grant.school_year for each in given]
        return any(each.decided_on.year == self.today.year for each in given)


@dataclass
class Account:
    """What happened to the money of one grant, by its ledger entries (fen)."""

    grant: Grant
    decided_on: date
    paid_on: date
    moves: list[tuple[str, str, int, date]]

    @property
    def case_id(self) -> UUID:
        """Return the case."""
        return self.grant.case_id

    def sum(self, source: str, target: str) -> int:
        """Return the fen that moved from pot to pot."""
        return sum(fen for a, b, fen, _ in self.moves if (a, b) == (source, target))

    @property
    def paid(self) -> int:
        """Return what was paid and not returned by the bank."""
        return self.sum(TRANSIT, PAID) - self.sum(PAID, TRANSIT)

    @property
    def kept(self) -> int:
        """Return what was paid and not recalled."""
        return self.paid - self.sum(PAID, RECOVERING)

    @property
    def given(self) -> int:
        """Return what was paid and did not come back."""
        return self.paid - self.sum(RECOVERING, AVAILABLE)

    @property
    def recovering(self) -> int:
        """Return what was recalled and is neither back nor written off."""
        return self.sum(PAID, RECOVERING) - self.sum(RECOVERING, AVAILABLE) - self.written_off

    @property
    def written_off(self) -> int:
        """Return what was written off."""
        return self.sum(RECOVERING, "written_off")


def recount(conn: sa.Connection, grants: list[Grant]) -> list[Account]:
    """Read the ledger entries of the grants and return an account of each."""
    e = ledger_entry.c
    rows = conn.execute(
        sa.select(e.case_id, e.source_pot, e.target_pot, e.fen, e.on)
        .where(e.case_id.in_([each.case_id for each in grants]))
        .order_by(e.case_id, e.seq)
    )
    moves = defaultdict(list)
    for case_id, *move in rows:
        moves[case_id].append(tuple(move))
    return [
        Account(
            grant,
            next(on for a, b, _, on in moves[grant.case_id] if (a, b) == (AVAILABLE, COMMITTED)),
            [on for a, b, _, on in moves[grant.case_id] if (a, b) == (COMMITTED, TRANSIT)][-1],
            moves[grant.case_id],
        )
        for grant in grants
    ]


def expected_figures(accounts: list[Account], year: int) -> dict[str, int]:
    """Count a year's figures from the accounts."""
    aid = [each for each in accounts if each.paid_on.year == year and each.kept > 0]
    tuition = [each for each in aid if each.grant.item == "EDU"]
    settled = [each for each in accounts if each.grant.state in SETTLED and each.moves[-1][3].year == year]
    moved = Counter[tuple[str, str]]()
    for account in accounts:
        for source, target, fen, on in account.moves:
            moved[source, target] += fen if on.year == year else 0
    return {
        "aid_money": sum(each.kept for each in aid),
        "aid_grants": len(aid),
        "aid_households": len({each.grant.family.household_id for each in aid}),
        "tuition_money": sum(each.kept for each in tuition),
        "tuition_students": len({each.grant.family.child_id for each in tuition}),
        "money_returned": moved[TRANSIT, COMMITTED],
        "money_recalled": moved[PAID, RECOVERING],
        "money_recovered": moved[RECOVERING, AVAILABLE],
        "money_written_off": moved[RECOVERING, "written_off"],
        "cases_partly_recalled": sum(each.kept > 0 for each in settled),
        "cases_written_off": sum(each.kept == 0 and each.written_off > 0 for each in settled),
        "cases_recovered": sum(each.kept == 0 and each.written_off == 0 for each in settled),
    }
