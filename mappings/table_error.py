"""A mapping table that cannot be used: the one exception of this package, for whoever wrote the table."""

from __future__ import annotations

__all__ = ["TableError"]


class TableError(ValueError):
    """A table that cannot be used; the sentence names file, line and the fix."""

    def __init__(self, file: str, line: int, sentence: str) -> None:
        super().__init__(f"{file}, line {line}: {sentence}")
        self.file, self.line = file, line
