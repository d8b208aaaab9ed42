"""The command of verify.py: its arguments, and the result in Chinese and English."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from service.bundles.verifier.bundle_files import MANIFEST
from service.bundles.verifier.findings import Finding, Findings
from service.bundles.verifier.verification import BundleUnreadable, Given, verify_bundle

Words = Mapping[str, Sequence[str]]
"""By code: the words in Chinese and in English, from the message catalogues of the service."""

WHOLE, FAULTS, CANNOT_RUN = 0, 1, 2


def words_for(finding: Finding, words: Words) -> list[str]:
    """Return a finding in each language."""
    return [text.format_map(finding.values) for text in words.get(finding.code, [finding.code])]


def write_result(found: Findings, words: Words, target: TextIO) -> None:
    """Write the notes, then the faults, then the conclusion; Chinese first."""
    for finding in [*found.notes, *found.faults]:
        first, *others = words_for(finding, words)
        mark = "×" if finding in found.faults else "·"
        target.write(f"{mark} {first}\n" + "".join(f"  {each}\n" for each in others))
    conclusion = Finding("faults", {"count": found.fault_count}) if found.fault_count else Finding("whole")
    target.write("\n" + "\n".join(words_for(conclusion, words)) + "\n")


def as_json(found: Findings) -> str:
    """Return the result for programs."""
    lines = {
        name: [{"code": each.code, **each.values} for each in getattr(found, name)] for name in ("notes", "faults")
    }
    return json.dumps({**lines, "fault_count": found.fault_count, "counts": found.counts}, ensure_ascii=False)


def read_arguments(arguments: Sequence[str], words: Words) -> argparse.Namespace:
    """Return what the command was called with."""
    help_of = {
        name: " ".join(words[f"help_{name}"]) for name in ("about", "bundle", "key", "manifest", "witness", "kept")
    }
    parser = argparse.ArgumentParser(prog="verify.py", description=help_of["about"])
    parser.add_argument("bundle", nargs="?", type=Path, help=help_of["bundle"])
    for name in ("key", "manifest", "witness"):
        parser.add_argument(f"--{name}", default="", help=help_of[name])
    parser.add_argument("--kept", type=Path, metavar="FILE", help=help_of["kept"])
    parser.add_argument("--json", action="store_true", dest="is_json")
    return parser.parse_args(arguments)


def bundle_here() -> Path:
    """Return the bundle of the present folder: the folder itself when it holds a manifest, else its only zip archive.

    Raises BundleUnreadable.
    """
    here = Path()
    archives = sorted(here.glob("*.zip"))
    if (here / MANIFEST).is_file():
        return here
    if len(archives) != 1:
        raise BundleUnreadable("bundle_none")
    return archives[0]


def main(arguments: Sequence[str], words: Words) -> int:
    """Verify a bundle, write the result, and return the exit code."""
    asked = read_arguments(arguments, words)
    try:
        path = asked.bundle or bundle_here()
        kept = asked.kept.read_text(encoding="utf-8") if asked.kept else ""
        found = verify_bundle(path, Given(asked.key, asked.manifest, asked.witness, kept))
    except BundleUnreadable as fault:
        sys.stderr.write("\n".join(words_for(Finding(fault.code), words)) + "\n")
        return CANNOT_RUN
    except OSError as fault:
        cannot = Finding("cannot_read", {"path": fault.filename, "why": fault.strerror})
        sys.stderr.write("\n".join(words_for(cannot, words)) + "\n")
        return CANNOT_RUN
    if asked.is_json:
        sys.stdout.write(as_json(found) + "\n")
    else:
        write_result(found, words, sys.stdout)
    return FAULTS if found.fault_count else WHOLE
