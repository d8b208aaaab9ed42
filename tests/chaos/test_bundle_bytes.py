"""Each changed byte of a bundle is found: 60 in every run, 1,000 by `make bundle-bytes`."""

import gzip
import os
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.bundles.verifier.verification import BundleUnreadable, Given, verify_bundle
from service.db.engine import make_engine
from tests.chaos.conftest import RecordFigure
from tests.chaos.sample_record import write_sample_record
from tests.service.bundle_fixtures import KEY, repacked, take

COUNT = int(os.environ.get("BUNDLE_BYTES", "60"))


@pytest.fixture(scope="module")
def bundle(migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a bundle of the sample record."""
    engine: sa.Engine = make_engine(migrated_database())
    fixture = write_sample_record(engine)
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    take(engine, fixture.organisation, path)
    yield path
    engine.dispose()


def found(path: Path, key: str) -> str:
    """Return the code of the first fault; empty where nothing was found."""
    try:
        findings = verify_bundle(path, Given(key=key))
    except BundleUnreadable as fault:
        return fault.code
    return findings.faults[0].code if findings.faults else ""


def with_byte(data: bytes, place: int, chance: random.Random) -> bytes:
    """Return the bytes with another one at a place: one bit of it, or any other value."""
    other = data[place] ^ chance.choice([1 << chance.randrange(8), chance.randrange(1, 256)])
    return data[:place] + bytes([other]) + data[place + 1 :]


def contents(bundle: Path) -> dict[str, bytes]:
    """Return the uncompressed contents; those of the event files without their gzip."""
    with zipfile.ZipFile(bundle) as archive:
        read = {name: archive.read(name) for name in archive.namelist()}
    return {name: gzip.decompress(each) if name.endswith(".gz") else each for name, each in read.items()}


@pytest.mark.timeout(3600)
def test_changed_byte_is_found(bundle: Path, tmp_path: Path, seed: int, record_figure: RecordFigure) -> None:
    """Half of the bytes are of the archive itself, half of the uncompressed contents, which are packed again."""
    chance, began, codes, missed = random.Random(seed), time.monotonic(), Counter[str](), list[str]()
    data, texts, changed = bundle.read_bytes(), contents(bundle), tmp_path / "changed.zip"
    filled = {name: len(text) for name, text in texts.items() if text}
    assert found(bundle, KEY) == found(bundle, "") == ""
    for number in range(COUNT):
        key = chance.choice(["", KEY])
        if number % 2:
            place = chance.randrange(len(data))
            changed.write_bytes(with_byte(data, place, chance))
            what = f"archive {place}"
        else:
            [name] = chance.choices(list(filled), list(filled.values()))
            place = chance.randrange(filled[name])
            text = with_byte(texts[name], place, chance)
            repacked(bundle, changed, {name: gzip.compress(text, mtime=0) if name.endswith(".gz") else text})
            what = f"{name} {place}"
        code = found(changed, key)
        codes[code] += 1
        missed += [] if code else [what]
    record_figure("bytes changed", COUNT)
    record_figure("bytes found", COUNT - len(missed))
    record_figure("size of the archive, of its contents", (len(data), sum(filled.values())))
    record_figure("first fault", dict(codes))
    record_figure("seconds", round(time.monotonic() - began, 1))
    assert missed == []
