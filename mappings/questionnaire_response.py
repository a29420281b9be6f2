"""Content as a FHIR QuestionnaireResponse and back, exactly, for every structure.

It holds every leaf of the content: linkId is the field's path, a repeated group is an item for each occurrence. A value
that FHIR cannot hold as it is (an empty text, a partial date that no calendar has, a control character) stands as
base64 JSON in the `exact-value` extension, so that nothing is lost.
Source: FHIR R4 4.0.1 QuestionnaireResponse; SDC IG on linkId.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mappings.codecs.fhir import coding_of, from_coding
from mappings.codecs.values import Untranslatable
from schemas.canonical import CANONICAL
from schemas.dates import exists
from schemas.issues import Issue, rules_in
from schemas.json_text import dump, parse
from schemas.structures import Field, Structure

__all__ = ["EXACT_VALUE", "IDENTIFIER_SYSTEM", "NO_ITEMS", "content_of", "response_of"]

EXACT_VALUE = f"{CANONICAL}/StructureDefinition/exact-value"
NO_ITEMS = f"{CANONICAL}/StructureDefinition/no-items"
IDENTIFIER_SYSTEM = f"{CANONICAL}/StructureDefinition/identifier-system"

_RULES = rules_in("mappings")
_TEXT = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\U0010ffff]*[^\t\n\r ][\t\n\r\u0020-\ud7ff\ue000-\U0010ffff]*")
_URI = re.compile(r"[^\s]+")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")

_Item = dict[str, Any]
Sources = dict[str, str]
"""For a JSON Pointer into the body, the JSON Pointer into the response it was read from."""


def response_of(structure: Structure, body: Mapping[str, Any], language: str = "fi") -> list[_Item]:
    """The items of the QuestionnaireResponse of a content. In: `body` is the content under its root property."""
    return list(_items(structure.fields, body, language))


def _items(fields: tuple[Field, ...], body: Mapping[str, Any], language: str) -> Iterator[_Item]:
    for field in fields:
        if field.key not in body:
            continue
        head: _Item = {"linkId": "/".join(field.path)}
        text = field.label.get(language) or field.label.get("fi")
        if text:
            head["text"] = text
        yield from _item(field, body[field.key], head, language)


def _item(field: Field, value: Any, head: _Item, language: str) -> Iterator[_Item]:
    several = value if field.repeats and isinstance(value, list) else [value]
    if not several:
        yield head | {"extension": [{"url": NO_ITEMS, "valueBoolean": True}]}
    elif field.is_group and all(isinstance(one, dict) for one in several):
        for one in several:
            inner = list(_items(field.children, one, language))
            yield head | {"item": inner} if inner else dict(head)
    else:
        yield head | {"answer": [_answer(field, one) for one in several]}


def _answer(field: Field, value: Any) -> _Item:
    answer = _ANSWERS[field.kind](value) if field.kind in _ANSWERS else None
    if answer is None:
        return {"extension": [{"url": EXACT_VALUE, "valueBase64Binary": b64encode(dump(value)).decode()}]}
    return answer


def _string(value: Any) -> _Item | None:
    return {"valueString": value} if isinstance(value, str) and _TEXT.fullmatch(value) else None


def _coding(value: Any) -> _Item | None:
    try:
        return {"valueCoding": coding_of(value)} if len(value) == 3 else None
    except (Untranslatable, TypeError):
        return None


def _identifier(value: Any) -> _Item | None:
    match value:
        case {"system": str(system), "value": str(text)} if _URI.fullmatch(system) and _TEXT.fullmatch(text):
            return {"valueString": text, "extension": [{"url": IDENTIFIER_SYSTEM, "valueUri": system}]}
        case {"value": str(text)} if len(value) == 1 and _TEXT.fullmatch(text):
            return {"valueString": text}
    return None


def _date(value: Any) -> _Item | None:
    return {"valueDate": value} if isinstance(value, str) and _DATE.fullmatch(value) and exists(value) else None


def _instant(value: Any) -> _Item | None:
    return {"valueDateTime": value} if isinstance(value, str) and value[:1] != "-" and exists(value) else None


def _boolean(value: Any) -> _Item | None:
    return {"valueBoolean": value} if isinstance(value, bool) else None


def _decimal(value: Any) -> _Item | None:
    return None if isinstance(value, (bool, str, list, dict)) or value is None else {"valueDecimal": value}


def _quantity(value: Any) -> _Item | None:
    match value:
        case {"value": number, "code": str(unit)} if len(value) == 2 and _decimal(number) and _TEXT.fullmatch(unit):
            return {"valueQuantity": {"value": number, "unit": unit}}
    return None


_ANSWERS: Mapping[str, Callable[[Any], _Item | None]] = {
    **dict.fromkeys(("text", "name", "phrase", "signature", "oid", "choice"), _string),
    **dict.fromkeys(("count", "number"), _decimal),
    **dict.fromkeys(("quantity", "measure", "percent"), _quantity),
    "code": _coding,
    "identifier": _identifier,
    "date": _date,
    "instant": _instant,
    "switch": _boolean,
}


def content_of(structure: Structure, response: Mapping[str, Any]) -> tuple[dict[str, Any], list[Issue], Sources]:
    """The content that a QuestionnaireResponse holds, the issues met, and where each place was read from.

    In: the response, as parsed. Out: the body under the root property; `sources` lead into the response.
    Issues: questionnaire_item_is_known, questionnaire_answer_fits_its_item
    """
    reader = _Reader()
    body = reader.group(structure.fields, response, "", "")
    return body, reader.issues, reader.sources


class _Reader:
    """Reads items against fields; what does not fit becomes an issue and is left out."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.sources: Sources = {}

    def group(self, fields: tuple[Field, ...], holder: Mapping[str, Any], at: str, to: str) -> dict[str, Any]:
        known = {"/".join(field.path): field for field in fields}
        body: dict[str, Any] = {}
        for index, item in enumerate(_list(holder.get("item"))):
            here = f"{at}/item/{index}"
            field = known.get(item.get("linkId", "")) if isinstance(item, dict) else None
            if field is None:
                self.issues.append(_RULES["questionnaire_item_is_known"].at(here))
                continue
            self._take(field, item, body, (here, to))
        return body

    def _take(self, field: Field, item: Mapping[str, Any], body: dict[str, Any], places: tuple[str, str]) -> None:
        here, to = places[0], f"{places[1]}/{field.key}"
        values = body.setdefault(field.key, []) if field.repeats else []
        if _extension(item, NO_ITEMS, "valueBoolean"):
            self.sources[to] = here
            return
        if field.is_group and "answer" not in item:
            place = f"{to}/{len(values)}" if field.repeats else to
            self.sources[place] = here
            values.append(self.group(field.children, item, here, place))
        else:
            for index, answer in enumerate(_list(item.get("answer"))):
                place = f"{to}/{len(values)}" if field.repeats else to
                self.sources[place] = f"{here}/answer/{index}"
                self._answer(field, answer, values, f"{here}/answer/{index}")
        if not field.repeats and values:
            body[field.key] = values[0]

    def _answer(self, field: Field, answer: Any, values: list[Any], here: str) -> None:
        value = _value(field, answer) if isinstance(answer, dict) else None
        if value is None:
            self.issues.append(_RULES["questionnaire_answer_fits_its_item"].at(here, field=field.label))
        else:
            values.append(value[0])


def _value(field: Field, answer: Mapping[str, Any]) -> tuple[Any] | None:
    """The value of an answer as a one-tuple, so that any value can be told from no value."""
    exact = _extension(answer, EXACT_VALUE, "valueBase64Binary")
    if isinstance(exact, str):
        return _exact(exact)
    match field.kind, answer:
        case "code", {"valueCoding": {"system": str(), "code": str()} as coding}:
            return (from_coding(coding),)
        case "identifier", {"valueString": str(text)}:
            system = _extension(answer, IDENTIFIER_SYSTEM, "valueUri")
            return ({"system": system, "value": text} if system else {"value": text},)
        case (("quantity" | "measure" | "percent"), {"valueQuantity": {"value": number, "unit": unit}}):
            return ({"value": number, "code": unit},)
    key = _VALUES.get(field.kind, "valueString")
    return (answer[key],) if key in answer else None


_VALUES: Mapping[str, str] = {
    "date": "valueDate",
    "instant": "valueDateTime",
    "switch": "valueBoolean",
    "count": "valueDecimal",
    "number": "valueDecimal",
    "code": "",
    "quantity": "",
    "measure": "",
    "percent": "",
}


def _exact(text: str) -> tuple[Any] | None:
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    value, issues = parse(data)
    return None if issues else (value,)


def _extension(element: Mapping[str, Any], url: str, value: str) -> Any:
    extensions = _list(element.get("extension"))
    return next((e.get(value) for e in extensions if isinstance(e, dict) and e.get("url") == url), None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
