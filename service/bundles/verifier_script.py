"""The verifier script is the verifier as one file, which every bundle carries as verify.py."""

import re
from functools import cache
from pathlib import Path
from pprint import pformat

from service.i18n.catalogue import LANGUAGES, catalogue

PARTS = (
    "archive_format",
    "findings",
    "signatures",
    "log_tree",
    "event_chains",
    "table_rows",
    "bundle_files",
    "verification",
    "command",
)
"""The modules of the verifier, each after those that it imports."""

WORDS = "bundles.verify."
"""How the keys of its words begin in the catalogues."""

_HEAD = '''"""{about}

    python3 -I verify.py BUNDLE [--key KEY] [--manifest SHA256] [--witness KEY] [--kept FILE]

{how}
"""
'''
_OWN_IMPORT = re.compile(r"^from service\.bundles\.verifier\.\w+ import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_DOCSTRING = re.compile(r'\A"""(.*?)"""\n', re.DOTALL)


def words() -> dict[str, list[str]]:
    """Return the words of each finding in every language, by its code."""
    keys = sorted(key for key in catalogue(LANGUAGES[0]) if key.startswith(WORDS))
    return {key.removeprefix(WORDS): [catalogue(lang)[key] for lang in LANGUAGES] for key in keys}


@cache
def verifier_script() -> str:
    """Return the text of verify.py: the modules of the verifier one after the other, and its words."""
    known = words()
    head = _HEAD.format(about=" · ".join(known["help_about"]), how="\n".join(known["help_script"]))
    spoken = f"WORDS: Words = {pformat(known, width=116, sort_dicts=True)}\n"
    end = 'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:], WORDS))\n'
    return "\n\n".join([head, *map(_part, PARTS), spoken, end])


def _part(name: str) -> str:
    """Return a module without its imports of the others, and with its docstring as a comment."""
    text = (Path(__file__).parent / "verifier" / f"{name}.py").read_text(encoding="utf-8")
    return _OWN_IMPORT.sub("", _DOCSTRING.sub(lambda found: f"# {found[1]}\n", text)).strip()
