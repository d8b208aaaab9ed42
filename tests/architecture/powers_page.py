"""Prints docs/powers.md from the tables of the code: `python -m tests.architecture.powers_page > docs/powers.md`."""

from collections.abc import Iterable, Iterator, Mapping

from service.i18n.catalogue import translate
from workflows.powers import POWERS, Power, Touches
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Role

Act = tuple[str, str]

CHANGES_OF_A_FILE: tuple[Act, ...] = tuple(
    (subject, action)
    for action in ("change_head", "end_file", "file_again", "move_file", "transfer_member", "receive_member")
    for subject in ("household", "person")
    if (subject, action) in POWERS
)

SHEETS: Mapping[str, tuple[Act, ...]] = {
    "单位": (("unit", "add_unit"),),
    "人员": (("account", "add_account"),),
    "授权": (("account", "grant_role"),),
    "资金": (("fund", "open_line"),),
    "到账": (("fund", "receive"),),
    "资金开放": (("fund", "open_to_unit"),),
    "家庭": (("household", "file_household"), ("household", "give_consent"), ("household", "set_payee")),
    "成员": (("person", "add_person"),),
    "收支": (("household", "replace_finances"),),
    "结对": (("household", "pair"),),
    "亲属申报": (("household", "declare_kinship"),),
    "走访": (("visit", "record_visit"),),
    "慰问品": (("gift", "record_gift"),),
    "捐款": (("donation", "record_donation"),),
    "活动": (("activity", "record_activity"),),
    "policy-*.toml": (("policy", "load_policy"),),
    "calendar-*.csv": (("policy", "load_calendar"),),
}
"""What each sheet, or file of rules, writes when it is imported."""

OF_SHEETS: tuple[Act, ...] = tuple(dict.fromkeys(act for title in SHEETS if "*" not in title for act in SHEETS[title]))
"""What an import on a page writes."""

UNDO_OF_AN_IMPORT: tuple[Act, ...] = (
    ("import", "undo"),
    *(("gift", "void_gift"), ("fund", "void_receipt"), ("visit", "void_visit"), ("donation", "void_donation")),
    *(("activity", "void_activity"), ("household", "void_pairing"), ("household", "end_file")),
)
"""What the undo of an import writes once it is confirmed."""

ROUTES: Mapping[str, tuple[Act, ...]] = {
    "accounts.accept_invitation": (("account", "accept_invitation"), ("account", "make_token")),
    "accounts.add_account": (("account", "add_account"), ("account", "invite")),
    "accounts.end_account": (("account", "end_account"), ("account", "revoke")),
    "accounts.grant_role": (("account", "grant_role"),),
    "accounts.invite": (("account", "invite"),),
    "accounts.revoke": (("account", "revoke"),),
    "accounts.revoke_token": (("account", "revoke_token"),),
    "activities.correct_activity": (("activity", "void_activity"), ("activity", "record_activity")),
    "activities.record_activity": (("activity", "record_activity"),),
    "activities.void_activity": (("activity", "void_activity"),),
    "confirmations.confirm": (("confirmation", "confirm"),),
    "confirmations.refuse": (("confirmation", "refuse"),),
    "confirmations.withdraw": (("confirmation", "withdraw"),),
    "consents.give_consent": (("household", "give_consent"),),
    "documents.add_to_case": (("document", "add_document"),),
    "documents.add_to_family": (("document", "add_document"),),
    "documents.end_document": (("document", "end_document"),),
    "documents.supersede_document": (("document", "supersede_document"), ("document", "add_document")),
    "donations.correct_donation": (("donation", "void_donation"), ("donation", "record_donation")),
    "donations.record_donation": (("donation", "record_donation"),),
    "donations.void_donation": (("donation", "void_donation"),),
    "finances.replace_finances": (("household", "replace_finances"),),
    "fund_allocations.close_allocation": (("fund", "close_allocation"),),
    "fund_allocations.open_to_unit": (("fund", "open_to_unit"),),
    "fund_receipts.correct_receipt": (("fund", "correct_receipt"),),
    "fund_receipts.record_receipt": (("fund", "receive"),),
    "fund_receipts.void_receipt": (("fund", "void_receipt"),),
    "funds.open_line": (("fund", "open_line"),),
    "gifts.correct_gift": (("gift", "void_gift"), ("gift", "record_gift")),
    "gifts.record_gift": (("gift", "record_gift"),),
    "gifts.void_gift": (("gift", "void_gift"),),
    "household_changes.make_change": CHANGES_OF_A_FILE,
    "household_changes.preview_change": (),
    "households.edit_household": (("household", "edit_household"),),
    "households.file_household": (("household", "file_household"), ("person", "add_person")),
    "kinship.confirm": (("household", "confirm_kinship"),),
    "kinship.declare": (("household", "declare_kinship"),),
    "kinship.end": (("household", "end_kinship"),),
    "notifications.mark_read": (),
    "notifications.resend": (("account", "resend_notification"),),
    "pairings.correct_pairing": (("household", "void_pairing"), ("household", "pair")),
    "pairings.pair": (("household", "pair"),),
    "pairings.void_pairing": (("household", "void_pairing"),),
    "payees.reveal_payee": (("person", "reveal"),),
    "payees.set_payee": (("household", "set_payee"),),
    "persons.add_person": (("household", "add_person"), ("person", "add_person")),
    "persons.deactivate_person": (("household", "deactivate_person"), ("person", "deactivate_person")),
    "persons.explain_number": (("household", "explain_number"),),
    "persons.edit_person": (("household", "edit_person"), ("person", "edit_person")),
    "persons.reveal": (("person", "reveal"),),
    "policies.load_policy": (("policy", "load_policy"),),
    "policies.withdraw_policy": (("policy", "withdraw_policy"),),
    "units.add_unit": (("unit", "add_unit"),),
    "units.rename": (("unit", "rename"),),
    "visits.correct_visit": (("visit", "void_visit"), ("visit", "record_visit")),
    "visits.record_visit": (("visit", "record_visit"),),
    "visits.void_visit": (("visit", "void_visit"),),
    "web.visits.correct_visit": (("visit", "void_visit"), ("visit", "record_visit")),
    "web.visits.record_visit": (("visit", "record_visit"),),
    "web.visits.void_visit": (("visit", "void_visit"),),
    "web.accounts.make_recovery_codes": (("account", "make_recovery_codes"),),
    "web.accounts.change_password": (("account", "set_password"), ("account", "sign_in")),
    "web.accounts.end_one_session": (("account", "end_session"),),
    "web.accounts.set_totp": (("account", "set_totp"),),
    "web.bundles.take_bundle": (("account", "make_bundle"),),
    "web.confirmations.ask_proof": (),
    "web.confirmations.end_confirmation": (
        ("confirmation", "confirm"),
        ("confirmation", "refuse"),
        ("confirmation", "withdraw"),
    ),
    "web.documents.add_to_case": (("document", "add_document"),),
    "web.documents.add_to_family": (("document", "add_document"),),
    "web.documents.end_document": (("document", "end_document"),),
    "web.documents.supersede_document": (("document", "supersede_document"), ("document", "add_document")),
    "web.exports.export_events": (("account", "export"),),
    "web.exports.export_list": (("account", "export"),),
    "web.prepared_files.take_file": (("account", "export"),),
    "web.finances.ask_proof": (),
    "web.finances.give_consent": (("household", "give_consent"),),
    "web.finances.replace_finances": (("household", "replace_finances"),),
    "web.finances.set_payee": (("household", "set_payee"),),
    "web.staff.add_account": (("account", "add_account"), ("account", "invite")),
    "web.staff.end_account": (("account", "end_account"), ("account", "revoke")),
    "web.staff.grant_role": (("account", "grant_role"),),
    "web.staff.invite": (("account", "invite"),),
    "web.staff.revoke": (("account", "revoke"),),
    "web.imports.act_on_import": (*OF_SHEETS, ("import", "carry_out")),
    "web.imports.upload": (),
    "web.past_imports.propose": UNDO_OF_AN_IMPORT,
    "web.calendars.load_calendar": (("policy", "load_calendar"),),
    "web.policies.load_policy": (("policy", "load_policy"),),
    "web.policies.withdraw_policy": (("policy", "withdraw_policy"),),
    "web.tokens.end_own": (("account", "revoke_token"),),
    "web.tokens.make_token": (("account", "make_token"),),
    "web.tokens.revoke_token": (("account", "revoke_token"),),
    "web.units.add_unit": (("unit", "add_unit"),),
    "web.units.rename": (("unit", "rename"),),
    "web.funds.close_allocation": (("fund", "close_allocation"),),
    "web.funds.correct_receipt": (("fund", "correct_receipt"),),
    "web.funds.open_line": (("fund", "open_line"),),
    "web.funds.open_to_unit": (("fund", "open_to_unit"),),
    "web.funds.record_receipt": (("fund", "receive"),),
    "web.funds.void_receipt": (("fund", "void_receipt"),),
    "web.donations.correct_donation": (("donation", "void_donation"), ("donation", "record_donation")),
    "web.donations.record_donation": (("donation", "record_donation"),),
    "web.donations.void_donation": (("donation", "void_donation"),),
    "web.activities.correct_activity": (("activity", "void_activity"), ("activity", "record_activity")),
    "web.activities.record_activity": (("activity", "record_activity"),),
    "web.activities.void_activity": (("activity", "void_activity"),),
    "web.gifts.correct_gift": (("gift", "void_gift"), ("gift", "record_gift")),
    "web.gifts.propose_money": (("gift", "record_gift"),),
    "web.gifts.record_goods": (("gift", "record_gift"),),
    "web.gifts.void_gift": (("gift", "void_gift"),),
    "web.household_changes.change_household": CHANGES_OF_A_FILE,
    "web.households.edit_household": (("household", "edit_household"),),
    "web.households.file_household": (("household", "file_household"), ("person", "add_person")),
    "web.identity_provider.begin_link": (),
    "web.identity_provider.end_link": (("account", "unlink_provider"),),
    "web.kinship.confirm": (("household", "confirm_kinship"),),
    "web.kinship.declare": (("household", "declare_kinship"),),
    "web.kinship.end": (("household", "end_kinship"),),
    "web.notifications.resend": (("account", "resend_notification"),),
    "web.pairings.correct_pairing": (("household", "void_pairing"), ("household", "pair")),
    "web.pairings.pair": (("household", "pair"),),
    "web.pairings.void_pairing": (("household", "void_pairing"),),
    "web.passkeys.add_passkey": (("account", "add_passkey"),),
    "web.passkeys.begin_passkey": (),
    "web.passkeys.begin_sign_in": (),
    "web.passkeys.remove_passkey": (("account", "remove_passkey"),),
    "web.passkeys.sign_in_with_passkey": (("account", "sign_in"), ("account", "sign_in_failed")),
    "web.case_matches.show_matches_of_case": (("person", "match_number"),),
    "web.payees.reveal_for_case": (("person", "reveal"),),
    "web.payees.reveal_for_family": (("person", "reveal"),),
    "web.persons.add_person": (("household", "add_person"), ("person", "add_person")),
    "web.persons.deactivate_person": (("household", "deactivate_person"), ("person", "deactivate_person")),
    "web.persons.edit_person": (("household", "edit_person"), ("person", "edit_person")),
    "web.persons.explain_number": (("household", "explain_number"),),
    "web.persons.reveal": (("person", "reveal"),),
    "web.sessions.enter_code": (("account", "sign_in"), ("account", "sign_in_failed")),
    "web.sessions.enter_password": (("account", "sign_in"), ("account", "sign_in_failed")),
    "web.sessions.sign_out": (("account", "sign_out"),),
    "web.setup.accept_invitation": (("account", "set_up_with_password"), ("account", "sign_in")),
}
"""What each route outside cases writes, by its endpoint: of the API, and of the pages (`web.`)."""

CASE_ROUTES = frozenset(
    {
        "cases.open_case",
        "cases.take_action",
        "notices.object_to",
        "notices.answer",
        "web.cases.take_action",
        "web.cases.ask_proof",
        "web.case_opening.open_case",
    }
)
"""Routes that take a step of a case: the programmes' tables say who."""

COMMANDS: Mapping[str, tuple[Act, ...]] = {
    "init": (("unit", "found"), ("account", "found"), ("unit", "close_founding")),
    "token create": (("account", "accept_invitation"), ("account", "make_token")),
    "token revoke": (("account", "revoke_token"),),
    "invite": (("account", "invite"),),
    "confirm": (("confirmation", "confirm"), ("confirmation", "refuse")),
    "undo propose": UNDO_OF_AN_IMPORT,
    "audit anchor": (("account", "anchor"),),
    "audit bundle": (("account", "make_bundle"),),
}
JOBS: Mapping[str, tuple[Act, ...]] = {
    "定时：提醒": (("account", "remind"),),
    "定时：过期": (("confirmation", "lapse"),),
    "定时：封存": (("account", "anchor"),),
}

TOUCHES = {Touches.MONEY: "资金", Touches.POWER: "权限", Touches.RULES: "规则", Touches.EVIDENCE: "凭据"}
ALONE = {
    "takes_away": "只收回，不给出；受影响的人都得到通知",
    "founding": "建库，由第二个人确认后才算完成",
    "opens_nothing": "本身不给任何人权限",
    "own_key": "只能给本人，凭自己的邀请码或令牌",
    "counts_once_confirmed": "须由亲属本人或管理员确认后才算数",
    "is_the_second_word": "这就是第二个人的确认，声明人不能自己确认",
    "moves_no_money": "不动资金；作废和更正要两个人",
    "seen_by_others": "走访人、核对员、审核人、审批人都要看过，改动使原有签字失效",
    "signed_by_approver": "审批人的签字包括账户，改动使签字失效",
    "follows_a_decision": "随个案的决定而来",
    "each_row_has_its_own": "每一行按它自己的事项算，这里只记下是哪一次导入",
    "waits_only": "只是提出或确认，写入按被确认的事项算",
    "reads_only": "不改变资金、权限、规则和凭据，只留痕",
}
PROPOSED_BY = {
    ("unit", "found"): "在机器上建库的人",
    ("account", "found"): "在机器上建库的人",
    ("unit", "close_founding"): "第一位管理员",
    ("account", "accept_invitation"): "账号本人",
    ("account", "make_token"): "账号本人",
    ("account", "revoke_token"): "账号本人、系统管理员",
    ("account", "grant_role"): "系统管理员；代行人由本人提出",
    ("account", "revoke"): "系统管理员；代行的，本人也可以",
}
CONFIRMED_BY = {
    ("gift", "record_gift"): "经手人本人；导入的，批准人、经手人、登记人本人",
    ("unit", "close_founding"): "共同建库的审批人本人",
    ("account", "grant_role"): "系统管理员、审批人（不是被授权人）；管理员提出代行的，由被代行人本人",
}
"""Where a person is meant, and not every holder of a role."""


def page() -> str:
    """Return the page: writes outside cases, then the steps of each programme."""
    return "\n".join((HEAD, *_writes(), "", STEPS, *_steps(), "", FOOT))


HEAD = """# 谁提出、谁确认 · Who proposes, who confirms

由代码里的表印出（`python -m tests.architecture.powers_page`），测试保证与代码一致。凡是动资金、给权限、改规则的写入，都由一个人提出、另一个人确认；写着“一人”的，后面说明为什么一人即可。
管理员只管单位、账号和规则，不动资金。确认人不能是提出人，也不能是因此得到权限或利益的人；代行人算两个人。

Printed from the tables of the code. Every write that moves money, gives power or changes rules is proposed by one person and confirmed by another; where one person suffices, the
row says why.

## 个案以外 · Outside cases

| 写入 | 触及 | 提出 | 确认 | 入口 |
|---|---|---|---|---|"""
STEPS = """## 个案的步骤 · Steps of cases

每一步由谁做；互不相容的职责（如经办与审批、出纳与审批）不会落在同一个人身上，见 [programmes.md](programmes.md)。

| 流程 | 步骤 | 触及 | 谁做 | 资金 |
|---|---|---|---|---|"""
FOOT = """## 说明 · Notes

- 批准资金须由各级审批人签字，签字绑定收款人、账户、金额、资金、类别、政策和家庭情况；出纳与前面的人不是同一个人。
- 导入含资金、权限、规则的表格，整份文件先待确认：表里写明的登记人、批准人各自用自己的凭证确认，写在格子里的名字不算签字。
- 建库由管理员和审批人两个人完成。
"""


def _writes() -> Iterator[str]:
    for act, power in POWERS.items():
        name = f"`{power.subject}.{power.action}`" + ("（给钱时）" if power.only_money else "")
        touches = "、".join(TOUCHES[each] for each in power.touches) or "—"
        proposes, confirms = PROPOSED_BY.get(act, _roles(power.proposes)), CONFIRMED_BY.get(act, _confirms(power))
        yield f"| {name} | {touches} | {proposes} | {confirms} | {_ways(act)} |"


def _confirms(power: Power) -> str:
    return _roles(power.confirms) if power.confirms else f"一人：{ALONE[power.alone]}"


def _ways(act: Act) -> str:
    routes = [_kind(name) for name, acts in ROUTES.items() if act in acts]
    sheets = [f"表“{title}”" for title, acts in SHEETS.items() if act in acts]
    commands = [f"`songnuan {name}`" for name, acts in COMMANDS.items() if act in acts]
    jobs = [name for name, acts in JOBS.items() if act in acts]
    return "、".join((*routes, *sheets, *commands, *jobs)) or "随其他写入"


def _kind(name: str) -> str:
    """Return a route as the page names it: `web.sessions.sign_out` → 页面 `sessions.sign_out`."""
    return f"页面 `{name.removeprefix('web.')}`" if name.startswith("web.") else f"接口 `{name}`"


def _roles(roles: Iterable[Role]) -> str:
    every = tuple(roles)
    return "任何人" if every == tuple(Role) else "、".join(translate(f"terms.role.{role.value}") for role in every)


def _steps() -> Iterator[str]:
    for programme in PROGRAMMES.values():
        yield from (_step(programme, step) for step in programme.steps)


def _step(programme: Programme, step: Step) -> str:
    money = f"{step.money.source.value} → {step.money.target.value}" if step.money else "—"
    touches = "资金" if step.money else "凭据"
    return f"| {programme.title} | {step.label} `{step.action}` | {touches} | {_roles(step.roles)} | {money} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is what the module is for
