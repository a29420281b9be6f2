"""Documents as the service handles them: read and judge, convert, explain, compare, align. Pure; nothing is stored."""

from __future__ import annotations

from interop.documents.aligning import Alignment, align
from interop.documents.comparing import Comparison, compare
from interop.documents.converting import Converted, Written, convert, convert_version, take_in, with_residue, write
from interop.documents.examined import Examined, Options, record_of
from interop.documents.examining import examine
from interop.documents.explaining import Copy, Explained, Traced, explain, lineage, origins, traced
from interop.documents.layers import LayerState, unjudged
from interop.documents.outcomes import as_outcome, outcome_of
from interop.documents.strictness import Strictness

__all__ = [
    "Alignment",
    "Comparison",
    "Converted",
    "Copy",
    "Examined",
    "Explained",
    "LayerState",
    "Options",
    "Strictness",
    "Traced",
    "Written",
    "align",
    "as_outcome",
    "compare",
    "convert",
    "convert_version",
    "examine",
    "explain",
    "lineage",
    "origins",
    "outcome_of",
    "record_of",
    "take_in",
    "traced",
    "unjudged",
    "with_residue",
    "write",
]
