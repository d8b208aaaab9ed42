"""The menu as rows: each page that is reached from it, and who sees it."""

from dataclasses import dataclass

from service.http.auth import EVERYONE, READERS
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry: the endpoint it opens, the key of its label, the prefix of its pages' endpoints, who sees it."""

    endpoint: str
    label: str
    section: str
    roles: frozenset[Role]


RULERS = frozenset({Role.ADMIN, Role.APPROVER, Role.AUDITOR})
"""Who proposes rules, who confirms them, and who checks what was decided by them."""

MENU = (
    MenuItem("web.home.show_home", "menu.home", "web.home.", frozenset(Role)),
    MenuItem("web.inbox.show_inbox", "menu.inbox", "web.inbox.", frozenset(Role)),
    MenuItem("web.cases.list_cases", "menu.cases", "web.cases.", frozenset(READERS)),
    MenuItem("web.households.list_households", "menu.households", "web.households.", frozenset(READERS)),
    MenuItem("web.funds.list_funds", "menu.funds", "web.funds.", frozenset(READERS)),
    MenuItem("web.gifts.list_gifts", "menu.records", "web.gifts.", frozenset(READERS)),
    MenuItem("web.reports.show_report", "menu.reports", "web.reports.", frozenset(READERS)),
    MenuItem("web.events.show_room", "menu.audit", "web.events.", frozenset({Role.AUDITOR})),
    MenuItem("web.policies.list_policies", "menu.policies", "web.policies.", RULERS),
    MenuItem("web.staff.list_staff", "menu.staff", "web.staff.", frozenset({Role.ADMIN})),
    MenuItem("web.imports.list_imports", "menu.imports", "web.imports.", frozenset({Role.ADMIN})),
    MenuItem("web.search.show_search", "menu.search", "web.search.", frozenset(READERS)),
)

RECORD_LISTS = (
    MenuItem("web.gifts.list_gifts", "records.gifts", "web.gifts.", frozenset(READERS)),
    MenuItem("web.visits.list_visits", "records.visits", "web.visits.", frozenset(READERS)),
    MenuItem("web.donations.list_donations", "records.donations", "web.donations.", frozenset(READERS)),
    MenuItem("web.activities.list_activities", "records.activities", "web.activities.", frozenset(READERS)),
    MenuItem("web.pairings.list_pairings", "records.pairings", "web.pairings.", frozenset(READERS)),
    MenuItem("web.notices.list_notices", "records.notices", "web.notices.", frozenset(READERS)),
    MenuItem("web.notices.list_objections", "records.objections", "web.notices.", frozenset(READERS)),
    MenuItem("web.notifications.list_letters", "records.notifications", "web.notifications.", frozenset(EVERYONE)),
)
"""The lists of records outside cases, which link to each other."""

WITHIN = {
    "web.notices.list_": "web.gifts.",
    "web.pairings.list_": "web.gifts.",
    "web.bundles.": "web.events.",
    "web.activities.": "web.gifts.",
    "web.documents.": "web.households.",
    "web.confirmations.": "web.inbox.",
    "web.calendars.": "web.policies.",
    "web.case_matches.": "web.cases.",
    "web.case_opening.": "web.households.",
    "web.donations.": "web.gifts.",
    "web.finances.": "web.households.",
    "web.fund_years.": "web.funds.",
    "web.household_changes.": "web.households.",
    "web.kinship.": "web.households.",
    "web.notices.": "web.cases.",
    "web.notifications.": "web.gifts.",
    "web.pairings.": "web.households.",
    "web.past_imports.": "web.imports.",
    "web.payees.": "web.households.",
    "web.payments.": "web.funds.",
    "web.persons.": "web.households.",
    "web.policy_affected.": "web.policies.",
    "web.staff_work.": "web.staff.",
    "web.units.": "web.staff.",
    "web.visits.": "web.gifts.",
}
"""Prefixes of pages that are reached from those of an entry of the menu, with the entry's section: it stays marked."""

WITHOUT_MENU = {
    "web.exports.": "posted by the lists",
    "web.prepared_files.": "reached from below the lists",
    "web.sessions.": "signing in and out",
    "web.setup.": "reached by an invitation",
    "web.accounts.": "reached by one's own name",
    "web.tokens.": "reached from the pages of one's own account and of an account's roles",
    "web.identity_provider.": "reached from the pages of signing in and of one's own account",
    "web.passkeys.": "posted by the pages of signing in and of one's own account",
    "web.components.": "for contributors, in the process of a demo",
}
"""Prefixes of pages that no menu opens, and how they are reached."""


def is_current(item: MenuItem, endpoint: str) -> bool:
    """Return whether a page belongs to an entry of the menu."""
    section = next((within for prefix, within in WITHIN.items() if endpoint.startswith(prefix)), endpoint)
    return section.startswith(item.section)
