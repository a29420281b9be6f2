"""Judges one answer by its question: type, options, value set, bounds, length, form, unit, attachment and reference.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/questionnaire.html, questionnaire-profiles.html; UCUM 2.1 §4 (prefixes)
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from validators.fhir.bindings import has_code
from validators.fhir.findings import Place
from validators.fhir.patterns import follows
from validators.fhir.questions import Question, value_of
from validators.fhir.scope import Run, type_in
from validators.fhir.values import equals

__all__ = ["check_answer"]

_TYPES: Mapping[str, tuple[str, ...]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "choice": ("Coding", "Integer", "Date", "Time", "String", "Reference"),
    "open-choice": ("Coding", "Integer", "Date", "Time", "String", "Reference"),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
_UCUM = "http://unitsofmeasure.org"
_PREFIXES = {"k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "M": 6, "G": 9}
_METRIC = ("m", "g", "L", "l", "s", "mol", "J", "W", "Pa", "V", "A", "Hz", "N")


def check_answer(run: Run, question: Question, answer: Mapping[str, Any], place: Place) -> None:
    """Judges one answer of a response.

    Issues: fhir_answer_is_of_its_type, fhir_answer_is_one_of_its_options, fhir_answer_is_in_its_value_set,
    fhir_answer_is_within_its_bounds, fhir_answer_is_within_its_length, fhir_answer_follows_its_pattern,
    fhir_answer_attachment_is_allowed, fhir_answer_unit_is_allowed, fhir_answer_unit_can_be_compared,
    fhir_answer_reference_is_of_its_type
    """
    kind, value = value_of(answer)
    if not kind:
        return
    here = (place, "value" + kind, f"value.ofType({kind})")
    allowed = _TYPES.get(question.type, ())
    if kind not in allowed:
        run.findings.add("fhir_answer_is_of_its_type", here, expected=question.type)
        return
    _check_options(run, question, kind, value, here)
    if (judge := _JUDGES.get(kind)) is not None:
        judge(run, question, value, here)
    if kind not in ("Quantity", "Coding", "Attachment", "Reference", "Boolean"):
        _check_bounds(run, question, value, here)


def _check_options(run: Run, question: Question, kind: str, value: Any, place: Place) -> None:
    if question.type == "open-choice" and kind == "String":
        return
    options = question.node.get("answerOption")
    if isinstance(options, list) and options and not any(_is_option(one, kind, value) for one in options):
        run.findings.add("fhir_answer_is_one_of_its_options", place)
    url = question.node.get("answerValueSet")
    if isinstance(url, str) and kind in ("Coding", "String") and question.type != "open-choice":
        codes = run.definitions.codes(url)
        if codes is not None and has_code(codes, value) is False:
            run.findings.add("fhir_answer_is_in_its_value_set", place, value_set=url.partition("|")[0])


def _is_option(option: Any, kind: str, value: Any) -> bool:
    wanted_kind, wanted = value_of(option) if isinstance(option, dict) else ("", None)
    if wanted_kind != kind:
        return False
    if isinstance(wanted, dict) and isinstance(value, dict) and kind == "Coding":
        return bool(wanted.get("code") == value.get("code") and wanted.get("system") == value.get("system"))
    return equals(value, wanted)


def _check_bounds(run: Run, question: Question, value: Any, place: Place) -> None:
    for name, beyond in (("minValue", _less), ("maxValue", _more)):
        for bound in question.extensions(name):
            if beyond(value, bound):
                run.findings.add("fhir_answer_is_within_its_bounds", place)


def _less(value: Any, bound: Any) -> bool:
    if isinstance(value, str) and isinstance(bound, str):
        return value < bound and not bound.startswith(value)
    return _is_number(value) and _is_number(bound) and Decimal(str(value)) < Decimal(str(bound))


def _more(value: Any, bound: Any) -> bool:
    if isinstance(value, str) and isinstance(bound, str):
        # A bound of lesser precision means its beginning, as HL7's own validator reads it.
        return value > bound
    return _is_number(value) and _is_number(bound) and Decimal(str(value)) > Decimal(str(bound))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _string(run: Run, question: Question, value: Any, place: Place) -> None:
    if not isinstance(value, str):
        return
    shortest, longest = question.number("minLength"), question.node.get("maxLength")
    if (shortest is not None and len(value) < shortest) or (isinstance(longest, int) and len(value) > longest):
        run.findings.add("fhir_answer_is_within_its_length", place)
    for pattern in question.extensions("regex"):
        if isinstance(pattern, str) and follows(pattern, value) is False:
            run.findings.add("fhir_answer_follows_its_pattern", place)


def _attachment(run: Run, question: Question, value: Any, place: Place) -> None:
    if not isinstance(value, dict):
        return
    types = question.extensions("mimeType")
    size = value.get("size")
    data = value.get("data")
    if not isinstance(size, int) and isinstance(data, str):
        size = _size(data)
    most = question.number("maxSize")
    too_large = most is not None and isinstance(size, int) and size > most
    if too_large or (types and "contentType" in value and value["contentType"] not in types):
        run.findings.add("fhir_answer_attachment_is_allowed", place)


def _size(data: str) -> int | None:
    try:
        return len(b64decode(data))
    except ValueError:
        return None


def _reference(run: Run, question: Question, value: Any, place: Place) -> None:
    reference = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(reference, str) or reference.startswith(("#", "urn:")):
        return
    name = type_in(reference)
    allowed = question.extensions("questionnaire-referenceResource")
    unknown = name is not None and run.definitions.resource_type(name) is None
    if unknown or (name is not None and allowed and name not in allowed):
        run.findings.add("fhir_answer_reference_is_of_its_type", place)


def _quantity(run: Run, question: Question, value: Any, place: Place) -> None:
    if not isinstance(value, dict):
        return
    units = question.extensions("questionnaire-unitOption")
    if units and not any(_is_unit(unit, value) for unit in units):
        run.findings.add("fhir_answer_unit_is_allowed", place)
    for url in question.extensions("questionnaire-unitValueSet"):
        codes = run.definitions.codes(str(url))
        code, system = value.get("code"), value.get("system")
        if codes is None:
            continue
        if not isinstance(code, str) or codes.has(system if isinstance(system, str) else "", code) is False:
            run.findings.add("fhir_answer_unit_is_allowed", place)
    for names, beyond in (
        (("minValue", "sdc-questionnaire-minQuantity"), _less),
        (("maxValue", "sdc-questionnaire-maxQuantity"), _more),
    ):
        for bound in (one for name in names for one in question.extensions(name)):
            if isinstance(bound, dict):
                _check_quantity(run, value, bound, beyond, place)


def _is_unit(unit: Any, value: Mapping[str, Any]) -> bool:
    if not isinstance(unit, dict):
        return False
    return bool(unit.get("code") == value.get("code") and unit.get("system") == value.get("system"))


def _check_quantity(
    run: Run, value: Mapping[str, Any], bound: Mapping[str, Any], beyond: Callable[[Any, Any], bool], place: Place
) -> None:
    amount, limit = value.get("value"), bound.get("value")
    scale = _scale(value, bound)
    if scale is None:
        run.findings.add("fhir_answer_unit_can_be_compared", place)
    elif _is_number(amount) and beyond(Decimal(str(amount)) * scale, limit):
        run.findings.add("fhir_answer_is_within_its_bounds", place)


def _scale(value: Mapping[str, Any], bound: Mapping[str, Any]) -> Decimal | None:
    """What an amount is multiplied by to be in the unit of its bound; None when the units cannot be compared."""
    code, wanted = value.get("code"), bound.get("code")
    if not isinstance(code, str) or not isinstance(wanted, str) or value.get("system") != bound.get("system"):
        return None
    if code == wanted:
        return Decimal(1)
    mine, other = _metric(code), _metric(wanted)
    if value.get("system") != _UCUM or mine is None or other is None or mine[1] != other[1]:
        return None
    return Decimal(10) ** (mine[0] - other[0])


def _metric(code: str) -> tuple[int, str] | None:
    """The power of ten and the plain unit of a UCUM code that is a unit with at most one prefix."""
    if code in _METRIC:
        return 0, code
    found = ((power, code.removeprefix(prefix)) for prefix, power in _PREFIXES.items() if code.startswith(prefix))
    return next(((power, unit) for power, unit in found if unit in _METRIC), None)


_JUDGES: Mapping[str, Callable[[Run, Question, Any, Place], None]] = {
    "String": _string,
    "Attachment": _attachment,
    "Reference": _reference,
    "Quantity": _quantity,
}
