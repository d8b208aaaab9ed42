"""Schemas of notifications."""

from marshmallow import Schema, fields


class NotificationOut(Schema):
    """A notification in the inbox, with its text."""

    id = fields.UUID()
    kind = fields.String()
    case_id = fields.UUID(allow_none=True)
    case_no = fields.String(allow_none=True)
    on = fields.Date()
    subject = fields.String()
    body = fields.String()
    read_at = fields.AwareDateTime(allow_none=True)


class InboxOut(Schema):
    """A page of the inbox, newest first."""

    items = fields.List(fields.Nested(NotificationOut))
    unread = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
