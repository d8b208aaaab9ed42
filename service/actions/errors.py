"""What an action may raise besides a refusal."""

from uuid import UUID

from workflows.vocabulary import Reason, Refused


class NotFound(Exception):
    """There is no such row, or the caller may not see it: the answer is the same."""


class DisclosingRefusal(Refused):
    """A refusal that itself tells something of people in files elsewhere: the face records it once the rest is undone."""

    def __init__(self, *reasons: Reason, persons: tuple[UUID, ...]) -> None:
        super().__init__(*reasons)
        self.persons = persons


class VersionConflict(Exception):
    """Somebody changed the row since the caller read it."""

    def __init__(self, seen: int, present: int) -> None:
        super().__init__(f"version {seen} was read, {present} is present")
        self.seen, self.present = seen, present
