"""Findings as a FHIR OperationOutcome: what `$validate` answers, and `interop validate --output outcome` prints.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/operationoutcome.html, resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from interop.documents.examined import Examined, Options
from interop.documents.examining import examine
from interop.documents.layers import unjudged
from interop.documents.resources import examine_tree
from schemas.canonical import CANONICAL
from schemas.codesystems import shipped_code_systems
from schemas.issues import Issue, Language

__all__ = ["as_outcome", "outcome_of"]

_FINE: Mapping[Language, str] = {"fi": "kelvollinen", "sv": "giltig", "en": "valid"}
_UNJUDGED: Mapping[Language, str] = {
    "fi": "Näitä tasoja ei arvioitu, koska aiempi taso ei kelpaa ({because}): {layers}.",
    "sv": "Dessa nivåer bedömdes inte, eftersom en tidigare nivå är ogiltig ({because}): {layers}.",
    "en": "These layers were not judged, because an earlier one failed ({because}): {layers}.",
}


def outcome_of(
    document: bytes | Mapping[str, Any],
    profiles: Sequence[str] = (),
    language: Language = "en",
    options: Options | None = None,
) -> dict[str, Any]:
    """The OperationOutcome about a document of any format or any FHIR resource. Pure: nothing is stored or fetched.

    In: bytes as they came (JSON or XML; findings get line and column), or a resource that has been parsed already
    (findings get the FHIRPath expression alone); `profiles` are canonical URLs that a resource must follow beside
    those it declares. Out: never without an issue; a finding holds no value of the document. The first call compiles
    what the resource's type needs (about 50 ms), later ones share it.
    """
    options = replace(options or Options(code_systems=shipped_code_systems()), profiles=tuple(profiles))
    found = examine(document, None, options) if isinstance(document, bytes) else examine_tree(document, options)
    return as_outcome(found, language)


def as_outcome(examined: Examined, language: Language) -> dict[str, Any]:
    """Out: a FHIR R4 OperationOutcome. A document without findings gets the one issue that says so."""
    issues = [_issue(issue, language) for issue in examined.issues]
    missing, because = unjudged(examined.layers)
    if missing:
        text = _UNJUDGED[language].format(because=", ".join(because), layers=", ".join(missing))
        issues.append({"severity": "information", "code": "incomplete", "details": {"text": text}})
    fine = {"severity": "information", "code": "informational", "details": {"text": _FINE[language]}}
    return {"resourceType": "OperationOutcome", "issue": issues or [fine]}


def _issue(issue: Issue, language: Language) -> dict[str, Any]:
    where = [issue.path] if issue.path else []
    if issue.line:
        where.append(f"line {issue.line}" + (f", column {issue.column}" if issue.column else ""))
    coding = {"system": f"{CANONICAL}/CodeSystem/rule", "code": issue.rule.id}
    out: dict[str, Any] = {
        "severity": issue.rule.severity,
        "code": issue.rule.code,
        "details": {"coding": [coding], "text": issue.message(language)},
        "diagnostics": issue.rule.source,
    }
    expression = issue.slots.get("expression")
    return out | ({"location": where} if where else {}) | ({"expression": [expression]} if expression else {})
