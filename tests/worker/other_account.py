"""What another local account could read of an installation, by file modes and by trying."""

import json
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

ACCOUNT = "daemon"
"""The account that tries, when the tests run as root. PostgreSQL runs as another one (service/local_servers)."""

TRYING = """
import json, smtplib, socket, sys, urllib.error, urllib.request
given, opened = json.load(sys.stdin), []
for path in given["files"]:
    try:
        open(path, "rb").close()
        opened.append(path)
    except OSError:
        pass
for path in given["sockets"]:
    with socket.socket(socket.AF_UNIX) as client:
        if client.connect_ex(path) == 0:
            opened.append(path)
for port in given["mail"]:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo("x")
        if client.mail("x@example.org")[0] != 530:
            opened.append(f"mail server {port}")
for port in given["broker"]:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"KEYS *\\r\\n")
        if not client.recv(999).startswith(b"-NOAUTH"):
            opened.append(f"broker {port}")
for port in given["web"]:
    for path in ("/metrics", "/api/v1/cases"):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}")
            opened.append(f"web {port} {path}")
        except urllib.error.HTTPError as error:
            if error.code not in (401, 403):
                opened.append(f"web {port} {path} {error.code}")
for path in given["write"]:
    try:
        open(path, "wb").close()
        opened.append(f"write {path}")
    except OSError:
        pass
print(json.dumps(opened))
"""


class Served(Protocol):
    """An installation that is being served."""

    @property
    def folder(self) -> Path:
        """Its data folder."""

    @property
    def port(self) -> int:
        """The port of its web process."""


def open_to_others(folder: Path) -> Iterator[str]:
    """Yield each file that another account could read or write: its own mode and every folder above it let it."""
    for path, folders, files in os.walk(folder):
        mode = Path(path).stat().st_mode
        if not mode & (stat.S_IXGRP | stat.S_IXOTH):
            folders.clear()
            continue
        if Path(path).name == "programs" or "programs-" in path:
            continue
        for name in files:
            file = Path(path) / name
            if not file.is_symlink() and file.stat().st_mode & 0o066:
                yield str(file.relative_to(folder.parent))


def attempts_of_another_account(sites: Sequence[Served]) -> tuple[list[str], dict[str, int]]:
    """Try everything as another account; return what it opened, and how much it tried. Only root can try."""
    if os.geteuid() != 0:
        return [], {}
    given: dict[str, list[str] | list[int]] = {
        "files": [str(each) for site in sites for each in site.folder.rglob("*") if each.is_file()],
        "sockets": [str(each) for site in sites for each in site.folder.rglob(".s.PGSQL.*") if each.is_socket()],
        "mail": [_port_in(site, "SMTP_URL") for site in sites],
        "broker": [_port_in(site, "REDIS_URL") for site in sites],
        "web": [site.port for site in sites],
        "write": [str(site.folder / name) for site in sites for name in ("new", "mail/new", "log/web.log")],
    }
    entry = pwd.getpwnam(ACCOUNT)
    trying = subprocess.run(
        [_open_python(), "-I", "-c", TRYING],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=(),
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
    )
    return json.loads(trying.stdout), {name: len(values) for name, values in given.items()}


def _port_in(site: Served, variable: str) -> int:
    """Return the port of a server, from the environment of the site's worker, which only root and its account read."""
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = process.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        urls = [each for each in variables if each.startswith(f"{variable}=") and each.rpartition(":")[2][:1].isdigit()]
        if f"SONGNUAN_VAR={site.folder}" in variables and urls:
            return int(urls[0].rpartition(":")[2].partition("/")[0])
    raise LookupError(f"no process of {site.folder} has {variable}")


def _open_python() -> str:
    """Return a Python that the other account may run."""
    system = Path("/usr/bin/python3")
    return str(system) if system.exists() else sys.executable
