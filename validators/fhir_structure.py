"""A second opinion on the structure of FHIR resources, by fhir.resources.

Its R4B models are used, which equal R4 in the resources of this service. It checks presence, names, types and formats;
never profiles, bindings or invariants. Its texts quote values, so only the places are taken from it.
Source: FHIR R4 4.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.issues import Issue, rules_in
from schemas.json_text import pointer

__all__ = ["check_fhir_structure"]

_RULES = rules_in("validators")


def check_fhir_structure(resource: Any) -> list[Issue]:
    """The places where a resource does not have the structure of its type, as JSON Pointers.

    Issues: fhir_resource_has_its_structure, fhir_resource_type_is_known
    """
    # The library takes a third of a second to load, and only FHIR documents need it.
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    name = resource.get("resourceType") if isinstance(resource, Mapping) else None
    try:
        model = get_fhir_model_class(str(name))
    except (KeyError, ValueError):
        return [_RULES["fhir_resource_type_is_known"].at("/resourceType")]
    try:
        model.model_validate(resource)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        places = dict.fromkeys(pointer(entry["loc"]) for entry in found)
        return [_RULES["fhir_resource_has_its_structure"].at(place) for place in places]
    except (KeyError, LookupError, TypeError, AttributeError):
        # An unknown type inside `contained` or `entry` makes the library fail rather than report.
        return [_RULES["fhir_resource_type_is_known"].at("")]
    return []
