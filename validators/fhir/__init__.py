"""Judges FHIR R4 resources by the definitions at hand: the base types, profiles, terminology and references.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.fhir_definitions import Definitions
from schemas.issues import Issue
from validators.fhir.profiles import apply_profile
from validators.fhir.references import check_references
from validators.fhir.scope import Options, Run, Scope, bundle_scope
from validators.fhir.walking import walk_resource

__all__ = ["Options", "validate"]

_DEFAULT = Options()


def validate(
    resource: Any, definitions: Definitions, profiles: Sequence[str] = (), options: Options = _DEFAULT
) -> list[Issue]:
    """The findings about one resource, as its elements stand, with those about references last.

    In: any JSON value, within limits of depth and size; `profiles` by canonical URL.
    Out: paths are JSON Pointers; the slot `expression` holds the FHIRPath. Issues: those of `validators/fhir.toml`
    """
    node: Mapping[str, Any] = resource if isinstance(resource, dict) else {}
    name = node.get("resourceType")
    scope = bundle_scope(node) if name == "Bundle" else Scope(node, node)
    run = Run(definitions, options, scope, settle=check_references)
    top = (None, "", name if isinstance(name, str) and definitions.resource_type(name) else "Resource")
    walk_resource(run, resource, top)
    for url in profiles:
        apply_profile(run, url, node, top, named_at=top)
    check_references(run)
    return list(run.findings.issues.values())
