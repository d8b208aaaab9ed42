"""Persons, families and cases are found by what somebody types, in the caller's units only, and a search is recorded."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import search as search_actions
from service.actions.search import MAX_SEARCHES_PER_DAY, search
from service.actions.search_text import recognise
from service.queries import search as read
from service.tables.events import event
from service.tables.persons import person
from tests.api_client import ApiClient, refusal
from tests.factories import RING, create_family, create_organisation
from tests.identity_numbers import another_number
from tests.lives import start
from tests.service.query_plans import nodes_of

ON = "2025-09-01"
NUMBER = another_number(1970)
MEMBERS = [
    {"relation": "head", "name": "单小芳", "id_no": NUMBER, "phone": "13812340987"},
    {"relation": "spouse", "name": "阿依古丽·买买提"},
    {"relation": "child", "name": "吕重行"},
]


@pytest.fixture
def household(desk: ApiClient) -> str:
    """File a family over the API and return its id."""
    file = {
        "file_no": "困〔2025〕12号",
        "identity": "laid_off",
        "division": "371083",
        "cause": "illness",
        "filed_on": ON,
    }
    made = desk.post(
        "registrar", "/households", {**file, "unit_id": str(desk.office.unit_id), "members": number_free(MEMBERS)}
    )
    assert made.status_code == 201, made.get_json()
    return str(made.get_json()["id"])


def number_free(members: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the members with a number that nobody has yet: one number is in one active file."""
    return [{**each, "id_no": another_number(1970)} if "id_no" in each else each for each in members]


def found(desk: ApiClient, text: str, by: str = "registrar") -> dict[str, Any]:
    answer = desk.http.get("/api/v1/search", query_string={"q": text}, headers=desk.headers(by))
    assert answer.status_code == 200, answer.get_json()
    document: dict[str, Any] = answer.get_json()
    return document


def names(desk: ApiClient, text: str, by: str = "registrar") -> set[str]:
    return {each["name"] for each in found(desk, text, by)["persons"]}


@pytest.mark.usefixtures("household")
def test_person_is_found_by_each_part_of_the_name_pinyin_and_initials(desk: ApiClient) -> None:
    head, spouse, child = "单*芳", "阿******提", "吕*行"
    texts = {
        head: (
            "单小芳",
            "单",
            "小芳",
            "芳",
            "单 小芳",
            "shan",
            "shanxiao",
            "Shàn Xiǎo Fāng",
            "danxiaofang",
            "sxf",
            "SX",
        ),
        spouse: ("买买提", "阿依古丽买买提", "古丽·买", "ayi", "ayigulimaimaiti", "aygl"),
        child: ("lv", "lü", "lu", "lyuzhongxing", "lvchonghang", "lvzhongxing", "lzx", "重行"),
    }
    missed = [(name, text) for name, typed in texts.items() for text in typed if name not in names(desk, text)]
    assert missed == []
    wrong = [text for text in ("小单", "shanx", "xiaofang", "s", "单小方", "0000") if names(desk, text)]
    assert wrong == []


def test_person_is_found_by_the_last_four_and_by_a_whole_number(desk: ApiClient, engine: sa.Engine) -> None:
    number, phone = another_number(1971), "13812340988"
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    member = {"relation": "other", "name": "示例丁", "id_no": number, "phone": phone}
    made = desk.post("registrar", f"/households/{family.household_id}/members", member)
    for text in (number[-4:], number[-4:].lower(), phone[-4:], number, phone, "０９８８"):
        persons = [each for each in found(desk, text)["persons"] if each["person_id"] == made.get_json()["id"]]
        [shown] = persons
        assert (shown["name"], shown["id_no"][4:14], shown["phone"]) == ("示*丁", "*" * 10, "138****0988"), text


def test_family_and_case_are_found_by_their_numbers(desk: ApiClient, household: str, engine: sa.Engine) -> None:
    for text in ("困〔2025〕12号", "困〔2025"):
        [family] = found(desk, text)["households"]
        assert (family["household_id"], family["head"], family["exited_on"]) == (household, "单*芳", None)
    life = start(desk, engine, "hardship", "LIV", {})
    case_no = desk.get("registrar", f"/cases/{life.case_id}").get_json()["case_no"]
    [case] = found(desk, case_no.lower())["cases"]
    assert (case["id"], case["household_id"]) == (life.case_id, str(life.family.household_id))


@pytest.mark.usefixtures("household")
def test_text_that_means_no_person_finds_no_person_without_a_number(desk: ApiClient) -> None:
    """No number typed was compared as "no number": the list showed every family with such a person."""
    for text in ("Z-9", "!?", "·"):
        listed = desk.http.get("/api/v1/households", query_string={"q": text}, headers=desk.headers("registrar"))
        assert (listed.get_json()["count"], found(desk, text)["persons"]) == (0, []), text


def test_corrected_name_is_found_and_the_old_one_is_not(desk: ApiClient, household: str) -> None:
    [before] = found(desk, "单小芳")["persons"]
    path = f"/persons/{before['person_id']}"
    headers = desk.headers("registrar", **{"If-Match": '"1"'})
    changed = desk.http.patch(f"/api/v1{path}", json={"name": "仇小芳", "phone": "13812340001"}, headers=headers)
    assert changed.status_code == 200, changed.get_json()
    assert [each["household_id"] for each in found(desk, "qiuxiaofang")["persons"]] == [household]
    assert names(desk, "0001") == {"仇*芳"}
    assert not {each for text in ("单", "shan", "sxf", "0987") for each in names(desk, text)}


def test_former_member_and_ended_file_are_found_and_marked(desk: ApiClient, household: str) -> None:
    [child] = found(desk, "吕")["persons"]
    headers = desk.headers("registrar", **{"If-Match": '"1"'})
    assert desk.http.delete(f"/api/v1/persons/{child['person_id']}", headers=headers).status_code == 204
    assert [each["is_member"] for each in found(desk, "吕")["persons"]] == [False]
    exit_ = {"on": ON, "exit": {"reason": "requested"}}
    seen = desk.post("registrar", f"/households/{household}/changes/preview", exit_).get_json()["seen"]
    assert desk.post("registrar", f"/households/{household}/changes", {**exit_, "seen": seen}).status_code == 201
    [head] = found(desk, "单小芳")["persons"]
    assert (head["is_member"], head["exited_on"]) == (False, ON)
    [family] = found(desk, "困〔2025〕12号")["households"]
    assert (family["head"], family["exited_on"]) == (None, ON)


@pytest.mark.usefixtures("household")
def test_search_finds_nothing_of_another_unit(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = ApiClient(desk.http, create_organisation(conn), desk.today)
    for text in ("单小芳", "shan", "sxf", "0987", "困〔2025〕12号", "13812340987"):
        answer = found(other, text)
        assert (answer["persons"], answer["households"], answer["cases"], answer["has_more"]) == ([], [], [], False)
        listed = other.http.get("/api/v1/households", query_string={"q": text}, headers=other.headers("auditor"))
        assert (listed.get_json()["items"], listed.get_json()["count"]) == ([], 0)


@pytest.mark.usefixtures("household")
def test_administrator_finds_nothing(desk: ApiClient, engine: sa.Engine) -> None:
    answer = desk.get("admin", "/search?q=shan")
    assert refusal(answer) == (403, ["role_missing"])
    with engine.connect() as conn:
        results = search(conn, "单小芳", desk.office.context(conn, "admin", desk.today))
    assert (results.persons, results.households, results.cases) == ((), (), ())


def searches(engine: sa.Engine, account: UUID) -> list[dict[str, Any]]:
    own = sa.and_(event.c.subject_id == account, event.c.action == "search")
    with engine.connect() as conn:
        return [
            json.loads(body)["facts"] for body in conn.scalars(sa.select(event.c.body).where(own).order_by(event.c.seq))
        ]


def test_search_for_a_person_is_recorded_with_whom_it_found(desk: ApiClient, household: str, engine: sa.Engine) -> None:
    account = desk.office.people["auditor"]
    [person_found] = found(desk, "单小芳", "auditor")["persons"]
    found(desk, "没有这人", "auditor")
    found(desk, "困〔2025〕12号", "auditor")
    listed = desk.http.get("/api/v1/households", query_string={"q": "shan"}, headers=desk.headers("auditor"))
    assert [each["id"] for each in listed.get_json()["items"]] == [household]
    assert searches(engine, account) == [
        {"by": "name", "persons": person_found["person_id"]},
        {"by": "name"},
        {"by": "pinyin,initials", "households": household},
    ]
    looks = desk.get("auditor", "/events?list=looks").get_json()["items"]
    assert {each["action"] for each in looks} == {"search"}
    assert not {"单小芳", "没有这人", "shan"} & set(json.dumps(looks, ensure_ascii=False).split('"'))


def test_account_searches_so_often_a_day_and_again_tomorrow(desk: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_actions, "MAX_SEARCHES_PER_DAY", 3)
    for tail in ("0001", "0002", "0003"):
        found(desk, tail)
    for path in ("/search?q=0004", "/households?q=0004"):
        assert refusal(desk.get("registrar", path)) == (409, ["too_many_searches"])
    found(desk, "F-0004")
    found(desk, "0004", "auditor")
    desk.today += timedelta(days=1)
    found(desk, "0004")


def test_limit_permits_a_day_of_work_and_no_enumeration_of_tails() -> None:
    assert 2 * 200 <= MAX_SEARCHES_PER_DAY <= 10_000 / 20


@pytest.mark.parametrize("few", [0, 1000])
def test_many_families_and_few_give_the_same_persons(
    desk: ApiClient, household: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """The persons of few families are compared one by one, the keys of many looked up in the index."""
    monkeypatch.setattr(read, "FEW", few)
    for text in ("单小芳", "shan", "sxf"):
        assert [each["household_id"] for each in found(desk, text)["persons"]] == [household], text
    assert found(desk, "单大芳")["persons"] == []


def test_more_than_fit_are_said(desk: ApiClient, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_actions, "MOST", 2)
    with engine.begin() as conn:
        create_family(conn, desk.office)
    answer = found(desk, "示例")
    assert (len(answer["persons"]), answer["has_more"]) == (2, True)


@pytest.mark.parametrize("text", ["王", "1234", "zs"])
def test_search_reads_the_index_of_keys_and_not_every_person(conn: sa.Connection, text: str) -> None:
    """A condition on all keys at once took 7 s over 200,000 persons: the planner compared every person with every key."""
    organisation = create_organisation(conn)
    context = organisation.context(conn, "registrar", date(2025, 9, 1))
    conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
    plan = nodes_of(conn, read.persons_found(recognise(text, RING), context.caller))
    assert {node.get("Index Name") for node in plan} >= {"ix_person_search"}
    assert all("@>" in node["Index Cond"] for node in plan if node.get("Index Name") == "ix_person_search")
    # The scope of one unit was taken for one family, and the keys looked up again for each of its hundred: 3 s.
    [family] = [node for node in plan if node.get("Relation Name") == "household"]
    assert family["Index Name"] == "pk_household"
    assert read.persons(conn, recognise(text, RING), context.caller, 51) == []


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("LL-0001", ["file_no"]),
        ("12", ["file_no"]),
        ("1234", ["id_tail", "phone_tail", "file_no"]),
        ("123x", ["id_tail", "file_no"]),
        ("ha2025-000123", ["case_no", "file_no"]),
        ("张三", ["name"]),
        ("zhang san", ["pinyin", "initials"]),
        ("lǚ", ["pinyin"]),
        ("·", []),
        ("!?", []),
    ],
)
def test_text_is_recognised_by_its_shape(text: str, by: list[str]) -> None:
    assert list(recognise(text, RING).by) == by


def test_stored_person_has_keys(household: str, engine: sa.Engine) -> None:
    with engine.connect() as conn:
        rows = conn.execute(sa.select(person.c.search_index).where(person.c.household_id == UUID(household))).scalars()
        assert all(isinstance(keys, list) and keys for keys in rows)
