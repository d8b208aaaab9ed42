"""The JSON API under /api/v1: one file per noun, each with its blueprint."""

from service.api import (
    accounts,
    activities,
    cases,
    consents,
    donations,
    finances,
    fund_allocations,
    funds,
    gifts,
    households,
    kinship,
    notices,
    notifications,
    pairings,
    payees,
    persons,
    policies,
    programmes,
    reports,
    units,
    visits,
)

BLUEPRINTS = tuple(
    each.blueprint
    for each in (
        units,
        accounts,
        programmes,
        households,
        finances,
        consents,
        payees,
        pairings,
        kinship,
        persons,
        cases,
        visits,
        notices,
        funds,
        fund_allocations,
        policies,
        gifts,
        donations,
        activities,
        reports,
        notifications,
    )
)
"""In the order of the API document."""
