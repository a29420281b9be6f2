"""What can go wrong in the program or the world around it; a bad document is never an exception but an issue.

    InteropError
    ├── Invalid       the caller's request cannot be understood or is not allowed in this form
    ├── NotFound      the thing asked for does not exist
    ├── Forbidden     it exists, and the caller may not have it
    ├── Conflict      it contradicts what is already there
    ├── Unsupported   the request is sound, and this service or the other system does not offer it
    ├── Busy          the other side asks to wait; `retry_after` says how long, in seconds
    ├── Unavailable   the other side could not be reached, and nothing was handed over
    ├── Unknown       the request may or may not have been carried out: its answer was lost
    └── Fault         a mistake in this program or its installation

Domain code knows these categories alone; one place (`interop.api`) turns them into HTTP.
"""

from __future__ import annotations

__all__ = [
    "Busy",
    "Conflict",
    "Fault",
    "Forbidden",
    "InteropError",
    "Invalid",
    "NotFound",
    "Unavailable",
    "Unknown",
    "Unsupported",
    "why",
]


class InteropError(Exception):
    """The root. `str(error)` is a full sentence for a person, free of field values and identity codes."""


class Invalid(InteropError):
    """The request cannot be understood or is not allowed in this form."""


class NotFound(InteropError):
    """The thing asked for does not exist."""


class Forbidden(InteropError):
    """It exists, and the caller may not have it."""


class Conflict(InteropError):
    """It contradicts what is already there."""


class Unsupported(InteropError):
    """The request is sound, and this service or the other system does not offer it."""


class Busy(InteropError):
    """The other side asks to wait.

    Units: `retry_after` in seconds; None when the other side named no time.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(InteropError):
    """The other side could not be reached, and nothing was handed over: sending again is safe."""


class Unknown(InteropError):
    """The answer was lost: the other side may or may not have acted. Read back before sending again."""


class Fault(InteropError):
    """A mistake in this program or its installation."""


def why(error: OSError) -> str:
    """The operating system's reason, to stand inside a sentence."""
    return (error.strerror or "the system gives no reason").lower()
