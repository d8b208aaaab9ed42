"""A decided step is a transition of one loaded case that is not yet written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from service.actions.case_update import CaseUpdate
from service.actions.context import ActionContext
from service.actions.step_result import StepResult
from service.db.columns import new_id
from service.queries.case_loading.loaded_case import LoadedCase
from workflows.assessment import Assessment
from workflows.facts import RuleInput
from workflows.form_fields import split_free_words
from workflows.state_machine import Transition
from workflows.vocabulary import Plain


@dataclass(frozen=True, slots=True)
class DecidedStep:
    """The case as it was loaded, what was asked of it, the transition, and the case's columns after it."""

    loaded: LoadedCase
    transition: Transition
    rule_input: RuleInput
    context: ActionContext
    update: CaseUpdate
    assessment: Assessment | None
    """The income test the decision rests on, where the step stores one."""

    digest: str
    """What a signature covers once the step is written."""

    record_id: UUID = field(default_factory=new_id)
    """The id of the row that the step's record adds, if it adds one."""

    @property
    def answers(self) -> Mapping[str, Plain]:
        """The form as it was read."""
        return self.transition.answers

    def split_answers(self) -> tuple[dict[str, str], dict[str, Plain]]:
        """Return the free text of the form, which is encrypted, and the rest of it."""
        return split_free_words(self.transition.step.form, self.answers)

    def key(self) -> dict[str, object]:
        """Return the key columns of the row that the step's record adds."""
        return {"id": self.record_id, "case_id": self.loaded.row.id, "seq": self.update.version}

    def result(self) -> StepResult:
        """Return where the case is after the step."""
        row, update = self.loaded.row, self.update
        place = (update.state, update.phase, update.version, update.due_on)
        return StepResult(row.id, row.case_no, *place, row.programme, self.transition.step.action)
