"""The pages: one file and one blueprint per noun, drawn by templates, in Chinese and English."""

from flask import Blueprint, Flask

from service.web import (
    accounts,
    activities,
    bundles,
    calendars,
    case_matches,
    case_opening,
    cases,
    components,
    confirmations,
    documents,
    donations,
    events,
    exports,
    finances,
    fund_years,
    funds,
    gifts,
    home,
    household_changes,
    households,
    identity_provider,
    imports,
    inbox,
    kinship,
    notices,
    notifications,
    pairings,
    passkeys,
    past_imports,
    payees,
    payments,
    persons,
    policies,
    policy_affected,
    prepared_files,
    reports,
    search,
    sessions,
    setup,
    staff,
    staff_work,
    tokens,
    units,
    visits,
)
from service.web.formatting import FILTERS
from service.web.layout import layout_values

BLUEPRINTS = (
    *(sessions, setup, accounts, passkeys, identity_provider, home, inbox, cases, confirmations, search),
    *(households, persons, finances, household_changes, kinship, pairings, case_opening),
    *(
        case_matches,
        notices,
        documents,
        payees,
        fund_years,
        funds,
        payments,
        reports,
        events,
        bundles,
        exports,
        prepared_files,
        staff,
        units,
    ),
    *(gifts, donations, activities, visits, notifications),
    *(policies, policy_affected, calendars, imports, past_imports, staff_work, tokens),
    components,
)


def register(app: Flask) -> None:
    """Register the pages with an app, and what every template may use."""
    pages = Blueprint("web", __name__)
    for each in BLUEPRINTS:
        pages.register_blueprint(each.blueprint)
    app.jinja_env.filters.update(FILTERS)
    # Jinja would call `"deep" | term("category")` once, when it compiles the template, and keep the word of that reader's
    # language for everybody.
    app.jinja_env.optimized = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    pages.context_processor(layout_values)
    app.register_blueprint(pages)
