"""The service, and the Python API: `from interop import read, write, validate, convert, explain`.

The names are loaded when they are asked for, so that the command line starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interop.library import (
        Converted,
        Examined,
        Explained,
        Issue,
        Record,
        Written,
        convert,
        explain,
        read,
        validate,
        write,
    )

__all__ = [
    "Converted",
    "Examined",
    "Explained",
    "Issue",
    "Record",
    "Written",
    "convert",
    "explain",
    "read",
    "validate",
    "write",
]


def __getattr__(name: str) -> Any:
    """A name of the Python API. Raises: AttributeError for a name that it does not have."""
    if name not in __all__:
        raise AttributeError(f"The package interop has no name '{name}'.")
    return getattr(import_module("interop.library"), name)
