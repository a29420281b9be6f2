"""How much of a foreign document is read before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document; a site may narrow or widen them.

    Units: `size` in bytes; `depth` in levels of nesting; `nodes` in elements or JSON values.
    """

    size: int = 16 * 1024 * 1024
    depth: int = 64
    nodes: int = 500_000


DEFAULT_LIMITS = Limits()
