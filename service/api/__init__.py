"""The JSON API under /api/v1: shape in, one call, shape out; a file per noun, listed here."""

from service.api.cases import cases
from service.api.funds import funds
from service.api.help import help_given
from service.api.households import households
from service.api.inbox import inbox
from service.api.kin import kin
from service.api.notices import notices
from service.api.persons import people
from service.api.programmes import programmes
from service.api.reports import reports
from service.api.units import units
from service.api.visits import visits

BLUEPRINTS = (units, programmes, households, kin, people, cases, visits, notices, funds, help_given, reports, inbox)
