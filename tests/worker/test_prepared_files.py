"""Long exports and copies of past days are made by a worker that the relay wakes, or by the relay without a broker."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.tables.past_records import past_record
from service.tables.prepared_files import prepared_file
from tests.api_client import serving
from tests.factories import Organisation, create_family
from tests.page_client import PageClient, page_refusal
from tests.worker.processes import RELAY, Processes, wait_until

FAMILIES = 3


@pytest.fixture
def pages(own_url: str, engine: sa.Engine, organisation: Organisation, tmp_path: Path) -> Iterator[PageClient]:
    """Yield the pages of an organisation with three families, where a list of two is long."""
    with engine.begin() as conn:
        for _ in range(FAMILIES):
            create_family(conn, organisation)
    with serving(own_url, tmp_path / "web", SONGNUAN_EXPORT_ROWS="1") as app:
        yield PageClient(app, engine, organisation, date(2025, 9, 1))


def is_ready(engine: sa.Engine) -> bool:
    with engine.connect() as conn:
        return conn.scalars(sa.select(prepared_file.c.state)).all() == ["ready"]


def ask(pages: PageClient) -> None:
    assert pages.post("registrar", "/exports/households/xlsx", {}).headers["Location"] == "/exports"


def test_worker_makes_a_file_when_the_relay_wakes_it(
    pages: PageClient, engine: sa.Engine, processes: Processes
) -> None:
    worker, relay = processes.worker(), processes.start(RELAY)
    assert relay.says("relaying")
    ask(pages)
    assert wait_until(lambda: is_ready(engine))
    assert worker.says('"event":"file_made"')
    assert '"event":"file_made"' not in relay.log.read_text()
    with engine.connect() as conn:
        [file_id] = conn.scalars(sa.select(prepared_file.c.id))
    assert pages.post("registrar", f"/exports/{file_id}", {}).get_data().startswith(b"PK")
    assert page_refusal(pages.post("auditor", f"/exports/{file_id}", {})) == (404, "not_found")


def test_relay_makes_a_file_without_a_broker(pages: PageClient, engine: sa.Engine, processes: Processes) -> None:
    ask(pages)
    relay = processes.start(RELAY, REDIS_URL="redis://127.0.0.1:1/0")
    assert wait_until(lambda: is_ready(engine))
    assert relay.says('"event":"file_made"')


def test_relay_makes_the_copy_of_a_past_day_of_a_long_record(
    pages: PageClient, own_url: str, engine: sa.Engine, processes: Processes, tmp_path: Path
) -> None:
    address, copies = "/households?as_of=2026-08-31", sa.select(past_record.c.made_at)
    with serving(own_url, tmp_path / "other", SONGNUAN_PAST_EVENTS="1") as app:
        auditor = PageClient(app, engine, pages.office, date(2026, 9, 1))
        waiting = auditor.get("auditor", address)
        assert (waiting.status_code, "data-reload" in waiting.get_data(as_text=True)) == (202, True)
        relay = processes.start(RELAY, REDIS_URL="redis://127.0.0.1:1/0")
        with engine.connect() as conn:
            reading = conn.execution_options(isolation_level="AUTOCOMMIT")
            assert wait_until(lambda: reading.scalar(copies) is not None)
        assert auditor.get("auditor", address).status_code == 200
    assert relay.says("relaying")
