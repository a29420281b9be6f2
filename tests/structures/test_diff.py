"""Two versions of a structure differ in what was changed, and a change that breaks contents is called so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from schemas.content_schema import schema_of
from schemas.sosmeta import structure_from_sosmeta
from schemas.structure_diff import diff_structures
from schemas.structures import Field, Structure, shipped
from tests.originals import SAMPLES
from tests.strategies import contents, with_own_phrases


def _sample() -> Structure:
    return with_own_phrases(structure_from_sosmeta(json.loads(min(SAMPLES.glob("*.json")).read_bytes())))


SAMPLE = _sample()


def _with(path: str, **changes: Any) -> Structure:
    """The sample with one field changed."""

    def changed(field: Field) -> Field:
        if "/".join(field.path) == path:
            return replace(field, **changes)
        return replace(field, children=tuple(changed(child) for child in field.children))

    return replace(SAMPLE, fields=tuple(changed(field) for field in SAMPLE.fields))


# (path, changes, the part that is told, whether it breaks contents)
_CHANGES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("kuvaus", {"required": False}, "cardinality", False),
    ("lisatiedot", {"required": True}, "cardinality", True),
    ("lisatiedot", {"repeats": True}, "cardinality", True),
    ("kaynnit", {"repeats": False}, "cardinality", True),
    ("kaynnit", {"required": True}, "cardinality", True),
    ("puhelut", {"required": False}, "cardinality", False),
    ("lisatiedot", {"kind": "name"}, "kind", False),
    ("kokous", {"kind": "group"}, "kind", False),
    ("kokous/osat/matka", {"kind": "quantity"}, "kind", False),
    ("kokous/osat/pisteet", {"kind": "count"}, "kind", False),
    ("lisatiedot", {"kind": "date"}, "kind", True),
    ("alkoi", {"kind": "date"}, "kind", True),
    ("kokous/koon_arvio", {"codes": {"1": "Pieni", "2": "Suuri", "3": "Iso", "99": "Muu"}}, "codes", False),
    ("kokous/koon_arvio", {"codes": {"1": "Pikkuinen", "2": "Suuri", "99": "Muu"}}, "codes", False),
    ("kokous/koon_arvio", {"codes": {"1": "Pieni", "2": "Suuri"}}, "codes", True),
    ("kokous/koon_arvio", {"codes": None}, "codes", False),
    ("kokous/palvelu", {"codes": {"1": "Eka"}}, "codes", True),
    ("kokous/palvelu", {"system": "1.2.246.537.6.1221"}, "system", True),
    ("asiakas/henkilotunnus", {"system": "urn:oid:1.2.3"}, "system", False),
    ("ohje", {"phrases": ()}, "phrases", True),
    ("kuvaus", {"label": {"fi": "Toinen"}}, "label", False),
    ("kuvaus", {"conditional": True}, "conditional", False),
    ("kuvaus", {"national": True}, "national", False),
    ("kuvaus", {"hidden": True}, "hidden", False),
    ("kuvaus", {"untitled": True}, "untitled", False),
]


@pytest.mark.parametrize(("path", "changes", "part", "breaks"), _CHANGES)
def test_change_of_a_field_is_told(path: str, changes: dict[str, Any], part: str, breaks: bool) -> None:
    (found,) = diff_structures(SAMPLE, _with(path, **changes))
    assert (found.change, found.path, found.part, found.breaks) == ("changed", path, part, breaks)


@pytest.mark.parametrize(("path", "changes"), [case[:2] for case in _CHANGES if not case[3] and case[2] != "phrases"])
def test_change_that_breaks_nothing_leaves_every_old_content_valid(path: str, changes: dict[str, Any]) -> None:
    judge = Draft7Validator(schema_of(_with(path, **changes)))

    @given(contents(SAMPLE))
    def holds(content: dict[str, Any]) -> None:
        assert judge.is_valid(content)

    holds()


_WHOLE: dict[str, tuple[Callable[[Structure], Structure], str]] = {
    "root": (lambda s: replace(s, root="toinen"), "root"),
    "label": (lambda s: replace(s, label={"fi": "Toinen"}), "label"),
    "type": (lambda s: replace(s, type="Päätös"), "type"),
    "order": (lambda s: replace(s, fields=s.fields[::-1]), "order"),
}


@pytest.mark.parametrize("name", _WHOLE)
def test_change_of_the_structure_itself_is_told(name: str) -> None:
    change, part = _WHOLE[name]
    (found,) = diff_structures(SAMPLE, change(SAMPLE))
    assert (found.change, found.path, found.part) == ("changed", "", part)


def test_new_oid_and_date_are_no_difference() -> None:
    assert diff_structures(SAMPLE, replace(SAMPLE, oid="1.2.246.537.6.1506.99999.2027.1.1", defined="2027-01-01")) == []


@given(st.sampled_from(shipped().oids), st.data())
def test_removed_group_is_told_with_every_field_in_it(oid: str, data: st.DataObject) -> None:
    structure = shipped()[oid]
    gone = data.draw(st.sampled_from(structure.fields))
    smaller = replace(structure, fields=tuple(field for field in structure.fields if field is not gone))
    paths = {"/".join(field.path) for field in gone}
    assert {(change.change, change.path) for change in diff_structures(structure, smaller)} == {
        ("removed", path) for path in paths
    }
    added = diff_structures(smaller, structure)
    assert {(change.change, change.path) for change in added} == {("added", path) for path in paths}
    assert any(change.breaks for change in added) == gone.required
