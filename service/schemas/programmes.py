"""Programmes as the tables have them: what may be asked for, the forms, the states and the steps."""

from marshmallow import Schema, fields

from service.schemas.cases import QuestionOut


class StateOut(Schema):
    """A place where a case can stand, in the words of the staff and of the family."""

    key = fields.String()
    phase = fields.String()
    label = fields.String()
    family_label = fields.String()


class StepOut(Schema):
    """An action: from which states to which (`=` stays), in which roles, and the form it asks for."""

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
    """Every programme there is."""

    items = fields.List(fields.Nested(ProgrammeOut))
