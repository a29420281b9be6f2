"""Documents as the service handles them: read and judge, convert, explain, compare, align. Pure; nothing is stored."""

from __future__ import annotations

from interop.documents.aligning import Alignment, align
from interop.documents.comparing import Comparison, compare
from interop.documents.converting import Converted, Written, convert, convert_version, write
from interop.documents.examining import Examined, Options, examine
from interop.documents.explaining import Explained, explain

__all__ = [
    "Alignment",
    "Comparison",
    "Converted",
    "Examined",
    "Explained",
    "Options",
    "Written",
    "align",
    "compare",
    "convert",
    "convert_version",
    "examine",
    "explain",
    "write",
]
