"""Our schema of a structure and THL's own file give the same verdict on every content, good or broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from schemas.content_schema import PHRASE_FORMAT, schema_of
from schemas.issues import has_errors
from schemas.sosmeta import structure_from_sosmeta
from schemas.structures import PREFIX, Structure, shipped
from tests.originals import SAMPLES, require_originals
from tests.strategies import contents, mutations, places
from validators.content import check_content

# The comparison runs once for each of some two hundred structures.
_FEW = max(4, settings().max_examples // 50)
_MOST_PLACES = 100
_STRICTER = {
    "date_is_in_the_calendar",
    "identity_code_has_its_form",
    "identity_code_has_a_real_date",
    "identity_code_check_character_is_right",
}
"""The rules by which we reject what THL's schemas let through."""


@cache
def _original(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_bytes())
    return schema


def _judge(structure: Structure) -> Draft7Validator:
    """Our own judge of a structure."""
    phrases = [digest for field in structure for digest in field.phrases]
    formats = {PHRASE_FORMAT + digest: _digest_is(digest) for digest in phrases}
    return Draft7Validator(schema_of(structure), formats=formats, validate_formats=True, ignore_unknown_formats=False)


def _digest_is(digest: str) -> Any:
    return lambda text: sha256(text.encode()).hexdigest() == digest


def _phrases(schema: Any) -> Iterator[str]:
    """The texts of all fixed phrases: the closed lists of THL's file that stand at a text, not at a code."""
    if isinstance(schema, dict):
        if "sosmeta" in schema:
            yield from schema.get("enum", ())
        for part in schema.values():
            yield from _phrases(part)


def _compare(path: Path, structure: Structure, *, thorough: bool) -> None:
    original = _original(path)
    theirs, ours = Draft7Validator(original), _judge(structure)
    phrases = {sha256(text.encode()).hexdigest(): text for text in _phrases(original)}

    @given(contents(structure, phrases), st.integers(0, 10_000))
    @settings(max_examples=_FEW)
    def compare_drawn(content: dict[str, Any], start: int) -> None:
        _compare_around(theirs, ours, content, start, every=1 if thorough else 3)
        _compare_findings(theirs, structure, content, start, every=1 if thorough else 9)

    @given(contents(structure, phrases, full=True))
    @settings(max_examples=1)
    def compare_full(content: dict[str, Any]) -> None:
        assert ours.is_valid(content)
        assert theirs.is_valid(content)

    compare_drawn()
    compare_full()


def _compare_around(theirs: Draft7Validator, ours: Draft7Validator, content: Any, start: int, every: int) -> None:
    """Compares the verdicts on a content and on what it becomes when one place is changed."""
    assert theirs.is_valid(content)
    assert ours.is_valid(content)
    for name, changed in _changed(content, start, every):
        verdicts = theirs.is_valid(changed), ours.is_valid(changed)
        assert verdicts[0] == verdicts[1], f"{name}: THL's schema says {verdicts[0]}"


def _compare_findings(theirs: Draft7Validator, structure: Structure, content: Any, start: int, every: int) -> None:
    """What THL's schema rejects has an error; an error that it does not know has a rule of its own."""
    assert not has_errors(check_content(structure, content))
    for name, changed in _changed(content, start, every):
        errors = {issue.rule.id for issue in check_content(structure, changed) if issue.rule.severity == "error"}
        if theirs.is_valid(changed):
            assert errors <= _STRICTER, name
        else:
            assert errors - _STRICTER, name


def _changed(content: Any, start: int, every: int) -> Iterator[tuple[str, Any]]:
    spots = list(places(content))
    stride = 1 if every == 1 else 1 + len(spots) // _MOST_PLACES
    for number, path in enumerate(spots[start % stride :: stride]):
        # A quick run makes only some of the changes at each place, and others at the next place.
        for name, changed in list(mutations(content, path))[(start + number) % every :: every]:
            yield f"{name} at {path}", changed


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_verdict_is_that_of_a_schema_in_thls_form(path: Path) -> None:
    _compare(path, structure_from_sosmeta(_original(path)), thorough=True)


@pytest.mark.parametrize("oid", [oid for oid in shipped().oids if oid.startswith(PREFIX)])
def test_verdict_is_that_of_thls_own_schema(oid: str, thorough: bool) -> None:
    _compare(require_originals() / f"{oid}.json", shipped()[oid], thorough=thorough)


def test_comparison_can_fail() -> None:
    """A structure that has lost one restriction is found out."""
    path = min(SAMPLES.glob("*.json"))
    loose = json.loads(path.read_bytes())
    loose["properties"]["esimerkkiasiakirja"]["properties"]["kuvaus"].pop("minLength")
    theirs, ours = Draft7Validator(_original(path)), Draft7Validator(loose)
    phrases = {sha256(text.encode()).hexdigest(): text for text in _phrases(loose)}

    @given(contents(structure_from_sosmeta(_original(path)), phrases, full=True))
    @settings(max_examples=1, phases=[Phase.generate])
    def compare(content: dict[str, Any]) -> None:
        _compare_around(theirs, ours, content, 0, every=1)

    with pytest.raises(AssertionError, match=r"empty text at \('esimerkkiasiakirja', 'kuvaus'\)"):
        compare()
