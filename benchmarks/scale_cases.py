"""Cases by the million: each with its chain, duties, visit, signature, payment, entries and notifications, spelled by the house.

A case keeps fewer events than one that was lived (four when it is closed): opening, visit, approval, payment or refusal.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.scale_fixtures import Place
from benchmarks.workload import Rows, add, family_rows
from service.actions.context import ActionContext
from service.actions.event_log import EventSource, event_envelope
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.queries.scope import Caller
from service.tables.row_fingerprints import recorded_rows
from tests.factories import RING, Family, Organisation, instant
from workflows.canonical_json import canonical_json
from workflows.programmes import PROGRAMMES

FIRST, LAST = date(2016, 1, 4), date(2025, 12, 19)
TODAY = date(2025, 12, 22)
LIVELY = 120
"""Days after which a case has come to its end."""

SHARES = {"closed": 88, "declined": 8, "withdrawn": 4}
OPEN = {"draft": 5, "survey": 15, "review": 15, "approval": 20, "payment": 15, "receipt": 10, "follow_up": 20}
CASES_OF_A_FAMILY = (1, 1, 1, 2, 2)
TUITION = 0.2
NO_DIGEST = "0" * 64


ORDER = (
    *("household", "person", "bank_account", "finance_line", "consent", "event", "chain_head", "case", "case_duty"),
    *("visit", "visit_visitor", "approval", "ledger_entry", "notification", "payment"),
)
"""Tables in the order in which their rows may be put in."""


@dataclass(frozen=True)
class Batch:
    """Which families a process makes: `families` of them from `number` on, of `total` that fill the years evenly."""

    number: int
    families: int
    total: int
    policy: UUID


def make(batch: Batch, places: list[Place]) -> Rows:
    """Every row of the batch, by table; the same batch gives the same dates, places and states."""
    random, rows = Random(batch.number), {table: list[dict[str, Any]]() for table in ORDER}
    for number in range(batch.number, batch.number + batch.families):
        place, family = random.choice(places), Family(new_id(), new_id(), new_id())
        days = (LAST - FIRST).days * number // batch.total
        on = FIRST + timedelta(days=days)
        add(rows, family_rows(place.office, family, instant(on), on))
        for nth in range(random.choice(CASES_OF_A_FAMILY)):
            opened = min(on + timedelta(days=nth * 370 + random.randrange(9)), LAST)
            tuition = nth == 0 and random.random() < TUITION
            _Case(rows, place, family, f"{number}-{nth}", opened, batch.policy, tuition=tuition).live(random)
    return {table: more for table, more in rows.items() if more}


class _Case:
    """One case as it comes about, event by event."""

    def __init__(
        self, batch: Rows, place: Place, family: Family, number: str, on: date, policy: UUID, *, tuition: bool
    ) -> None:
        self.rows, self.place, self.family, self.on = batch, place, family, on
        self.office: Organisation = place.office
        self.seq, self.head, self.events = 0, GENESIS, list[dict[str, Any]]()
        programme, item, who = ("tuition", "EDU", family.child_id) if tuition else ("hardship", "LIV", family.head_id)
        year = {"school_year": f"{on.year}-{on.year + 1}", "stage": "senior"} if tuition else {}
        where = {"unit_id": self.office.unit_id, "unit_path": self.office.unit_path, "year": on.year}
        what = {"programme": programme, "item": item, "household_id": family.household_id, "beneficiary_id": who}
        context = {"answers": year, "requested_fen": 300_000, "award_fen": None, "outstanding_fen": 0, "category": None}
        rests = {"fund_id": None, "policy_set_id": policy, "opened_on": on, "entered_on": on}
        first = {"state": "draft", "phase": "survey", "due_on": on + timedelta(days=28), "created_at": instant(on)}
        self.row: dict[str, Any] = {
            "id": new_id(),
            "case_no": f"GEN-{number}",
            **where,
            **what,
            **context,
            **rests,
            **first,
        }

    def live(self, random: Random) -> None:
        """Come as far as its state of today."""
        ended = (TODAY - self.on).days > LIVELY
        shares = SHARES if ended else OPEN
        state = random.choices(list(shares), list(shares.values()))[0]
        duty = self._duty("registrar", "registrar")
        self._event("open", "registrar", self.on, {"case": [self.row], "case_duty": [duty]})
        far = list(OPEN).index(state) if state in OPEN else len(OPEN)
        if state in {"declined", "withdrawn"}:
            self._to(state, "ended", self.on + timedelta(days=9), "decline", "reviewer", {})
        elif far >= 1:
            self._visited(state if far < 4 else "approval")
        if far >= 4 and state not in {"declined", "withdrawn"}:
            self._approved(random.randrange(5, 30) * 10_000)
        if far >= 5 and state not in {"declined", "withdrawn"}:
            self._paid(state)
        self._kept()

    def _visited(self, state: str) -> None:
        on = self.on + timedelta(days=3)
        own = {"id": new_id(), "unit_id": self.office.unit_id, "unit_path": self.office.unit_path}
        whose = {"case_id": self.row["id"], "household_id": self.family.household_id, "seq": self.seq + 1}
        said = {"kind": "survey", "on": on, "place": "home", "conclusion": "confirmed", "created_at": instant(on)}
        went = [{"visit_id": own["id"], "account_id": self.office.people[who]} for who in ("visitor_1", "visitor_2")]
        duties = [self._duty("visitor", who) for who in ("visitor_1", "visitor_2")]
        added: Rows = {"visit": [{**own, **whose, **said}], "visit_visitor": went, "case_duty": duties}
        self._to(state, _phase(state), on, "record_visit", "visitor_1", added)

    def _approved(self, fen: int) -> None:
        on = self.on + timedelta(days=20)
        fund = self.place.lines[self.on.year]
        signed = {"id": new_id(), "case_id": self.row["id"], "seq": self.seq + 1, "tier": 1, "on": on, "award_fen": fen}
        signed |= {"account_id": self.office.people["approver_1"], "content": NO_DIGEST}
        added: Rows = {"approval": [signed], "case_duty": [self._duty("approver_1", "approver_1")]}
        added |= {
            "ledger_entry": [self._entry(fund, "available", "committed", fen, on)],
            "notification": self._notifications("approved", on),
        }
        money = {"award_fen": fen, "outstanding_fen": fen, "fund_id": fund, "category": "relative"}
        self._to("payment", "disbursement", on, "approve", "approver_1", added, **money)

    def _paid(self, state: str) -> None:
        on, fen, fund = self.on + timedelta(days=27), self.row["award_fen"], self.row["fund_id"]
        paid = {
            "id": new_id(),
            "case_id": self.row["id"],
            "unit_path": self.office.unit_path,
            "fund_id": fund,
            "seq": self.seq + 1,
            "fen": fen,
        }
        paid |= {"method": "cash", "cash_reason": "no_account", "voucher": "V-1", "paid_on": on, "state": "live"}
        paid |= {"paid_by": self.office.people["cashier"]}
        added: Rows = {"payment": [paid], "case_duty": [self._duty("payer", "cashier")]}
        added |= {
            "ledger_entry": [self._entry(fund, "committed", "paid", fen, on)],
            "notification": self._notifications("paid", on),
        }
        self._to(state, _phase(state), on, "pay", "cashier", added)

    def _duty(self, duty: str, who: str) -> dict[str, Any]:
        seq = self.seq + 1
        return {"case_id": self.row["id"], "duty": duty, "account_id": self.office.people[who], "seq": seq}

    def _entry(self, fund: UUID, source: str, target: str, fen: int, on: date) -> dict[str, Any]:
        here = {"id": new_id(), "fund_id": fund, "subject_id": self.row["id"], "seq": self.seq + 1}
        pots = {"case_id": self.row["id"], "source_pot": source, "target_pot": target, "fen": fen}
        return {**here, **pots, "on": on, "at": instant(on)}

    def _notifications(self, kind: str, on: date) -> list[dict[str, Any]]:
        about = {"subject_id": self.row["id"], "seq": self.seq + 1, "case_id": self.row["id"], "on": on, "kind": kind}
        gone = {"state": "delivered", "not_before": instant(on), "created_at": instant(on), "delivered_at": instant(on)}
        read = {"read_at": instant(on) if (TODAY - on).days > LIVELY else None}
        reader = self.office.people["registrar"]
        return [
            {"id": new_id(), "channel": way, "account_id": reader, **about, **gone, **read}
            for way in ("inbox", "email")
        ]

    def _to(self, state: str, phase: str, on: date, action: str, who: str, added: Rows, **more: Any) -> None:
        due = None if phase == "ended" else on + timedelta(days=14)
        changed = {"state": state, "phase": phase, "entered_on": on, "due_on": due, **more}
        source = self.row["state"]
        self.row |= changed
        self._event(action, who, on, added, changed, source)

    def _event(
        self,
        action: str,
        who: str,
        on: date,
        added: Rows,
        changed: dict[str, Any] | None = None,
        source: str | None = None,
    ) -> None:
        self.seq += 1
        account, case = self.office.people[who], self.row["id"]
        context = ActionContext(Caller(account, "", "", self.office.unit_id, ()), instant(on), on, RING)
        moved = [("case", {"id": case, **changed})] if changed else []
        told = {"from": source, "to": self.row["state"], "principal": None, "answers": {}, "words": {}}
        rows = recorded_rows(added, moved)
        body = canonical_json(
            {**event_envelope(EventSource("case", case, self.seq, action), context), **told, "rows": rows}
        )
        event = {"subject_id": case, "seq": self.seq, "subject": "case", "action": action, "from_state": source}
        event |= {"to_state": self.row["state"], "actor_id": account, "on": on, "at": context.at, "body": body}
        head = event_hash(self.head, body)
        self.events.append({**event, "prev": self.head, "hash": head})
        self.head = head
        add(self.rows, {table: more for table, more in added.items() if table != "case"})

    def _kept(self) -> None:
        """The row as it stands at last, and the chain."""
        add(self.rows, {"case": [{**self.row, "version": self.seq, "head_hash": self.head}]})
        add(self.rows, {"event": self.events})


def _phase(state: str) -> str:
    hardship = PROGRAMMES["hardship"]
    return hardship.state(state).phase.value
