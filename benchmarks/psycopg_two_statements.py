"""The yardstick: a step as a good psycopg programmer writes it: one locking SELECT, rules in Python, one statement, commit.

Statements are prepared; policy sets and the calendar, which are written once, are kept in the process by their keys. Sent
as a pipeline, BEGIN with the first statement and COMMIT with the last, it was no faster (0.84 to 1.1 of this).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from benchmarks.event_rows import rows_of, rows_opened
from benchmarks.facts_sql import FACTS, OPENING
from benchmarks.plain_rules import CHECKS, Clerk, Look, judged, standing
from benchmarks.records import Owed, beside, cited, content, happened, notifications, opened
from benchmarks.steps import DUTY, FORMS, MEANS, POTS, TARGET
from benchmarks.write_sql import OPEN, WRITES
from service.crypto.encryption import Keyring
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from workflows import policy_parser, workdays
from workflows.canonical_json import canonical_json
from workflows.policy import PolicySet, in_force
from workflows.state_machine import read_form
from workflows.vocabulary import Plain
from workflows.workdays import Calendar


class Refused(Exception):
    """A check said no."""


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection with the house's limits whose statements are prepared when first used."""
    options = "-c timezone=UTC -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
    options += " -c random_page_cost=1.1"
    made = psycopg.connect(url, options=options, row_factory=namedtuple_row)
    made.prepare_threshold = 0
    return made


class TwoStatements:
    """One connection and what is kept beside it."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.db, self.keyring = connect(url), keyring
        self.policies: dict[UUID, PolicySet] = {}
        self.calendars: dict[tuple[int, ...], Calendar] = {}

    def open(
        self, family: tuple[UUID, UUID], item: str, requested: int, clerk: Clerk, at: datetime, today: date
    ) -> UUID:
        """Open a case for a household and its beneficiary, and commit. Raises Refused."""
        given = {"household": family[0], "person": family[1], "item": item, "paths": clerk.paths, "today": today}
        with self._step():
            row = self.db.execute(OPENING, given).fetchone()
            if row is None or not _may_open(row, clerk):
                raise Refused("open")
            case = new_id()
            self.db.execute(OPEN, self._opening(row, case, given | {"requested": requested}, clerk, at))
        return case

    def _opening(self, row: Any, case: UUID, given: dict[str, Any], clerk: Clerk, at: datetime) -> dict[str, Any]:
        """The values of the first statement; the case's number is in its event, so it was drawn before."""
        today, (policy_id, policy) = given["today"], self._in_force(row, given["today"])
        due = workdays.after(today, policy.days("draft_days"), self._calendar(row))
        where = {"unit": row.unit_id, "path": row.unit_path, "year": today.year, "due_on": due, "policy": policy_id}
        number = f"HA{today.year}-{row.number:06d}"
        values = {**given, **where, "case": case, "number": number, "actor": clerk.account, "at": at}
        what: dict[str, Plain] = {"item": given["item"], "requested": given["requested"]}
        whose: dict[str, Plain] = {"household": str(given["household"]), "beneficiary": str(given["person"])}
        told = {**what, **whose, **opened(case, clerk.account, at, today), **cited(policy_id, policy)}
        body = canonical_json({**told, "rows": rows_opened(values)})
        return {**values, "body": body, "prev": GENESIS, "hash": event_hash(GENESIS, body)}

    def take(
        self, case: UUID, action: str, given: Mapping[str, object], clerk: Clerk, at: datetime, today: date
    ) -> tuple[str, int]:
        """Take one step and commit; its new state and version. Raises Refused, BadAnswers."""
        answers = read_form(FORMS[action], given)
        with self._step():
            row = self._facts(case, action, answers, clerk, today)
            policy_id, policy = self._policy(row, action, today)
            known = content(row, row.award_fen, row.fund_id, policy_id, row.category)
            found = judged(row, policy, today) if action in MEANS else None
            look = Look(row, clerk, answers, policy, self._calendar(row), today, known, found, [])
            principal = standing(look, action)
            CHECKS[action](look)
            if look.against:
                raise Refused(*look.against)
            return self._write(look, action, policy_id, principal, at)

    @contextmanager
    def _step(self) -> Iterator[None]:
        """What was begun is committed whole, or undone."""
        try:
            yield
        except BaseException:
            self.db.rollback()
            raise
        self.db.commit()

    def _facts(self, case: UUID, action: str, answers: Mapping[str, Any], clerk: Clerk, today: date) -> Any:
        visitors = [UUID(each) for each in answers.get("visitors", ())]
        requested = {
            "case": case,
            "today": today,
            "paths": clerk.paths,
            "visitors": visitors,
            "fund": answers.get("fund"),
        }
        row = self.db.execute(FACTS[action], requested).fetchone()
        if row is not None and row.behind:
            row = self.db.execute(FACTS[action], requested).fetchone()
        if row is None:
            raise Refused("unknown")
        return row

    def _policy(self, row: Any, action: str, today: date) -> tuple[UUID, PolicySet]:
        if row.award_fen is None or action == "pass_review":
            return self._in_force(row, today)
        return row.policy_set_id, self._set(row.policy_set_id)

    def _in_force(self, row: Any, today: date) -> tuple[UUID, PolicySet]:
        sets = [(each, self._set(each)) for each in row.policies]
        chosen = in_force((policy for _, policy in sets), row.division, today)
        return next((each, policy) for each, policy in sets if policy is chosen)

    def _set(self, policy_id: UUID) -> PolicySet:
        if policy_id not in self.policies:
            row = self.db.execute("SELECT source FROM policy_set WHERE id = %s", [policy_id]).fetchone()
            self.policies[policy_id] = policy_parser.read_policy(row.source)  # type: ignore[union-attr]
        return self.policies[policy_id]

    def _calendar(self, row: Any) -> Calendar:
        years = tuple(row.years)
        if years not in self.calendars:
            days = self.db.execute('SELECT "on", working FROM calendar_day').fetchall()
            self.calendars[years] = Calendar({each.on: each.working for each in days}, frozenset(years))
        return self.calendars[years]

    def _write(self, look: Look, action: str, policy_id: UUID, principal: UUID | None, at: datetime) -> tuple[str, int]:
        row, seq = look.row, look.row.version + 1
        award, fund, category, bound = _award(look, action, policy_id)
        state, phase, deadline = TARGET.get(action, (row.state, row.phase, None))
        owed, entry, people = notifications(action, row), _entry(action, award), _people(look, action, principal)
        where = {"seq": seq, "action": action, "source": row.state, "state": state, "principal": principal, "at": at}
        after = {"case": row.id, "award": award, "fund": fund, "category": category, "policy": policy_id}
        out = row.outstanding_fen + ((award or 0) if action == "approve" else 0)
        moved = {"phase": phase, "due_on": _due(look, deadline), "outstanding": out, "content": bound}
        hands = {"actor": look.clerk.account, "today": look.today, "duty": DUTY.get(action), "people": people}
        left = {**beside(action, look, self.keyring), **_posted(entry), **_outbox(owed)}
        values = {**left, **where, **after, **moved, **hands}
        told = {**happened(look, where), **cited(policy_id, look.policy), **_consequences(owed, entry, action, people)}
        rows = rows_of(row, action, values, owed, moves=action in TARGET)
        body, prev = canonical_json({**told, "content": bound, "award": award, "rows": rows}), bytes(row.head_hash)
        self.db.execute(WRITES[action], {**values, "body": body, "prev": prev, "hash": event_hash(prev, body)})
        return state, seq


def _people(look: Look, action: str, principal: UUID | None) -> list[UUID]:
    """Whose duty the step is, unless it is his already: the clerk, whom he stands in for, and everybody who went."""
    named = map(UUID, look.answers.get("visitors", ()))
    done = {UUID(account) for duty, account in look.row.duties or () if duty == DUTY.get(action)}
    return sorted({look.clerk.account, *([principal] if principal else ()), *named} - done)


def _consequences(
    owed: list[Owed], entry: dict[str, Plain] | None, action: str, people: list[UUID]
) -> dict[str, Plain]:
    """What the event says of money, notifications and duties."""
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in people] if action in DUTY else []
    posted = [f"{each.kind}/{each.channel}" for each in owed]
    return {"entries": [entry] if entry else [], "notifications": posted, "duties": duties}


def _may_open(row: Any, clerk: Clerk) -> bool:
    registers = any(role == "registrar" and row.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    stands = not row.already and row.exited_on is None and row.kind == "worker"
    return registers and stands and clerk.account not in row.family_staff


def _award(look: Look, action: str, policy_id: UUID) -> tuple[int | None, UUID | None, str | None, str]:
    """The sum, fund and category after the step, and the digest that binds them."""
    row = look.row
    if action != "pass_review":
        return row.award_fen, row.fund_id, row.category, look.content
    award, fund = look.answers["award"], UUID(look.answers["fund"])
    category = look.judged.category if look.judged else None
    return award, fund, category, content(row, award, fund, policy_id, category)


def _due(look: Look, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = look.policy.days(deadline)
    if deadline == "follow_up_days":
        return look.today + timedelta(days=days)
    return workdays.after(look.today, days, look.calendar)


def _entry(action: str, fen: int | None) -> dict[str, Any] | None:
    if action not in POTS:
        return None
    source, target = POTS[action]
    return {"id": str(new_id()), "source_pot": source, "target_pot": target, "fen": fen}


def _posted(entry: Mapping[str, Any] | None) -> dict[str, object]:
    if entry is None:
        return {}
    return {"ledger_entry": entry["id"], "source_pot": entry["source_pot"], "target_pot": entry["target_pot"]}


def _outbox(owed: list[Owed]) -> dict[str, object]:
    if not owed:
        return {}
    words = {"kinds": [each.kind for each in owed], "channels": [each.channel for each in owed]}
    readers = {"accounts": [each.account for each in owed], "persons": [each.person for each in owed]}
    return {"notification_ids": [each.id for each in owed], **words, **readers}
