"""Schemas of visits."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, OnceOut, PageIn, YesNo, plain, words

COUNT = validate.Range(1, 1_000_000)


class VisitIn(In):
    """A visit; with `case_id` it is that case's survey or follow-up and goes through the case's own action.

    `photos` are documents of the kind visit_photo that are on file: of the family, and with `case_id` of the case too.
    """

    case_id = fields.UUID(load_default=None)
    unit_id = fields.UUID(load_default=None)
    kind = fields.String(required=True, validate=CODE)
    on = fields.Date(required=True)
    place = fields.String(required=True, validate=CODE)
    visitors = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 50))
    household_id = fields.UUID(load_default=None)
    conclusion = fields.String(load_default=None, validate=CODE)
    occasion = fields.String(load_default=None, validate=validate.Length(1, 60))
    with_employer = YesNo(load_default=False)
    companions = fields.Integer(load_default=None, strict=True, validate=COUNT)
    relation_of_deceased = fields.String(load_default=None, validate=validate.Length(1, 20))
    story = words()
    photos = fields.List(fields.UUID(), load_default=list, validate=validate.Length(0, 20))
    confirmed_repeat = YesNo(load_default=False)


class VisitCorrectionIn(In):
    """A visit outside cases as it should have been recorded, and why; its photos stay, `photos` adds to them."""

    unit_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=CODE)
    on = fields.Date(required=True)
    place = fields.String(required=True, validate=CODE)
    visitors = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 50))
    household_id = fields.UUID(load_default=None)
    occasion = fields.String(load_default=None, validate=validate.Length(1, 60))
    with_employer = YesNo(load_default=False)
    companions = fields.Integer(load_default=None, strict=True, validate=COUNT)
    relation_of_deceased = fields.String(load_default=None, validate=validate.Length(1, 20))
    story = words()
    photos = fields.List(fields.UUID(), load_default=list, validate=validate.Length(0, 20))
    confirmed_repeat = YesNo(load_default=False)
    reason = plain(400)


class VisitFilterIn(PageIn):
    """Filters of the list of visits."""

    kind = fields.String(validate=CODE)
    household_id = fields.UUID()
    case_id = fields.UUID()


class VisitOut(OnceOut):
    """A visit; what the household said stays encrypted, and one that was voided or corrected stays in the list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    case_id = fields.UUID(allow_none=True)
    household_id = fields.UUID(allow_none=True)
    kind = fields.String()
    occasion = fields.String(allow_none=True)
    on = fields.Date()
    place = fields.String()
    conclusion = fields.String(allow_none=True)
    with_employer = fields.Boolean()
    companions = fields.Integer(allow_none=True)
    relation_of_deceased = fields.String(allow_none=True)
    visitors = fields.List(fields.UUID())
    photos = fields.List(fields.UUID())


class VisitPageOut(Schema):
    """A page of visits."""

    items = fields.List(fields.Nested(VisitOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
