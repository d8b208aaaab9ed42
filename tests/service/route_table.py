"""The table of routes: the roles of each route and the rows it concerns.

`about` says what a caller of another unit gets: `row` and `unit` are not found (404), a `list` holds nothing of the
unit, `self` concerns only the caller, `addressee` only the receiver of the notification, `shared` is for everybody.
{name} in a path or body is an id of the unit in question (tests/service/org_tree.py).
"""

from dataclasses import dataclass, field
from typing import Any

from workflows.vocabulary import Role

REGISTRAR, VISITOR, VERIFIER, REVIEWER = Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER
APPROVER, CASHIER, CLOCK, AUDITOR, ADMIN = Role.APPROVER, Role.CASHIER, Role.CLOCK, Role.AUDITOR, Role.ADMIN
CASE_ROLES = (REGISTRAR, VISITOR, VERIFIER, REVIEWER, APPROVER, CASHIER, CLOCK)
READERS = (*CASE_ROLES, AUDITOR)
EVERYONE = (*READERS, ADMIN)
PAPER_KEEPERS = (REGISTRAR, VISITOR, VERIFIER, CASHIER)
DAY = "2025-09-01"
PERIOD = "unit={unit}&from=2025-01-01&to=2025-12-31"


@dataclass(frozen=True)
class Route:
    """One route: its method, path and body, the roles that may call it, and what it concerns."""

    method: str
    rule: str
    roles: tuple[Role, ...]
    about: str
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    blind: tuple[Role, ...] = ()
    """Roles that may call the route but see no family: they get 404."""

    @property
    def takes_files(self) -> bool:
        """Whether the body is a form with a file."""
        return self.method == "POST" and self.rule.endswith(("/documents", "/supersede"))

    @property
    def called(self) -> str:
        """The address to call, with its {name} placeholders."""
        return f"/api/v1{self.path or self.rule}"

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def _route(
    method: str,
    rule: str,
    roles: tuple[Role, ...],
    about: str,
    query: str = "",
    blind: tuple[Role, ...] = (),
    **body: Any,
) -> Route:
    path = "/".join(_placeholder(part) for part in rule.split("/"))
    return Route(method, rule, roles, about, path + (f"?{query}" if query else ""), body, blind)


def _placeholder(part: str) -> str:
    endings = {"<uuid:": "_id>", "<int:": ">", "<": ">"}
    for begins, ends in endings.items():
        if part.startswith(begins):
            return "{" + part.removeprefix(begins).removesuffix(ends) + "}"
    return part


MEMBER: dict[str, Any] = {"relation": "other", "name": "示例丁"}
HOUSEHOLD: dict[str, Any] = {
    "file_no": "{fresh}",
    "identity": "laid_off",
    "division": "371083",
    "cause": "illness",
    "filed_on": DAY,
}
EXIT: dict[str, Any] = {"on": DAY, "exit": {"reason": "requested"}}
CONSENT: dict[str, Any] = {"signed_on": DAY, "until_on": "2026-08-31", "text_version": "2025-1", "adults_signed": 2}
GIFT: dict[str, Any] = {
    "on": DAY,
    "item": "KIND",
    "purpose": "慰问",
    "account_code": "502",
    "goods": "米",
    "goods_unit": "袋",
}
FINANCES: dict[str, Any] = {"as_of": "2025-08-31", "lines": []}
FUND: dict[str, Any] = {"title": "专项", "source": "OWN", "year": 2025, "document": "示例〔2025〕2号", "items": ["LIV"]}
ALLOCATION: dict[str, Any] = {
    "from_on": "2025-09-30",
    "until_on": "2025-12-31",
    "document": "示例〔2025〕3号",
    "ceiling": "1.00",
}
GRANT: dict[str, Any] = {"role": "visitor", "from_on": "2025-09-30", "until_on": "2025-12-31"}
ACTIVITY: dict[str, Any] = {"on": DAY, "title": "球赛", "kind": "sport", "amount": "1.00", "account_code": "501"}
DONATION: dict[str, Any] = {
    "on": DAY,
    "direction": "passed_on",
    "campaign": "募捐",
    "organiser": "县",
    "amount": "1.00",
    "handed_to": "县",
}
VISIT: dict[str, Any] = {"kind": "festival", "on": DAY, "place": "home", "occasion": "daily"}

ROUTES = (
    #      method    rule                                        who may call               about      what it is called with
    _route("GET", "/me", EVERYONE, "self"),
    _route("GET", "/units", EVERYONE, "list"),
    _route("POST", "/units", (ADMIN,), "unit", name="{fresh}", kind="grassroots", division="371083", parent_id="{unit}"),
    _route("GET", "/units/<uuid:unit_id>", EVERYONE, "row"),
    _route("PATCH", "/units/<uuid:unit_id>", (ADMIN,), "row", name="{fresh}"),
    _route("POST", "/accounts", (ADMIN,), "unit", login="{fresh}", display_name="某人", unit_id="{unit}"),
    _route("POST", "/accounts/<uuid:account_id>/grants", EVERYONE, "row", **GRANT, unit_id="{unit}"),
    _route("POST", "/grants/<uuid:grant_id>/revocation", EVERYONE, "row"),
    _route("POST", "/invitations", (ADMIN,), "unit", unit_id="{unit}", account_ids=["{bystander}"]),
    _route("GET", "/me/tokens", EVERYONE, "self"),
    _route("POST", "/tokens/<uuid:token_id>/revocation", EVERYONE, "row"),
    _route("GET", "/confirmations", EVERYONE, "list"),
    _route("GET", "/confirmations/<uuid:confirmation_id>", EVERYONE, "row"),
    _route("POST", "/confirmations/<uuid:confirmation_id>/confirmation", EVERYONE, "row", digest="{digest}"),
    _route("POST", "/confirmations/<uuid:confirmation_id>/refusal", EVERYONE, "row", reason="没有到账"),
    _route("POST", "/confirmations/<uuid:confirmation_id>/withdrawal", EVERYONE, "row"),
    _route("GET", "/households", READERS, "list"),
    _route("POST", "/households", (REGISTRAR,), "unit", **HOUSEHOLD, unit_id="{unit}", members=[{**MEMBER, "relation": "head"}]),
    _route("GET", "/households/<uuid:household_id>", READERS, "row"),
    _route("PATCH", "/households/<uuid:household_id>", (REGISTRAR,), "row", cause="other"),
    _route("GET", "/households/<uuid:household_id>/changes", READERS, "row"),
    _route("POST", "/households/<uuid:household_id>/changes/preview", (REGISTRAR,), "row", **EXIT),
    _route("POST", "/households/<uuid:household_id>/changes", (REGISTRAR,), "row", **EXIT, seen="0"),
    _route("PUT", "/households/<uuid:household_id>/finances", (REGISTRAR,), "row", **FINANCES),
    _route("POST", "/households/<uuid:household_id>/members", (REGISTRAR,), "row", **MEMBER),
    _route("POST", "/households/<uuid:household_id>/consents", (REGISTRAR, VISITOR), "row", **CONSENT),
    _route("POST", "/households/<uuid:household_id>/payee", (REGISTRAR,), "row", person="{person}", bank="行", card="6" * 16),
    _route("POST", "/households/<uuid:household_id>/payee/reveal", (REGISTRAR, CASHIER), "row", purpose="payment"),
    _route("GET", "/households/<uuid:household_id>/kinship", EVERYONE, "row"),
    _route("POST", "/households/<uuid:household_id>/kinship", EVERYONE, "row", account_id="{bystander}", relation="other"),
    _route("POST", "/kinship/<uuid:kinship_id>/confirmation", EVERYONE, "row"),
    _route("POST", "/kinship/<uuid:kinship_id>/end", (ADMIN,), "row", reason="误报"),
    _route(
        "POST", "/households/<uuid:household_id>/pairings", (REGISTRAR,), "row",
        unit_id="{unit}", programme_name="结对", issued_by="县", from_on=DAY,
    ),
    _route("GET", "/households/<uuid:household_id>/pairings", READERS, "row"),
    _route("POST", "/pairings/<uuid:pairing_id>/void", (REGISTRAR,), "row", reason="登记有误"),
    _route(
        "POST", "/pairings/<uuid:pairing_id>/correction", (REGISTRAR,), "row",
        unit_id="{unit}", programme_name="结对", issued_by="县", from_on=DAY, reason="登记有误",
    ),
    _route("GET", "/persons/<uuid:person_id>", READERS, "row"),
    _route("PATCH", "/persons/<uuid:person_id>", (REGISTRAR,), "row", name="示例戊"),
    _route("DELETE", "/persons/<uuid:person_id>", (REGISTRAR,), "row"),
    _route(
        "POST", "/persons/<uuid:person_id>/number-absences", (REGISTRAR,), "row", reason="lost", document="示例",
        until_on="2025-12-31",
    ),
    _route("POST", "/persons/<uuid:person_id>/reveal", (REGISTRAR, VISITOR, VERIFIER, CASHIER), "row", purpose="survey"),
    _route("GET", "/search", READERS, "list", "q=slj"),
    _route("GET", "/cases", READERS, "list"),
    _route(
        "POST", "/cases", (REGISTRAR,), "row", programme="hardship", household_id="{household}", beneficiary_id="{person}",
        item="LIV", requested="1.00", answers={},
    ),
    _route("GET", "/cases/<uuid:case_id>", READERS, "row"),
    _route("GET", "/cases/<uuid:case_id>/events", READERS, "row"),
    _route("GET", "/cases/<uuid:case_id>/actions", READERS, "row"),
    _route("GET", "/cases/<uuid:case_id>/assessment", READERS, "row"),
    _route("POST", "/cases/<uuid:case_id>/actions/<action>", CASE_ROLES, "row", answers={}),
    _route("GET", "/visits", READERS, "list"),
    _route("POST", "/visits", (VISITOR, REGISTRAR), "unit", **VISIT, unit_id="{unit}", visitors=["{visitor}"]),
    _route("POST", "/visits/<uuid:visit_id>/void", (VISITOR, REGISTRAR), "row", reason="登记有误"),
    _route(
        "POST", "/visits/<uuid:visit_id>/correction", (VISITOR, REGISTRAR), "row",
        **VISIT, unit_id="{unit}", visitors=["{visitor}"], reason="登记有误",
    ),
    _route("POST", "/households/<uuid:household_id>/documents", PAPER_KEEPERS, "row", kind="identity"),
    _route("POST", "/cases/<uuid:case_id>/documents", PAPER_KEEPERS, "row", kind="identity"),
    _route("GET", "/documents", READERS, "list"),
    _route("GET", "/documents/<uuid:document_id>", READERS, "row"),
    _route("GET", "/documents/<uuid:document_id>/content", READERS, "row"),
    _route("GET", "/documents/<uuid:document_id>/thumbnail", READERS, "row"),
    _route("POST", "/documents/<uuid:document_id>/supersede", PAPER_KEEPERS, "row", reason="原件模糊"),
    _route("POST", "/documents/<uuid:document_id>/end", PAPER_KEEPERS, "row", reason="拍错了"),
    _route("GET", "/notices", READERS, "list"),
    _route("GET", "/notices/<uuid:notice_id>", READERS, "row"),
    _route("POST", "/notices/<uuid:notice_id>/objections", (REGISTRAR,), "row", source="written", objection="有异议"),
    _route("POST", "/notices/<uuid:notice_id>/answers", (REVIEWER,), "row", outcome="rejected", answer="已经查实"),
    _route("GET", "/funds", READERS, "list"),
    _route(
        "POST", "/funds", (CASHIER,), "unit", **FUND, unit_id="{unit}", code="{fresh}", opens_on=DAY, expires_on=DAY
    ),
    _route("GET", "/funds/<uuid:fund_id>", READERS, "row"),
    _route("POST", "/funds/<uuid:fund_id>/receipts", (CASHIER,), "row", amount="1.00", document="单", on=DAY),
    _route("GET", "/funds/<uuid:fund_id>/receipts", READERS, "row"),
    _route("POST", "/receipts/<uuid:receipt_id>/void", (CASHIER, APPROVER), "row", reason="登记有误"),
    _route(
        "POST", "/receipts/<uuid:receipt_id>/correction", (CASHIER, APPROVER), "row",
        amount="1.00", document="单", on=DAY, reason="登记有误",
    ),
    _route("GET", "/funds/<uuid:fund_id>/allocations", READERS, "row"),
    _route("POST", "/funds/<uuid:fund_id>/allocations", (APPROVER,), "row", **ALLOCATION, unit_id="{unit}"),
    _route("GET", "/fund-allocations", READERS, "list"),
    _route("POST", "/fund-allocations/<uuid:allocation_id>/end", (APPROVER,), "row"),
    _route("GET", "/programmes", EVERYONE, "shared"),
    _route("GET", "/policy-sets", EVERYONE, "shared"),
    _route("GET", "/policy-sets/<uuid:policy_set_id>", EVERYONE, "shared"),
    _route("POST", "/policy-sets", (ADMIN,), "shared", source="x", urgent="x"),
    _route("POST", "/policy-sets/<uuid:policy_set_id>/withdrawal", (ADMIN,), "shared", reason="登记有误"),
    _route(
        "POST", "/gifts", (REGISTRAR, VISITOR, CASHIER, APPROVER), "unit", **GIFT, unit_id="{unit}",
        household_id="{household}", handed_by="{visitor}", signed_by_family=True,
    ),
    _route("GET", "/gifts", READERS, "list"),
    _route("POST", "/gifts/<uuid:gift_id>/void", (REGISTRAR, VISITOR, CASHIER, APPROVER), "row", reason="登记有误"),
    _route(
        "POST", "/gifts/<uuid:gift_id>/correction", (REGISTRAR, VISITOR, CASHIER, APPROVER), "row", **GIFT,
        unit_id="{unit}", household_id="{household}", handed_by="{visitor}", signed_by_family=True, reason="登记有误",
    ),
    _route("POST", "/donations", (REGISTRAR, CASHIER), "unit", **DONATION, unit_id="{unit}"),
    _route("GET", "/donations", READERS, "list"),
    _route("POST", "/donations/<uuid:donation_id>/void", (REGISTRAR, CASHIER), "row", reason="登记有误"),
    _route(
        "POST", "/donations/<uuid:donation_id>/correction", (REGISTRAR, CASHIER), "row",
        **DONATION, unit_id="{unit}", reason="登记有误",
    ),
    _route("POST", "/activities", (REGISTRAR, CASHIER), "unit", **ACTIVITY, unit_id="{unit}"),
    _route("GET", "/activities", READERS, "list"),
    _route("POST", "/activities/<uuid:activity_id>/void", (REGISTRAR, CASHIER), "row", reason="登记有误"),
    _route(
        "POST", "/activities/<uuid:activity_id>/correction", (REGISTRAR, CASHIER), "row",
        **ACTIVITY, unit_id="{unit}", reason="登记有误",
    ),
    _route("GET", "/reports/welfare", READERS, "unit", PERIOD),
    _route("GET", "/reports/welfare.md", READERS, "unit", PERIOD),
    _route("GET", "/reports/welfare.docx", READERS, "unit", PERIOD),
    _route("GET", "/reports/welfare/figures/<key>/rows", READERS, "unit", PERIOD),
    _route("GET", "/events", (AUDITOR,), "list"),
    _route("GET", "/events/<int:number>", (AUDITOR,), "row"),
    _route("GET", "/inbox", EVERYONE, "self"),
    _route("POST", "/inbox/<uuid:notification_id>/read", EVERYONE, "addressee"),
    _route("POST", "/notifications/<uuid:notification_id>/resending", (REGISTRAR, ADMIN), "row"),
    _route("POST", "/accounts/<uuid:account_id>/end", (ADMIN,), "row", reason="调离"),
)  # fmt: skip

OPEN = {"/healthz", "/api/v1/openapi.json", "/api/v1/docs", "/static/<path:filename>"}
"""Paths served to everybody; they show nothing of any case."""
INVITED = {"/api/v1/invitations/acceptance"}
"""Paths served to whoever has an invitation, who has no account's token yet."""
WATCHED = {"/readyz", "/metrics"}
"""Paths served to the monitoring of the installation."""
