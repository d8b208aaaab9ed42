"""Schemas of programmes: items, forms, states and steps."""

from marshmallow import Schema, fields

from service.schemas.cases import QuestionOut


class StateOut(Schema):
    """A state of a case, with its label for the staff and its label for the family."""

    key = fields.String()
    phase = fields.String()
    label = fields.String()
    family_label = fields.String()


class StepOut(Schema):
    """An action: its source states, its target state (`=` stays), its roles, and its form."""

    action = fields.String()
    label = fields.String()
    sources = fields.List(fields.String())
    target = fields.String()
    roles = fields.List(fields.String())
    form = fields.List(fields.Nested(QuestionOut))


class ProgrammeOut(Schema):
    """A programme: `items` and `answers` are what POST /cases takes for it."""

    key = fields.String()
    title = fields.String()
    start = fields.String()
    items = fields.List(fields.String())
    answers = fields.List(fields.Nested(QuestionOut))
    states = fields.List(fields.Nested(StateOut))
    steps = fields.List(fields.Nested(StepOut))


class ProgrammesOut(Schema):
    """Every programme."""

    items = fields.List(fields.Nested(ProgrammeOut))
