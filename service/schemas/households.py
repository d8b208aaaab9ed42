"""Schemas of household files, with masked personal data in responses."""

from marshmallow import Schema, fields, validate

from service.queries.household_list import ORDERS
from service.schemas.consents import ConsentIn, ConsentOut
from service.schemas.fields import CODE, DIVISION, CountedPageIn, In, plain, words
from service.schemas.finances import FinancesIn, LineOut
from service.schemas.payees import PayeeIn, PayeeOut
from service.schemas.persons import MemberOut, PersonIn


class HouseholdIn(In):
    """A household's file as the registrar enters it."""

    unit_id = fields.UUID(required=True)
    file_no = plain(40)
    kind = fields.String(load_default="worker", validate=CODE)
    identity = fields.String(required=True, validate=CODE)
    division = fields.String(required=True, validate=DIVISION)
    cause = fields.String(required=True, validate=CODE)
    filed_on = fields.Date(required=True)
    category = fields.String(load_default=None, validate=CODE)
    observed = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(0, 20))
    event_kind = fields.String(load_default=None, validate=CODE)
    story = words()
    members = fields.List(fields.Nested(PersonIn), required=True, validate=validate.Length(1, 30))
    finances = fields.Nested(FinancesIn, load_default=None)
    consent = fields.Nested(ConsentIn, load_default=None)
    payee = fields.Nested(PayeeIn, load_default=None)


class HouseholdEditIn(In):
    """Fields of a file to correct; absent fields stay as they are."""

    identity = fields.String(validate=CODE)
    division = fields.String(validate=DIVISION)
    cause = fields.String(validate=CODE)
    category = fields.String(allow_none=True, validate=CODE)
    observed = fields.List(fields.String(validate=CODE), validate=validate.Length(0, 20))
    event_kind = fields.String(allow_none=True, validate=CODE)
    story = fields.String(allow_none=True, validate=validate.Length(1, 2000))


class HouseholdFilterIn(CountedPageIn):
    """Filters and order of the list of families."""

    unit_id = fields.UUID()
    category = fields.String(validate=CODE)
    division = fields.String(validate=DIVISION)
    active = fields.Boolean(metadata={"description": "The file has not ended."})
    has_open_case = fields.Boolean()
    overdue = fields.Boolean(metadata={"description": "An open case of the family is overdue."})
    filed_from = fields.Date()
    filed_to = fields.Date()
    q = plain(64, required=False)
    sort = fields.String(load_default="entered", validate=validate.OneOf(list(ORDERS)))


class HouseholdRowOut(Schema):
    """A file in a list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    file_no = fields.String()
    kind = fields.String()
    identity = fields.String()
    division = fields.String()
    cause = fields.String()
    category = fields.String(allow_none=True)
    category_on = fields.Date(
        allow_none=True, metadata={"description": "The day of the decision on the category; none: it was typed."}
    )
    category_case_id = fields.UUID(allow_none=True)
    observed = fields.List(fields.String())
    event_kind = fields.String(allow_none=True)
    idle_able_members = fields.Integer()
    finances_as_of = fields.Date(allow_none=True)
    filed_on = fields.Date()
    exited_on = fields.Date(allow_none=True)
    exit_reason = fields.String(allow_none=True)
    version = fields.Integer()


class HouseholdOut(HouseholdRowOut):
    """A file with all its parts; persons are masked."""

    members = fields.List(fields.Nested(MemberOut))
    lines = fields.List(fields.Nested(LineOut))
    consents = fields.List(fields.Nested(ConsentOut))
    payee = fields.Nested(PayeeOut, allow_none=True)


class HouseholdPageOut(Schema):
    """A page of files."""

    items = fields.List(fields.Nested(HouseholdRowOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
    count_is_capped = fields.Boolean(metadata={"description": "With count=capped: there are more than `count`."})
