"""A data folder is served once, in one place, by the installation whose data it holds."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from service.cli.data_folder import claim_folder, held_for_serving, is_served, refuse_copied_folder, relocate
from service.cli.output import CommandFailed
from service.local_servers import claim_broker, start_broker
from service.private_files import close_folder, write_file

ID, OTHER_ID = "01a2249b-0000-7000-8000-000000000001", "01a2249b-0000-7000-8000-000000000002"
HOLDER = """
import sys, time
from pathlib import Path
from service.cli.data_folder import held_for_serving
with held_for_serving(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def served(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Hold the folder in another process, as `songnuan serve` does."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_second_serve_of_a_folder_is_refused_with_pid_and_time_and_changes_nothing(tmp_path: Path) -> None:
    """Why: it deleted the first one's metrics folder, and every answer of the first was empty from then on."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"counts")
    with served(tmp_path) as holder:
        before = files(tmp_path)
        with pytest.raises(CommandFailed) as refused, held_for_serving(tmp_path):
            pass
        assert f" {holder.pid}" in refused.value.message
        assert time.strftime("%Y-%m-%dT", time.gmtime()) in refused.value.message
        assert files(tmp_path) == before
    assert not is_served(tmp_path), "a process that was killed holds nothing"
    with held_for_serving(tmp_path):
        assert is_served(tmp_path)


def test_copied_folder_is_refused_until_it_is_said_to_have_moved(tmp_path: Path) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    claim_folder(first, ID)
    refuse_copied_folder(first)
    shutil.copytree(first, copy)
    with pytest.raises(CommandFailed, match=f"songnuan relocate --var {copy}") as refused:
        refuse_copied_folder(copy)
    assert str(first) in refused.value.message
    with served(first), pytest.raises(CommandFailed):
        relocate(copy)
    assert relocate(copy) == str(first)
    refuse_copied_folder(copy)


def test_moved_and_restored_folders_are_no_copies(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    claim_folder(first, ID)
    first.rename(second)
    refuse_copied_folder(second)
    claim_folder(second, ID)
    shutil.copytree(second, tmp_path / "backup")
    shutil.rmtree(second)
    shutil.copytree(tmp_path / "backup", second)
    refuse_copied_folder(second)


def test_folder_of_another_machine_is_a_copy_though_its_path_is_the_same(tmp_path: Path) -> None:
    claim_folder(tmp_path, ID)
    known = json.loads((tmp_path / "installation").read_text())
    write_file(tmp_path / "installation", json.dumps({**known, "machine": "another"}))
    with pytest.raises(CommandFailed, match="relocate"):
        refuse_copied_folder(tmp_path)


def test_folder_of_another_installation_is_refused(tmp_path: Path) -> None:
    claim_folder(tmp_path, ID)
    with pytest.raises(CommandFailed, match=OTHER_ID):
        claim_folder(tmp_path, OTHER_ID)
    (tmp_path / "installation").write_text("{")
    with pytest.raises(CommandFailed, match="installation"):
        refuse_copied_folder(tmp_path)


def test_copied_folder_does_not_adopt_the_broker_of_the_first(tmp_path: Path) -> None:
    """Why: both installations' messages went to the workers of either."""
    with start_broker(tmp_path / "first" / "broker", durable=False) as first:
        shutil.copytree(tmp_path / "first", tmp_path / "copy")
        with start_broker(tmp_path / "copy" / "broker", durable=False) as copy:
            assert not copy.found
            assert (copy.pid != first.pid, copy.url != first.url) == (True, True)
        with redis.Redis.from_url(first.url) as client:
            assert client.ping(), "stopping the copy's broker leaves the first one's"


def test_broker_of_another_installation_is_told(broker_url: str) -> None:
    assert claim_broker(broker_url, ID, own=True) is None
    assert claim_broker(broker_url, ID) is None
    assert claim_broker(broker_url, OTHER_ID) == ID
    with redis.Redis.from_url(broker_url) as client:
        client.delete("songnuan:installation")


def test_file_is_closed_to_others_and_a_link_of_its_name_is_not_followed(tmp_path: Path) -> None:
    """Why: the returned workbook was written through a symbolic link, into the file of whoever laid it."""
    target, link = tmp_path / "theirs", tmp_path / "02-staff-错误.xlsx"
    target.write_text("theirs")
    link.symlink_to(target)
    umask = os.umask(0o000)
    try:
        write_file(link, "ours")
        close_folder(tmp_path / "log")
    finally:
        os.umask(umask)
    assert (target.read_text(), link.read_text(), link.is_symlink()) == ("theirs", "ours", False)
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    assert sorted(each.name for each in tmp_path.iterdir()) == ["02-staff-错误.xlsx", "log", "theirs"]
