"""Who may do what at the console. Each page and each act needs one right; the server looks at it every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from interop.config.people import Role

__all__ = ["RIGHTS", "RIGHTS_OF", "Right", "Who"]

Right = Literal["look", "read", "act", "unmask", "audit"]
"""`look`: overview and deliveries. `read`: a document. `act`: retry, release, confirm, cancel. `unmask`: identity
codes. `audit`: who did what to which document.
"""
RIGHTS: tuple[Right, ...] = get_args(Right)

RIGHTS_OF: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset(("look", "read")),
    "operator": frozenset(("look", "read", "act", "unmask")),
    "auditor": frozenset(("look", "audit")),
}
"""An auditor sees what happened to a document, and does not read it."""


@dataclass(frozen=True, slots=True)
class Who:
    """The person at the console."""

    name: str
    roles: tuple[Role, ...]

    @property
    def rights(self) -> frozenset[Right]:
        """All that the roles allow together."""
        return _together(self.roles)

    def may(self, right: Right) -> bool:
        """True when one of the roles allows it."""
        return right in self.rights


def _together(roles: Iterable[Role]) -> frozenset[Right]:
    return frozenset(right for role in roles for right in RIGHTS_OF[role])
