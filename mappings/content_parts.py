"""The codes that say which part of a plan or an assessment a FHIR resource carries, with their names.

The code system is authored in `schemas/fhir/fsh/`; this reads what was compiled from it.
Source: FHIR R4 4.0.1 CodeSystem, CodeableConcept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.canonical import CANONICAL
from schemas.json_text import parse

__all__ = ["CONTENT_PARTS", "part_concept", "part_of"]

CONTENT_PARTS = f"{CANONICAL}/CodeSystem/content-part"


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """For each code its names by language."""
    file = files("schemas").joinpath("fhir", "package", "CodeSystem-content-part.json")
    system, _ = parse(file.read_bytes())
    return {
        concept["code"]: {"en": concept["display"]}
        | {name["language"]: name["value"] for name in concept.get("designation", ())}
        for concept in system["concept"]
    }


def part_concept(code: str, language: str) -> dict[str, Any]:
    """The CodeableConcept of a code, with its name in the document's language; a code that we do not know has none."""
    coding = {"system": CONTENT_PARTS, "code": code}
    names = _names().get(code)
    if names is None:
        return {"coding": [coding]}
    return {"coding": [coding | {"display": names["en"]}], "text": names.get(language, names["fi"])}


def part_of(concept: Any) -> str:
    """The code of ours that a CodeableConcept holds; empty when it holds none."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == CONTENT_PARTS and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return ""
