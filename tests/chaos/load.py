"""Random load: clients that send requests over HTTP until each is answered."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event, Lock, Thread
from uuid import UUID

from tests.chaos.fixtures import OPENED, Fixture, TrackedCase, form
from tests.chaos.retrying_client import Answer, Lost, RetryingClient
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase, Role

ONWARD = (
    *(
        "submit",
        "record_visit",
        "confirm_visit",
        "finish_survey",
        "record_check",
        "pass_review",
        "end_notice",
        "endorse",
        "approve",
    ),
    *("pay", "confirm_payment", "confirm_receipt", "record_follow_up", "close", "recover_part", "recover"),
    *("confirm_return", "confirm_recovery"),
)
LIKELY = {**dict.fromkeys(ONWARD, 12), "add_papers": 4}
"""Weight of each action: 12 for actions that advance a case, 4 for papers, 1 for all others."""

ROLES = {
    Role.REGISTRAR: ("registrar", "witness"),
    Role.VISITOR: ("visitor_1", "visitor_2", "follower"),
    Role.VERIFIER: ("verifier",),
    Role.REVIEWER: ("reviewer",),
    Role.APPROVER: ("approver_1", "approver_1", "approver_2", "approver_3"),
    Role.CASHIER: ("cashier", "cashier_2"),
    Role.CLOCK: ("clock",),
}


@dataclass(frozen=True)
class AcknowledgedStep:
    """A step that the server acknowledged."""

    case_id: UUID
    version: int
    action: str


@dataclass
class Load:
    """A group of clients that work on the fixture's cases while a simulated calendar advances."""

    fixture: Fixture
    client: RetryingClient
    seed: int
    clients: int
    days_a_second: float
    people: Mapping[Role, tuple[str, ...]] = field(default_factory=lambda: dict(ROLES))
    acknowledged: list[AcknowledgedStep] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _end: Event = field(default_factory=Event)
    _began: float = field(default_factory=time.monotonic)
    _threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start the clients."""
        self._began = time.monotonic()
        self._threads = [Thread(target=self._client, args=(number,)) for number in range(self.clients)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Stop the clients after their current request."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def steps(self) -> int:
        """Return the number of acknowledged steps."""
        return len(self.acknowledged)

    def slowest(self, share: float) -> float:
        """Return the seconds within which this share of the requests was answered, retries included."""
        durations = sorted(self.durations)
        return durations[min(int(len(durations) * share), len(durations) - 1)] if durations else 0.0

    def _today(self) -> date:
        return OPENED + timedelta(days=int((time.monotonic() - self._began) * self.days_a_second))

    def _client(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        while not self._end.is_set():
            tracked = chance.choice(self.fixture.tracked_cases)
            client_action = chance.choices(*zip(*_CLIENT_ACTIONS, strict=True))[0]
            began = time.monotonic()
            try:
                answer = client_action(self, chance, tracked, self._today())
            except Lost as lost:
                self._count("lost for good", str(lost))
                continue
            except Exception as fault:
                self._count("broke", repr(fault))
                raise
            self.durations.append(time.monotonic() - began)
            self._count(str(answer.status), None if _expected(answer) else f"{answer.status} {answer.text[:300]}")

    def _count(self, status: str, fault: str | None) -> None:
        with self._lock:
            self.statuses[status] += 1
            if fault is not None:
                self.faults.append(fault)

    def post(self, account: str, path: str, day: date, body: object) -> Answer:
        """Send a request, and repeat it with its key until it is answered."""
        return self.client.post_until_answered(account, path, day, body)

    def record_answer(self, tracked: TrackedCase, action: str, answer: Answer) -> Answer:
        """Store the version and the state that the answer reports."""
        if answer.status in {200, 201}:
            body = answer.body
            self.acknowledged.append(AcknowledgedStep(UUID(body["id"]), body["version"], action))
            if body["id"] == str(tracked.case_id):
                tracked.state = body["state"]
        elif "wrong_state" in answer.codes:
            tracked.state = next(
                each["values"]["state"] for each in answer.body["reasons"] if each["code"] == "wrong_state"
            )
        return answer


def _expected(answer: Answer) -> bool:
    """Whether the answer is a success or a refusal by a rule."""
    # Every request here is well formed and its sender may see the case, so no other status is expected.
    return answer.status in {200, 201, 202, 409}


ClientAction = Callable[[Load, random.Random, TrackedCase, date], Answer]


def _step(load: Load, chance: random.Random, tracked: TrackedCase, day: date) -> Answer:
    """Take a random action out of the case's last observed state, with an account of a suitable role."""
    hardship = PROGRAMMES["hardship"]
    steps = hardship.steps_from(tracked.state)
    if hardship.state(tracked.state).phase is Phase.ENDED and chance.randrange(10):
        return _reopen(load, chance, tracked, day)
    step = chance.choices(steps, [LIKELY.get(each.action, 1) for each in steps])[0] if steps else None
    if step is None:
        return _reopen(load, chance, tracked, day)
    account = chance.choice([name for role in step.roles for name in load.people[role]])
    answers = form(
        load.fixture.organisation,
        step.action,
        day,
        award=f"{chance.choice((100, 300, 900, 2400))}.00",
        fund=chance.choice(load.fixture.funds),
    )
    if "visitors" in answers:
        answers["visitors"] = [str(load.fixture.organisation.people[each]) for each in _pair(chance, account, load)]
    answer = load.post(account, f"/cases/{tracked.case_id}/actions/{step.action}", day, {"answers": answers})
    if "case_suspended" in answer.codes:
        resume_path = f"/cases/{tracked.case_id}/actions/resume"
        load.record_answer(tracked, step.action, answer)
        return load.record_answer(
            tracked, "resume", load.post("reviewer", resume_path, day, {"answers": {"reason": "已查清"}})
        )
    return load.record_answer(tracked, step.action, answer)


def _pair(chance: random.Random, account: str, load: Load) -> list[str]:
    others = [name for name in load.people[Role.VISITOR] if name != account]
    return [account, chance.choice(others)]


def _reopen(load: Load, _chance: random.Random, tracked: TrackedCase, day: date) -> Answer:
    """Open a new case for the family of an ended case."""
    family = {"household_id": str(tracked.household_id), "beneficiary_id": str(tracked.head_id)}
    body = {"programme": "hardship", **family, "item": "LIV", "requested": "3000.00", "answers": {}}
    answer = load.post("registrar", "/cases", day, body)
    if answer.status == 201:
        tracked.case_id, tracked.state = UUID(answer.body["id"]), "draft"
    return load.record_answer(tracked, "open", answer)


def _receive(load: Load, chance: random.Random, _seat: TrackedCase, day: date) -> Answer:
    """Record a receipt of money on a random fund."""
    body = {"amount": f"{chance.choice((100, 500))}.00", "document": "示例〔2025〕3号", "on": day.isoformat()}
    return load.post("cashier", f"/funds/{chance.choice(load.fixture.funds)}/receipts", day, body)


def _change_payee(load: Load, chance: random.Random, tracked: TrackedCase, day: date) -> Answer:
    """Change the family's bank account, which voids signatures."""
    body = {"person": str(tracked.head_id), "bank": "示例银行", "card": f"62{chance.randrange(10**16):016d}"}
    return load.post("registrar", f"/households/{tracked.household_id}/payee", day, body)


def _reveal(load: Load, _chance: random.Random, tracked: TrackedCase, day: date) -> Answer:
    """Reveal a person's unmasked data."""
    return load.post("visitor_1", f"/persons/{tracked.head_id}/reveal", day, {"purpose": "follow_up"})


def _record_gift(load: Load, chance: random.Random, tracked: TrackedCase, day: date) -> Answer:
    """Record, as an approver, a gift of money outside a case."""
    people = load.fixture.organisation.people
    body = {
        "unit_id": str(load.fixture.organisation.unit_id),
        "household_id": str(tracked.household_id),
        "on": day.isoformat(),
        "item": "SWN",
        "purpose": "慰问",
        "account_code": "502",
        "signed_by_family": True,
        "amount": "20.00",
        "fund_id": str(chance.choice(load.fixture.funds)),
        "handed_by": str(people["visitor_1"]),
        "approved_by": str(people["approver_1"]),
        "confirmed_repeat": True,
    }
    return load.post("approver_1", "/gifts", day, body)


_CLIENT_ACTIONS: tuple[tuple[ClientAction, int], ...] = (
    (_step, 85),
    (_receive, 4),
    (_change_payee, 2),
    (_reveal, 5),
    (_record_gift, 4),
)
"""The requests a client sends, each with its weight."""
