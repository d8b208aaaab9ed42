"""The table of attempts by import: workbooks and files of rules that name whomever the attackers like."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from service.actions import personal_data_access
from service.imports.import_context import ImportOptions
from service.imports.problems import InvalidSheets
from service.imports.proposed_import import Outcome, import_or_propose
from tests.collusion.forms import chance
from tests.collusion.rules_files import calendar_text, policy_text
from tests.lives import number
from tests.service.import_fixtures import Cell, workbook
from workflows.vocabulary import Refused, Role

if TYPE_CHECKING:
    from tests.collusion.knowledge import Knowledge as Walk

Rows = dict[str, Cell]
UNIT = "示例县总工会"


def _day(walk: "Walk") -> date:
    return walk.today + timedelta(days=walk.rng.choice((0, 0, 0, -5, -200)))


def _receipt(walk: "Walk") -> Path:
    row: Rows = {
        "资金编号": walk.fund_code,
        "所属单位": UNIT,
        "年度": 2025,
        "到账日期": _day(walk),
        "到账金额": "20000.00",
    }
    return _book(walk, 到账=row | {"到账凭证": number("银收"), "登记人": walk.login(walk.keeper("cashier"))})


def _gift(walk: "Walk") -> Path:
    row: Rows = {"慰问单位": UNIT, "档案号": walk.file_no(), "日期": _day(walk), "项目": "送温暖慰问", "用途": "慰问"}
    row |= {"会计科目": "502", "经手人": walk.login(walk.holder("visitor")), "家庭签收": "是", "金额": "1900.00"}
    row |= {"资金编号": walk.fund_code, "资金年度": 2025, "批准人": walk.login(walk.holder("approver"))}
    return _book(walk, 慰问品=row | {"登记人": walk.login(walk.keeper("registrar"))})


def _line(walk: "Walk") -> Path:
    row: Rows = {"资金编号": number("F"), "资金名称": "专项", "所属单位": UNIT, "来源": "本级工会经费", "年度": 2025}
    row |= {"依据文号": "示例〔2025〕9号", "可用项目": "生活救助、送温暖慰问", "启用日期": date(2025, 1, 1)}
    return _book(walk, 资金=row | {"截止日期": date(2099, 12, 31), "登记人": walk.login(walk.keeper("cashier"))})


def _opening(walk: "Walk") -> Path:
    row: Rows = {"资金编号": walk.fund_code, "所属单位": UNIT, "年度": 2025, "开放单位": UNIT, "含下属单位": "是"}
    row |= {"起始日期": _day(walk), "截止日期": date(2025, 12, 31), "限额": walk.rng.choice(("1000.00", "60000.00"))}
    return _book(walk, 资金开放=row | {"依据文号": "示例〔2025〕8号", "登记人": walk.login(walk.keeper("approver"))})


def _staff(walk: "Walk") -> Path:
    login = number("sheet").lower()
    person: Rows = {"登录名": login, "姓名": f"某{login}", "所属单位": UNIT}
    who = login if chance(walk.rng, 50) else walk.login(walk.anybody())
    row: Rows = {
        "登录名": who,
        "单位": UNIT,
        "角色": walk.rng.choice(("出纳", "审核人", "经办人")),
        "起始日期": _day(walk),
    }
    row |= {"截止日期": date(2026, 6, 30)} | ({"追溯理由": "补录"} if chance(walk.rng, 20) else {})
    return _book(walk, 人员=person, 授权=row)


def _policy(walk: "Walk") -> Path:
    return _file(walk, "policy-2026.toml", policy_text(walk.rng, walk.today))


def _calendar(walk: "Walk") -> Path:
    return _file(walk, "calendar-2025.csv", calendar_text(walk.today))


def _book(walk: "Walk", **sheets: Rows) -> Path:
    return workbook(walk.folder / "sheet.xlsx", **{title: [row] for title, row in sheets.items()})


def _file(walk: "Walk", name: str, text: str) -> Path:
    path: Path = walk.folder / name
    path.write_text(text)
    return path


C, P, A = Role.CASHIER, Role.APPROVER, Role.ADMIN
RECORDERS = (Role.REGISTRAR, Role.VISITOR, C, P, A)

SHEETS: Mapping[str, tuple[Callable[["Walk"], Path], int, tuple[Role, ...]]] = {
    "import 到账": (_receipt, 4, (C, A)),
    "import 慰问品": (_gift, 6, RECORDERS),
    "import 资金": (_line, 2, (C, A)),
    "import 资金开放": (_opening, 2, (P, A)),
    "import 人员、授权": (_staff, 4, (A,)),
    "import policy-*.toml": (_policy, 2, (A,)),
    "import calendar-*.csv": (_calendar, 3, (A,)),
}
"""By name: the function that writes the file, how often it is tried, and the roles that suit it."""


def bring(walk: "Walk", name: str) -> str:
    """Import a file as the acting attacker, as `songnuan import` does; return what came of it."""
    path = SHEETS[name][0](walk)
    options = ImportOptions(urgent=walk.rng.choice(("", "上级来文")), late=walk.rng.choice(("", "补记")))
    with walk.union.engine.connect() as conn:
        context = walk.context(conn)
        if context is None:
            return "refused"
        try:
            outcome = import_or_propose(conn, [path], context, options=options)
        except InvalidSheets as invalid:
            for refused in invalid.disclosures:
                personal_data_access.record_disclosed_match(conn, refused.persons, context, refused.accounts)
            return ",".join(sorted({problem.code for problem in invalid.problems}))
        except Refused as refused:
            return ",".join(refused.codes)
        conn.commit()
    return _note(walk, outcome)


def _note(walk: "Walk", outcome: Outcome) -> str:
    if outcome.proposal is None:
        return "accepted"
    walk.waits(str(outcome.proposal.id), outcome.proposal.digest, walk.acting, [])
    return "accepted"
