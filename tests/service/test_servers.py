"""The local PostgreSQL and Valkey servers start, are reused, stop and restart."""

# The tests run as root and as any other account.

import os
import pwd
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.local_servers import CannotStart, ServerProcess, postgres_programs, start_broker, start_postgres
from tests.worker.processes import wait_until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter. (pytest's own folder is closed to other accounts.)"""
    with TemporaryDirectory(prefix="songnuan-servers-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def write(server: ServerProcess, word: str) -> None:
    with psycopg.connect(server.url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS word (word text)")
        conn.execute("INSERT INTO word VALUES (%s)", [word])


def words(server: ServerProcess) -> list[str]:
    with psycopg.connect(server.url) as conn:
        return [word for (word,) in conn.execute("SELECT word FROM word ORDER BY word")]


def has_ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("programs", postgres_programs(), ids=str)
def test_database_is_created_reused_stopped_and_kept(folder: Path, programs: Path) -> None:
    with start_postgres(folder / "pg", durable=False, programs=[programs]) as first:
        write(first, "困难")
        with start_postgres(folder / "pg", durable=False, programs=[programs]) as second:
            assert second.found
            assert (second.pid, second.url) == (first.pid, first.url)
        assert words(first) == ["困难"], "a process that reuses the server does not stop it"
    assert has_ended(first.pid)
    first.stop()
    with start_postgres(folder / "pg", durable=False, programs=[programs]) as third:
        assert not third.found
        assert words(third) == ["困难"]


def test_killed_database_with_a_stale_pid_file_starts_again(folder: Path) -> None:
    killed = start_postgres(folder / "pg")
    write(killed, "committed")
    os.kill(killed.pid, signal.SIGKILL)
    assert wait_until(lambda: has_ended(killed.pid))
    with start_postgres(folder / "pg") as restarted:
        assert not restarted.found
        assert words(restarted) == ["committed"]
    pid_file = folder / "pg" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder}/pg/data\n0\n5432\n{folder}\n\n0 0\nready\n")
    with start_postgres(folder / "pg") as third:
        assert third.pid != os.getpid()
        assert words(third) == ["committed"]


def test_durable_database_uses_fsync_and_handles_chinese(folder: Path) -> None:
    query = "SELECT current_setting('fsync'), current_setting('server_encoding'), current_setting('listen_addresses')"
    with start_postgres(folder / "pg") as server, psycopg.connect(server.url) as conn:
        assert conn.execute(query).fetchone() == ("on", "UTF8", "")
        conn.execute("CREATE EXTENSION pg_trgm")
        assert conn.execute("SELECT similarity('困难职工', '困难职工家庭') > 0.4, lower('Ä')").fetchone() == (
            True,
            "ä",
        )


def test_database_folders_are_closed_to_other_accounts(folder: Path) -> None:
    with start_postgres(folder / "pg", durable=False):
        for subfolder in ("", "data", "socket"):
            assert (folder / "pg" / subfolder).stat().st_mode & 0o077 == 0, subfolder


@pytest.mark.parametrize(
    "folder_name", ["送 温'暖", "x" * 100], ids=["blank, quote and Chinese", "longer than a socket's path"]
)
def test_database_in_a_folder_with_an_unusual_name_starts(folder: Path, folder_name: str) -> None:
    with start_postgres(folder / folder_name, durable=False) as server:
        write(server, "here")
        assert words(server) == ["here"]


def test_folder_closed_to_others_keeps_its_mode(folder: Path) -> None:
    """Root gets a link to data in another folder. Any other account gets the folder itself."""
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    with start_postgres(closed / "pg", durable=False) as server:
        write(server, "here")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "pg").is_symlink() == (os.geteuid() == 0)
    with start_postgres(closed / "pg", durable=False) as restarted:
        assert words(restarted) == ["here"]
    if (closed / "pg").is_symlink():
        remove((closed / "pg").resolve())


def remove(path: Path) -> None:
    for child in sorted(path.rglob("*"), reverse=True):
        child.rmdir() if child.is_dir() and not child.is_symlink() else child.unlink()
    path.rmdir()


def test_database_started_by_root_runs_as_the_owner_of_its_data(folder: Path) -> None:
    with start_postgres(folder / "pg", durable=False) as server:
        write(server, "here")
    if os.geteuid() == 0:
        daemon = pwd.getpwnam("daemon")
        for path in (folder / "pg", *(folder / "pg").rglob("*")):
            os.chown(path, daemon.pw_uid, daemon.pw_gid)
    with start_postgres(folder / "pg", durable=False) as restarted:
        assert words(restarted) == ["here"]
        assert psutil.Process(restarted.pid).uids().real == (folder / "pg" / "data").stat().st_uid


def test_start_without_suitable_programs_names_what_to_install(folder: Path) -> None:
    with pytest.raises(CannotStart, match="apt-get install postgresql"):
        start_postgres(folder / "pg", programs=[folder])
    (folder / "pg" / "data").mkdir(parents=True)
    (folder / "pg" / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="needs PostgreSQL 9"):
        start_postgres(folder / "pg")


def test_broker_is_created_reused_stopped_and_kept(folder: Path) -> None:
    with start_broker(folder / "broker") as first:
        with redis.Redis.from_url(first.url) as client:
            client.set("word", "kept")
        with start_broker(folder / "broker") as second:
            assert second.found
            assert (second.pid, second.url) == (first.pid, first.url)
    assert has_ended(first.pid)
    first.stop()
    with start_broker(folder / "broker") as third, redis.Redis.from_url(third.url) as client:
        assert client.get("word") == b"kept"


def test_killed_broker_starts_again_at_the_same_url(folder: Path) -> None:
    killed = start_broker(folder / "broker")
    os.kill(killed.pid, signal.SIGKILL)
    assert wait_until(lambda: has_ended(killed.pid))
    with start_broker(folder / "broker") as restarted:
        assert not restarted.found
        assert restarted.pid != killed.pid
        assert restarted.url == killed.url, "clients that have the URL connect again"


def test_broker_whose_port_is_taken_uses_another_port(folder: Path) -> None:
    with start_broker(folder / "broker") as first:
        port = int(first.url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as other_socket:
        other_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other_socket.bind(("127.0.0.1", port))
        other_socket.listen()
        with start_broker(folder / "broker") as second:
            assert second.url != first.url


def test_broker_refuses_a_client_without_its_password(folder: Path) -> None:
    with start_broker(folder / "broker", durable=False) as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        assert (folder / "broker" / "url").stat().st_mode & 0o077 == 0
        assert str(server) == f"ServerProcess(pid={server.pid}, found=False)"
