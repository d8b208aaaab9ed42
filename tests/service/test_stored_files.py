"""The file store and its rows: what is lost, altered, or left by an upload that was never committed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions.documents import NewDocument, add_documents, open_document
from service.files.received import receive
from service.files.store import FolderStore
from service.integrity.stored_files import altered_files, remove_unused, store_state
from tests.api_client import ApiClient
from tests.document_files import photo
from tests.factories import RING, create_family


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """Return a store of its own."""
    return FolderStore(tmp_path / "files")


def add(conn: sa.Connection, store: FolderStore, desk: ApiClient, seed: int) -> UUID:
    """Add a photo to a new family; return the id of its file's row as the store names it."""
    family = create_family(conn, desk.office).household_id
    context = desk.office.context(conn, "registrar", desk.today)
    before = {each.name for each in store.names()}
    add_documents(conn, store, [NewDocument(family, None, "identity", receive("a.jpg", photo(seed), None))], context)
    [name] = {each.name for each in store.names() if not each.name.endswith("-small")} - before
    return UUID(hex=name)


def own(names: tuple[str, ...], *files: UUID) -> list[str]:
    """Return those of the names that are of these files: other tests have rows whose files are in other stores."""
    wanted = {each.hex for each in files} | {f"{each.hex}-small" for each in files}
    return [name for name in names if name in wanted]


def test_file_of_an_upload_that_was_not_committed_is_unused_and_removed_after_a_day(
    engine: sa.Engine, desk: ApiClient, store: FolderStore
) -> None:
    with engine.begin() as conn:
        kept = add(conn, store, desk, 201)
    with engine.connect() as conn:
        lost = add(conn, store, desk, 202)
        conn.rollback()
    now = datetime.now(UTC)
    with engine.connect() as conn:
        assert [each.name for each in store_state(conn, store).unused] == [lost.hex, f"{lost.hex}-small"]
        assert remove_unused(conn, store, now) == 0, "an upload may still be on its way"
        assert remove_unused(conn, store, now + timedelta(hours=25)) == 2
        assert {each.name for each in store.names()} == {kept.hex, f"{kept.hex}-small"}


def test_half_written_file_is_unused_too(engine: sa.Engine, desk: ApiClient, store: FolderStore) -> None:
    with engine.begin() as conn:
        kept = add(conn, store, desk, 203)
    [path] = store.folder.glob(f"*/{kept.hex}")
    half = path.with_name(f".{kept.hex}.0123456789abcdef")
    half.write_bytes(path.read_bytes()[:100])
    with engine.connect() as conn:
        assert [each.name for each in store_state(conn, store).unused] == [half.name]
        assert remove_unused(conn, store, datetime.now(UTC) + timedelta(hours=25)) == 1
    assert not half.exists()


def test_lost_and_altered_files_are_named(engine: sa.Engine, desk: ApiClient, store: FolderStore) -> None:
    with engine.begin() as conn:
        whole, lost, altered, exchanged = (add(conn, store, desk, seed) for seed in (204, 205, 206, 207))
    store.remove(lost.hex)
    bits = bytearray(store.read(altered.hex))
    bits[-1] ^= 1
    store.write(altered.hex, bytes(bits))
    store.write(exchanged.hex, store.read(whole.hex))
    with engine.connect() as conn:
        assert own(store_state(conn, store).lost, whole, lost, altered, exchanged) == [lost.hex]
        assert sorted(altered_files(conn, store, RING)) == sorted([altered.hex, exchanged.hex])


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 32, "0" * 31, "0" * 32 + "-large"])
def test_name_that_is_none_of_ours_is_no_path(store: FolderStore, name: str) -> None:
    with pytest.raises(ValueError, match="32 hex digits"):
        store.write(name, b"x")


def test_lost_file_comes_back_when_the_same_bytes_are_uploaded_again(
    engine: sa.Engine, desk: ApiClient, store: FolderStore
) -> None:
    """Why: the row of a file is found by its digest, so the second upload would have kept nothing, and the scan stayed lost."""
    with engine.begin() as conn:
        lost = add(conn, store, desk, 208)
        store.remove(lost.hex)
    with engine.begin() as conn:
        family, context = create_family(conn, desk.office), desk.office.context(conn, "registrar", desk.today)
        again = NewDocument(family.household_id, None, "identity", receive("a.jpg", photo(208), None))
        [added] = add_documents(conn, store, [again], context)
        assert open_document(conn, store, added, context)[1] == again.file.content
        assert own(store_state(conn, store).lost, lost) == []
