"""Code lists of changes of a household's file: kinds and reasons; reasons for a missing identity number."""

from enum import StrEnum


class HouseholdChangeKind(StrEnum):
    """The kind of change of a household's file (档案变动)."""

    HEAD = "head"
    EXITED = "exited"
    FILED_AGAIN = "filed_again"
    MOVED = "moved"
    LEFT = "left"
    JOINED = "joined"


class HeadChangeReason(StrEnum):
    """The reason for a change of head (变更户主原因)."""

    DEATH = "death"
    DIVORCE = "divorce"
    OTHER = "other"


class ExitReason(StrEnum):
    """The reason for the end of a file (退出原因; docs/domain/procedure.md §1.8)."""

    LIFTED_OUT = "lifted_out"
    DEATH = "death"
    RETIRED = "retired"
    TRANSFERRED = "transferred"
    MISIDENTIFIED = "misidentified"
    REQUESTED = "requested"
    STATE_SAFETY_NET = "state_safety_net"
    OTHER = "other"


EXITS_BY_DECISION = (ExitReason.LIFTED_OUT, ExitReason.MISIDENTIFIED, ExitReason.STATE_SAFETY_NET)
"""Exits that a meeting decides, so that its document is named (docs/domain/procedure.md §1.8)."""


ENTERED_BY_MISTAKE = "entered_by_mistake"
"""The end of a file that an import made by mistake: two people undo the import, and no figure counts the file."""


class FilingAgainReason(StrEnum):
    """The reason for filing a household again (恢复建档原因)."""

    RELAPSE = "relapse"
    EXIT_MISTAKEN = "exit_mistaken"
    OTHER = "other"


class MoveReason(StrEnum):
    """The reason for a file's move to another unit (转移原因)."""

    NEW_EMPLOYER = "new_employer"
    UNIT_CHANGED = "unit_changed"
    NEW_ADDRESS = "new_address"
    OTHER = "other"


class LeavingReason(StrEnum):
    """The reason for which a member leaves for another file (成员转出原因)."""

    MARRIAGE = "marriage"
    DIVORCE = "divorce"
    OWN_HOUSEHOLD = "own_household"
    GUARDIAN_CHANGED = "guardian_changed"
    OTHER = "other"


class NumberAbsence(StrEnum):
    """Why a person has no identity number on file for the time being (没有身份证号的原因)."""

    BEING_ISSUED = "being_issued"
    LOST = "lost"
    NOT_REGISTERED = "not_registered"
    OTHER_DOCUMENT = "other_document"
