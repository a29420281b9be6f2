"""The FHIR Questionnaire of any structure, derived from the structure alone and the conditions that rules add to it.

Its `linkId`s are the fields' paths, joined with `/`, so that the QuestionnaireResponse of a document answers it.
Source: FHIR R4 4.0.1 Questionnaire, https://hl7.org/fhir/R4/questionnaire.html; Structured Data Capture 3.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.canonical import CANONICAL
from schemas.structures import Field, Kind, Structure

__all__ = ["ITEM_TYPES", "EnableWhen", "questionnaire_of", "questionnaire_url"]

_FHIR = "http://hl7.org/fhir/StructureDefinition/"

ITEM_TYPES: Mapping[Kind, str] = {
    "group": "group",
    "heading": "group",
    "text": "text",
    "name": "string",
    "phrase": "text",
    "signature": "string",
    "code": "choice",
    "identifier": "string",
    "date": "date",
    "instant": "dateTime",
    "switch": "boolean",
    # THL's schemas let a count be any number, so an integer could not hold every valid content.
    "count": "decimal",
    "number": "decimal",
    "quantity": "quantity",
    "measure": "quantity",
    "percent": "quantity",
    "oid": "string",
    "choice": "choice",
}
"""The type of the item that asks for a field of each kind."""

_Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnableWhen:
    """The field is asked for only when one of the questions has one of the answers.

    Paths are from the structure's root property down. `answers` are codes, or a switch's value; when there are none,
    any answer is enough. `negated`: the field is asked for only when no question has any of the answers.
    """

    field: tuple[str, ...]
    questions: tuple[tuple[str, ...], ...]
    answers: tuple[str | bool, ...] = ()
    negated: bool = False


def questionnaire_url(oid: str) -> str:
    """The canonical URL of the Questionnaire of a structure."""
    return f"{CANONICAL}/Questionnaire/{oid}"


def questionnaire_of(structure: Structure, conditions: Iterable[EnableWhen] = ()) -> dict[str, Any]:
    """The Questionnaire resource, as plain JSON.

    Loses: a second condition on the same field, where FHIR cannot join the two; a condition on a group, which has no
    answer; the text of fixed phrases, of which the library knows digests alone. The rules themselves hold all of them.
    """
    by_field: dict[tuple[str, ...], list[EnableWhen]] = {}
    for condition in conditions:
        by_field.setdefault(condition.field, []).append(condition)
    questionnaire: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "id": structure.oid,
        "language": "fi",
        "contained": list(_value_sets(structure)),
        "url": questionnaire_url(structure.oid),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{structure.oid}"}],
        "version": structure.version,
        "name": "".join(part.capitalize() for part in structure.root.split("_"))[:255],
        **_translated("title", structure.label),
        "status": "active",
        "subjectType": ["Patient"],
        "date": structure.defined,
        "code": [
            {"system": f"urn:oid:{structure.code_system}", "code": structure.code, "display": structure.label["fi"]}
        ],
        "item": [_item(field, structure, by_field) for field in structure.fields],
    }
    return {key: value for key, value in questionnaire.items() if value}


def _value_sets(structure: Structure) -> Iterator[dict[str, Any]]:
    """One value set for each national code system that a field takes any code from."""
    for system in sorted({field.system for field in structure if _is_open(field)}):
        yield {
            "resourceType": "ValueSet",
            "id": f"vs-{system}",
            "status": "active",
            "compose": {"include": [{"system": _uri(system)}]},
        }


def _is_open(field: Field) -> bool:
    return field.kind == "code" and field.codes is None and field.system[:1].isdigit()


def _uri(system: str) -> str:
    """The URI of a code system in FHIR, where a content has an OID or the name of an internal list."""
    return f"urn:oid:{system}" if system[:1].isdigit() else f"{CANONICAL}/CodeSystem/{system}"


def _translated(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A text element with its translations, or nothing when THL gives no name."""
    text = labels.get("fi", "")
    if not text:
        return {}
    others = [_translation(language, label) for language, label in labels.items() if language != "fi" and label]
    return {name: text, f"_{name}": {"extension": others}} if others else {name: text}


def _translation(language: str, label: str) -> dict[str, Any]:
    parts = [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": label}]
    return {"url": f"{_FHIR}translation", "extension": parts}


def _item(field: Field, structure: Structure, conditions: Mapping[tuple[str, ...], list[EnableWhen]]) -> _Item:
    # An item of type group must hold items, so a bare heading is displayed only.
    bare = field.is_group and not field.children
    item: _Item = {
        "extension": list(_extensions(field)),
        "linkId": "/".join(field.path),
        **_text(field),
        "type": "display" if bare else ITEM_TYPES[field.kind],
        **_enabled(conditions.get(field.path, []), structure),
        "required": field.required and not bare,
        "repeats": field.repeats and not bare,
        **_options(field),
        "item": [_item(child, structure, conditions) for child in field.children],
    }
    return {key: value for key, value in item.items() if value}


def _extensions(field: Field) -> Iterator[dict[str, Any]]:
    if field.kind == "count":
        yield {"url": f"{_FHIR}maxDecimalPlaces", "valueInteger": 0}


def _text(field: Field) -> dict[str, Any]:
    """The field's name; one that is shown without its name keeps it for machines and says how it is drawn."""
    text = _translated("text", field.label)
    if (field.untitled or field.hidden) and text:
        style = {"url": f"{_FHIR}rendering-style", "valueString": "display: none"}
        text["_text"] = {"extension": [style, *text.get("_text", {}).get("extension", ())]}
    return text


def _options(field: Field) -> dict[str, Any]:
    if _is_open(field):
        return {"answerValueSet": f"#vs-{field.system}"}
    if field.kind == "choice":
        return {"answerOption": [_choice(code, shown) for code, shown in (field.codes or {}).items()]}
    return {"answerOption": [{"valueCoding": _coding(field, code)} for code in field.codes or ()]}


def _choice(code: str, shown: str) -> dict[str, Any]:
    prefix = [{"url": f"{_FHIR}questionnaire-optionPrefix", "valueString": shown}]
    return {"extension": prefix, "valueString": code} if shown else {"valueString": code}


def _coding(field: Field, code: str) -> dict[str, str]:
    coding = {"system": _uri(field.system)} if field.system else {}
    shown = (field.codes or {}).get(code)
    return coding | {"code": code} | ({"display": shown} if shown else {})


def _enabled(conditions: list[EnableWhen], structure: Structure) -> dict[str, Any]:
    """FHIR joins tests all with "and" or all with "or": conditions are joined as far as that goes."""
    tests = [(condition, list(_tests(condition, structure))) for condition in conditions]
    alike = [(condition, found) for condition, found in tests if found]
    if not alike:
        return {}
    condition, found = alike[0]
    behaviour = "all" if condition.negated else "any"
    conjunctive = [more for other, more in alike if other.negated or len(more) == 1]
    if len(alike) > 1 and len(conjunctive) == len(alike):
        found, behaviour = [test for more in conjunctive for test in more], "all"
    return {"enableWhen": found} | ({"enableBehavior": behaviour} if len(found) > 1 else {})


def _tests(condition: EnableWhen, structure: Structure) -> Iterator[dict[str, Any]]:
    for path in condition.questions:
        question = structure.by_path.get("/".join(path))
        if question is None or question.is_group:
            continue
        head = {"question": "/".join(path)}
        if not condition.answers:
            yield head | {"operator": "exists", "answerBoolean": not condition.negated}
        for answer in condition.answers:
            test = head | {"operator": "!=" if condition.negated else "="}
            yield test | (
                {"answerBoolean": answer} if isinstance(answer, bool) else {"answerCoding": _coding(question, answer)}
            )
