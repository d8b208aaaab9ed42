"""A case history is what the events of a case tell of it, event by event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from workflows.evidence import Notice, Objection, Seen, Verification, Visit, seen_of
from workflows.facts import Approval, Facts, Returned
from workflows.kept_facts import filers, restored
from workflows.payment_states import Payment
from workflows.programme import Programme, Step
from workflows.vocabulary import Duty, Fen, Plain, Pot, Record

Body = Mapping[str, Any]
"""The body of an event."""


@dataclass(slots=True)
class CaseHistory:
    """The case as its events so far tell it."""

    case_id: str
    programme: Programme
    opened_on: date
    columns: dict[str, Any] = field(default_factory=dict)
    """The changing columns of the case, as the events record them."""

    duties: set[tuple[Duty, UUID]] = field(default_factory=set)
    papers: set[str] = field(default_factory=set)
    visits: list[Visit] = field(default_factory=list)
    approvals: dict[str, Approval] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    """Every attempt to pay by its id, in order."""

    returned: Returned | None = None
    verification: Verification | None = None
    notice: Notice | None = None
    objections: dict[str, Objection] = field(default_factory=dict)
    """Every objection by its id; the award that it is against is that of the notice of its day."""

    posted: Objection = field(default=Objection(None, frozenset()))
    """An objection to the latest notice, as it would be raised."""

    open_objections: int = 0
    upheld_objections: int = 0
    pots: dict[Pot, int] = field(default_factory=dict)
    """What the entries of the case brought into each pot, less what they took out of it."""

    @property
    def state(self) -> str:
        """Return the state of the case."""
        return str(self.columns.get("state"))

    def facts(self, body: Body) -> Facts:
        """Return the facts before an event: those of the earlier events, and those that its body keeps."""
        columns, kept = self.columns, body.get("facts") or {}
        return Facts.partial(
            state=self.state,
            opened_on=self.opened_on,
            entered_on=_day(columns.get("entered_on")) or self.opened_on,
            item=columns.get("item"),
            requested=Fen(columns.get("requested_fen") or 0),
            award=columns.get("award_fen"),
            category=columns.get("category"),
            method=columns.get("method"),
            cash_reason=columns.get("cash_reason"),
            payments=tuple(self.payments.values()),
            outstanding=Fen(columns.get("outstanding_fen") or 0),
            recovering=Fen(self.pots.get(Pot.RECOVERING, 0)),
            written_off=Fen(self.pots.get(Pot.WRITTEN_OFF, 0)),
            held=columns.get("held_until") is not None,
            duties=frozenset(self.duties) | filers(kept),
            answers=columns.get("answers") or {},
            papers=frozenset(self.papers),
            visits=tuple(self.visits),
            returned=self.returned,
            verification=self.verification,
            notice=self._notice(),
            objections=tuple(self.objections.values()),
            approvals=tuple(sorted(self.approvals.values(), key=lambda each: each.tier)),
            content=body.get("content") or "",
            **restored(kept),
        )

    def _notice(self) -> Notice | None:
        if self.notice is None:
            return None
        posted = self.notice
        counts = (self.open_objections, self.upheld_objections)
        return Notice(posted.posted_on, posted.content, posted.ended_on, posted.id, *counts)

    def take_in(self, body: Body, step: Step | None) -> None:
        """Take in what an event tells."""
        rows = body.get("rows") or {}
        self.columns.update({**rows.get("case", {})}.get(self.case_id) or {})
        self.duties |= {(Duty(each["duty"]), UUID(each["account_id"])) for each in body.get("duties") or ()}
        for entry in body.get("entries") or ():
            for pot, sign in ((Pot(entry["target_pot"]), 1), (Pot(entry["source_pot"]), -1)):
                self.pots[pot] = self.pots.get(pot, 0) + sign * entry["fen"]
        self._take_in_rows(rows, body)
        if step is not None and step.record is not None:
            self._take_in_record(step, body)

    def _take_in_rows(self, rows: Mapping[str, Any], body: Body) -> None:
        for table, take_in in _TAKE_IN_ROW.items():
            for row_id, entry in (rows.get(table) or {}).items():
                take_in(self, row_id, entry, body)

    def notice_row(self, notice_id: str, entry: Mapping[str, Any], body: Body) -> None:
        """Take in a notice that is posted, or its end."""
        if "fixed" in entry:
            posted_on = date.fromisoformat(body["on"])
            self.notice, self.upheld_objections = Notice(posted_on, body["content"], None, UUID(notice_id)), 0
            self.posted = Objection(None, _people(body), self.columns.get("award_fen"), _seen(body))
        elif self.notice is not None and str(self.notice.id) == notice_id and entry.get("ended_on"):
            shown = self.notice
            self.notice = Notice(shown.posted_on, shown.content, _day(entry["ended_on"]), shown.id)

    def objection_row(self, objection_id: str, entry: Mapping[str, Any], _body: Body) -> None:
        """Take in an objection, or its answer."""
        raised = self.objections.get(objection_id, self.posted)
        self.objections[objection_id] = replace(raised, outcome=entry.get("outcome"))
        self.open_objections += 1 if "fixed" in entry else -bool(entry.get("outcome"))
        self.upheld_objections += entry.get("outcome") == "upheld"

    def approval_row(self, approval_id: str, entry: Mapping[str, Any], body: Body) -> None:
        """Take in a signature, or its void."""
        if "fixed" in entry:
            self.approvals[approval_id] = Approval(len(self.approvals) + 1, UUID(body["actor"]), body["content"])
        elif entry.get("voided_seq") is not None:
            self.approvals.pop(approval_id, None)

    def payment_row(self, payment_id: str, entry: Mapping[str, Any], body: Body) -> None:
        """Take in a payment that is sent, or what became of it."""
        if "fixed" in entry:
            sent_on, payer = date.fromisoformat(body["on"]), UUID(body["actor"])
            self.payments[payment_id] = Payment(entry["state"], sent_on, payer)
        elif payment_id in self.payments:
            before, confirmer = self.payments[payment_id], entry.get("confirmed_by")
            changed = replace(before, state=entry.get("state", before.state))
            self.payments[payment_id] = replace(changed, confirmer=UUID(confirmer)) if confirmer else changed

    def _take_in_record(self, step: Step, body: Body) -> None:
        take_in = _TAKE_IN.get(step.record) if step.record is not None else None
        if take_in is not None:
            take_in(self, step, body)

    def visited(self, step: Step, body: Body) -> None:
        """Take in a survey or a follow-up, with what its visitors saw."""
        answers = body.get("answers") or {}
        kind = "survey" if step.duty is Duty.VISITOR else "follow_up"
        visitors = frozenset(UUID(each) for each in answers["visitors"])
        went_on, seen = date.fromisoformat(answers["on"]), _seen(body)
        if seen is not None:
            seen = seen.without(frozenset(answers.get("gone") or ()))
        me = frozenset({UUID(body["actor"])})
        self.visits.append(Visit(kind, went_on, visitors, answers["conclusion"], body["seq"], seen, me))

    def visit_confirmed(self, _step: Step, body: Body) -> None:
        """Take in a visitor's own word that they were there."""
        me = frozenset({UUID(body["actor"])})
        self.visits = [replace(each, confirmed=each.confirmed | (me & each.visitors)) for each in self.visits]

    def papers_seen(self, _step: Step, body: Body) -> None:
        """Take in papers that were seen."""
        self.papers |= set((body.get("answers") or {})["papers"])
        if self.returned is not None:
            self.returned = Returned(self.returned.seq, self.returned.on, self.returned.to_repeat, papers_since=True)

    def returned_to_survey(self, _step: Step, body: Body) -> None:
        """Take in a return to the survey."""
        again = frozenset((body.get("answers") or {}).get("again") or ())
        self.returned = Returned(body["seq"], date.fromisoformat(body["on"]), again)

    def checked(self, _step: Step, body: Body) -> None:
        """Take in the reply to an economic check."""
        answers, people = body.get("answers") or {}, (body.get("facts") or {}).get("people")
        replied_on, explained = date.fromisoformat(answers["replied_on"]), bool(answers.get("explained"))
        self.verification = Verification(replied_on, answers["outcome"], explained, people, _seen(body))


def _seen(body: Body) -> Seen | None:
    """Return what the file said when an event was written; None for an event of before that was kept."""
    return seen_of((body.get("facts") or {}).get("seen"))


def _people(body: Body) -> frozenset[UUID]:
    return frozenset(UUID(each) for each in (body["actor"], body.get("principal")) if each)


def answers_of(body: Body) -> dict[str, Plain]:
    """Return the form of an event; free text, which is sealed beside the event, is a mark where it was given."""
    return {**dict.fromkeys(body.get("remarks") or (), "…"), **(body.get("answers") or {})}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


_TAKE_IN: Mapping[Record, Callable[[CaseHistory, Step, Body], None]] = {
    Record.VISIT: CaseHistory.visited,
    Record.VISIT_CONFIRMED: CaseHistory.visit_confirmed,
    Record.PAPERS: CaseHistory.papers_seen,
    Record.RESURVEY: CaseHistory.returned_to_survey,
    Record.VERIFICATION: CaseHistory.checked,
}
"""What the history takes in from each kind of record."""

_TAKE_IN_ROW: Mapping[str, Callable[[CaseHistory, str, Mapping[str, Any], Body], None]] = {
    "notice": CaseHistory.notice_row,
    "objection": CaseHistory.objection_row,
    "payment": CaseHistory.payment_row,
    "approval": CaseHistory.approval_row,
}
"""What the history takes in from the rows of each table that an event names."""
