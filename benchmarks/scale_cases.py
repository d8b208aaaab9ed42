"""Generated cases with event chains, duties, visits, approvals, payments, ledger entries and notifications.

A generated case has fewer events than a real one (four when it is closed): opening, visit, approval, payment or refusal.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.scale_fixtures import GrassRootsUnit
from benchmarks.workload import Rows, add, family_rows
from service.actions.context import ActionContext
from service.actions.event_log import EventSource, event_envelope
from service.clock import Clock
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.queries.scope import Caller
from service.tables.row_fingerprints import recorded_rows
from tests.factories import RING, Family, Organisation, instant
from workflows.canonical_json import canonical_json
from workflows.programmes import PROGRAMMES

FIRST, LAST = date(2016, 1, 4), date(2025, 12, 19)
TODAY = date(2025, 12, 22)
MAX_CASE_DAYS = 120
"""Days after which a case has ended."""

SHARES = {"closed": 88, "declined": 8, "withdrawn": 4}
OPEN = {"draft": 5, "survey": 15, "review": 15, "approval": 20, "payment": 15, "receipt": 10, "follow_up": 20}
CASES_OF_A_FAMILY = (1, 1, 1, 2, 2)
TUITION = 0.2
NO_DIGEST = "0" * 64


ORDER = (
    *("household", "person", "bank_account", "finance_line", "consent", "event", "chain_head", "case", "case_duty"),
    *("visit", "visit_visitor", "approval", "ledger_entry", "notification", "payment"),
)
"""Tables in the order in which their rows are inserted."""


@dataclass(frozen=True)
class Batch:
    """The families one process generates: `families` from `number` on, of `total` spread evenly over the years."""

    number: int
    families: int
    total: int
    policy: UUID


def make(batch: Batch, places: list[GrassRootsUnit]) -> Rows:
    """Return every row of the batch by table; the same batch gives the same dates, units and states."""
    random, rows = Random(batch.number), {table: list[dict[str, Any]]() for table in ORDER}
    for number in range(batch.number, batch.number + batch.families):
        unit, family = random.choice(places), Family(new_id(), new_id(), new_id())
        days = (LAST - FIRST).days * number // batch.total
        on = FIRST + timedelta(days=days)
        add(rows, family_rows(unit.organisation, family, instant(on), on))
        entries_before = len(rows["ledger_entry"])
        for nth in range(random.choice(CASES_OF_A_FAMILY)):
            opened = min(on + timedelta(days=nth * 370 + random.randrange(9)), LAST)
            tuition = nth == 0 and random.random() < TUITION
            _Case(rows, unit, family, f"{number}-{nth}", opened, batch.policy, tuition=tuition).generate(random)
        entries = rows["ledger_entry"][entries_before:]
        # The two entries of a payment belong to one step.
        rows["household"][-1]["aid_version"] = len({(each["subject_id"], each["seq"]) for each in entries})
    return {table: more for table, more in rows.items() if more}


class _Case:
    """A generated case, built event by event."""

    def __init__(
        self, batch: Rows, unit: GrassRootsUnit, family: Family, number: str, on: date, policy: UUID, *, tuition: bool
    ) -> None:
        self.rows, self.unit, self.family, self.on = batch, unit, family, on
        self.organisation: Organisation = unit.organisation
        self.seq, self.head, self.events = 0, GENESIS, list[dict[str, Any]]()
        programme, item, person = (
            ("tuition", "EDU", family.child_id) if tuition else ("hardship", "LIV", family.head_id)
        )
        year = {"school_year": f"{on.year}-{on.year + 1}", "stage": "senior"} if tuition else {}
        unit_columns = {"unit_id": self.organisation.unit_id, "unit_path": self.organisation.unit_path, "year": on.year}
        application = {
            "programme": programme,
            "item": item,
            "household_id": family.household_id,
            "beneficiary_id": person,
        }
        amounts = {"answers": year, "requested_fen": 300_000, "award_fen": None, "outstanding_fen": 0, "category": None}
        references = {"fund_id": None, "policy_set_id": policy, "opened_on": on, "entered_on": on}
        initial = {"state": "draft", "phase": "survey", "due_on": on + timedelta(days=28), "created_at": instant(on)}
        self.row: dict[str, Any] = {
            "id": new_id(),
            "case_no": f"GEN-{number}",
            **unit_columns,
            **application,
            **amounts,
            **references,
            **initial,
        }

    def generate(self, random: Random) -> None:
        """Generate the events up to the case's state of today."""
        ended = (TODAY - self.on).days > MAX_CASE_DAYS
        shares = SHARES if ended else OPEN
        state = random.choices(list(shares), list(shares.values()))[0]
        duty = self._duty("registrar", "registrar")
        self._event("open", "registrar", self.on, {"case": [self.row], "case_duty": [duty]})
        progress = list(OPEN).index(state) if state in OPEN else len(OPEN)
        if state in {"declined", "withdrawn"}:
            self._move_to(state, "ended", self.on + timedelta(days=9), "decline", "reviewer", {})
        elif progress >= 1:
            self._add_visit(state if progress < 4 else "approval")
        if progress >= 4 and state not in {"declined", "withdrawn"}:
            self._add_approval(random.randrange(5, 30) * 10_000)
        if progress >= 5 and state not in {"declined", "withdrawn"}:
            self._add_payment(state)
        self._add_case()

    def _add_visit(self, state: str) -> None:
        on = self.on + timedelta(days=3)
        own = {"id": new_id(), "unit_id": self.organisation.unit_id, "unit_path": self.organisation.unit_path}
        subject = {"case_id": self.row["id"], "household_id": self.family.household_id, "seq": self.seq + 1}
        content = {"kind": "survey", "on": on, "place": "home", "conclusion": "confirmed", "created_at": instant(on)}
        visitors = [
            {"visit_id": own["id"], "account_id": self.organisation.people[name]} for name in ("visitor_1", "visitor_2")
        ]
        duties = [self._duty("visitor", name) for name in ("visitor_1", "visitor_2")]
        added: Rows = {"visit": [{**own, **subject, **content}], "visit_visitor": visitors, "case_duty": duties}
        self._move_to(state, _phase(state), on, "record_visit", "visitor_1", added)

    def _add_approval(self, fen: int) -> None:
        on = self.on + timedelta(days=20)
        fund = self.unit.funds[self.on.year]
        signed = {"id": new_id(), "case_id": self.row["id"], "seq": self.seq + 1, "tier": 1, "on": on, "award_fen": fen}
        signed |= {"account_id": self.organisation.people["approver_1"], "content": NO_DIGEST}
        added: Rows = {"approval": [signed], "case_duty": [self._duty("approver_1", "approver_1")]}
        added |= {
            "ledger_entry": [self._entry(fund, "available", "committed", fen, on)],
            "notification": self._notifications("approved", on),
        }
        money = {"award_fen": fen, "outstanding_fen": fen, "fund_id": fund, "category": "relative"}
        self._move_to("payment", "disbursement", on, "approve", "approver_1", added, **money)

    def _add_payment(self, state: str) -> None:
        on, fen, fund = self.on + timedelta(days=27), self.row["award_fen"], self.row["fund_id"]
        paid = {
            "id": new_id(),
            "case_id": self.row["id"],
            "unit_path": self.organisation.unit_path,
            "fund_id": fund,
            "seq": self.seq + 1,
            "fen": fen,
        }
        paid |= {"method": "cash", "cash_reason": "no_account", "voucher": "V-1", "paid_on": on, "state": "live"}
        paid |= {"paid_by": self.organisation.people["cashier"]}
        added: Rows = {"payment": [paid], "case_duty": [self._duty("payer", "cashier")]}
        added |= {
            "ledger_entry": [
                self._entry(fund, "committed", "in_transit", fen, on),
                self._entry(fund, "in_transit", "paid", fen, on),
            ],
            "notification": self._notifications("paid", on),
        }
        self._move_to(state, _phase(state), on, "pay", "cashier", added)

    def _duty(self, duty: str, account: str) -> dict[str, Any]:
        seq = self.seq + 1
        return {"case_id": self.row["id"], "duty": duty, "account_id": self.organisation.people[account], "seq": seq}

    def _entry(self, fund: UUID, source: str, target: str, fen: int, on: date) -> dict[str, Any]:
        event_columns = {"id": new_id(), "fund_id": fund, "subject_id": self.row["id"], "seq": self.seq + 1}
        pots = {"case_id": self.row["id"], "source_pot": source, "target_pot": target, "fen": fen}
        return {**event_columns, **pots, "on": on, "at": instant(on)}

    def _notifications(self, kind: str, on: date) -> list[dict[str, Any]]:
        event_columns = {
            "subject_id": self.row["id"],
            "seq": self.seq + 1,
            "case_id": self.row["id"],
            "on": on,
            "kind": kind,
        }
        delivery = {
            "state": "delivered",
            "not_before": instant(on),
            "created_at": instant(on),
            "delivered_at": instant(on),
        }
        read = {"read_at": instant(on) if (TODAY - on).days > MAX_CASE_DAYS else None}
        recipient = self.organisation.people["registrar"]
        return [
            {"id": new_id(), "channel": channel, "account_id": recipient, **event_columns, **delivery, **read}
            for channel in ("inbox", "email")
        ]

    def _move_to(self, state: str, phase: str, on: date, action: str, account: str, added: Rows, **more: Any) -> None:
        due = None if phase == "ended" else on + timedelta(days=14)
        changed = {"state": state, "phase": phase, "entered_on": on, "due_on": due, **more}
        source = self.row["state"]
        self.row |= changed
        self._event(action, account, on, added, changed, source)

    def _event(
        self,
        action: str,
        account_name: str,
        on: date,
        added: Rows,
        changed: dict[str, Any] | None = None,
        source: str | None = None,
    ) -> None:
        self.seq += 1
        account, case = self.organisation.people[account_name], self.row["id"]
        context = ActionContext(
            Caller(account, "", "", self.organisation.unit_id, ()), instant(on), on, RING, clock=Clock.DEMO
        )
        moved = [("case", {"id": case, **changed})] if changed else []
        body_fields = {"from": source, "to": self.row["state"], "principal": None, "answers": {}, "words": {}}
        rows = recorded_rows(added, moved)
        body = canonical_json(
            {**event_envelope(EventSource("case", case, self.seq, action), context), **body_fields, "rows": rows}
        )
        event = {"subject_id": case, "seq": self.seq, "subject": "case", "action": action, "from_state": source}
        event |= {"to_state": self.row["state"], "actor_id": account, "on": on, "at": context.at, "body": body}
        head = event_hash(self.head, body)
        self.events.append({**event, "prev": self.head, "hash": head})
        self.head = head
        add(self.rows, {table: more for table, more in added.items() if table != "case"})

    def _add_case(self) -> None:
        """Add the final row of the case, and its events."""
        add(self.rows, {"case": [{**self.row, "version": self.seq, "head_hash": self.head}]})
        add(self.rows, {"event": self.events})


def _phase(state: str) -> str:
    hardship = PROGRAMMES["hardship"]
    return hardship.state(state).phase.value
