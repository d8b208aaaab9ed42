"""Every page can be read and used by everybody: axe, a small phone, large letters, both languages.

axe reads each page in each language and at each size; in `make test` at one size in each language
(docs/decisions/0046).
"""

import os
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from service.i18n.catalogue import LANGUAGES
from tests.page_table import PAGES
from tests.web.accessibility import AXE, enlarge_text, session_of, small_letters, small_targets, too_wide, violations
from tests.web.conftest import TODAY, Union
from tests.web.people import DESKTOP, PHONE, SMALLEST, People, Person

SIZES_OF_AXE = {
    lang: (size, other)[: int(os.environ.get("AXE_SIZES", "2"))]
    for lang, size, other in zip(LANGUAGES, (DESKTOP, PHONE), (PHONE, DESKTOP), strict=True)
}
"""The sizes at which axe reads a page, by language."""

LOOKED_AT = [(path, name) for route in PAGES for path, name in route.looked_at]
every_page = pytest.mark.parametrize(("path", "name"), LOOKED_AT, ids=[f"{path} {name}" for path, name in LOOKED_AT])


@pytest.fixture(scope="module")
def readers(browser: Browser, address: str, engine: sa.Engine) -> Iterator[People]:
    """Yield what makes people whose browsers stay open from page to page, with axe in each page."""
    makes = People(browser, address, engine)
    yield makes
    makes.leave()


@pytest.fixture
def reader(readers: People, shown: tuple[Union, dict[str, str]]) -> Iterator[Callable[[str], Person]]:
    """Yield a function that returns a reader by name; fail for what a page did that no page may do."""

    def find(name: str) -> Person:
        known = [each for each in readers.made if each.name == (name or NOBODY)]
        return known[0] if known else opened(readers, shown[0], name)

    yield find
    faults = [fault for person in readers.made for fault in person.watch.faults]
    for person in readers.made:
        person.watch.faults.clear()
    assert not faults, "\n".join(faults)


NOBODY = "nobody"
"""The name of a reader without a session."""


def opened(readers: People, union: Union, name: str) -> Person:
    """Return the person who looks at a page, with a session where the page needs one."""
    person = readers(name or NOBODY, union.office, TODAY)
    person.page.context.add_init_script(path=AXE)
    return person.has_session() if name else person


@every_page
def test_page_can_be_read_and_used_by_everybody(
    reader: Callable[[str], Person], shown: tuple[Union, dict[str, str]], path: str, name: str
) -> None:
    """No violation of axe; nothing scrolls sideways at 360 px, nor with letters of twice the size; targets are large."""
    person, wrong = reader(name), []
    cdp = session_of(person.page)
    for lang, sizes in SIZES_OF_AXE.items():
        person.reads(lang).at_size(sizes[0]).opens(path.format(**shown[1]))
        for size in sizes:
            person.at_size(size)
            wrong += [f"{lang} {size[0]} px: {each}" for each in violations(cdp)]
        person.at_size(SMALLEST)
        wrong += [f"{lang}: {each}" for look in (too_wide, small_letters, small_targets) for each in look(cdp)]
        enlarge_text(cdp, 200)
        wrong += [f"{lang} 200 %: {each}" for each in too_wide(cdp)]
    cdp.detach()
    assert not wrong, "\n".join(wrong)
