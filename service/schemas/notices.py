"""Schemas of public notices and objections."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, PageIn


class ObjectionOut(Schema):
    """An objection; what it and its answer say is among the words of the case's events."""

    id = fields.UUID()
    source = fields.String()
    raised_on = fields.Date()
    outcome = fields.String(allow_none=True)
    answered_on = fields.Date(allow_none=True)


class CaseObjectionOut(ObjectionOut):
    """An objection to an award of the case, also to an earlier one: it stays against the case once it is upheld."""

    notice_id = fields.UUID()
    award = Money(attribute="award_fen", allow_none=True)
    posted_by = fields.String(metadata={"description": "The reviewer whose award it is about."})


class NoticeOut(Schema):
    """A public notice: when and where it was posted, what it showed, and the objections.

    The name is masked once the notice has ended; `shown_hash` is of what was posted.
    """

    id = fields.UUID()
    case_id = fields.UUID()
    case_no = fields.String()
    posted_on = fields.Date()
    ends_on = fields.Date()
    ended_on = fields.Date(allow_none=True)
    places = fields.List(fields.String())
    shown = fields.Dict()
    shown_hash = fields.String()
    objections = fields.List(fields.Nested(ObjectionOut))


class NoticesOut(Schema):
    """A page of notices."""

    items = fields.List(fields.Nested(NoticeOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class NoticeFilterIn(PageIn):
    """Filters of the list of notices."""

    case_id = fields.UUID()
    up = fields.Boolean(metadata={"description": "Only notices still posted (true) or ended (false)."})


class ObjectionIn(In):
    """An objection during the notice."""

    source = fields.String(required=True, validate=CODE)
    objection = fields.String(required=True, validate=validate.Length(1, 2000))


class ObjectionAnswerIn(In):
    """The answer to the oldest open objection of the notice."""

    outcome = fields.String(required=True, validate=CODE)
    answer = fields.String(required=True, validate=validate.Length(1, 2000))
