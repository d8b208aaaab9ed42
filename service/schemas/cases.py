"""Schemas of cases, their events and their actions."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, CountedPageIn, In, Money
from service.schemas.notices import CaseObjectionOut
from service.schemas.persons import PossibleTwinsOut, SharedDetailsOut
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase


class CaseIn(In):
    """An application of a household. GET /programmes lists the items of a programme and the fields of its form."""

    programme = fields.String(required=True, validate=CODE)
    household_id = fields.UUID(required=True)
    beneficiary_id = fields.UUID(required=True)
    item = fields.String(required=True, validate=CODE)
    requested = Money(required=True)
    answers = fields.Dict(keys=fields.String(), load_default=dict)


class ActionIn(In):
    """The form of one action; GET …/actions lists its fields, GET /programmes those of every action."""

    answers = fields.Dict(keys=fields.String(), load_default=dict)


class CaseFilterIn(CountedPageIn):
    """Filters of the list of cases."""

    programme = fields.String(validate=CODE)
    state = fields.String(validate=CODE)
    phase = fields.String(validate=validate.OneOf([phase.value for phase in Phase]))
    item = fields.String(validate=CODE)
    household_id = fields.UUID()
    unit_id = fields.UUID()
    overdue = fields.Boolean()


class TakenOut(Schema):
    """The result of an action."""

    id = fields.UUID(attribute="case_id")
    case_no = fields.String()
    state = fields.String()
    phase = fields.String()
    version = fields.Integer()
    due_on = fields.Date(allow_none=True)


class ReasonOut(Schema):
    """A reason for a refusal, or for a warning."""

    code = fields.String()
    message = fields.String()
    values = fields.Dict()


class OpenedOut(TakenOut):
    """A case just opened: what its review will or may refuse, and possible twins of a beneficiary without a number."""

    warnings = fields.List(fields.Nested(ReasonOut))
    possible_twins = fields.Nested(PossibleTwinsOut)


class CaseOut(Schema):
    """A case; persons appear by id only, and /persons shows their masked names."""

    id = fields.UUID()
    case_no = fields.String()
    programme = fields.String()
    programme_title = fields.Function(lambda row: PROGRAMMES[row["programme"]].title, metadata={"type": "string"})
    year = fields.Integer()
    unit_id = fields.UUID()
    household_id = fields.UUID()
    beneficiary_id = fields.UUID()
    item = fields.String()
    state = fields.String()
    state_label = fields.Function(lambda row: _state(row).label, metadata={"type": "string"})
    family_label = fields.Function(lambda row: _state(row).family_label, metadata={"type": "string"})
    phase = fields.String()
    version = fields.Integer()
    answers = fields.Dict()
    requested = Money(attribute="requested_fen")
    award = Money(attribute="award_fen", allow_none=True)
    outstanding = Money(
        attribute="outstanding_fen",
        metadata={"description": "What is out: committed, paid, or being recovered."},
    )
    recovering = Money(
        attribute="recovering_fen",
        metadata={"description": "What was recalled and neither came back nor was written off."},
    )
    written_off = Money(attribute="written_off_fen")
    category = fields.String(allow_none=True)
    method = fields.String(
        allow_none=True,
        metadata={"description": "How the award is to be paid: stated at review, and part of what approvers sign."},
    )
    cash_reason = fields.String(allow_none=True)
    fund_id = fields.UUID(allow_none=True)
    policy_set_id = fields.UUID()
    opened_on = fields.Date()
    entered_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    due_is_provisional = fields.Boolean()
    held_until = fields.Date(allow_none=True)


def _state(row: dict[str, str]):  # type: ignore[no-untyped-def]
    return PROGRAMMES[row["programme"]].state(row["state"])


class CorrectedFieldOut(Schema):
    """A field of the application that was corrected since the case was last returned (money in yuan)."""

    field = fields.String()
    label = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    rewritten = fields.Boolean(
        metadata={"description": "Free text was written anew; it is among the words of the events."}
    )
    on = fields.Date()
    by = fields.String()


class OneCaseOut(CaseOut):
    """One case, with what was corrected since it was last returned, and every objection to an award of it."""

    changes = fields.List(fields.Nested(CorrectedFieldOut))
    objections = fields.List(fields.Nested(CaseObjectionOut))


class CasePageOut(Schema):
    """A page of cases."""

    items = fields.List(fields.Nested(CaseOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer(metadata={"description": "All cases under this filter, from the same query as the page."})
    count_is_capped = fields.Boolean(metadata={"description": "With count=capped: there are more than `count`."})


class EventOut(Schema):
    """One event of a case; `body` is the text that was hashed, as stored."""

    seq = fields.Integer()
    action = fields.String()
    from_state = fields.String(allow_none=True)
    to_state = fields.String(allow_none=True)
    actor_id = fields.UUID()
    actor = fields.String()
    principal_id = fields.UUID(allow_none=True)
    on = fields.Date()
    at = fields.AwareDateTime()
    body = fields.String()
    words = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        allow_none=True,
        metadata={
            "description": "What was written in free words, by field: for those who work on cases of the unit, and for"
            " auditors; an objection and its answer not for visitors, verifiers and cashiers. null for others."
        },
    )
    hash = fields.Function(lambda row: bytes(row["hash"]).hex(), metadata={"type": "string"})


class EventsOut(Schema):
    """The event log of a case, first event first."""

    items = fields.List(fields.Nested(EventOut))


class QuestionOut(Schema):
    """One field of an action's form."""

    key = fields.String()
    label = fields.String()
    kind = fields.String()
    required = fields.Boolean()
    choices = fields.List(fields.String())


class ChoiceOut(Schema):
    """An action out of the present state: open, or refused with every reason."""

    action = fields.String()
    label = fields.String()
    target = fields.String()
    open = fields.Boolean()
    form = fields.List(fields.Nested(QuestionOut))
    reasons = fields.List(fields.Nested(ReasonOut))


class ChoicesOut(Schema):
    """The actions of a case: those open now, and the reasons against the others."""

    state = fields.String()
    changes = fields.List(fields.Nested(CorrectedFieldOut))
    objections = fields.List(fields.Nested(CaseObjectionOut))
    items = fields.List(fields.Nested(ChoiceOut))
    possible_twins = fields.Nested(
        PossibleTwinsOut, metadata={"description": "For those who decide: persons who may be the beneficiary."}
    )
    shared_details = fields.Nested(
        SharedDetailsOut, metadata={"description": "For those who decide: what the household shares with others."}
    )
