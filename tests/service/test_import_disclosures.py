"""An import is limited in how often it says that a number is known, also when it is tried again."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.actions import personal_data_access
from service.actions.personal_data_access import MAX_MATCHES_PER_DAY
from service.tables.accounts import account
from service.tables.events import event
from service.tables.persons import person
from tests.api_client import ApiClient
from tests.service.import_fixtures import (
    HEAD,
    HOUSEHOLD,
    INCOME,
    Cell,
    Union,
    family_file,
    founded,
    founded_url,
    union,
    workbook,
)

__all__ = ["founded", "founded_url", "union"]

NUMBER = "371099197001019001"
PERSON: dict[str, Cell] = {"登录名": "new.one", "姓名": "新人", "所属单位": "临澜县工业局工会", "身份证号": NUMBER}
GRANT: dict[str, Cell] = {
    "登录名": "new.one",
    "单位": "临澜县工业局工会",
    "角色": "走访人",
    "审批级别": None,
    "起始日期": "2026-01-01",
    "截止日期": "2026-12-31",
    "代行何人": None,
}
OTHER_GRANT = GRANT | {"角色": "出纳"}


def matches(conn: sa.Connection) -> int:
    """Return how many matches are recorded."""
    return conn.scalar(sa.select(sa.func.count()).where(event.c.action == "match_number")) or 0


def two_families(path: Path) -> Path:
    """Write a workbook with two families whose heads are on file."""
    household = HOUSEHOLD | {"银行卡号": None, "持卡人": None, "开户银行": None}
    numbers = {"T-2": NUMBER, "T-3": "371099197201017027"}
    return workbook(
        path,
        家庭=[household | {"档案号": file_no} for file_no in numbers],
        成员=[HEAD | {"档案号": file_no, "身份证号": number} for file_no, number in numbers.items()],
        收支=[INCOME | {"档案号": "T-2"}],
    )


def record_matches(union: Union, count: int) -> None:
    person_id = union.conn.scalars(sa.select(person.c.id).limit(1)).one()
    for _ in range(count):
        personal_data_access.record_disclosed_match(union.conn, [person_id], union.context())


def codes_of(problems: list[Any]) -> list[str]:
    return [problem[3] for problem in problems]


def test_match_that_an_import_discloses_outlasts_its_rollback(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx", child={"身份证号": "371099197201017027"}))
    path = two_families(tmp_path / "b.xlsx")
    for attempt in (1, 2):
        assert codes_of(union.refused(path)) == ["person_in_other_file", "person_in_other_file"]
        assert matches(union.conn) == 2 * attempt


def test_import_tried_again_does_not_reset_the_limit(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx", child={"身份证号": "371099197201017027"}))
    record_matches(union, MAX_MATCHES_PER_DAY - 1)
    path = two_families(tmp_path / "b.xlsx")
    assert codes_of(union.refused(path)) == ["person_in_other_file", "too_many_matches"]
    assert codes_of(union.refused(path)) == ["too_many_matches", "too_many_matches"]
    assert matches(union.conn) == MAX_MATCHES_PER_DAY


def test_number_of_an_account_is_limited_like_that_of_a_family(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    union.bring(workbook(tmp_path / "s.xlsx", 人员=[PERSON], 授权=[GRANT]))
    again = workbook(tmp_path / "t.xlsx", 人员=[PERSON | {"登录名": "new.two"}], 授权=[OTHER_GRANT])
    assert codes_of(union.refused(again)) == ["id_no_taken"]
    account_id = union.account("new.one")
    recorded = sa.and_(event.c.action == "match_number", event.c.subject_id == account_id)
    assert union.conn.scalar(sa.select(sa.func.count()).where(recorded)) == 1
    record_matches(union, MAX_MATCHES_PER_DAY - 1)
    assert codes_of(union.refused(again)) == ["too_many_matches"]
    unknown = PERSON | {"登录名": "new.three", "身份证号": "371099197201017027"}
    assert codes_of(union.refused(workbook(tmp_path / "u.xlsx", 人员=[unknown], 授权=[OTHER_GRANT]))) == [
        "too_many_matches"
    ]
    without = workbook(tmp_path / "v.xlsx", 人员=[unknown | {"身份证号": None}], 授权=[OTHER_GRANT])
    assert union.bring(without).written() == {"人员": 1, "授权": 1}


def test_number_of_an_account_is_limited_over_the_api(client: ApiClient, engine: sa.Engine) -> None:
    def add(login: str, number: str) -> list[str]:
        body = {"login": login, "display_name": "某人", "unit_id": str(client.office.unit_id), "id_no": number}
        answer = client.post("admin", "/accounts", body)
        if answer.status_code != 202:
            return client.codes(answer)
        assert client.confirm("approver_3", answer).status_code == 200
        return []

    assert add("a.first", NUMBER) == []
    for login in ("a.second", "a.third"):
        assert add(login, NUMBER) == ["id_no_taken"]
    with engine.begin() as conn:
        account_id = conn.scalars(sa.select(account.c.id).where(account.c.login == "a.first")).one()
        recorded = sa.and_(event.c.action == "match_number", event.c.subject_id == account_id)
        assert conn.scalar(sa.select(sa.func.count()).where(recorded)) == 2
        context = client.office.context(conn, "admin", client.today)
        for _ in range(MAX_MATCHES_PER_DAY - 2):
            personal_data_access.record_disclosed_match(conn, [], context, [account_id])
    assert add("a.fourth", NUMBER) == ["too_many_matches"]
    assert add("a.fifth", "371099197201017027") == ["too_many_matches"]
