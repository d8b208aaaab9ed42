"""The JSON API under /api/v1: one file and one blueprint per noun."""

from service.api import (
    accounts,
    activities,
    cases,
    confirmations,
    consents,
    donations,
    finances,
    fund_allocations,
    fund_receipts,
    funds,
    gifts,
    household_changes,
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
        confirmations,
        programmes,
        households,
        household_changes,
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
        fund_receipts,
        fund_allocations,
        policies,
        gifts,
        donations,
        activities,
        reports,
        notifications,
    )
)
"""The blueprints in the order of the OpenAPI document."""
