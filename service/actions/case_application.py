"""A case application is what a family asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from workflows.vocabulary import Fen


@dataclass(frozen=True, slots=True)
class CaseApplication:
    """For whom, for what, how much (fen), and the answers of the programme's own form."""

    programme: str
    household_id: UUID
    beneficiary_id: UUID
    item: str
    requested: Fen
    answers: Mapping[str, object]
