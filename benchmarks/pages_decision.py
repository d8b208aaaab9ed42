"""The decision page of the compared apps: what its template shows, made of facts that each app has read in its own way.

It holds for a hardship case in the state `approval`, the state of the measured case.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from benchmarks import pages_record
from benchmarks.check_input import CheckInput, Clerk
from benchmarks.pages_forms import forms
from benchmarks.pages_record import ShownNotice, Words
from benchmarks.pages_words import choice, day, joined, programme, signed_label, term, word, yuan
from benchmarks.plain_rules import judged
from workflows.approval_digest import ApprovalContent, approval_digest, content_record
from workflows.assessment import Assessment
from workflows.assessment import yuan as yuan_of
from workflows.eligibility import cap_for
from workflows.policy import PolicySet
from workflows.programmes.hardship import HARDSHIP
from workflows.workdays import Calendar

PHASES = ("survey", "approval", "disbursement", "follow_up")


@dataclass(frozen=True)
class Reading:
    """What an app has read of a case.

    `row` has the columns of benchmarks.pages_sql.DECISION; `events` have `seq`, `action`, `to_state`, `on`, `actor`,
    `principal` and `body`, which is None but for corrections; `members` have the masked `name`, `id_no` and `phone`;
    `documents` have `id`, `kind`, `pages`, `received_on`, `recorder`, `is_named` and `ended_on`.
    """

    row: Any
    events: list[Any]
    letters: list[Any]
    members: list[dict[str, Any]]
    payee: Mapping[str, Any] | None
    """The `bank`, the masked `card`, and the `person_id` of its holder."""
    signed_content: str | None
    """What the latest signature covers, decrypted."""
    words: Words
    notices: list[ShownNotice]
    documents: list[Any]
    staff: list[tuple[str, Clerk]]
    """Everybody with a role over the unit of the case, with their names, in the order of names."""


def page(reading: Reading, clerk: Clerk, today: date, policy: PolicySet, proof: str) -> dict[str, Any]:
    """Return the values of the template; `proof` is what the caller proves a decision with: totp, passkey or password."""
    row = reading.row
    content = _content(row)
    assessed = judged(row, policy, today)
    check = CheckInput(row, clerk, {}, policy, Calendar(), today, approval_digest(content), assessed, [])
    available, unavailable = forms(check, proof, reading.staff)
    return {
        "case": row,
        "amount": yuan(row.award_fen),
        "state": term("state", row.state),
        "held": word("case.held", until=day(row.held_until)) if row.held_until else "",
        "due": day(row.due_on) if row.due_on else "",
        "phases": list(_phases(row, reading.events)),
        "money": _money(row, policy, assessed, today),
        "method": pages_record.method(row),
        "line": _line(row),
        "signed": _signed(reading, content),
        "changes": _changes(reading.events),
        "income": _income(assessed) if assessed else None,
        **_evidence(row),
        **_family(reading),
        **_record(reading, today),
        **pages_record.rights(row, clerk),
        "purposes": pages_record.purposes(),
        "forms": available,
        "unavailable": unavailable,
        "about": _about(row),
    }


def _record(reading: Reading, today: date) -> dict[str, Any]:
    return {
        "application": pages_record.application(reading.row, reading.words),
        "documents": pages_record.documents(reading.documents),
        "notices": pages_record.notices(reading.notices, reading.words, today),
        "timeline": list(pages_record.timeline(reading.events, reading.words)),
        "letters": [_letter(each) for each in reading.letters],
    }


def _content(row: Any) -> ApprovalContent:
    """Return what a signature of the case would cover."""
    payee = dict(zip(("id", "card", "person_id", "in_family"), row.payee, strict=True)) if row.payee else None
    lines = ("side", "kind", "person", "fen", "reimbursed")
    return ApprovalContent(
        item=row.item,
        requested=row.requested_fen,
        award=row.award_fen,
        fund=row.fund_id,
        policy=row.policy_set_id,
        category=row.category,
        beneficiary=row.beneficiary_id,
        payee=payee,
        form=row.answers,
        division=row.division,
        cause=row.cause,
        identity=row.identity,
        observed=sorted(row.observed),
        misfortune=row.event_kind,
        finances_as_of=row.finances_as_of,
        idle_able_members=row.idle_able_members,
        finance_lines=[dict(zip(lines, line, strict=True)) for line in row.lines or ()],
        members=[dict(zip(("id", "name", "number"), each, strict=True)) for each in row.members or ()],
        papers=row.papers or (),
        method=row.method,
        cash_reason=row.cash_reason,
        documents=row.scanned,
    )


def _phases(row: Any, events: Iterable[Any]) -> Iterator[dict[str, str]]:
    reached: dict[str, date] = {}
    for each in events:
        if each.to_state is not None:
            reached.setdefault(HARDSHIP.state(each.to_state).phase.value, each.on)
    now = PHASES.index(row.phase)
    for number, phase in enumerate(PHASES):
        status = "next" if phase not in reached or number > now else "now" if number == now else "done"
        on = day(reached[phase]) if phase in reached else ""
        yield {"label": word(f"phase.{phase}"), "status": status, "on": on}


def _money(row: Any, policy: PolicySet, assessed: Assessment | None, today: date) -> list[tuple[str, str]]:
    year = [fen for item, fen, on, *_ in row.others or () if item == row.item and int(on[:4]) == today.year]
    category, line = (assessed.category, assessed.sums.line) if assessed else (None, None)
    cap = cap_for(policy, row.item, category=category, line=line) if line is not None else None
    most = row.requested_fen if cap is None else min(row.requested_fen, max(0, cap - sum(year)))
    sums = {"requested": row.requested_fen, "award": row.award_fen, "most": most, "outstanding": row.outstanding_fen}
    return [(word(f"case.{name}"), yuan(fen)) for name, fen in sums.items()]


def _line(row: Any) -> list[tuple[str, str]]:
    after = row.available_fen - row.award_fen
    return [
        (word("case.line_now"), yuan(row.available_fen)),
        (word("case.line_after"), yuan(after)),
        (word("case.line_waiting", number=row.waiting_number), yuan(row.waiting_fen)),
        (word("case.line_after_all"), yuan(after - int(row.waiting_fen))),
    ]


def _signed(reading: Reading, content: ApprovalContent) -> dict[str, Any] | None:
    """Return the latest signature, and the fields that differ from what it covers."""
    row = reading.row
    if row.signature is None or reading.signed_content is None:
        return None
    signer, tier, on, voided = row.signature[:4]
    before, now = json.loads(reading.signed_content), json.loads(content_record(content))
    names = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name)]
    changed = [(signed_label(name), str(before.get(name)), str(now.get(name))) for name in names]
    return {"text": word("case.signed_by", name=signer, tier=tier, on=day(on)), "is_void": voided, "rows": changed}


def _changes(events: Iterable[Any]) -> list[tuple[str, object, object, str, str]]:
    """Return the corrections of the application, the latest of each field."""
    changes = {}
    for each in events:
        for name, (before, after) in json.loads(each.body).get("corrected", {}).items() if each.body else ():
            changes[name] = (name, before, after, each.actor, day(each.on))
    return list(changes.values())


def _income(assessed: Assessment) -> dict[str, Any]:
    sums = assessed.sums
    category = term("category", assessed.category) if assessed.category else word("case.no_category")
    return {
        "members": sums.members,
        "income": yuan(sums.income),
        "rigid": yuan(sums.rigid),
        "parts": list(_parts(sums)),
        "per_head": _thousands(sums.per_head(sums.income - sums.rigid)),
        "line": yuan(sums.line),
        "category": category,
        "tests": [
            (_rule(no, each.rule.category), _thousands(each.per_head), each.held, yuan(each.distance_fen))
            for no, each in enumerate(assessed.outcomes, start=1)
        ],
        "exclusions": [term("exclusion", code) for code in assessed.exclusions],
    }


def _parts(sums: Any) -> Iterator[str]:
    if sums.prior_aid:
        yield f"含已获救助 {yuan(sums.prior_aid)}"
    if sums.imputed:
        yield f"含推算收入 {yuan(sums.imputed)}"


def _rule(number: int, category: str) -> str:
    return f"第 {number} 条：{term('category', category)}"


def _thousands(amount: Any) -> str:
    return f"{Decimal(yuan_of(amount)):,}"


def _evidence(row: Any) -> dict[str, Any]:
    papers = joined(term("paper", code) for code in sorted(row.papers or ())) or "—"
    return {"visits": list(_visits(row)), "verification": _verification(row), "papers": papers}


def _visits(row: Any) -> Iterator[str]:
    for each in row.visits or ():
        named, confirmed = set(each["visitors"] or ()), set(each["confirmed"] or ())
        went = named if each["seen"] is None else named & confirmed
        people = word("case.visitors", went=len(went), named=len(named))
        conclusion = choice("conclusion", each["conclusion"])
        yield f"{day(each['on'])} · {word('visit.' + each['kind'])} · {people} · {conclusion}"


def _verification(row: Any) -> str:
    if not row.verification:
        return word("case.no_verification")
    replied_on, outcome = row.verification[:2]
    return f"{day(replied_on)} · {word('case.verification')} · {choice('outcome', outcome)}"


def _family(reading: Reading) -> dict[str, Any]:
    members = [
        {
            **each,
            "relation": term("relation", each["relation"]),
            "is_beneficiary": each["id"] == reading.row.beneficiary_id,
        }
        for each in reading.members
    ]
    names, payee = {each["id"]: each["name"] for each in members}, reading.payee
    return {
        "members": members,
        "beneficiary": names.get(reading.row.beneficiary_id, ""),
        "payee": {**payee, "name": names.get(payee["person_id"], "")} if payee else None,
    }


def _letter(each: Any) -> str:
    reader = each.staff or word("case.to_family")
    return f"{day(each.on)} · {reader} · {word('channel.' + each.channel)} · {word('letter.' + each.state)}"


def _about(row: Any) -> list[tuple[str, str]]:
    item = f"{programme(row.programme)} · {term('item', row.item)}"
    values = {"programme": item, "unit": row.unit_name, "opened": day(row.opened_on), "policy": row.policy_title}
    return [(word(f"case.{name}"), value) for name, value in values.items()]


def paths_of(grants: Iterable[tuple[str, int, str, UUID | None]]) -> list[str]:
    """Return the paths of the units whose cases the grants let their holder see."""
    return sorted({path for role, _, path, _ in grants if role != "admin"})
