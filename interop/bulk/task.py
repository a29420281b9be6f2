"""What a bulk run does with each document, in a form that a file or another process can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from interop.bulk.judging import Recipe
from interop.documents import Strictness
from interop.errors import Invalid
from mappings.formats import format_named

__all__ = ["Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is done with each document: judged, and written in the format `to` unless that is empty.

    All paths are absolute.
    """

    to: str = ""
    format: str | None = None
    envelope: str | None = None
    code_systems: str | None = None
    profiles: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    strictness: Strictness = "normal"
    site: str | None = None

    @property
    def recipe(self) -> Recipe:
        """How each document is judged."""
        return Recipe(
            self.format,
            _path(self.envelope),
            code_systems=_path(self.code_systems),
            profiles=self.profiles,
            packages=tuple(Path(one) for one in self.packages),
            strictness=self.strictness,
            site=_path(self.site),
        )

    @property
    def as_lines(self) -> bool:
        """True when the documents that are written are lines of one file, as JSON can be; otherwise each is a file."""
        return bool(self.to) and "json" in format_named(self.to).media_type

    @property
    def ending(self) -> str:
        """How the name of a file of the written format ends."""
        return f".{format_named(self.to).media_type.rpartition('/')[2].partition('+')[0]}"

    def as_json(self) -> dict[str, Any]:
        """Out: the object that `read` takes."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @staticmethod
    def read(told: Mapping[str, Any]) -> Task:
        """The task of an object of `as_json`. Raises: Invalid."""
        if set(told) != {field.name for field in fields(Task)}:
            raise Invalid("The plan of the run was made by another version of this program.")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
        }
        return Task(**values)


def _path(name: str | None) -> Path | None:
    return Path(name) if name is not None else None
