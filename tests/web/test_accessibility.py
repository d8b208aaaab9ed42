"""Every page can be read and used by everybody: axe, a small phone, large letters, both languages."""

import pytest

from service.i18n.catalogue import LANGUAGES
from tests.page_table import PAGES
from tests.web.accessibility import enlarge_text, session_of, small_letters, small_targets, too_wide, violations
from tests.web.conftest import TODAY, Union
from tests.web.people import DESKTOP, PHONE, SMALLEST, People, Person

LOOKED_AT = [(path, name) for route in PAGES for path, name in route.looked_at]
every_page = pytest.mark.parametrize(("path", "name"), LOOKED_AT, ids=[f"{path} {name}" for path, name in LOOKED_AT])


def opened(people: People, shown: tuple[Union, dict[str, str]], name: str) -> Person:
    """Return the person who looks at a page."""
    person = people(name or "registrar", shown[0].office, TODAY)
    return person.has_session() if name else person


@every_page
def test_page_can_be_read_and_used_by_everybody(
    people: People, shown: tuple[Union, dict[str, str]], path: str, name: str
) -> None:
    """No violation of axe; nothing scrolls sideways at 360 px, nor with letters of twice the size; targets are large."""
    person, wrong = opened(people, shown, name), []
    cdp = session_of(person.page)
    for lang in LANGUAGES:
        person.reads(lang).at_size(DESKTOP).opens(path.format(**shown[1]))
        wrong += [f"{lang} {DESKTOP[0]} px: {each}" for each in violations(cdp)]
        person.at_size(PHONE)
        wrong += [f"{lang} {PHONE[0]} px: {each}" for each in violations(cdp)]
        person.at_size(SMALLEST)
        wrong += [f"{lang}: {each}" for look in (too_wide, small_letters, small_targets) for each in look(cdp)]
        enlarge_text(cdp, 200)
        wrong += [f"{lang} 200 %: {each}" for each in too_wide(cdp)]
    assert not wrong, "\n".join(wrong)
