"""Cases, their events and the actions open to them."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, PageIn
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase


class CaseIn(In):
    """A family's request. GET /programmes tells the items of a programme and the questions of its form."""

    programme = fields.String(required=True, validate=CODE)
    household_id = fields.UUID(required=True)
    beneficiary_id = fields.UUID(required=True)
    item = fields.String(required=True, validate=CODE)
    requested = Money(required=True)
    answers = fields.Dict(keys=fields.String(), load_default=dict)


class ActionIn(In):
    """The form of one action; its questions are listed by GET …/actions, and by GET /programmes for all."""

    answers = fields.Dict(keys=fields.String(), load_default=dict)


class CaseFilterIn(PageIn):
    """Which cases to list."""

    programme = fields.String(validate=CODE)
    state = fields.String(validate=CODE)
    phase = fields.String(validate=validate.OneOf([phase.value for phase in Phase]))
    item = fields.String(validate=CODE)
    household_id = fields.UUID()
    unit_id = fields.UUID()
    overdue = fields.Boolean()


class TakenOut(Schema):
    """What came of a step."""

    id = fields.UUID(attribute="case_id")
    case_no = fields.String()
    state = fields.String()
    phase = fields.String()
    version = fields.Integer()
    due_on = fields.Date(allow_none=True)


class CaseOut(Schema):
    """A case; persons appear by id only, their names are masked under /persons."""

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
    outstanding = Money(attribute="outstanding_fen")
    category = fields.String(allow_none=True)
    fund_id = fields.UUID(allow_none=True)
    policy_set_id = fields.UUID()
    opened_on = fields.Date()
    entered_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    due_is_provisional = fields.Boolean()
    held_until = fields.Date(allow_none=True)


def _state(row: dict[str, str]):  # type: ignore[no-untyped-def]
    return PROGRAMMES[row["programme"]].state(row["state"])


class CasePageOut(Schema):
    """A page of cases."""

    items = fields.List(fields.Nested(CaseOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer(metadata={"description": "All cases under this filter, from the same query as the page."})


class EventOut(Schema):
    """One link of a case's chain; `body` is the text that was hashed, as stored."""

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
    hash = fields.Function(lambda row: bytes(row["hash"]).hex(), metadata={"type": "string"})


class EventsOut(Schema):
    """A case's chain from its first event."""

    items = fields.List(fields.Nested(EventOut))


class QuestionOut(Schema):
    """One question of an action's form."""

    key = fields.String()
    label = fields.String()
    kind = fields.String()
    required = fields.Boolean()
    choices = fields.List(fields.String())


class ReasonOut(Schema):
    """Why not."""

    code = fields.String()
    message = fields.String()
    values = fields.Dict()


class ChoiceOut(Schema):
    """An action out of the present state: open, or refused with every reason."""

    action = fields.String()
    label = fields.String()
    target = fields.String()
    open = fields.Boolean()
    form = fields.List(fields.Nested(QuestionOut))
    reasons = fields.List(fields.Nested(ReasonOut))


class ChoicesOut(Schema):
    """What may be done now, and why the rest may not."""

    state = fields.String()
    items = fields.List(fields.Nested(ChoiceOut))
