"""The table of attempts over the API: every route that writes, with bodies that attackers could send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tests.collusion.forms import chance, day_about
from tests.collusion.rules_files import policy_text
from tests.collusion.union import CARD
from tests.document_files import photo
from tests.identity_numbers import another_number
from tests.lives import PAPERS, number
from workflows.vocabulary import Role

if TYPE_CHECKING:
    from tests.collusion.knowledge import Knowledge as Walk

Body = Callable[["Walk"], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One route: its endpoint, method, address with {pools} of ids, the roles that suit it, its body, how often."""

    endpoint: str
    method: str
    path: str
    roles: tuple[Role, ...]
    body: Body
    weight: int = 2


def _nothing(_walk: "Walk") -> dict[str, Any]:
    return {}


def _why(_walk: "Walk") -> dict[str, Any]:
    return {"reason": "登记有误"}


def _account(walk: "Walk") -> dict[str, Any]:
    login = number("new").lower()
    return {"login": login, "display_name": f"某{login}", "unit_id": walk.unit}


def _grant(walk: "Walk") -> dict[str, Any]:
    role = walk.rng.choice([role for role in Role if role is not Role.CLOCK])
    from_on = day_about(walk.rng, walk.today) if chance(walk.rng, 50) else walk.today.isoformat()
    body: dict[str, Any] = {"unit_id": walk.unit, "role": role.value, "from_on": from_on, "until_on": "2026-06-30"}
    if role is Role.APPROVER:
        body["tier"] = walk.rng.choice((1, 2, 3))
    by_admin = "admin" in walk.roles[walk.acting]
    if chance(walk.rng, 40) or not by_admin:
        principal = walk.anybody() if by_admin else walk.acting
        body |= {"for_account_id": str(principal), "from_on": walk.today.isoformat(), **walk.role_of(principal)}
    if chance(walk.rng, 20):
        body["reason"] = "补录"
    return body


def _household(walk: "Walk") -> dict[str, Any]:
    day = walk.today.isoformat()
    member = {"key": "a", "relation": "head", "name": "示例友", "id_no": another_number(1980)}
    body: dict[str, Any] = {
        "unit_id": walk.unit,
        "file_no": number("X"),
        "identity": "laid_off",
        "division": "371083",
        "cause": "illness",
    }
    body |= {"filed_on": day, "members": [member], "payee": {"person": "a", "bank": "示例银行", "card": CARD}}
    return body | {"finances": _finances(walk), "consent": _consent(walk)}


def _finances(walk: "Walk") -> dict[str, Any]:
    line = {"side": "income", "kind": "wage", "amount": walk.rng.choice(("6000.00", "30000.00"))}
    return {"as_of": "2025-08-31", "lines": [line]}


def _consent(walk: "Walk") -> dict[str, Any]:
    until_on = (walk.today + timedelta(days=300)).isoformat()
    return {"signed_on": walk.today.isoformat(), "until_on": until_on, "text_version": "2025-1", "adults_signed": 1}


def _payee(walk: "Walk") -> dict[str, Any]:
    return {"person": str(walk.member()), "bank": "示例银行", "card": CARD}


def _change(walk: "Walk") -> dict[str, Any]:
    return {"on": walk.today.isoformat(), "exit": {"reason": "requested"}}


def _case(walk: "Walk") -> dict[str, Any]:
    family = walk.family()
    body: dict[str, Any] = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    body |= {
        "programme": "hardship",
        "item": walk.rng.choice(("LIV", "LIV", "MED", "TMP")),
        "requested": walk.rng.choice(("3000.00", "30000.00")),
    }
    return body | {"answers": {"self_paid": "2000.00"} if body["item"] == "MED" else {}}


def _visit(walk: "Walk") -> dict[str, Any]:
    body = {"unit_id": walk.unit, "kind": "festival", "on": day_about(walk.rng, walk.today), "place": "home"}
    return body | {"occasion": "daily", "visitors": [str(each) for each in walk.visitors()]}


def gift(walk: "Walk") -> dict[str, Any]:
    """Return a gift, mostly of money, mostly to the friend."""
    rng = walk.rng
    body: dict[str, Any] = {"unit_id": walk.unit, "household_id": str(walk.pick("household")), "purpose": "慰问"}
    body |= {"on": day_about(rng, walk.today), "account_code": "502", "handed_by": str(walk.anybody())}
    body["signed_by_family"] = True
    if chance(rng, 10):
        return body | {"item": "KIND", "goods": "米", "goods_unit": "袋"}
    if chance(rng, 80):
        body["handed_by"] = str(walk.holder(rng.choice(("visitor", "cashier"))))
    is_approver = "approver" in walk.roles[walk.acting]
    approver = walk.acting if is_approver and chance(rng, 80) else walk.holder("approver")
    money = {"amount": rng.choice(("500.00", "1900.00", "2900.00")), "fund_id": str(walk.pick("fund"))}
    return body | {"item": rng.choice(("SWN", "SWN", "CON")), "approved_by": str(approver), **money}


def _receipt(walk: "Walk") -> dict[str, Any]:
    return {"amount": "20000.00", "document": number("银收"), "on": day_about(walk.rng, walk.today)}


def _line(walk: "Walk") -> dict[str, Any]:
    body = {"unit_id": walk.unit, "code": number("F"), "title": "专项", "source": "OWN", "year": 2025}
    body |= {"document": "示例〔2025〕9号", "items": ["LIV", "MED", "SWN", "CON"]}
    return body | {"opens_on": "2025-01-01", "expires_on": walk.rng.choice(("2025-12-31", "2099-12-31"))}


def _opening(walk: "Walk") -> dict[str, Any]:
    body = {"unit_id": walk.unit, "with_below": True, "document": "示例〔2025〕8号"}
    body |= {"from_on": walk.today.isoformat(), "until_on": "2025-12-31"}
    return body | {"ceiling": walk.rng.choice(("1000.00", "2000.00", "60000.00"))}


def _policy(walk: "Walk") -> dict[str, Any]:
    body = {"source": policy_text(walk.rng, walk.today)}
    return body | ({"urgent": "上级来文"} if chance(walk.rng, 30) else {})


def _donation(walk: "Walk") -> dict[str, Any]:
    body = {
        "unit_id": walk.unit,
        "on": day_about(walk.rng, walk.today),
        "direction": "passed_on",
        "campaign": number("募捐"),
    }
    return body | {"organiser": "县", "amount": "1.00", "handed_to": "县"}


def _activity(walk: "Walk") -> dict[str, Any]:
    body = {"unit_id": walk.unit, "on": day_about(walk.rng, walk.today), "title": number("球赛"), "kind": "sport"}
    return body | {"amount": "1.00", "account_code": "501"}


def _pairing(walk: "Walk") -> dict[str, Any]:
    return {
        "unit_id": walk.unit,
        "programme_name": number("结对"),
        "issued_by": "县",
        "from_on": walk.today.isoformat(),
    }


def _scan(walk: "Walk") -> dict[str, Any]:
    content = photo(walk.rng.randrange(10**6), 64, 48)
    return {"kind": walk.rng.choice((*PAPERS, "visit_photo", "receipt")), "files": [(BytesIO(content), "a.jpg")]}


def _other_scan(walk: "Walk") -> dict[str, Any]:
    return {"reason": "拍得不清楚", "files": _scan(walk)["files"]}


def _with_reason(body: Body) -> Body:
    return lambda walk: body(walk) | {"reason": "登记有误"}


R, V, P = Role.REGISTRAR, Role.VISITOR, Role.APPROVER
C, A, RV = Role.CASHIER, Role.ADMIN, Role.REVIEWER
ANY = tuple(Role)

# fmt: off
ROUTES = (
    Route("accounts.add_account",               "POST",   "/accounts",                               (A,),   _account, 4),
    Route("accounts.end_account",               "POST",   "/accounts/{account}/end",                 (A,),   _why, 1),
    Route("accounts.grant_role",                "POST",   "/accounts/{account}/grants",              ANY,    _grant, 10),
    Route("accounts.revoke",                    "POST",   "/grants/{grant}/revocation",              ANY,    _nothing, 1),
    Route("accounts.invite",                    "POST",   "/invitations",                            (A,),   lambda walk: {"unit_id": walk.unit, "account_ids": [str(walk.anybody())]}, 6),
    Route("accounts.accept_invitation",         "POST",   "/invitations/acceptance",                 ANY,    lambda walk: {"code": walk.code(), "label": "新"}, 3),
    Route("accounts.revoke_token",              "POST",   "/tokens/{token}/revocation",              ANY,    _nothing, 1),
    Route("activities.record_activity",         "POST",   "/activities",                             (R, C), _activity, 1),
    Route("activities.correct_activity",        "POST",   "/activities/{activity}/correction",       (R, C), _with_reason(_activity)),
    Route("activities.void_activity",           "POST",   "/activities/{activity}/void",             (R, C), _why),
    Route("cases.open_case",                    "POST",   "/cases",                                  (R,),   _case, 8),
    Route("confirmations.refuse",               "POST",   "/confirmations/{confirmation}/refusal",   ANY,    _why, 1),
    Route("confirmations.withdraw",             "POST",   "/confirmations/{confirmation}/withdrawal", ANY,   _nothing, 1),
    Route("consents.give_consent",              "POST",   "/households/{household}/consents",        (R, V), _consent),
    Route("documents.add_to_case",              "POST",   "/cases/{case}/documents",                 (R, V), _scan, 3),
    Route("documents.add_to_family",            "POST",   "/households/{household}/documents",       (R, V), _scan, 2),
    Route("documents.supersede_document",       "POST",   "/documents/{document}/supersede",         (R, V), _other_scan),
    Route("documents.end_document",             "POST",   "/documents/{document}/end",               (R, V), _why),
    Route("donations.record_donation",          "POST",   "/donations",                              (R, C), _donation, 1),
    Route("donations.correct_donation",         "POST",   "/donations/{donation}/correction",        (R, C), _with_reason(_donation)),
    Route("donations.void_donation",            "POST",   "/donations/{donation}/void",              (R, C), _why),
    Route("finances.replace_finances",          "PUT",    "/households/{household}/finances",        (R,),   _finances),
    Route("fund_allocations.close_allocation",  "POST",   "/fund-allocations/{allocation}/end",      (P,),   _nothing, 1),
    Route("fund_allocations.open_to_unit",      "POST",   "/funds/{fund}/allocations",               (P,),   _opening, 6),
    Route("fund_receipts.record_receipt",       "POST",   "/funds/{fund}/receipts",                  (C,),   _receipt, 6),
    Route("fund_receipts.correct_receipt",      "POST",   "/receipts/{receipt}/correction",          (C, P), _with_reason(_receipt), 4),
    Route("fund_receipts.void_receipt",         "POST",   "/receipts/{receipt}/void",                (C, P), _why),
    Route("funds.open_line",                    "POST",   "/funds",                                  (C,),   _line, 4),
    Route("gifts.record_gift",                  "POST",   "/gifts",                                  (P, V, C, R), gift, 12),
    Route("gifts.correct_gift",                 "POST",   "/gifts/{gift}/correction",                (P,),   _with_reason(gift), 4),
    Route("gifts.void_gift",                    "POST",   "/gifts/{gift}/void",                      (P,),   _why, 4),
    Route("household_changes.preview_change",   "POST",   "/households/{household}/changes/preview", (R,),   _change, 1),
    Route("household_changes.make_change",      "POST",   "/households/{household}/changes",         (R,),   lambda walk: _change(walk) | {"seen": "0"}, 1),
    Route("households.file_household",          "POST",   "/households",                             (R,),   _household, 3),
    Route("households.edit_household",          "PATCH",  "/households/{household}",                 (R,),   lambda walk: {"cause": walk.rng.choice(("illness", "other"))}, 2),
    Route("kinship.declare",                    "POST",   "/households/{household}/kinship",         ANY,    lambda walk: {"account_id": str(walk.anybody()), "relation": "other"}, 1),
    Route("kinship.confirm",                    "POST",   "/kinship/{kinship}/confirmation",         ANY,    _nothing, 1),
    Route("kinship.end",                        "POST",   "/kinship/{kinship}/end",                  (A,),   _why, 6),
    Route("notices.object_to",                  "POST",   "/notices/{notice}/objections",            (R,),   lambda _walk: {"source": "written", "objection": "有异议"}, 1),
    Route("notices.answer",                     "POST",   "/notices/{notice}/answers",               (RV,),  lambda _walk: {"outcome": "rejected", "answer": "已经查明情况"}, 1),
    Route("notifications.mark_read",            "POST",   "/inbox/{notification}/read",              ANY,    _nothing, 1),
    Route("notifications.resend",               "POST",   "/notifications/{notification}/resending", (R, A), _nothing, 1),
    Route("pairings.pair",                      "POST",   "/households/{household}/pairings",        (R,),   _pairing, 1),
    Route("pairings.correct_pairing",           "POST",   "/pairings/{pairing}/correction",          (R,),   _with_reason(_pairing)),
    Route("pairings.void_pairing",              "POST",   "/pairings/{pairing}/void",                (R,),   _why),
    Route("payees.set_payee",                   "POST",   "/households/{household}/payee",           (R,),   _payee, 5),
    Route("payees.reveal_payee",                "POST",   "/households/{household}/payee/reveal",     (R, C), lambda _walk: {"purpose": "payment"}, 1),
    Route("persons.add_person",                 "POST",   "/households/{household}/members",         (R,),   lambda _walk: {"relation": "other", "name": "示例丁"}, 1),
    Route("persons.edit_person",                "PATCH",  "/persons/{person}",                       (R,),   lambda _walk: {"name": "示例戊"}, 1),
    Route("persons.deactivate_person",          "DELETE", "/persons/{person}",                       (R,),   _nothing, 1),
    Route("persons.explain_number",             "POST",   "/persons/{person}/number-absences",       (R,),   lambda walk: {"reason": "lost", "document": "示例证明", "until_on": walk.today.isoformat()}, 1),
    Route("persons.reveal",                     "POST",   "/persons/{person}/reveal",                (R, V, C), lambda _walk: {"purpose": "payment"}, 1),
    Route("policies.load_policy",               "POST",   "/policy-sets",                            (A,),   _policy, 6),
    Route("policies.withdraw_policy",           "POST",   "/policy-sets/{policy}/withdrawal",        (A,),   _why),
    Route("units.add_unit",                     "POST",   "/units",                                  (A,),   lambda walk: {"name": number("单位"), "kind": "grassroots", "division": "371083", "parent_id": walk.unit}, 1),
    Route("units.rename",                       "PATCH",  "/units/{unit}",                           (A,),   lambda _walk: {"name": number("改名")}, 1),
    Route("visits.record_visit",                "POST",   "/visits",                                 (V, R), _visit, 2),
    Route("visits.correct_visit",               "POST",   "/visits/{visit}/correction",              (V, R), _with_reason(_visit)),
    Route("visits.void_visit",                  "POST",   "/visits/{visit}/void",                    (V, R), _why),
)
# fmt: on
"""Confirmations and steps of cases follow from what succeeded: tests/collusion/walk.py makes them."""

FOLLOWED = frozenset({"confirmations.confirm", "cases.take_action"})
BY_ENDPOINT: Mapping[str, Route] = {route.endpoint: route for route in ROUTES}
