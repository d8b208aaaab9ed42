"""The house's own servers: started, found, stopped, killed and started again; as root and as anyone."""

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
    """A folder every account may pass through, which pytest's own is not."""
    with TemporaryDirectory(prefix="songnuan-servers-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


def write(server: ServerProcess, word: str) -> None:
    with psycopg.connect(server.url) as database:
        database.execute("CREATE TABLE IF NOT EXISTS word (word text)")
        database.execute("INSERT INTO word VALUES (%s)", [word])


def words(server: ServerProcess) -> list[str]:
    with psycopg.connect(server.url) as database:
        return [word for (word,) in database.execute("SELECT word FROM word ORDER BY word")]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("programs", postgres_programs(), ids=str)
def test_a_database_is_made_found_running_stopped_and_kept(folder: Path, programs: Path) -> None:
    with start_postgres(folder / "pg", durable=False, programs=[programs]) as first:
        write(first, "困难")
        with start_postgres(folder / "pg", durable=False, programs=[programs]) as second:
            assert second.found
            assert (second.pid, second.url) == (first.pid, first.url)
        assert words(first) == ["困难"], "who only found it does not stop it"
    assert gone(first.pid)
    first.stop()
    with start_postgres(folder / "pg", durable=False, programs=[programs]) as third:
        assert not third.found
        assert words(third) == ["困难"]


def test_a_killed_database_starts_again_though_its_pid_file_lies(folder: Path) -> None:
    killed = start_postgres(folder / "pg")
    write(killed, "committed")
    os.kill(killed.pid, signal.SIGKILL)
    assert wait_until(lambda: gone(killed.pid))
    with start_postgres(folder / "pg") as again:
        assert not again.found
        assert words(again) == ["committed"]
    pid_file = folder / "pg" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder}/pg/data\n0\n5432\n{folder}\n\n0 0\nready\n")
    with start_postgres(folder / "pg") as third:
        assert third.pid != os.getpid()
        assert words(third) == ["committed"]


def test_a_durable_database_waits_for_the_disk_and_speaks_chinese(folder: Path) -> None:
    ask = "SELECT current_setting('fsync'), current_setting('server_encoding'), current_setting('listen_addresses')"
    with start_postgres(folder / "pg") as server, psycopg.connect(server.url) as database:
        assert database.execute(ask).fetchone() == ("on", "UTF8", "")
        database.execute("CREATE EXTENSION pg_trgm")
        assert database.execute("SELECT similarity('困难职工', '困难职工家庭') > 0.4, lower('Ä')").fetchone() == (
            True,
            "ä",
        )


def test_only_its_account_and_root_can_come_near_the_database(folder: Path) -> None:
    with start_postgres(folder / "pg", durable=False):
        for place in ("", "data", "socket"):
            assert (folder / "pg" / place).stat().st_mode & 0o077 == 0, place


@pytest.mark.parametrize(
    "odd", ["送 温'暖", "x" * 100], ids=["blank, quote and Chinese", "longer than a socket's path"]
)
def test_any_folder_will_do(folder: Path, odd: str) -> None:
    with start_postgres(folder / odd, durable=False) as server:
        write(server, "here")
        assert words(server) == ["here"]


def test_a_folder_closed_to_others_keeps_its_mode(folder: Path) -> None:
    """For root the data then lies elsewhere, behind a link; for anyone else nothing is different."""
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    with start_postgres(closed / "pg", durable=False) as server:
        write(server, "here")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "pg").is_symlink() == (os.geteuid() == 0)
    with start_postgres(closed / "pg", durable=False) as again:
        assert words(again) == ["here"]
    if (closed / "pg").is_symlink():
        remove((closed / "pg").resolve())


def remove(place: Path) -> None:
    for below in sorted(place.rglob("*"), reverse=True):
        below.rmdir() if below.is_dir() and not below.is_symlink() else below.unlink()
    place.rmdir()


def test_for_root_it_runs_as_who_owns_the_data(folder: Path) -> None:
    with start_postgres(folder / "pg", durable=False) as server:
        write(server, "here")
    if os.geteuid() == 0:
        daemon = pwd.getpwnam("daemon")
        for place in (folder / "pg", *(folder / "pg").rglob("*")):
            os.chown(place, daemon.pw_uid, daemon.pw_gid)
    with start_postgres(folder / "pg", durable=False) as again:
        assert words(again) == ["here"]
        assert psutil.Process(again.pid).uids().real == (folder / "pg" / "data").stat().st_uid


def test_where_no_programs_fit_the_answer_names_the_mend(folder: Path) -> None:
    with pytest.raises(CannotStart, match="apt-get install postgresql"):
        start_postgres(folder / "pg", programs=[folder])
    (folder / "pg" / "data").mkdir(parents=True)
    (folder / "pg" / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="needs PostgreSQL 9"):
        start_postgres(folder / "pg")


def test_a_broker_is_made_found_running_stopped_and_kept(folder: Path) -> None:
    with start_broker(folder / "broker") as first:
        with redis.Redis.from_url(first.url) as client:
            client.set("bell", "rung")
        with start_broker(folder / "broker") as second:
            assert second.found
            assert (second.pid, second.url) == (first.pid, first.url)
    assert gone(first.pid)
    first.stop()
    with start_broker(folder / "broker") as third, redis.Redis.from_url(third.url) as client:
        assert client.get("bell") == b"rung"


def test_a_killed_broker_starts_again(folder: Path) -> None:
    killed = start_broker(folder / "broker")
    os.kill(killed.pid, signal.SIGKILL)
    assert wait_until(lambda: gone(killed.pid))
    with start_broker(folder / "broker") as again:
        assert not again.found
        assert again.pid != killed.pid
        assert again.url == killed.url, "whoever was told where it is finds it again"


def test_a_broker_whose_port_was_taken_meanwhile_finds_another(folder: Path) -> None:
    with start_broker(folder / "broker") as first:
        port = int(first.url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with start_broker(folder / "broker") as second:
            assert second.url != first.url


def test_nobody_reaches_the_broker_without_its_password(folder: Path) -> None:
    with start_broker(folder / "broker", durable=False) as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (folder / "broker" / "url").stat().st_mode & 0o077 == 0
        assert str(server) == f"Started(pid={server.pid}, found=False)"
