"""The forms of policy sets, as rows of fields."""

from service.schemas.fields import VoidIn
from service.web.record_forms import one
from workflows.form_fields import FormField, Kind

WITHDRAWAL = one("policy_withdrawal", VoidIn, FormField("reason", "", Kind.NAME, required=True))
