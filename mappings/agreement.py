"""Whether one part of a document says the same as another: a partial content against the complete one."""

from __future__ import annotations

from typing import Any

from schemas.json_text import pointer

__all__ = ["disagreements"]

_Path = tuple[str | int, ...]


def disagreements(part: Any, whole: Any) -> list[str]:
    """The places (JSON Pointers) where the part says something that the whole does not. A part may say less."""
    return [pointer(path) for path in _differences(part, whole, ())]


def _differences(part: Any, whole: Any, path: _Path) -> list[_Path]:
    if isinstance(part, dict) and isinstance(whole, dict):
        return [
            found
            for key, value in part.items()
            for found in (_differences(value, whole[key], (*path, key)) if key in whole else [(*path, key)])
        ]
    if isinstance(part, list) and isinstance(whole, list):
        if len(part) != len(whole):
            return [path]
        pairs = enumerate(zip(part, whole, strict=True))
        return [found for index, (one, other) in pairs for found in _differences(one, other, (*path, index))]
    return [] if part == whole else [path]
