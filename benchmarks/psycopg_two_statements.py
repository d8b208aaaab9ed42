"""The reference: a step with psycopg as a locking SELECT, rules in Python and one writing statement.

Statements are prepared; policy sets and the calendar, which never change, are cached in the process. A pipeline, with
BEGIN in the first and COMMIT in the last message, was not faster (0.84 to 1.1 of this). What an allocation leaves of
another unit's fund line is not computed: the scenario uses a line of the unit itself.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from benchmarks.check_input import CheckInput, Clerk
from benchmarks.decided_category import file_event
from benchmarks.event_facts import facts_of
from benchmarks.event_rows import rows_of, rows_of_file, rows_opened
from benchmarks.facts_sql import FACTS, OPENING
from benchmarks.plain_rules import CHECKS, check_authority, judged
from benchmarks.records import OutboxRow, beside, cited, content, happened, notifications, opened
from benchmarks.steps import DUTY, FORMS, MEANS, POTS, TARGET
from benchmarks.write_sql import OPEN, WRITES
from service.crypto.encryption import Keyring
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from workflows import policy_parser, workdays
from workflows.canonical_json import canonical_json
from workflows.policy import PolicySet
from workflows.policy_in_force import in_force
from workflows.replay import RULES
from workflows.state_machine import read_form
from workflows.vocabulary import Plain
from workflows.workdays import Calendar


class Refused(Exception):
    """A check refused the step."""


def connect(url: str) -> psycopg.Connection[Any]:
    """Return a connection with the service's limits, which prepares statements at first use."""
    options = "-c timezone=UTC -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
    options += " -c random_page_cost=1.1"
    connection = psycopg.connect(url, options=options, row_factory=namedtuple_row)
    connection.prepare_threshold = 0
    return connection


class TwoStatements:
    """A connection with cached policy sets and calendars."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.db, self.keyring = connect(url), keyring
        self.policies: dict[UUID, PolicySet] = {}
        self.calendars: dict[tuple[int, ...], Calendar] = {}

    def open(
        self, family: tuple[UUID, UUID], item: str, requested: int, clerk: Clerk, at: datetime, today: date
    ) -> UUID:
        """Open a case for a household and its beneficiary, and commit. Raises Refused."""
        application = {"household": family[0], "person": family[1], "item": item, "paths": clerk.paths, "today": today}
        with self._step():
            row = self.db.execute(OPENING, application).fetchone()
            if row is None or not _may_open(row, clerk):
                raise Refused("open")
            case = new_id()
            self.db.execute(OPEN, self._opening(row, case, application | {"requested": requested}, clerk, at))
        return case

    def _opening(self, row: Any, case: UUID, application: dict[str, Any], clerk: Clerk, at: datetime) -> dict[str, Any]:
        """Return the values of the opening statement; the event contains the case number, which was drawn before."""
        today, (policy_id, policy) = application["today"], self._in_force(row, application["today"])
        due = workdays.after(today, policy.days("draft_days"), self._calendar(row))
        unit_columns = {
            "unit": row.unit_id,
            "path": row.unit_path,
            "year": today.year,
            "due_on": due,
            "policy": policy_id,
        }
        number = f"HA{today.year}-{row.number:06d}"
        values = {**application, **unit_columns, "case": case, "number": number, "actor": clerk.account, "at": at}
        applied_for: dict[str, Plain] = {"item": application["item"], "requested": application["requested"]}
        applicant: dict[str, Plain] = {
            "household": str(application["household"]),
            "beneficiary": str(application["person"]),
        }
        body_fields = {**applied_for, **applicant, **opened(case, clerk.account, at, today), **cited(policy_id, policy)}
        said = {"programme": "hardship", "unit": row.unit_path, "rules": RULES}
        body = canonical_json({**body_fields, **said, "rows": rows_opened(values)})
        return {**values, "body": body, "prev": GENESIS, "hash": event_hash(GENESIS, body)}

    def take(
        self, case: UUID, action: str, form: Mapping[str, object], clerk: Clerk, at: datetime, today: date
    ) -> tuple[str, int]:
        """Take one step, commit, and return the new state and version. Raises Refused, InvalidForm."""
        answers = read_form(FORMS[action], form)
        with self._step():
            row = self._facts(case, action, answers, clerk, today)
            policy_id, policy = self._policy(row, action, today)
            bound = content(row, row.award_fen, row.fund_id, policy_id, row.category)
            assessment = judged(row, policy, today) if action in MEANS else None
            check = CheckInput(row, clerk, answers, policy, self._calendar(row), today, bound, assessment, [])
            principal = check_authority(check, action)
            CHECKS[action](check)
            if check.codes:
                raise Refused(*check.codes)
            return self._write(check, action, policy_id, principal, at)

    @contextmanager
    def _step(self) -> Iterator[None]:
        """Commit the block, or roll it back on an exception."""
        try:
            yield
        except BaseException:
            self.db.rollback()
            raise
        self.db.commit()

    def _facts(self, case: UUID, action: str, answers: Mapping[str, Any], clerk: Clerk, today: date) -> Any:
        visitors = [UUID(each) for each in answers.get("visitors", ())]
        parameters = {
            "case": case,
            "today": today,
            "paths": clerk.paths,
            "visitors": visitors,
            "fund": answers.get("fund"),
        }
        row = self.db.execute(FACTS[action], parameters).fetchone()
        if row is not None and row.behind:
            row = self.db.execute(FACTS[action], parameters).fetchone()
        if row is None:
            raise Refused("unknown")
        return row

    def _policy(self, row: Any, action: str, today: date) -> tuple[UUID, PolicySet]:
        if row.award_fen is None or action == "pass_review":
            return self._in_force(row, today)
        return row.policy_set_id, self._set(row.policy_set_id)

    def _in_force(self, row: Any, today: date) -> tuple[UUID, PolicySet]:
        sets = [(each, self._set(each)) for each in row.policies]
        current = in_force((policy for _, policy in sets), row.division, today)
        return next((each, policy) for each, policy in sets if policy is current)

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

    def _write(
        self, check: CheckInput, action: str, policy_id: UUID, principal: UUID | None, at: datetime
    ) -> tuple[str, int]:
        row, seq = check.row, check.row.version + 1
        award, fund, category, bound = _award(check, action, policy_id)
        state, phase, deadline = TARGET.get(action, (row.state, row.phase, None))
        outbox_rows, entry = notifications(action, row), _entry(action, award)
        people = _people(check, action, principal)
        transition = {"seq": seq, "action": action, "source": row.state, "state": state, "at": at}
        transition["principal"] = principal
        after = {"case": row.id, "award": award, "fund": fund, "category": category, "policy": policy_id}
        outstanding = row.outstanding_fen + ((award or 0) if action == "approve" else 0)
        moved = {"phase": phase, "due_on": _due(check, deadline), "outstanding": outstanding, "content": bound}
        actors = {"actor": check.clerk.account, "today": check.today, "duty": DUTY.get(action), "people": people}
        own_values = {**beside(action, check, self.keyring), **_posted(entry), **_outbox(outbox_rows)}
        values = {**own_values, **transition, **after, **moved, **actors}
        consequences = _consequences(outbox_rows, entry, action, people)
        body_fields = {**happened(check, transition), **cited(policy_id, check.policy), **consequences}
        rows = rows_of(row, action, values, outbox_rows, moves=action in TARGET)
        decided = {"rules": RULES, "facts": facts_of(action, row), "content": bound, "award": award}
        body, prev = canonical_json({**body_fields, **decided, "rows": rows}), bytes(row.head_hash)
        values |= {"seen": Jsonb(values["seen"])} if values.get("seen") else {}
        values |= _file_values(row, values) if action == "approve" else {}
        self.db.execute(WRITES[action], {**values, "body": body, "prev": prev, "hash": event_hash(prev, body)})
        return state, seq


def _people(check: CheckInput, action: str, principal: UUID | None) -> list[UUID]:
    """Return the accounts that get the step's duty: clerk, principal and visitors who do not have it yet."""
    named = map(UUID, check.answers.get("visitors", ()))
    done = {UUID(account) for duty, account in check.row.duties or () if duty == DUTY.get(action)}
    return sorted({check.clerk.account, *([principal] if principal else ()), *named} - done)


def _file_values(row: Any, values: Mapping[str, Any]) -> dict[str, object]:
    """Return the parameters of the household's event, which records the category that an approval decides."""
    event = file_event(row, values, row.file_seq, bytes(row.file_hash), rows_of_file(row, values))
    return {"household": row.household_id, **{f"file_{name}": value for name, value in event.items()}}


def _consequences(
    outbox_rows: list[OutboxRow], entry: dict[str, Plain] | None, action: str, people: list[UUID]
) -> dict[str, Plain]:
    """Return the event's ledger entries, notifications and duties."""
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in people] if action in DUTY else []
    queued = [f"{each.kind}/{each.channel}" for each in outbox_rows]
    return {"entries": [entry] if entry else [], "notifications": queued, "duties": duties}


def _may_open(row: Any, clerk: Clerk) -> bool:
    registers = any(role == "registrar" and row.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    eligible = not row.already and row.exited_on is None and row.kind == "worker"
    return registers and eligible and clerk.account not in row.family_staff


def _award(check: CheckInput, action: str, policy_id: UUID) -> tuple[int | None, UUID | None, str | None, str]:
    """Return amount, fund and category after the step, and the digest that covers them."""
    row = check.row
    if action != "pass_review":
        return row.award_fen, row.fund_id, row.category, check.content
    award, fund = check.answers["award"], UUID(check.answers["fund"])
    category = check.judged.category if check.judged else None
    return award, fund, category, content(row, award, fund, policy_id, category, "bank")


def _due(check: CheckInput, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = check.policy.days(deadline)
    if deadline == "follow_up_days":
        return check.today + timedelta(days=days)
    return workdays.after(check.today, days, check.calendar)


def _entry(action: str, fen: int | None) -> dict[str, Any] | None:
    if action not in POTS:
        return None
    source, target = POTS[action]
    return {"id": str(new_id()), "source_pot": source, "target_pot": target, "fen": fen}


def _posted(entry: Mapping[str, Any] | None) -> dict[str, object]:
    if entry is None:
        return {}
    return {"ledger_entry": entry["id"], "source_pot": entry["source_pot"], "target_pot": entry["target_pot"]}


def _outbox(outbox_rows: list[OutboxRow]) -> dict[str, object]:
    if not outbox_rows:
        return {}
    kinds = {"kinds": [each.kind for each in outbox_rows], "channels": [each.channel for each in outbox_rows]}
    recipients = {"accounts": [each.account for each in outbox_rows], "persons": [each.person for each in outbox_rows]}
    return {"notification_ids": [each.id for each in outbox_rows], **kinds, **recipients}
