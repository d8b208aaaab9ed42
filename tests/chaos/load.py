"""Clients that do at random what people do all day, over HTTP, each request until it is answered; and what they were told."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event, Lock, Thread
from uuid import UUID

from tests.chaos.fixtures import OPENED, CaseSeat, Fixture, form
from tests.chaos.retrying_client import Answer, Lost, RetryingClient
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase, Role

ONWARD = (
    *("submit", "record_visit", "finish_survey", "record_check", "pass_review", "end_notice", "endorse", "approve"),
    *("pay", "confirm_receipt", "record_follow_up", "close", "recover_part", "recover"),
)
LIKELY = {**dict.fromkeys(ONWARD, 12), "add_papers": 4}
"""How likely an action is tried: what brings a case on more often than what turns it, which is 1."""

ROLES = {
    Role.REGISTRAR: ("registrar", "witness"),
    Role.VISITOR: ("visitor_1", "visitor_2", "follower"),
    Role.VERIFIER: ("verifier",),
    Role.REVIEWER: ("reviewer",),
    Role.APPROVER: ("approver_1", "approver_1", "approver_2", "approver_3"),
    Role.CASHIER: ("cashier",),
    Role.CLOCK: ("clock",),
}


@dataclass(frozen=True)
class Told:
    """A step somebody was told was taken."""

    case_id: UUID
    version: int
    action: str


@dataclass
class Load:
    """Some clients, some cases, some fund lines, and a calendar that runs while they work."""

    ground: Fixture
    wire: RetryingClient
    seed: int
    clients: int
    days_a_second: float
    people: Mapping[Role, tuple[str, ...]] = field(default_factory=lambda: dict(ROLES))
    told: list[Told] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _end: Event = field(default_factory=Event)
    _began: float = field(default_factory=time.monotonic)
    _threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let the clients begin."""
        self._began = time.monotonic()
        self._threads = [Thread(target=self._client, args=(number,)) for number in range(self.clients)]
        for each in self._threads:
            each.start()

    def finish(self) -> None:
        """Let each client end what it has begun."""
        self._end.set()
        for each in self._threads:
            each.join()

    @property
    def steps(self) -> int:
        """How many steps people were told were taken."""
        return len(self.told)

    def slowest(self, share: float) -> float:
        """Seconds within which this share of the requests was answered, repetitions counted in."""
        took = sorted(self.took)
        return took[min(int(len(took) * share), len(took) - 1)] if took else 0.0

    def _today(self) -> date:
        return OPENED + timedelta(days=int((time.monotonic() - self._began) * self.days_a_second))

    def _client(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        while not self._end.is_set():
            seat = chance.choice(self.ground.seats)
            deed = chance.choices(*zip(*_DEEDS, strict=True))[0]
            began = time.monotonic()
            try:
                answer = deed(self, chance, seat, self._today())
            except Lost as lost:
                self._count("lost for good", str(lost))
                continue
            except Exception as fault:
                self._count("broke", repr(fault))
                raise
            self.took.append(time.monotonic() - began)
            self._count(str(answer.status), None if _expected(answer) else f"{answer.status} {answer.text[:300]}")

    def _count(self, what: str, fault: str | None) -> None:
        with self._lock:
            self.statuses[what] += 1
            if fault is not None:
                self.faults.append(fault)

    def post(self, who: str, path: str, day: date, body: object) -> Answer:
        """A request that is repeated with its key until it is answered."""
        return self.wire.surely(who, path, day, body)

    def acted(self, seat: CaseSeat, action: str, answer: Answer) -> Answer:
        """Remember what was told of a case."""
        if answer.status in {200, 201}:
            body = answer.body
            self.told.append(Told(UUID(body["id"]), body["version"], action))
            if body["id"] == str(seat.case_id):
                seat.state = body["state"]
        elif "wrong_state" in answer.codes:
            seat.state = next(
                each["values"]["state"] for each in answer.body["reasons"] if each["code"] == "wrong_state"
            )
        return answer


def _expected(answer: Answer) -> bool:
    """Done, or refused by a rule. Everything people send here is well formed and theirs to see."""
    return answer.status in {200, 201, 409}


Deed = Callable[[Load, random.Random, CaseSeat, date], Answer]


def _step(load: Load, chance: random.Random, seat: CaseSeat, day: date) -> Answer:
    """One of the actions that leave the state the case was last seen in, by somebody who holds a fitting role."""
    hardship = PROGRAMMES["hardship"]
    steps = hardship.steps_from(seat.state)
    if hardship.state(seat.state).phase is Phase.ENDED and chance.randrange(10):
        return _again(load, chance, seat, day)
    step = chance.choices(steps, [LIKELY.get(each.action, 1) for each in steps])[0] if steps else None
    if step is None:
        return _again(load, chance, seat, day)
    who = chance.choice([name for role in step.roles for name in load.people[role]])
    answers = form(
        load.ground.office,
        step.action,
        day,
        award=f"{chance.choice((100, 300, 900, 2400))}.00",
        fund=chance.choice(load.ground.funds),
    )
    if "visitors" in answers:
        answers["visitors"] = [str(load.ground.office.people[each]) for each in _pair(chance, who, load)]
    answer = load.post(who, f"/cases/{seat.case_id}/actions/{step.action}", day, {"answers": answers})
    if "case_suspended" in answer.codes:
        lift = f"/cases/{seat.case_id}/actions/resume"
        load.acted(seat, step.action, answer)
        return load.acted(seat, "resume", load.post("reviewer", lift, day, {"answers": {"reason": "已查清"}}))
    return load.acted(seat, step.action, answer)


def _pair(chance: random.Random, who: str, load: Load) -> list[str]:
    others = [name for name in load.people[Role.VISITOR] if name != who]
    return [who, chance.choice(others)]


def _again(load: Load, _chance: random.Random, seat: CaseSeat, day: date) -> Answer:
    """The case is over: the family asks once more."""
    whose = {"household_id": str(seat.household_id), "beneficiary_id": str(seat.head_id)}
    body = {"programme": "hardship", **whose, "item": "LIV", "requested": "3000.00", "answers": {}}
    answer = load.post("registrar", "/cases", day, body)
    if answer.status == 201:
        seat.case_id, seat.state = UUID(answer.body["id"]), "draft"
    return load.acted(seat, "open", answer)


def _receive(load: Load, chance: random.Random, _seat: CaseSeat, day: date) -> Answer:
    """Money arrives on a line."""
    body = {"amount": f"{chance.choice((100, 500))}.00", "document": "示例〔2025〕3号", "on": day.isoformat()}
    return load.post("cashier", f"/funds/{chance.choice(load.ground.funds)}/receipts", day, body)


def _change_payee(load: Load, chance: random.Random, seat: CaseSeat, day: date) -> Answer:
    """The family names another account, and signatures fall."""
    body = {"person": str(seat.head_id), "bank": "示例银行", "card": f"62{chance.randrange(10**16):016d}"}
    return load.post("registrar", f"/households/{seat.household_id}/payee", day, body)


def _reveal(load: Load, _chance: random.Random, seat: CaseSeat, day: date) -> Answer:
    """Somebody looks at a person unmasked."""
    return load.post("visitor_1", f"/persons/{seat.head_id}/reveal", day, {"purpose": "follow_up"})


def _record_gift(load: Load, chance: random.Random, seat: CaseSeat, day: date) -> Answer:
    """An approver records money handed over outside a case."""
    people = load.ground.office.people
    body = {
        "unit_id": str(load.ground.office.unit_id),
        "household_id": str(seat.household_id),
        "on": day.isoformat(),
        "item": "LIV",
        "purpose": "慰问",
        "account_code": "40301",
        "signed_by_family": True,
        "amount": "20.00",
        "fund_id": str(chance.choice(load.ground.funds)),
        "handed_by": str(people["visitor_1"]),
        "approved_by": str(people["approver_1"]),
    }
    return load.post("approver_1", "/gifts", day, body)


_DEEDS: tuple[tuple[Deed, int], ...] = (
    (_step, 85),
    (_receive, 4),
    (_change_payee, 2),
    (_reveal, 5),
    (_record_gift, 4),
)
"""What a client does, and how often."""
