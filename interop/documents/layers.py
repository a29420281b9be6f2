"""How far each layer of the validation got: so that a layer that found nothing is told from one that did not run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from schemas.issues import LAYERS, Issue, Layer

__all__ = ["LayerState", "states", "unjudged"]

LayerState = Literal["passed", "failed", "in_part", "not_run", "not_asked", "not_applicable"]
"""`passed`: no error. `failed`: an error, or more. `in_part`: only what is there was judged, as the schema had failed.
`not_run`: an earlier layer failed. `not_asked`: left out on request. `not_applicable`: the format has no such layer.
"""

_READING: tuple[Layer, ...] = ("bytes", "syntax")
_OF_FHIR: tuple[Layer, ...] = ("base", "profile")
_WITHOUT: Mapping[str, tuple[Layer, ...]] = {
    "thl": _OF_FHIR,
    "effica": _OF_FHIR,
    "kanta": ("profile",),
    "resource": ("rules",),
}
"""The layers that a format does not have; a FHIR resource by itself has no structure of THL with rules."""


def states(
    form: str, issues: Collection[Issue], asked: Collection[Layer], *, is_read: bool, has_record: bool
) -> dict[Layer, LayerState]:
    """The state of every layer. In: all issues, also those of layers that were not asked for.

    `form`: the name of the format, `resource` for a FHIR resource, empty when unknown. `is_read`: the bytes could be
    parsed. `has_record`: a record, or a resource, could be read from them.
    """
    failed = {issue.rule.layer for issue in issues if issue.rule.severity == "error"}
    found: dict[Layer, LayerState] = {}
    blocked = False
    for layer in LAYERS:
        if layer not in asked:
            found[layer] = "not_asked"
        elif layer in _WITHOUT.get(form, ()):
            found[layer] = "not_applicable"
        elif layer in failed:
            found[layer] = "failed"
        elif blocked or (not has_record and layer in ("terminology", "rules", "references")):
            found[layer] = "not_run"
        else:
            found[layer] = "in_part" if layer == "rules" and "schema" in failed else "passed"
        blocked = blocked or (not is_read and layer in _READING and layer in failed)
    return found


def unjudged(found: Mapping[Layer, LayerState]) -> tuple[list[Layer], list[Layer]]:
    """The layers that did not run, and the layers whose errors are the reason."""
    missing = [layer for layer, state in found.items() if state == "not_run"]
    return missing, [layer for layer, state in found.items() if state == "failed"] if missing else []
