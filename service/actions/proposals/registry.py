"""The registry of every write that can be proposed."""

from collections.abc import Mapping

from service.actions.proposals.imports import UNDO_WRITES
from service.actions.proposals.money import MONEY_WRITES
from service.actions.proposals.powers import POWER_WRITES
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.rules import RULE_WRITES
from service.actions.proposals.write import ProposedWrite

WRITES: Mapping[str, ProposedWrite] = {**MONEY_WRITES, **POWER_WRITES, **RULE_WRITES, **RECORD_WRITES, **UNDO_WRITES}
"""By the name that a confirmation carries."""
