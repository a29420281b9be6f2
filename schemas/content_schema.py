"""The JSON Schema of a structure's content, made from the structure.

It says what THL's own schema of the structure says, in a form that a validator compiles fast.
Source: THL Sosmeta, JSON Schema export; JSON Schema draft-07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.dates import DATE, INSTANT
from schemas.structures import Field, Structure

__all__ = ["PHRASE_FORMAT", "schema_of", "schema_of_fields"]

PHRASE_FORMAT = "sha256:"
"""The start of the `format` of a fixed phrase; the digest of the allowed text follows."""

_Schema = dict[str, Any]
_STRING: _Schema = {"type": "string"}


def schema_of(structure: Structure) -> _Schema:
    """The draft-07 schema of the whole content: an object with the structure's root property alone."""
    return _object({structure.root: schema_of_fields(structure.fields)}, [structure.root]) | {
        "$schema": "http://json-schema.org/draft-07/schema#"
    }


def schema_of_fields(fields: Iterable[Field]) -> _Schema:
    """The schema of a group that holds the fields, and nothing else."""
    fields = tuple(fields)
    return _object({f.key: _schema(f) for f in fields}, [f.key for f in fields if f.required])


def _schema(field: Field) -> _Schema:
    one = _BY_KIND[field.kind](field)
    return {"type": "array", "minItems": int(field.required), "items": one} if field.repeats else one


def _object(properties: Mapping[str, Any], required: list[str]) -> _Schema:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": dict(properties)}


def _text(field: Field) -> _Schema:
    return _STRING | {"minLength": 1} if field.required else _STRING


def _phrase(field: Field) -> _Schema:
    return _STRING | {"anyOf": [{"format": PHRASE_FORMAT + digest} for digest in field.phrases]}


def _code(field: Field) -> _Schema:
    code = _STRING | {"enum": list(field.codes)} if field.codes is not None else _STRING
    return _object({"system": _system(field.system), "code": code, "display": _STRING}, ["system", "code", "display"])


def _system(system: str) -> _Schema:
    if not system:
        return _STRING
    if system[0].isdigit():
        return _STRING | {"pattern": rf"^urn:oid:{system.replace('.', '[.]')}([.][0-9]+)*$"}
    return _STRING | {"enum": [system]}


def _identifier(_: Field) -> _Schema:
    return _object({"system": _STRING, "value": _STRING}, ["value"])


def _quantity(_: Field) -> _Schema:
    return _object({"value": {"type": "number"}, "code": _STRING}, ["value", "code"])


def _choice(field: Field) -> _Schema:
    return _STRING | {"enum": list(field.codes or ())}


_BY_KIND: Mapping[str, Callable[[Field], _Schema]] = {
    "group": lambda field: schema_of_fields(field.children),
    "heading": lambda field: schema_of_fields(field.children),
    "text": _text,
    "name": _text,
    "signature": _text,
    "phrase": _phrase,
    "code": _code,
    "identifier": _identifier,
    "date": lambda _: _STRING | {"pattern": DATE},
    "instant": lambda _: _STRING | {"pattern": INSTANT},
    "switch": lambda _: {"type": "boolean"},
    "count": lambda _: {"type": "number"},
    "number": lambda _: {"type": "number"},
    "quantity": _quantity,
    "measure": _quantity,
    "percent": _quantity,
    "oid": lambda _: _STRING | {"pattern": "^[0-2]([.](0|[1-9][0-9]*))+$"},
    "choice": _choice,
}
