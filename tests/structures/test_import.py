"""THL's schema files become compact files: the committed ones byte for byte, a hostile or unknown one not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.cli.structure_files import SHIPPED, read_schema, store_structures
from interop.errors import Conflict, Invalid, NotFound, Unavailable
from schemas.limits import DEFAULT_LIMITS
from schemas.sosmeta import NotSosmeta, structure_from_sosmeta
from schemas.structures import PREFIX, structure_from_json, structure_to_json
from tests.originals import SAMPLES, require_originals
from tests.strategies import mutations, places

OLD = SAMPLES / "1.2.246.537.6.1506.99999.2026.1.1.json"
NEW = SAMPLES / "1.2.246.537.6.1506.99999.2026.9.30.json"


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(OLD.read_bytes())
    return schema


def _field(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    at = schema["properties"]["esimerkkiasiakirja"]
    for key in keys:
        at = at.get("items", at)["properties"][key]
    found: dict[str, Any] = at
    return found


def _written(folder: Path, data: bytes) -> Path:
    file = folder / "schema.json"
    file.write_bytes(data)
    return file


def test_originals_give_exactly_the_committed_files(tmp_path: Path) -> None:
    originals = sorted(require_originals().glob("*.json"))
    done = store_structures([read_schema(file) for file in originals], tmp_path)
    assert done == ["new"] * len(originals)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in SHIPPED.glob(f"{PREFIX}*.json")}
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


@pytest.mark.parametrize("file", [OLD, NEW], ids=lambda file: file.stem)
def test_sample_survives_its_compact_file(file: Path) -> None:
    structure = read_schema(file)
    assert structure_from_json(structure_to_json(structure)) == structure
    assert structure_to_json(read_schema(file)) == structure_to_json(structure)


def test_newer_version_stands_beside_the_older(tmp_path: Path) -> None:
    assert store_structures([read_schema(OLD)], tmp_path) == ["new"]
    before = (tmp_path / OLD.name).read_bytes()
    assert store_structures([read_schema(OLD), read_schema(NEW)], tmp_path) == ["unchanged", "new"]
    assert {file.name for file in tmp_path.iterdir()} == {OLD.name, NEW.name}
    assert (tmp_path / OLD.name).read_bytes() == before


def test_other_contents_under_the_same_oid_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    store_structures([read_schema(OLD)], tmp_path)
    before = (tmp_path / OLD.name).read_bytes()
    schema = _schema()
    _field(schema, "kuvaus")["sosmeta"]["name"][0]["value"] = "Toinen nimi"
    changed = read_schema(_written(tmp_path / "..", json.dumps(schema).encode()))
    with pytest.raises(Conflict, match="same OID"):
        store_structures([read_schema(NEW), changed], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [OLD.name]
    assert (tmp_path / OLD.name).read_bytes() == before
    assert store_structures([changed], tmp_path, replace=True) == ["replaced"]
    with pytest.raises(Conflict, match="Two of the files"):
        store_structures([changed, read_schema(OLD)], tmp_path, replace=True)


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    blocked = _written(tmp_path, b"x") / "folder"
    with pytest.raises(Unavailable, match="Name another"):
        store_structures([read_schema(OLD)], blocked)


_BROKEN: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"a": "\xff"}',
    "XML": b"<schema/>",
    "another JSON": b'{"type": "object"}',
    "an array": b"[]",
    "null": b"null",
    "a number": b"7",
    "NaN": b'{"a": NaN}',
    "the same key twice": b'{"a": 1, "a": 2}',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "too great": b'"' + b"x" * DEFAULT_LIMITS.size + b'"',
}


@pytest.mark.parametrize("name", _BROKEN)
def test_broken_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        read_schema(_written(tmp_path, _BROKEN[name]))


def test_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_schema(tmp_path / "none.json")


def _set(*keys: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda schema: _field(schema, *keys).update(values)


_UNKNOWN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a maximal length": _set("kuvaus", maxLength=10),
    "another pattern of dates": _set("paivamaara", pattern="^[0-9]+$"),
    "a pattern at a text": _set("kuvaus", pattern="x"),
    "a maximal number of items": _set("kaynnit", maxItems=3),
    "further properties": _set("kokous", additionalProperties=True),
    "a condition": lambda schema: schema["properties"]["esimerkkiasiakirja"]["properties"].update({"if": {}}),
    "a reference": lambda schema: schema["properties"]["esimerkkiasiakirja"]["properties"].update({"x": {"$ref": "#"}}),
    "a second root": lambda schema: schema["properties"].update(toinen={}),
    "no root": lambda schema: schema.update(properties={}),
    "an OID of another branch": lambda schema: schema["sosmeta"].update(oid="1.2.3.2026.1.1"),
    "an OID that leads to another folder": lambda schema: schema["sosmeta"].update(
        oid="../../1.2.246.537.6.1.1.2026.1.1"
    ),
    "an OID in other digits": lambda schema: schema["sosmeta"].update(oid="1.2.246.537.6.1506.٩.2026.1.1"),
    "a property with a slash": lambda schema: schema["properties"]["esimerkkiasiakirja"]["properties"].update(
        {"a/b": _field(schema, "lisatiedot")}
    ),
    "a flag that is no flag": lambda schema: _field(schema, "kuvaus")["sosmeta"].update(hiddenField="kyllä"),
    "a type that is no text": lambda schema: schema["sosmeta"].update(documentType=7),
}


@pytest.mark.parametrize("name", _UNKNOWN)
def test_schema_that_says_what_is_not_understood_is_refused(name: str, tmp_path: Path) -> None:
    schema = _schema()
    _UNKNOWN[name](schema)
    with pytest.raises(Invalid):
        read_schema(_written(tmp_path, json.dumps(schema).encode()))


def test_refusal_shows_no_control_characters(tmp_path: Path) -> None:
    schema = _schema()
    fields = schema["properties"]["esimerkkiasiakirja"]["properties"]
    fields["\x1b[31mpunainen"] = {**fields["lisatiedot"], "maxLength": 1}
    with pytest.raises(Invalid) as caught:
        read_schema(_written(tmp_path, json.dumps(schema).encode()))
    assert str(caught.value).isprintable()


_PLACES = list(places(_schema()))


@given(path=st.sampled_from(_PLACES))
def test_changed_schema_is_read_or_refused_and_never_breaks_the_reader(
    path: tuple[str | int, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for _, changed in mutations(_schema(), path):
        file = _written(tmp_path_factory.getbasetemp(), json.dumps(changed, default=float).encode())
        try:
            structure = read_schema(file)
        except Invalid as refusal:
            assert str(refusal).isprintable()  # noqa: PT017 - either outcome is right, and each has its own check
        else:
            assert structure_from_json(structure_to_json(structure)) == structure


def test_reader_refuses_by_one_exception() -> None:
    with pytest.raises(NotSosmeta):
        structure_from_sosmeta({})
