"""The table of pages: the roles of each page, the rows it concerns, and who opens it in the tests of the browser.

`about` says what a caller of another unit gets: a `row` is not found (404), a `list` holds nothing of the unit, `self`
concerns only the caller, `owner` is found by one person alone, or by those of one proposal, `leads` answers with the address of another page whatever it is asked for, `signing in` and
`open` are for browsers without a session. {name} in a path or form is an id of the unit in question
(tests/service/org_tree.py for roles and units, tests/web/conftest.py for the browser).
"""

from dataclasses import dataclass, field

from service.http.auth import CASE_WRITERS, EVERYONE, READERS, SIGNING_IN
from workflows.powers import UNDOERS
from workflows.vocabulary import Role


@dataclass(frozen=True)
class PageRoute:
    """One route of a page: its method and rule, who may call it, what it concerns, and what it is called with."""

    method: str
    rule: str
    roles: tuple[Role, ...] | tuple[str, ...]
    about: str
    form: dict[str, str] = field(default_factory=dict)
    query: str = ""
    seen_by: tuple[str, ...] = ()
    """Staff as whom the browser opens the page; nobody where it leads elsewhere."""
    seen_at: tuple[str, ...] = ()
    """Addresses at which the browser opens it, where they differ from the rule: a page has more than one face."""

    @property
    def path(self) -> str:
        """The address to call, with its {name} placeholders."""
        return "/".join(_placeholder(part) for part in self.rule.split("/")) + (f"?{self.query}" if self.query else "")

    @property
    def looked_at(self) -> tuple[tuple[str, str], ...]:
        """Each address at which the browser opens the page, with the member of staff; "" for nobody."""
        return tuple((path, name) for path in self.seen_at or (self.path,) for name in self.seen_by)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def _placeholder(part: str) -> str:
    """Return a part of a rule as a placeholder: `<uuid:case_id>` → `{case}`."""
    if not part.startswith("<"):
        return part
    return "{" + part.rstrip(">").rpartition(":")[2].lstrip("<").removesuffix("_id") + "}"


NOBODY = ("",)
"""A browser without a session."""

STALE = {"_version": "999"}
"""An edit names the version that it has read."""

STAFF = ("registrar",)
REGISTRAR = (Role.REGISTRAR,)
RECORDERS = (Role.REGISTRAR, Role.VISITOR)
KEEPERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)
REVEALERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)
PAYEE_REVEALERS = (Role.REGISTRAR, Role.CASHIER)
PERIOD = "unit_id={unit}&from=2025-01&to=2025-12"
REPORT = f"/reports?{PERIOD}"
LISTS = "cases, households, funds, fund_years, payments, gifts, donations, activities, visits, notifications, pairings, notices, objections"
AUDITOR = (Role.AUDITOR,)
FUNDRAISERS = (Role.REGISTRAR, Role.CASHIER)
ADMIN = (Role.ADMIN,)
CASHIER = (Role.CASHIER,)
RECEIPT_ENDERS = (Role.CASHIER, Role.APPROVER)
GIVERS = (Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
DECIDERS = (Role.REVIEWER, Role.APPROVER)
BUNDLE = {
    "unit_id": "{unit}",
    "from_on": "2025-01-01",
    "until_on": "2025-09-30",
    "purpose": "yearly_audit",
    "document": "审通〔2025〕1号",
}
AFFECTED = "files, cases"
AUDITORS = ("auditor",)
PAST_EVENTS = ("/events", "/events?list=looks", "/events?as_of=2025-09-14")
CHANGES = "change_head,exit,file_again,move,transfer"
"""The changes of a file, in the order of their route."""

PAGES = (
    #         method  rule                        who may call it    about         as whom, and where the browser looks
    PageRoute("GET", "/sign-in", SIGNING_IN, "signing in", seen_by=NOBODY),
    PageRoute("POST", "/sign-in", SIGNING_IN, "signing in"),
    PageRoute("GET", "/sign-in/second-factor", SIGNING_IN, "signing in"),
    PageRoute("POST", "/sign-in/second-factor", SIGNING_IN, "signing in"),
    PageRoute("GET", "/sign-in/setup", SIGNING_IN, "signing in", seen_by=NOBODY),
    PageRoute("POST", "/sign-in/setup", SIGNING_IN, "signing in"),
    PageRoute("POST", "/sign-out", EVERYONE, "self"),
    PageRoute("GET", "/language/<lang>", (), "open"),
    PageRoute("GET", "/account/keys", EVERYONE, "self", seen_by=("registrar",)),
    PageRoute("POST", "/account/keys/totp", EVERYONE, "self", form={"code": "000000"}),
    PageRoute("POST", "/account/keys/password", EVERYONE, "self", form={"old_password": "x"}),
    PageRoute("GET", "/account/sessions", EVERYONE, "self", seen_by=("registrar",)),
    PageRoute("POST", "/account/sessions/<uuid:ended_id>/end", EVERYONE, "owner"),
    PageRoute("GET", "/", EVERYONE, "leads"),
    PageRoute("GET", "/home", EVERYONE, "self", seen_by=("registrar", "approver_3", "cashier", "auditor", "admin")),
    PageRoute("GET", "/inbox", EVERYONE, "self", seen_by=("approver_3", "auditor")),
    PageRoute("GET", "/cases", READERS, "list", seen_by=("registrar",), seen_at=("/cases", "/cases?state=recalling")),
    PageRoute(
        "GET",
        "/cases/<uuid:case_id>",
        READERS,
        "row",
        seen_by=("approver_1", "auditor"),
        seen_at=("/cases/{case}", "/cases/{returned}"),
    ),
    PageRoute("GET", "/cases/<uuid:case_id>/actions/<action>", READERS, "leads"),
    PageRoute("POST", "/cases/<uuid:case_id>/actions/<action>", CASE_WRITERS, "row"),
    PageRoute("GET", "/confirmations/<uuid:confirmation_id>", EVERYONE, "row", seen_by=("approver_3",)),
    PageRoute(
        "POST",
        "/confirmations/<uuid:confirmation_id>/<any(confirm, refuse, withdraw):action>",
        EVERYONE,
        "row",
        form={"digest": "{digest}", "reason": "没有到账"},
    ),
    PageRoute(
        "GET",
        "/search",
        READERS,
        "list",
        query="q=示例甲",
        seen_by=("registrar",),
        seen_at=("/search?q=示例", "/search"),
    ),
    PageRoute("GET", "/cases/<uuid:case_id>/matches", DECIDERS, "leads"),
    PageRoute("POST", "/cases/<uuid:case_id>/matches", DECIDERS, "row"),
    PageRoute("GET", "/cases/<uuid:case_id>/payee/reveal", PAYEE_REVEALERS, "row"),
    PageRoute("POST", "/cases/<uuid:case_id>/payee/reveal", PAYEE_REVEALERS, "row", form={"purpose": "payment"}),
    PageRoute("GET", "/households/<uuid:household_id>/payee/reveal", PAYEE_REVEALERS, "row"),
    PageRoute(
        "POST", "/households/<uuid:household_id>/payee/reveal", PAYEE_REVEALERS, "row", form={"purpose": "payment"}
    ),
    PageRoute("GET", "/notices/<uuid:notice_id>/print", READERS, "row", seen_by=("registrar",)),
    PageRoute("GET", "/cases/<uuid:case_id>/opened", REGISTRAR, "row", seen_by=STAFF),
    PageRoute(
        "GET",
        "/households",
        READERS,
        "list",
        seen_by=STAFF,
        seen_at=("/households", "/households?category=D1", "/households?q=没有这个人"),
    ),
    PageRoute("GET", "/households/new", REGISTRAR, "self", seen_by=STAFF),
    PageRoute("POST", "/households/new", REGISTRAR, "self"),
    PageRoute("GET", "/households/<uuid:household_id>", READERS, "row", seen_by=("registrar", "auditor")),
    PageRoute("GET", "/households/<uuid:household_id>/edit", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/edit", REGISTRAR, "row", form=STALE),
    PageRoute("GET", "/households/<uuid:household_id>/members/new", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/members/new", REGISTRAR, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/finances", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/finances", REGISTRAR, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/payee", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/payee", REGISTRAR, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/consent", RECORDERS, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/consent", RECORDERS, "row"),
    PageRoute(
        "GET",
        f"/households/<uuid:household_id>/changes/<any({CHANGES}):kind>",
        REGISTRAR,
        "row",
        seen_by=STAFF,
        seen_at=tuple(f"/households/{{household}}/changes/{kind}" for kind in CHANGES.split(",")),
    ),
    PageRoute("POST", f"/households/<uuid:household_id>/changes/<any({CHANGES}):kind>", REGISTRAR, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/kinship", EVERYONE, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/kinship", EVERYONE, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/kinship/<uuid:kinship_id>/confirm", EVERYONE, "leads"),
    PageRoute("GET", "/households/<uuid:household_id>/kinship/<uuid:kinship_id>/end", (Role.ADMIN,), "row"),
    PageRoute("POST", "/households/<uuid:household_id>/kinship/<uuid:kinship_id>/confirm", EVERYONE, "row"),
    PageRoute("POST", "/households/<uuid:household_id>/kinship/<uuid:kinship_id>/end", (Role.ADMIN,), "row"),
    PageRoute("GET", "/documents", READERS, "list", seen_by=("auditor",)),
    PageRoute("GET", "/households/<uuid:household_id>/documents/new", KEEPERS, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/documents/new", KEEPERS, "row"),
    PageRoute("GET", "/cases/<uuid:case_id>/documents/new", KEEPERS, "row", seen_by=STAFF),
    PageRoute("POST", "/cases/<uuid:case_id>/documents/new", KEEPERS, "row"),
    PageRoute("GET", "/documents/<uuid:document_id>", READERS, "row", seen_by=STAFF),
    PageRoute("GET", "/documents/<uuid:document_id>/small.jpg", READERS, "row"),
    PageRoute("GET", "/documents/<uuid:document_id>/pages/<int(max=99):page>", READERS, "row"),
    PageRoute("GET", "/documents/<uuid:document_id>/file", READERS, "row"),
    PageRoute("GET", "/documents/<uuid:document_id>/supersede", KEEPERS, "row", seen_by=STAFF),
    PageRoute("POST", "/documents/<uuid:document_id>/supersede", KEEPERS, "row"),
    PageRoute("GET", "/documents/<uuid:document_id>/end", KEEPERS, "row", seen_by=STAFF),
    PageRoute("POST", "/documents/<uuid:document_id>/end", KEEPERS, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/pairings/new", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/pairings/new", REGISTRAR, "row"),
    PageRoute("GET", "/pairings/<uuid:pairing_id>/correction", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("GET", "/pairings/<uuid:pairing_id>/void", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/pairings/<uuid:pairing_id>/correction", REGISTRAR, "row"),
    PageRoute("POST", "/pairings/<uuid:pairing_id>/void", REGISTRAR, "row"),
    PageRoute(
        "GET",
        "/households/<uuid:household_id>/cases/new",
        REGISTRAR,
        "row",
        seen_by=STAFF,
        seen_at=("/households/{household}/cases/new", "/households/{household}/cases/new?programme=tuition"),
    ),
    PageRoute("POST", "/households/<uuid:household_id>/cases/new", REGISTRAR, "row"),
    PageRoute("GET", "/persons/<uuid:person_id>/reveal", REVEALERS, "row"),
    PageRoute("POST", "/persons/<uuid:person_id>/reveal", REVEALERS, "row", form={"purpose": "survey"}),
    PageRoute("GET", "/persons/<uuid:person_id>/edit", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/persons/<uuid:person_id>/edit", REGISTRAR, "row", form=STALE),
    PageRoute("GET", "/persons/<uuid:person_id>/remove", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/persons/<uuid:person_id>/remove", REGISTRAR, "row", form=STALE),
    PageRoute("GET", "/persons/<uuid:person_id>/number-absence", REGISTRAR, "row", seen_by=STAFF),
    PageRoute("POST", "/persons/<uuid:person_id>/number-absence", REGISTRAR, "row"),
    PageRoute("POST", "/account/keys/recovery-codes", EVERYONE, "self", form={"code": "000000"}),
    PageRoute("POST", "/account/keys/passkeys/challenge", EVERYONE, "self"),
    PageRoute("POST", "/account/keys/passkeys", EVERYONE, "self"),
    PageRoute("POST", "/account/keys/passkeys/<uuid:key_id>/end", EVERYONE, "owner"),
    PageRoute("POST", "/sign-in/passkey/challenge", SIGNING_IN, "signing in"),
    PageRoute("POST", "/sign-in/passkey", SIGNING_IN, "signing in"),
    PageRoute("GET", "/sign-in/provider", SIGNING_IN, "signing in"),
    PageRoute("GET", "/sign-in/provider/callback", SIGNING_IN, "signing in"),
    PageRoute("POST", "/account/keys/provider", EVERYONE, "owner"),
    PageRoute("POST", "/account/keys/provider/end", EVERYONE, "self"),
    PageRoute("POST", "/cases/<uuid:case_id>/actions/<action>/challenge", CASE_WRITERS, "row"),
    PageRoute("POST", "/confirmations/<uuid:confirmation_id>/confirm/challenge", EVERYONE, "row"),
    PageRoute("POST", "/households/<uuid:household_id>/payee/challenge", REGISTRAR, "row", form=STALE),
    PageRoute("GET", "/funds", READERS, "list", seen_by=("cashier",), seen_at=("/funds", "/funds?year=1999")),
    PageRoute(
        "GET", "/funds/years", READERS, "list", seen_by=("cashier",), seen_at=("/funds/years", "/funds/years?year=1999")
    ),
    PageRoute("GET", "/funds/new", CASHIER, "self", seen_by=("cashier",)),
    PageRoute("POST", "/funds/new", CASHIER, "self"),
    PageRoute("GET", "/funds/<uuid:fund_id>", READERS, "row", seen_by=("cashier", "approver_1", "auditor")),
    PageRoute("GET", "/funds/<uuid:fund_id>/receipts/new", CASHIER, "row", seen_by=("cashier",)),
    PageRoute("POST", "/funds/<uuid:fund_id>/receipts/new", CASHIER, "row"),
    PageRoute("GET", "/receipts/<uuid:receipt_id>/correction", RECEIPT_ENDERS, "row", seen_by=("cashier",)),
    PageRoute("POST", "/receipts/<uuid:receipt_id>/correction", RECEIPT_ENDERS, "row"),
    PageRoute("GET", "/receipts/<uuid:receipt_id>/void", RECEIPT_ENDERS, "row", seen_by=("cashier",)),
    PageRoute("POST", "/receipts/<uuid:receipt_id>/void", RECEIPT_ENDERS, "row"),
    PageRoute("GET", "/funds/<uuid:fund_id>/allocations/new", (Role.APPROVER,), "row", seen_by=("approver_1",)),
    PageRoute("POST", "/funds/<uuid:fund_id>/allocations/new", (Role.APPROVER,), "row"),
    PageRoute("GET", "/fund-allocations/<uuid:allocation_id>/end", (Role.APPROVER,), "row", seen_by=("approver_1",)),
    PageRoute("POST", "/fund-allocations/<uuid:allocation_id>/end", (Role.APPROVER,), "row"),
    PageRoute("GET", "/payments", READERS, "self", seen_by=("cashier",), seen_at=("/payments", "/payments?state=sent")),
    PageRoute(
        "GET",
        "/gifts",
        READERS,
        "list",
        seen_by=("registrar", "auditor"),
        seen_at=("/gifts", "/gifts?item=HOU&signed=no"),
    ),
    PageRoute("GET", "/gifts/new", GIVERS, "self", seen_by=STAFF, seen_at=("/gifts/new", "/gifts/new?file_no=X-1")),
    PageRoute("GET", "/gifts/<uuid:gift_id>", READERS, "row", seen_by=("registrar", "auditor")),
    PageRoute("GET", "/gifts/<uuid:gift_id>/correction", GIVERS, "row", seen_by=STAFF),
    PageRoute("POST", "/gifts/<uuid:gift_id>/correction", GIVERS, "row"),
    PageRoute("GET", "/gifts/<uuid:gift_id>/void", GIVERS, "row", seen_by=STAFF),
    PageRoute("POST", "/gifts/<uuid:gift_id>/void", GIVERS, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/gifts/goods", GIVERS, "row", seen_by=STAFF),
    PageRoute("POST", "/households/<uuid:household_id>/gifts/goods", GIVERS, "row"),
    PageRoute("GET", "/households/<uuid:household_id>/gifts/money", (Role.APPROVER,), "row", seen_by=("approver_1",)),
    PageRoute("POST", "/households/<uuid:household_id>/gifts/money", (Role.APPROVER,), "row"),
    PageRoute(
        "GET",
        "/donations",
        READERS,
        "list",
        seen_by=("registrar",),
        seen_at=("/donations", "/donations?direction=received&record_state=live"),
    ),
    PageRoute("GET", "/donations/new", FUNDRAISERS, "self", seen_by=STAFF),
    PageRoute("POST", "/donations/new", FUNDRAISERS, "self"),
    PageRoute("GET", "/donations/<uuid:donation_id>", READERS, "row", seen_by=("registrar",)),
    PageRoute("GET", "/donations/<uuid:donation_id>/correction", FUNDRAISERS, "row", seen_by=STAFF),
    PageRoute("POST", "/donations/<uuid:donation_id>/correction", FUNDRAISERS, "row"),
    PageRoute("GET", "/donations/<uuid:donation_id>/void", FUNDRAISERS, "row", seen_by=STAFF),
    PageRoute("POST", "/donations/<uuid:donation_id>/void", FUNDRAISERS, "row"),
    PageRoute(
        "GET",
        "/activities",
        READERS,
        "list",
        seen_by=("registrar",),
        seen_at=("/activities", "/activities?kind=sport&record_state=live"),
    ),
    PageRoute("GET", "/activities/new", FUNDRAISERS, "self", seen_by=STAFF),
    PageRoute("POST", "/activities/new", FUNDRAISERS, "self"),
    PageRoute("GET", "/activities/<uuid:activity_id>", READERS, "row", seen_by=("registrar",)),
    PageRoute("GET", "/activities/<uuid:activity_id>/correction", FUNDRAISERS, "row", seen_by=STAFF),
    PageRoute("POST", "/activities/<uuid:activity_id>/correction", FUNDRAISERS, "row"),
    PageRoute("GET", "/activities/<uuid:activity_id>/void", FUNDRAISERS, "row", seen_by=STAFF),
    PageRoute("POST", "/activities/<uuid:activity_id>/void", FUNDRAISERS, "row"),
    PageRoute(
        "GET",
        "/visits",
        READERS,
        "list",
        seen_by=("visitor_1", "auditor"),
        seen_at=("/visits", "/visits?kind=survey&confirmed=yes", "/visits?case_id={case}"),
    ),
    PageRoute("GET", "/visits/new", RECORDERS, "self", seen_by=("visitor_1",)),
    PageRoute("POST", "/visits/new", RECORDERS, "self"),
    PageRoute("GET", "/visits/<uuid:visit_id>", READERS, "row", seen_by=("visitor_1",)),
    PageRoute("GET", "/visits/<uuid:visit_id>/correction", RECORDERS, "row", seen_by=("visitor_1",)),
    PageRoute("POST", "/visits/<uuid:visit_id>/correction", RECORDERS, "row"),
    PageRoute("GET", "/visits/<uuid:visit_id>/void", RECORDERS, "row", seen_by=("visitor_1",)),
    PageRoute("POST", "/visits/<uuid:visit_id>/void", RECORDERS, "row"),
    PageRoute(
        "GET",
        "/letters",
        EVERYONE,
        "list",
        seen_by=("registrar", "admin"),
        seen_at=("/letters", "/letters?letter_state=sending"),
    ),
    PageRoute("GET", "/letters/<uuid:letter_id>", EVERYONE, "row", seen_by=("registrar", "admin")),
    PageRoute("POST", "/letters/<uuid:dead_id>/resending", (Role.REGISTRAR, Role.ADMIN), "row"),
    PageRoute("GET", "/notices", READERS, "list", seen_by=STAFF, seen_at=("/notices", "/notices?objected=open")),
    PageRoute("GET", "/objections", READERS, "self", seen_by=STAFF, seen_at=("/objections", "/objections?answer=open")),
    PageRoute("GET", "/pairings", READERS, "list", seen_by=STAFF, seen_at=("/pairings", "/pairings?period=over")),
    PageRoute("GET", "/reports", READERS, "row", query=PERIOD, seen_by=("auditor",), seen_at=("/reports", REPORT)),
    PageRoute("GET", "/reports/welfare/<any(docx, md, json):form>", READERS, "row", query=PERIOD),
    PageRoute("GET", "/reports/figure", READERS, "row", query=f"key=aid_money&{PERIOD}", seen_by=("auditor",)),
    PageRoute("POST", f"/exports/<any({LISTS}):name>/<any(csv, xlsx):file>", READERS, "self"),
    PageRoute("POST", "/exports/events/<any(csv, xlsx):file>", AUDITOR, "self"),
    PageRoute("GET", "/exports", READERS, "self", seen_by=("registrar",)),
    PageRoute("POST", "/exports/<uuid:made_id>", READERS, "owner"),
    PageRoute("GET", "/audit", AUDITOR, "self", seen_by=("auditor",)),
    PageRoute("GET", "/audit/verification", AUDITOR, "self", seen_by=("auditor",)),
    PageRoute("GET", "/audit/bundles", AUDITOR, "self", seen_by=("auditor",)),
    PageRoute("POST", "/audit/bundles", AUDITOR, "row", form=BUNDLE),
    PageRoute("GET", "/events", AUDITOR, "list", seen_by=("auditor",), seen_at=PAST_EVENTS),
    PageRoute("GET", "/events/<int:number>", AUDITOR, "row", seen_by=("auditor",)),
    PageRoute("GET", "/staff", ADMIN, "self", seen_by=("admin",), seen_at=("/staff", "/staff?role=cashier")),
    PageRoute("GET", "/staff/new", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/staff/new", ADMIN, "self"),
    PageRoute("GET", "/staff/<uuid:account_id>", ADMIN, "row", seen_by=("admin",)),
    PageRoute("GET", "/staff/<uuid:account_id>/invitation", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/staff/<uuid:account_id>/invitation", ADMIN, "row"),
    PageRoute("GET", "/staff/<uuid:account_id>/grants/new", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/staff/<uuid:account_id>/grants/new", ADMIN, "row"),
    PageRoute("GET", "/staff/<uuid:account_id>/end", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/staff/<uuid:account_id>/end", ADMIN, "row"),
    PageRoute("GET", "/grants/<uuid:grant_id>/revocation", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/grants/<uuid:grant_id>/revocation", ADMIN, "row"),
    PageRoute("GET", "/units", EVERYONE, "self", seen_by=("admin", "registrar")),
    PageRoute("GET", "/units/new", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/units/new", ADMIN, "self"),
    PageRoute("GET", "/units/<uuid:unit_id>/name", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/units/<uuid:unit_id>/name", ADMIN, "row", form=STALE),
    PageRoute("GET", "/policies", EVERYONE, "self", seen_by=("admin", "registrar")),
    PageRoute("GET", "/policies/new", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/policies/new", ADMIN, "self"),
    PageRoute("GET", "/policies/<uuid:policy_set_id>", EVERYONE, "self", seen_by=("admin",)),
    PageRoute("GET", "/policies/<uuid:policy_set_id>/withdrawal", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/policies/<uuid:policy_set_id>/withdrawal", ADMIN, "self", form={"reason": "文号有误"}),
    PageRoute(
        "GET",
        f"/policies/proposals/<uuid:proposal_id>/<any({AFFECTED}):kind>",
        READERS,
        "owner",
        seen_by=AUDITORS,
        seen_at=("/policies/proposals/{proposal}/files", "/policies/proposals/{proposal}/cases"),
    ),
    PageRoute("GET", "/calendars", EVERYONE, "self", seen_by=("admin",), seen_at=("/calendars?year=2025",)),
    PageRoute("GET", "/calendars/new", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/calendars/new", ADMIN, "self"),
    PageRoute("GET", "/imports", ADMIN, "self", seen_by=("admin",)),
    PageRoute("GET", "/imports/new", ADMIN, "self", seen_by=("admin",)),
    PageRoute("POST", "/imports/new", ADMIN, "self"),
    PageRoute(
        "GET",
        "/imports/<uuid:upload_id>",
        ADMIN,
        "owner",
        seen_by=("admin",),
        seen_at=("/imports/{upload}", "/imports/{wrong}"),
    ),
    PageRoute(
        "GET", "/imports/past/<uuid:import_id>", (*UNDOERS, Role.AUDITOR), "row", seen_by=("admin", "approver_3")
    ),
    PageRoute("POST", "/imports/past/<uuid:import_id>/undo", UNDOERS, "row", form={"reason": "导错了文件"}),
    PageRoute("GET", "/imports/<uuid:upload_id>/errors.xlsx", ADMIN, "owner"),
    PageRoute("POST", "/imports/<uuid:upload_id>/<any(check, carry_out, discard):action>", ADMIN, "owner"),
    PageRoute("GET", "/staff/<uuid:account_id>/work", ADMIN, "row", seen_by=("admin",)),
    PageRoute("GET", "/account/tokens", EVERYONE, "self", seen_by=("registrar",)),
    PageRoute("POST", "/account/tokens", EVERYONE, "self", form={"label": "台账", "days": "30"}),
    PageRoute("POST", "/account/tokens/<uuid:token_id>/end", EVERYONE, "owner"),
    PageRoute("GET", "/tokens/<uuid:token_id>/revocation", ADMIN, "row", seen_by=("admin",)),
    PageRoute("POST", "/tokens/<uuid:token_id>/revocation", ADMIN, "row"),
    PageRoute("GET", "/components", EVERYONE, "self", seen_by=("registrar",)),
)
