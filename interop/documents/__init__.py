"""Documents as the service handles them: read and judge one, write one, convert one. Pure; nothing is stored."""

from __future__ import annotations

from interop.documents.converting import Converted, Written, convert, write
from interop.documents.examining import Examined, Options, examine

__all__ = ["Converted", "Examined", "Options", "Written", "convert", "examine", "write"]
