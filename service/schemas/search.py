"""Schemas of the search: persons, families and cases, masked."""

from marshmallow import Schema, fields

from service.crypto.search_keys import SearchedBy
from service.schemas.fields import In, plain


class SearchIn(In):
    """The text to search: a file or case number, the last four of an identity number or phone, a name, pinyin, initials."""

    q = plain(64)


class FoundPersonOut(Schema):
    """A person of your units, masked, with the family's file."""

    person_id = fields.UUID()
    household_id = fields.UUID()
    name = fields.String()
    id_no = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    relation = fields.String()
    is_member = fields.Boolean(metadata={"description": "False: a former member of the file."})
    file_no = fields.String()
    unit_id = fields.UUID()
    unit = fields.String()
    exited_on = fields.Date(allow_none=True)


class FoundHouseholdOut(Schema):
    """A family found by its file number."""

    household_id = fields.UUID()
    file_no = fields.String()
    head = fields.String(allow_none=True)
    unit_id = fields.UUID()
    unit = fields.String()
    exited_on = fields.Date(allow_none=True)


class FoundCaseOut(Schema):
    """A case found by its number."""

    id = fields.UUID()
    case_no = fields.String()
    programme = fields.String()
    state = fields.String()
    phase = fields.String()
    household_id = fields.UUID()
    unit_id = fields.UUID()
    unit = fields.String()


class SearchOut(Schema):
    """What the search found: at most fifty persons and fifty families."""

    by = fields.List(fields.String(), metadata={"description": "What was compared: " + ", ".join(SearchedBy)})
    persons = fields.List(fields.Nested(FoundPersonOut))
    households = fields.List(fields.Nested(FoundHouseholdOut))
    cases = fields.List(fields.Nested(FoundCaseOut))
    has_more = fields.Boolean(metadata={"description": "More were found than are shown: type more of it."})
