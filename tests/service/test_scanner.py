"""A real clamd: a file with a virus is refused, and without an answer nothing is kept."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.files.refused_file import RefusedFile
from service.files.scanner import Scanner
from service.tables.documents import document, stored_file
from tests.api_client import ApiClient, serving
from tests.document_files import photo
from tests.factories import create_family
from tests.service.browser import browser_of
from tests.worker.processes import wait_until

MISSING = "there is no clamd; as root: apt-get install clamav-daemon, or make test"
VIRUS = photo(401)
"""What the signatures of this test name a virus."""

SIGNATURE = f"{hashlib.md5(VIRUS).hexdigest()}:{len(VIRUS)}:Songnuan.Test\n"  # noqa: S324 - the form of clamd's signatures
CONF = """LocalSocket {folder}/socket
DatabaseDirectory {folder}/signatures
Foreground yes
User {user}
"""


@pytest.fixture(scope="module")
def clamd() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the socket of a clamd with one signature, and its process."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        if os.environ.get("SONGNUAN_SCANNER") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with TemporaryDirectory(prefix="clamd-") as name:
        folder = Path(name)
        (folder / "signatures").mkdir()
        (folder / "signatures" / "test.hdb").write_text(SIGNATURE)
        (folder / "clamd.conf").write_text(CONF.format(folder=folder, user=pwd.getpwuid(os.geteuid()).pw_name))
        running = subprocess.Popen([program, "-c", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL)
        socket = str(folder / "socket")
        assert wait_until(lambda: (folder / "socket").exists() or running.poll() is not None)
        yield socket, running
        running.kill()
        running.wait(10)


def test_scanner_names_a_virus_and_itself(clamd: tuple[str, subprocess.Popen[bytes]]) -> None:
    scanner = Scanner(clamd[0])
    assert scanner.scan(photo(402)).startswith("ClamAV ")
    with pytest.raises(RefusedFile) as refused:
        scanner.scan(VIRUS)
    assert (refused.value.code, refused.value.values) == ("file_infected", {"found": "Songnuan.Test.UNOFFICIAL"})


def test_upload_is_scanned_and_without_an_answer_nothing_is_kept(
    clamd: tuple[str, subprocess.Popen[bytes]], engine: sa.Engine, database_url: str, desk: ApiClient, tmp_path: Path
) -> None:
    socket, running = clamd
    with engine.begin() as conn:
        family = create_family(conn, desk.office).household_id
    with serving(database_url, tmp_path, SONGNUAN_CLAMD=socket) as app:
        registrar, path = browser_of(app, engine, desk, "registrar"), f"/households/{family}/documents/new"
        infected = registrar.fill(path, files=[(BytesIO(VIRUS), "病毒.jpg")], kind="identity")
        assert infected.refusal == (422, ["file_infected"])
        assert registrar.fill(path, files=[(BytesIO(photo(403)), "好.jpg")], kind="identity").status == 303
        assert scanned_by(engine, family) == ["ClamAV"]
        running.kill()
        running.wait(10)
        silent = registrar.fill(path, files=[(BytesIO(photo(404)), "再传.jpg")], kind="identity")
        assert silent.refusal == (422, ["file_not_scanned"])
    assert scanned_by(engine, family) == ["ClamAV"]


def scanned_by(engine: sa.Engine, family: UUID) -> list[str]:
    """Return what scanned each document of a family, without its version."""
    with engine.connect() as conn:
        rows = sa.select(stored_file.c.scanned_by).join(document, document.c.file_id == stored_file.c.id)
        return [str(each).split()[0] for each in conn.scalars(rows.where(document.c.household_id == family))]
