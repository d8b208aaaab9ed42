"""The page of one case: finished values for its template, built from one read of the case and a few SELECTs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.actions import cases as case_actions
from service.actions.errors import NotFound
from service.actions.personal_data_access import PAYEE_REVEALERS
from service.actions.shared_details import decides
from service.http.context import action_context, app_state, caller
from service.http.transaction import connection
from service.queries import case_corrections, case_pages, documents, masking, notices
from service.web.application import application_rows
from service.web.case_actions import ActionButton, action_buttons
from service.web.case_record import CaseRecord, case_record
from service.web.forms import EMPTY, PostedForm
from service.web.household_page import masked_members
from service.web.refusals import NO_PROBLEMS, Problems
from service.web.signed_changes import SignedChanges, signed_changes
from workflows.evidence import Visit
from workflows.facts import Facts
from workflows.powers import PAPER_KEEPERS
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase

PHASES = (Phase.SURVEY, Phase.APPROVAL, Phase.DISBURSEMENT, Phase.FOLLOW_UP)


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """One of the four phases: done, now or next, and the day it was reached."""

    phase: Phase
    status: str
    reached_on: date | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that the page of a case shows."""

    case: dict[str, Any]
    programme: Programme
    members: list[dict[str, Any]]
    payee: dict[str, Any] | None
    phases: tuple[PhaseStatus, ...]
    record: CaseRecord
    application: tuple[tuple[str, str], ...]
    facts: Facts
    assessment: Mapping[str, Any] | None
    limits: dict[str, Any]
    changes: list[dict[str, Any]]
    signed: SignedChanges | None
    letters: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    actions: tuple[ActionButton, ...]
    unavailable: tuple[ActionButton, ...]
    refused: Problems
    """Reasons against an action that the case no longer offers: it has moved on since its form was shown."""

    @property
    def state(self) -> Any:
        """Return the state of the case, with its labels."""
        return self.programme.state(self.case["state"])

    @property
    def beneficiary(self) -> str:
        """Return the masked name of the beneficiary; nothing once they have left the family."""
        return next((each["name"] or "" for each in self.members if each["id"] == self.case["beneficiary_id"]), "")

    @property
    def payee_name(self) -> str:
        """Return the masked name of the payee account's holder; nothing once they have left the family."""
        holder = self.payee["person_id"] if self.payee else None
        return next((each["name"] or "" for each in self.members if each["id"] == holder), "")

    @property
    def may_reveal_payee(self) -> bool:
        """Return whether the caller may see the account in full."""
        return caller().holds(PAYEE_REVEALERS, self.case["unit_path"])

    @property
    def may_add_documents(self) -> bool:
        """Return whether the caller may add documents to the case."""
        return caller().holds(PAPER_KEEPERS, self.case["unit_path"])

    @property
    def decides(self) -> bool:
        """Return whether the caller decides on the award now, and may see what the family shares with others."""
        return decides(caller(), self.case)

    @property
    def visits_to_confirm(self) -> tuple[Visit, ...]:
        """Return the survey visits that name the caller and wait for them to say that they took part."""
        steps, me = self.programme.steps_from(self.case["state"]), caller().account
        is_asked = any(step.kind.confirms_visit for step in steps)
        return tuple(each for each in self.facts.surveys if is_asked and me in each.visitors - each.went)

    @property
    def amount(self) -> int:
        """Return the award, or before it what was asked for, in fen."""
        award = self.case["award_fen"]
        return int(self.case["requested_fen"] if award is None else award)


def _heading(case_id: UUID) -> dict[str, Any]:
    """Return a case that the caller sees. Raises NotFound."""
    row = case_pages.heading(connection(), case_id, caller())
    if row is None:
        raise NotFound
    return row


def payee_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the account of a case's heading, its number still encrypted; None where the family has none."""
    return {name: row[f"payee_{name}"] for name in case_pages.PAYEE} if row["payee_id"] else None


def case_page(case_id: UUID, taken: str = "", posted: PostedForm = EMPTY) -> CasePage:
    """Return the page of a case; `taken` is the action whose form was refused. Raises NotFound."""
    conn, row = connection(), _heading(case_id)
    programme = PROGRAMMES[row["programme"]]
    preview = case_actions.preview_actions(conn, case_id, action_context())
    assessment, limits = case_actions.assess(preview.rule_input, preview.in_force)
    events, record = _record(row)
    papers = documents.of_case(conn, row["household_id"], case_id)
    buttons = action_buttons(row, preview, taken, posted, record, papers)
    return CasePage(
        case=row,
        programme=programme,
        members=masked_members(row["household_id"]),
        payee=masking.payee(app_state().keyring, payee_of(row)),
        phases=_phases(row, programme, events),
        record=record,
        application=application_rows(programme, row, record.words),
        facts=preview.loaded.facts,
        assessment=assessment,
        limits=limits,
        changes=case_corrections.changes_since_return(conn, row),
        signed=signed_changes(preview.loaded),
        letters=case_pages.letters(conn, case_id),
        documents=papers,
        actions=tuple(each for each in buttons if each.is_available),
        unavailable=tuple(each for each in buttons if not each.is_available),
        refused=NO_PROBLEMS if any(each.action == taken for each in buttons) else posted.problems,
    )


def _record(row: dict[str, Any]) -> tuple[list[dict[str, Any]], CaseRecord]:
    """Return the events of a case, and what they and its notices tell."""
    events = case_pages.events(connection(), row["id"])
    return events, case_record(events, notices.of_case(connection(), row["id"]), row["unit_path"])


def _phases(row: dict[str, Any], programme: Programme, events: list[dict[str, Any]]) -> tuple[PhaseStatus, ...]:
    reached: dict[Phase, date] = {}
    for each in events:
        state = each["to_state"]
        if state is not None:
            reached.setdefault(programme.state(state).phase, each["on"])
    now = Phase(row["phase"])
    done = PHASES.index(now) if now in PHASES else len(PHASES)
    statuses = ("done" if number < done else "now" if number == done else "next" for number in range(len(PHASES)))
    return tuple(
        PhaseStatus(phase, status if phase in reached else "next", reached.get(phase))
        for phase, status in zip(PHASES, statuses, strict=True)
    )


def present_words(case_id: UUID) -> dict[str, str]:
    """Return what was last written in each free field of a case, as far as the caller may read it. Raises NotFound."""
    row = _heading(case_id)
    return case_record(case_pages.events(connection(), case_id), [], row["unit_path"]).words
