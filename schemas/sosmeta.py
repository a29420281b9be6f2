"""Reads one of THL's published JSON Schemas (Sosmeta, draft-07 with `sosmeta` annotations) into a structure.

Only facts are taken over: names, cardinality, representation, code system, closed lists, display order and flags. A
schema that says more than this reader understands is refused rather than read in part, so that a structure never
accepts what THL's own schema rejects. Source: THL Sosmeta, JSON Schema export, 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from schemas.structures import Field, Kind, Structure

__all__ = ["NotSosmeta", "structure_from_sosmeta"]

_KINDS: Mapping[str, Kind] = {
    "Otsikko": "heading",
    "Teksti": "text",
    "Nimi": "name",
    "Fraasi": "phrase",
    "Allekirjoitus": "signature",
    "Koodi": "code",
    "Tunnus": "identifier",
    "Pvm": "date",
    "Hetki": "instant",
    "Kytkin": "switch",
    "Lkm": "count",
    "Numero": "number",
    "Määrä": "quantity",
    "Mitta": "measure",
    "Prosentti": "percent",
}
_TYPES: Mapping[str, str] = {"switch": "boolean", "count": "number", "number": "number"} | dict.fromkeys(
    ("group", "heading", "code", "identifier", "quantity", "measure", "percent"), "object"
)
_DAY = "-?[0-9]{4}(-(0[1-9]|1[0-2])(-(0[0-9]|[1-2][0-9]|3[0-1])"
_DATE = f"^{_DAY})?)?$"
_TIME = r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?"
_INNER: Mapping[str, tuple[str, ...]] = {
    "code": ("system", "code", "display"),
    "identifier": ("system", "value"),
    "quantity": ("value", "code"),
    "measure": ("value", "code"),
    "percent": ("value", "code"),
}
_NATIONAL = re.compile(r"\^urn:oid:([0-9.\\]+)\(\\\.\\d\+\)\*\$")
_LISTED = re.compile(r"([^\s,:]+) *= *(.+?)(?=,? *(?:\n|$)|, *[^\s,:]+ *= )")
_MAX_DEPTH = 30


class NotSosmeta(ValueError):
    """The schema is not one of THL's, or says something that this reader does not know; `place` leads to it."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason} At {place or 'the top of the schema'}.")
        self.place = place


def structure_from_sosmeta(schema: Mapping[str, Any]) -> Structure:
    """The structure that a Sosmeta JSON Schema describes. In: the parsed schema. Raises: NotSosmeta."""
    try:
        return _structure(schema)
    except NotSosmeta:
        raise
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        raise NotSosmeta("The file is not a document structure of THL's Sosmeta.") from error


def _structure(schema: Mapping[str, Any]) -> Structure:
    about = schema["sosmeta"]
    (root, body), *others = schema["properties"].items()
    if others or schema["required"] != [root] or schema["additionalProperties"] is not False:
        raise NotSosmeta("A structure has exactly one property at its top.")
    if body["type"] != "object":
        raise NotSosmeta("The top of a structure is a group.", f"/{root}")
    if not re.fullmatch(r"1\.2\.246\.537\.6\.\d+\.\d+\.\d{4}\.\d+\.\d+", about["oid"]):
        raise NotSosmeta("The structure carries no OID of THL's branch.")
    return Structure(
        oid=about["oid"],
        root=root,
        label=_label(body["sosmeta"]),
        type=about["documentType"],
        author=about.get("documentAuthor", ""),
        subject=about.get("documentSubject", ""),
        defined=about["documentDefinitionVersion"],
        components=about["dataComponentLibraryVersion"],
        fields=tuple(_children(body, (), root)),
    )


def _children(body: Mapping[str, Any], path: tuple[str, ...], root: str) -> Iterator[Field]:
    if len(path) > _MAX_DEPTH:
        raise NotSosmeta("The structure is nested deeper than any of THL's.", "/".join(path))
    if body["additionalProperties"] is not False:
        raise NotSosmeta("A group of THL's allows no further properties.", "/".join(path))
    if not isinstance(body["required"], list) or not set(body["required"]) <= set(body["properties"]):
        raise NotSosmeta("A field is required that the group does not have.", "/".join(path))
    for key, schema in body["properties"].items():
        yield _field(schema, (*path, key), key in body["required"], root)


def _field(schema: Mapping[str, Any], path: tuple[str, ...], required: bool, root: str) -> Field:
    place = "/".join(path)
    repeats = schema["type"] == "array"
    if repeats and (set(schema) != {"type", "minItems", "items"} or schema["minItems"] != int(required)):
        raise NotSosmeta("The repetition is written in a way that is not known.", place)
    item = schema["items"] if repeats else schema
    about = item["sosmeta"]
    if about["required"] is not required:
        raise NotSosmeta("The schema and its annotation do not agree on whether the field is required.", place)
    kind = _kind(about, item, place)
    system, codes = _coding(item, about, place) if kind == "code" else (_text(about, "systemUri"), None)
    return Field(
        path=path,
        kind=kind,
        label=_label(about),
        required=required,
        repeats=repeats,
        system=system,
        codes=codes,
        phrases=tuple(sha256(text.encode()).hexdigest() for text in item["enum"]) if kind == "phrase" else (),
        conditional=about["conditionalRequired"],
        national=about["nationwideRecordedInformation"],
        hidden=about["hiddenField"],
        untitled=about["hiddenTitle"],
        children=tuple(_children(item, path, root)) if kind in ("group", "heading") else (),
    )


def _kind(about: Mapping[str, Any], item: Mapping[str, Any], place: str) -> Kind:
    """The kind of a field, after making sure that its schema says what the kind says and nothing more."""
    word = _text(about, "representation")
    kind: Kind = "group" if not word and item["type"] == "object" else _KINDS[word]
    known = {"type", "sosmeta"}
    if kind in ("date", "instant"):
        known |= {"pattern"}
        if item["pattern"] != (_DATE if kind == "date" else f"^{_DAY}{_TIME})?)?$"):
            raise NotSosmeta("The date has a form that is not known.", place)
    elif kind == "phrase":
        known |= {"enum"}
        if not item["enum"]:
            raise NotSosmeta("The fixed text is missing.", place)
    elif item["type"] == "string":
        known |= {"minLength"}
        if item.get("minLength", 0) != int(about["required"]):
            raise NotSosmeta("The text has a length limit that is not known.", place)
    elif item["type"] == "object":
        known |= {"additionalProperties", "required", "properties"}
        _check_inner(kind, item, place)
    if set(item) - known or item["type"] != _TYPES.get(kind, "string"):
        raise NotSosmeta("The field carries a restriction that is not known.", place)
    return kind


def _check_inner(kind: Kind, item: Mapping[str, Any], place: str) -> None:
    inner = _INNER.get(kind)
    if inner is None:
        return
    needed = ("value",) if kind == "identifier" else inner
    if (
        tuple(item["properties"]) != inner
        or tuple(item["required"]) != needed
        or item["additionalProperties"] is not False
    ):
        raise NotSosmeta("The parts of the value are not the known ones.", place)
    for name, part in item["properties"].items():
        number = name == "value" and kind != "identifier"
        allowed = {"type", "enum", "pattern"} if kind == "code" else {"type"}
        if part["type"] != ("number" if number else "string") or set(part) - allowed:
            raise NotSosmeta("The parts of the value are not the known ones.", f"{place}/{name}")


def _coding(item: Mapping[str, Any], about: Mapping[str, Any], place: str) -> tuple[str, Mapping[str, str] | None]:
    """The code system and the closed list of a coded field, with the displays that THL gives for the list."""
    parts = item["properties"]
    if set(parts["code"]) > {"type", "enum"} or set(parts["display"]) != {"type"}:
        raise NotSosmeta("The code carries a restriction that is not known.", place)
    codes = parts["code"].get("enum")
    shown = dict(_LISTED.findall(_text(about, "valueSet") or _text(about, "classification")))
    return _system(parts["system"], place), codes and {code: shown.get(code, "").rstrip(" ,") for code in codes}


def _system(schema: Mapping[str, Any], place: str) -> str:
    if "pattern" in schema:
        national = _NATIONAL.fullmatch(schema["pattern"])
        if not national:
            raise NotSosmeta("The code system is written in a way that is not known.", place)
        return national[1].replace("\\", "")
    if "enum" not in schema:
        return ""
    (name,) = schema["enum"]
    # A name that could be taken for an OID, or for no system at all, would be read as less than it says.
    if not name or name[0].isdigit():
        raise NotSosmeta("The internal code system has no name.", place)
    return str(name)


def _text(about: Mapping[str, Any], name: str) -> str:
    """The Finnish text of an annotation, or the one without a language."""
    return next((str(entry["value"]) for entry in about.get(name, ()) if entry["lang"] in ("fi", "")), "")


def _label(about: Mapping[str, Any]) -> dict[str, str]:
    return {entry["lang"]: entry["value"].strip() for entry in about["name"] if entry["lang"] in ("fi", "sv")}
