"""Judges codes by the value sets that elements are bound to, by strength of binding.

A code system or value set that is not at hand is said, never guessed.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.fhir_codes import CodeSet
from schemas.fhir_definitions import Definitions
from validators.fhir.elements import Binding
from validators.fhir.findings import Place
from validators.fhir.scope import Run

__all__ = ["check_binding", "check_coding", "has_code", "required_codes"]

_OF_STRENGTH = {
    "required": "fhir_code_is_in_its_required_value_set",
    "extensible": "fhir_code_is_in_its_extensible_value_set",
    "preferred": "fhir_code_is_in_its_preferred_value_set",
}
_NOT_OURS = ("http://terminology.hl7.org/CodeSystem/v2-", "http://unitsofmeasure.org")
"""Code systems that HL7 has extended since R4 was published: their R4 lists do not make another code wrong."""


def required_codes(definitions: Definitions, binding: Binding) -> frozenset[str] | None:
    """All codes of a required value set when they are all at hand, for a quick look; else None."""
    codes = definitions.codes(binding.value_set)
    if binding.strength != "required" or codes is None or codes.open or codes.grammars or not codes.everything_known:
        return None
    return frozenset().union(*codes.codes.values())


def check_binding(run: Run, binding: Binding, value: Any, place: Place) -> None:
    """Judges a code, Coding, CodeableConcept, Quantity or string by a binding.

    Issues: fhir_code_is_in_its_required_value_set, fhir_code_is_in_its_extensible_value_set,
    fhir_code_is_in_its_preferred_value_set, fhir_value_set_is_at_hand, fhir_concept_has_a_required_code
    """
    rule = _OF_STRENGTH.get(binding.strength)
    if rule is None or (isinstance(value, str) and value in binding.beside):
        return
    codes = run.definitions.codes(binding.value_set)
    name = binding.value_set.partition("|")[0]
    if codes is None:
        run.findings.add("fhir_value_set_is_at_hand", place, value_set=name)
        return
    verdict = has_code(codes, value)
    if verdict is None:
        if binding.strength == "required" and _codings(value):
            run.findings.add("fhir_value_set_is_at_hand", place, value_set=name)
    elif not verdict:
        if binding.strength == "required" and not _codings(value):
            rule = "fhir_concept_has_a_required_code"
        elif binding.strength != "required" and not _codings(value):
            return
        run.findings.add(rule, place, value_set=name)
    if binding.widest and verdict is not True and _codings(value):
        widest = run.definitions.codes(binding.widest)
        if widest is not None and has_code(widest, value) is False:
            run.findings.add(_OF_STRENGTH["required"], place, value_set=binding.widest.partition("|")[0])


def check_coding(run: Run, coding: Mapping[str, Any], place: Place) -> None:
    """Judges the code of a Coding by the code system that it names, when that is wholly at hand.

    Issues: fhir_code_is_in_its_code_system, fhir_coding_system_is_absolute, fhir_display_is_that_of_the_code_system,
    fhir_coding_names_no_value_set
    """
    system, code = coding.get("system"), coding.get("code")
    if not isinstance(system, str) or not system:
        return
    if ":" not in system:
        run.findings.add("fhir_coding_system_is_absolute", (place, "system", "system"))
        return
    found = run.definitions.code_system(system)
    if found is None:
        if run.definitions.codes(system) is not None:
            run.findings.add("fhir_coding_names_no_value_set", (place, "system", "system"))
        return
    if not isinstance(code, str) or found.get("content") != "complete" or system.startswith(_NOT_OURS):
        return
    if code not in found["codes"]:
        folded = {known.casefold() for known in found["codes"]} if found.get("caseSensitive") is False else ()
        if code.casefold() not in folded:
            run.findings.add("fhir_code_is_in_its_code_system", (place, "code", "code"), system=system)
        return
    display, known = coding.get("display"), found["codes"][code]
    if isinstance(display, str) and known and _plain(display) != _plain(known):
        rule = "fhir_display_is_that_of_the_code_system"
        rule = rule if _in_english(run) else f"{rule}_or_a_translation"
        run.findings.add(rule, (place, "display", "display"), system=system)


def has_code(codes: CodeSet, value: Any) -> bool | None:
    """True when one of a value's codes is in the set; None when that cannot be said."""
    if isinstance(value, str):
        return codes.has(None, value)
    verdicts = {codes.has(system, code) for system, code in _codings(value)}
    return True if True in verdicts else None if None in verdicts else False


def _codings(value: Any) -> list[tuple[str, str]]:
    return list(_pairs(value)) if isinstance(value, dict) else [("", value)] if isinstance(value, str) else []


def _pairs(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(value.get("code"), str):
        system = value.get("system")
        yield system if isinstance(system, str) else "", value["code"]
    several = value.get("coding")
    for coding in several if isinstance(several, list) else ():
        if isinstance(coding, dict):
            yield from _pairs(coding)


def _in_english(run: Run) -> bool:
    """True unless the resource says that it is in another language than the code systems of HL7."""
    language = run.scope.resource.get("language", run.scope.root.get("language"))
    return not isinstance(language, str) or language.startswith("en")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
