"""The search benchmark times searches over 200,000 persons with generated names.

    python -m benchmarks.search --persons 200000

Each text is searched by the city, a county and a grass-roots unit, with its event, in a transaction that is rolled back.
A p95 of 200 ms or more gives exit code 1.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from benchmarks import scale_fixtures
from benchmarks.scale_cases import TODAY
from benchmarks.scale_fixtures import Union
from benchmarks.workload import FILED_ON, Rows, add, pour
from service.actions.context import ActionContext
from service.actions.persons import Person, personal_columns
from service.actions.search import search
from service.db import migrate
from service.db.columns import new_id
from service.db.engine import make_engine
from service.local_servers import start_postgres
from service.queries.scope import HeldRole
from tests.factories import RING
from workflows.vocabulary import Role

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文志红玉兰春梅海波云龙飞鹏晓东林小燕丹琴雪峰辉宇浩然子轩雨欣怡佳思琪"
    "梦婷俊豪天佑家宁安康福贵荣祥瑞庆喜乐永胜利民生成功学礼义仁信忠孝廉德才宝珍珠金银铜铁"
)
"""Characters in the order of their frequency: the n-th surname is as frequent as 1 / (n + 8), about as in a census."""

TEXTS = ("王", "李", "华", "王伟", "王小明", "wang", "wangwei", "zs", "wxm", "1234", "13812345678", "F0", "单")
RUNS, LIMIT = 20, 200.0


def fill(engine: sa.Engine, union: Union, persons: int, random: Random) -> None:
    """Write families of two or three until there are so many persons, without events."""
    written = 0
    while written < persons:
        rows: Rows = {}
        for _ in range(min(1000, (persons - written) // 2 + 1)):
            add(rows, _family(union, random))
        with engine.begin() as conn:
            for table, more in rows.items():
                pour(conn, table, more)
        written += len(rows["person"])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("SET statement_timeout = 0"))
        conn.execute(sa.text("VACUUM ANALYZE"))


def _family(union: Union, random: Random) -> Rows:
    unit, household_id, at = random.choice(union.places).organisation, new_id(), datetime.now(UTC)
    file: dict[str, Any] = {
        "id": household_id,
        "unit_id": unit.unit_id,
        "unit_path": unit.unit_path,
        "division": "371083",
        "kind": "worker",
        "identity": "laid_off",
        "cause": "illness",
        "filed_on": FILED_ON,
        "created_at": at,
        "file_no": f"F{random.randrange(10**9):09d}",
    }
    surname, other = _surname(random), _surname(random)
    names = [("head", surname), ("spouse", other), ("child", surname)][: random.choice((2, 2, 3))]
    members = [_person(relation, each, random) for relation, each in names]
    shared = {"household_id": household_id, "created_at": at}
    columns = [{**shared, "id": each.id, "relation": each.relation, **personal_columns(each, RING)} for each in members]
    return {"household": [file], "person": columns}


def _person(relation: str, surname: str, random: Random) -> Person:
    given = "".join(random.choices(GIVEN, _weights(GIVEN, 20), k=random.choice((1, 2, 2, 2))))
    number = f"{new_id().int % 10**18:018d}"
    return Person(relation, surname + given, number, f"138{random.randrange(10**8):08d}")


def _surname(random: Random) -> str:
    return random.choices(SURNAMES, _weights(SURNAMES, 8))[0]


def _weights(characters: str, least: int) -> list[float]:
    return [1 / (rank + least) for rank in range(1, len(characters) + 1)]


def contexts(engine: sa.Engine, union: Union) -> Iterator[tuple[str, ActionContext]]:
    """Yield the registrars of the city, of a county, and one of a grass-roots unit only."""
    with engine.connect() as conn:
        county = union.counties[0].context(conn, "registrar", TODAY)
        yield "city", union.city.context(conn, "registrar", TODAY)
    yield "county", county
    held = HeldRole(Role.REGISTRAR, 0, union.places[7].organisation.unit_path, None)
    yield "unit", replace(county, caller=replace(county.caller, held=(held,)))


def measure(engine: sa.Engine, text: str, context: ActionContext) -> tuple[int, list[float]]:
    """Return how many persons and families were found, and the milliseconds of each run but the first, sorted."""
    took, found = [], 0
    for _ in range(RUNS + 1):
        with engine.connect() as conn:
            began = time.perf_counter()
            results = search(conn, text, context)
            took.append((time.perf_counter() - began) * 1000)
            found = len(results.persons) + len(results.households)
    return found, sorted(took[1:])


def main() -> int:
    """Fill a database, time every text for every caller, and print p50 and p95."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=200_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            union = scale_fixtures.found(conn)
        fill(engine, union, arguments.persons, Random(1))
        took = sorted(time_all(engine, union))
        p95 = took[len(took) * 95 // 100]
        print(f"{arguments.persons:,} persons, {len(took)} searches: p50 {took[len(took) // 2]:.1f}, p95 {p95:.1f} ms")
        print(_sizes(engine))
        engine.dispose()
    return int(p95 >= LIMIT)


def time_all(engine: sa.Engine, union: Union) -> Iterator[float]:
    """Yield the milliseconds of every search; print p50 and p95 of each caller and text."""
    for name, context in contexts(engine, union):
        for text in TEXTS:
            found, took = measure(engine, text, context)
            p50, p95 = took[RUNS // 2], took[RUNS * 95 // 100]
            print(f"{name:<8}{text:<14}{found:>4} found  p50 {p50:7.1f}  p95 {p95:7.1f} ms", flush=True)
            yield from took


def _sizes(engine: sa.Engine) -> str:
    sizes = "pg_size_pretty(pg_relation_size('ix_person_search')), pg_size_pretty(pg_relation_size('person'))"
    with engine.connect() as conn:
        return "ix_person_search {}, person {}".format(*conn.execute(sa.text(f"SELECT {sizes}")).one())


if __name__ == "__main__":
    sys.exit(main())
