"""A long export is made while its page is closed, and taken when the person comes back."""

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from service.imports import xlsx
from tests.web.conftest import TODAY, Union
from tests.web.people import People
from tests.worker.processes import ROOT


def test_long_export_is_made_while_the_tab_is_closed_and_taken_afterwards(
    people: People, union: Union, settings: dict[str, str], tmp_path: Path
) -> None:
    union.life_in("receipt")
    auditor = people("auditor", union.office, TODAY).has_session().opens("/events")
    auditor.page.locator("main").get_by_role("button", name="导出 Excel").click()
    expect(auditor.page).to_have_url(f"{auditor.address}/exports")
    expect(auditor.page.locator("main tbody tr").first).to_contain_text("正在准备")
    context = auditor.page.context
    auditor.page.close()
    subprocess.run(
        [sys.executable, "-m", "service.file_maker"], env={**os.environ, **settings}, cwd=ROOT, check=True, timeout=60
    )
    auditor.page = context.new_page()
    auditor.opens("/exports")
    row = auditor.page.locator("main tbody tr").first
    with auditor.page.expect_download() as download:
        row.get_by_role("button").first.click()
    download.value.save_as(tmp_path / "events.xlsx")
    (rows,) = xlsx.read_workbook((tmp_path / "events.xlsx").read_bytes()).values()
    assert "曹经审" in str(rows[0][0])
    assert len(rows) - 2 > 30
    auditor.takes_picture("auditor-files")
