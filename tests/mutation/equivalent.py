"""The mutants that change nothing a caller can see, each with its reason, from equivalent.toml."""

import tomllib
from pathlib import Path

LIST = Path(__file__).with_name("equivalent.toml")


def equivalent_keys() -> dict[str, str]:
    """Return the reason of each explained mutant by its key."""
    return {row["mutant"]: row["reason"] for row in tomllib.loads(LIST.read_text("utf-8")).get("equivalent", [])}
