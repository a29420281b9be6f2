"""Judges a record's content and envelope by their structures: cardinality, kinds, closed lists, dates, identity codes.

The JSON Schema made from the structure gives the verdict; its findings are said in the structure's own words. What
THL's schema leaves open and is wrong all the same (a 31st of February, a false check character) has rules of its own.
Source: THL Sosmeta; decree 128/2010 § 2 (identity code); ISO 8601-1:2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import jsonschema_rs

from schemas.content_schema import PHRASE_FORMAT, schema_of, schema_of_fields
from schemas.dates import exists
from schemas.identity import IDENTITY_CODE_SYSTEM, fault_of_identity_code, is_artificial
from schemas.issues import Issue, rules_in
from schemas.json_text import pointer
from schemas.record import envelope_structure
from schemas.structures import Field, Structure

__all__ = ["check_content", "check_envelope"]

_RULES = rules_in("validators")
_Path = tuple[str | int, ...]


def check_content(structure: Structure, content: Any) -> list[Issue]:
    """The findings about a content. In: any JSON value. Out: paths are JSON Pointers from the top of the content.

    Issues: content_has_required_fields, content_has_only_known_fields, content_value_has_its_type,
    content_text_is_not_empty, content_list_is_not_empty, content_code_is_in_closed_list, content_code_system_is_right,
    content_date_has_its_form, content_oid_has_its_form, content_phrase_is_the_fixed_one, date_is_in_the_calendar,
    identity_code_has_its_form, identity_code_has_a_real_date, identity_code_check_character_is_right,
    identity_code_is_artificial
    """
    found = [_found(error, structure.by_path, 1) for error in _errors(_validator(structure), content)]
    body = content.get(structure.root) if isinstance(content, Mapping) else None
    return found + list(_check_values(structure.fields, body, (structure.root,)))


def check_envelope(envelope: Any) -> list[Issue]:
    """The findings about an envelope. Out: paths are JSON Pointers from the top of the envelope. Issues: as content."""
    structure = envelope_structure()
    found = [_found(error, structure.by_path, 0) for error in _errors(_envelope_validator(), envelope)]
    return found + list(_check_values(structure.fields, envelope, ()))


@cache
def _validator(structure: Structure) -> jsonschema_rs.Draft7Validator:
    digests = {digest for field in structure for digest in field.phrases}
    formats = {PHRASE_FORMAT + digest: _phrase(digest) for digest in digests}
    return jsonschema_rs.Draft7Validator(schema_of(structure), formats=formats, validate_formats=True)


@cache
def _envelope_validator() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(schema_of_fields(envelope_structure().fields))


def _phrase(digest: str) -> Callable[[str], bool]:
    return lambda text: sha256(text.encode()).hexdigest() == digest


def _errors(validator: jsonschema_rs.Draft7Validator, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
    if not validator.is_valid(value):
        yield from validator.iter_errors(value)


def _found(error: jsonschema_rs.ValidationError, fields: Mapping[str, Field], skip: int) -> Issue:
    """One finding in the structure's words. The validator's own text quotes values, so only its kind is used."""
    path: _Path = tuple(error.instance_path)
    kind = error.kind.name
    if kind == "required":
        path = (*path, str(getattr(error.kind, "property", "")))
    field = _field(path[skip:], fields)
    label = field.label if field else {"fi": "asiakirja", "sv": "handlingen", "en": "document"}
    return _RULES[_rule(kind, field, path)].at(pointer(path), field=label)


def _rule(kind: str, field: Field | None, path: _Path) -> str:
    last = path[-1] if path else ""
    if kind in _BY_KEYWORD:
        return _BY_KEYWORD[kind]
    if field is not None and field.kind == "code" and last == "system":
        return "content_code_system_is_right"
    if kind == "enum":
        return "content_code_is_in_closed_list"
    if kind == "pattern":
        return "content_oid_has_its_form" if field and field.kind == "oid" else "content_date_has_its_form"
    return "content_value_has_its_type"


_BY_KEYWORD: Mapping[str, str] = {
    "required": "content_has_required_fields",
    "additionalProperties": "content_has_only_known_fields",
    "type": "content_value_has_its_type",
    "minLength": "content_text_is_not_empty",
    "minItems": "content_list_is_not_empty",
    "anyOf": "content_phrase_is_the_fixed_one",
}


def _field(path: Sequence[str | int], fields: Mapping[str, Field]) -> Field | None:
    """The deepest field on a path of the content."""
    names = [step for step in path if isinstance(step, str)]
    while names:
        if "/".join(names) in fields:
            return fields["/".join(names)]
        names.pop()
    return None


def _check_values(fields: tuple[Field, ...], body: Any, path: _Path) -> Iterator[Issue]:
    """The findings about values whose form the schema has accepted: dates and identity codes."""
    if not isinstance(body, Mapping):
        return
    for field in fields:
        if field.key in body and (field.is_group or field.kind in ("date", "instant", "identifier")):
            value = body[field.key]
            several = list(enumerate(value)) if field.repeats and isinstance(value, list) else [(None, value)]
            for index, one in several:
                at = (*path, field.key) if index is None else (*path, field.key, index)
                if field.is_group:
                    yield from _check_values(field.children, one, at)
                else:
                    yield from _check_value(field, one, at)


def _check_value(field: Field, value: Any, path: _Path) -> Iterator[Issue]:
    if field.kind in ("date", "instant"):
        if isinstance(value, str) and _looks_like_date(value) and not exists(value):
            yield _RULES["date_is_in_the_calendar"].at(pointer(path), field=field.label)
        return
    match value:
        case {"value": str(code), **rest} if rest.get("system", field.system) == IDENTITY_CODE_SYSTEM:
            yield from _check_identity_code(field, code, path)


def _looks_like_date(value: str) -> bool:
    """True for a text of digits and signs that the schema takes for a date."""
    return value[:1].isdigit() and value[:4].isdigit() and value[4:5] in ("", "-")


def _check_identity_code(field: Field, code: str, path: _Path) -> Iterator[Issue]:
    fault = fault_of_identity_code(code)
    if fault:
        yield _RULES[_CODE_FAULTS[fault]].at(pointer((*path, "value")), field=field.label)
    elif is_artificial(code):
        yield _RULES["identity_code_is_artificial"].at(pointer((*path, "value")), field=field.label)


_CODE_FAULTS: Mapping[str, str] = {
    "form": "identity_code_has_its_form",
    "date": "identity_code_has_a_real_date",
    "check_character": "identity_code_check_character_is_right",
}
