"""A refused file: its reason code and the values that the message names."""

from collections.abc import Mapping

from workflows.vocabulary import Plain


class RefusedFile(Exception):
    """A file that is not kept; `code` is that of a Reason, `values` are what its message names."""

    def __init__(self, code: str, values: Mapping[str, Plain] | None = None) -> None:
        super().__init__(code)
        self.code, self.values = code, dict(values or {})
