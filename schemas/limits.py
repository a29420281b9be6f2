"""How much of a foreign document is read before it is refused.

Two things need no number: an entity is never expanded, as a document with a DTD is refused whole; and no pattern takes
longer than its text is long (`validators/fhir/patterns.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

__all__ = ["DEFAULT_LIMITS", "Limits", "limits_of"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document; a site may narrow or widen them.

    Units: `size` in bytes; `depth` in levels of nesting; `nodes` in elements or JSON values; `attributes` of one XML
    element; `digits` of one number in JSON.
    """

    size: int = 16 * 1024 * 1024
    depth: int = 64
    nodes: int = 500_000
    attributes: int = 64
    digits: int = 100

    def names(self) -> tuple[str, ...]:
        """The names of the limits, as they are written in settings."""
        return tuple(one.name for one in fields(self))


DEFAULT_LIMITS = Limits()

_DEEPEST = 200
"""What is walked by functions that call themselves must not be deeper, whatever a site asks for."""


def limits_of(text: str) -> Limits:
    """The limits that a text such as `size=1000000,depth=32` names; those that it leaves out are the default ones.

    Raises: ValueError, with the names that may stand there.
    """
    given: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.strip().partition("=")
        if name not in DEFAULT_LIMITS.names() or not number.isdecimal() or len(number) > 15 or not int(number):
            raise ValueError(
                f"write NAME=NUMBER with a number above 0; the names are {', '.join(DEFAULT_LIMITS.names())}."
            )
        given[name] = int(number)
    if given.get("depth", 0) > _DEEPEST:
        raise ValueError(f"the depth may be {_DEEPEST} at most.")
    return replace(DEFAULT_LIMITS, **given)
