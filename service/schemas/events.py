"""Schemas of events for auditors."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import PageIn
from service.tables.events import SUBJECTS

LISTS = (
    *("cash", "stand_ins", "for_others", "returns", "recalls", "voids", "second_person", "powers", "tokens", "rules"),
    *("sign_ins", "taken", "imports", "kinship", "looks"),
)
"""The ready lists (service/queries/events.py)."""


class EventFilterIn(PageIn):
    """Filters of the events: what they are about, who acted, what kind, which days, or a ready list."""

    subject = fields.String(validate=validate.OneOf(SUBJECTS))
    subject_id = fields.UUID()
    actor_id = fields.UUID()
    action = fields.String(validate=validate.Length(1, 60))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    list = fields.String(validate=validate.OneOf(LISTS))


class LoggedEventOut(Schema):
    """An event: who did what, when, about what, in whose name, and who confirmed it."""

    no = fields.Integer()
    on = fields.Date()
    at = fields.AwareDateTime()
    subject = fields.String()
    subject_id = fields.UUID()
    seq = fields.Integer()
    action = fields.String()
    from_state = fields.String(allow_none=True)
    to_state = fields.String(allow_none=True)
    actor_id = fields.UUID()
    actor = fields.String()
    principal = fields.String(allow_none=True)
    confirmation_id = fields.UUID(allow_none=True)
    confirmed_by = fields.List(fields.UUID())
    console = fields.String(allow_none=True)
    facts = fields.Dict(keys=fields.String())


class LoggedEventPageOut(Schema):
    """A page of events, newest first."""

    items = fields.List(fields.Nested(LoggedEventOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class LoggedEventFullOut(LoggedEventOut):
    """An event with its body as it was hashed."""

    body = fields.String()
    hash = fields.String()
