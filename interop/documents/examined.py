"""How a document is examined, and what an examination found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from interop.documents.layers import LayerState
from interop.documents.strictness import Strictness
from interop.errors import Invalid
from schemas.codesystems import CodeSystems
from schemas.fhir_definitions import Definitions
from schemas.issues import LAYERS, Issue, Layer, has_errors
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record

__all__ = ["Examined", "Options", "record_of"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is examined.

    `envelope`: facts that stand in for what the document's own envelope lacks. `layers`: those to judge and report.
    `code_systems`: those that codes are judged by; None leaves the codes of national lists unjudged. `profiles`: the
    canonical URLs of profiles that a FHIR resource must follow beside those that it declares. `definitions`: those
    that FHIR is judged by; None means those of this installation.
    """

    envelope: Mapping[str, Any] = field(default_factory=dict)
    layers: Collection[Layer] = LAYERS
    limits: Limits = DEFAULT_LIMITS
    code_systems: CodeSystems | None = None
    profiles: tuple[str, ...] = ()
    definitions: Definitions | None = None
    strictness: Strictness = "normal"


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination found. `format` is empty when it was not recognised; `record` is None when there is none.

    `layers`: how far each layer got. `resource`: the type of a FHIR resource that was judged by itself, as it is no
    document of a record.
    """

    format: str
    record: Record | None
    issues: list[Issue]
    layers: Mapping[Layer, LayerState] = field(default_factory=dict)
    resource: str = ""

    @property
    def usable(self) -> bool:
        """True when the bytes hold something that could be judged: a record, or a FHIR resource."""
        return self.record is not None or bool(self.resource)

    @property
    def valid(self) -> bool:
        """True when there is something to judge and no finding is an error."""
        return self.usable and not has_errors(self.issues)

    @property
    def structure(self) -> str:
        """The OID of the document's structure, empty when it is not known."""
        return self.record.structure if self.record else ""


def record_of(examined: Examined, name: str) -> Record:
    """The record of what was examined. In: how a sentence begins that names it. Raises: Invalid when it holds none."""
    if examined.record is not None:
        return examined.record
    if examined.resource:
        raise Invalid(f"{name} is a FHIR resource and no document, so it holds no record.")
    raise Invalid(f"{name} cannot be read as a document; `interop validate` says why.")
