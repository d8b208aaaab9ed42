"""The forms of accounts and roles, as rows of fields."""

from service.schemas.accounts import AccountIn, GrantIn
from service.schemas.fields import In, VoidIn
from service.schemas.units import UnitEditIn, UnitIn
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs, worded
from service.web.record_forms import one
from workflows.code_lists import UnitKind
from workflows.form_fields import FormField, Kind
from workflows.vocabulary import Role


def _field(key: str, kind: Kind, required: bool = True) -> FormField:
    return FormField(key, "", kind, required)


ACCOUNT = one(
    "account",
    AccountIn,
    _field("unit_id", Kind.ID),
    _field("display_name", Kind.NAME),
    _field("login", Kind.NAME),
    _field("email", Kind.NAME, OPTIONAL),
    _field("id_no", Kind.NAME, OPTIONAL),
)
GRANT = one(
    "grant",
    GrantIn,
    _field("role", Kind.CODE),
    _field("tier", Kind.NUMBER, OPTIONAL),
    _field("unit_id", Kind.ID),
    _field("from_on", Kind.DATE),
    _field("until_on", Kind.DATE),
    _field("for_account_id", Kind.ID, OPTIONAL),
    _field("reason", Kind.NAME, OPTIONAL),
)
INVITATION = one("invitation", In)
REVOCATION = one("revocation", In)
TOKEN_END = one("token_end", In)
END_ACCOUNT = one("end_account", VoidIn, _field("reason", Kind.NAME))
UNIT = one(
    "unit",
    UnitIn,
    _field("parent_id", Kind.ID),
    _field("name", Kind.NAME),
    _field("kind", Kind.CODE),
    _field("division", Kind.NAME),
)
UNIT_NAME = one("unit_name", UnitEditIn, _field("name", Kind.NAME))


def grant_terms() -> dict[str, Pairs]:
    """Return the roles that a person may be given; the clock is nobody's."""
    return {"role": worded([each for each in Role if each is not Role.CLOCK], "role")}


def unit_terms() -> dict[str, Pairs]:
    """Return the levels of a unit in words."""
    return {"kind": worded(UnitKind, "unit_kind")}
