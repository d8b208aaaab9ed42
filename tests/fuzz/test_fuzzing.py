"""Tests with a short run of `make fuzz`: no 5xx, and answers as in the OpenAPI document."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fuzz.fuzzing import fuzz, served


@pytest.mark.timeout(300)
def test_random_requests_of_a_registrar_cause_no_server_error() -> None:
    with TemporaryDirectory(prefix="songnuan-fuzz-") as folder:
        Path(folder).chmod(0o711)
        with served(Path(folder)) as (url, tree, web):
            result = fuzz(url, tree.offices["own"].tokens["registrar"], web, 2, 1, "fuzzing")
            assert (result.failures, result.server_errors) == (0, 0), result.output[-6000:]
            assert result.cases > 50
