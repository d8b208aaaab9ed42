"""A short run of what `make fuzz` does at length: the document and the answers agree, and nothing is a 5xx."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fuzz.fuzzing import fuzz, served


@pytest.mark.timeout(300)
def test_a_registrar_who_sends_anything_breaks_nothing() -> None:
    with TemporaryDirectory(prefix="songnuan-fuzz-") as folder:
        Path(folder).chmod(0o711)
        with served(Path(folder)) as (url, place, web):
            found = fuzz(url, place.offices["own"].tokens["registrar"], web, 2, 1, "fuzzing")
            assert (found.failures, found.broken) == (0, 0), found.said[-6000:]
            assert found.cases > 50
