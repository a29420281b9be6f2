"""A schema file that is not written as THL writes it is refused, or read no looser than it is."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator, ValidationError

from schemas.content_schema import PHRASE_FORMAT, schema_of
from schemas.sosmeta import structure_from_sosmeta
from schemas.structures import Structure
from tests.originals import SAMPLES
from tests.strategies import contents, mutations, places

SCHEMA: Any = json.loads(min(SAMPLES.glob("*.json")).read_bytes())
FIELDS = SCHEMA["properties"]["esimerkkiasiakirja"]["properties"]
PHRASES = {sha256(text.encode()).hexdigest(): text for text in FIELDS["ohje"]["enum"]}


def _contents() -> list[Any]:
    """A content with every field, and what it becomes when it is changed in one place."""
    found: list[Any] = []

    @given(contents(structure_from_sosmeta(SCHEMA), PHRASES, full=True))
    @settings(max_examples=1, phases=[Phase.generate], derandomize=True, database=None)
    def draw(content: Any) -> None:
        found.append(content)
        for number, path in enumerate(places(content)):
            found.extend(changed for _, changed in list(mutations(content, path))[number % 5 :: 5])

    draw()
    return found


CONTENTS = _contents()


def _judge(structure: Structure) -> Draft7Validator:
    digests = {digest for field in structure for digest in field.phrases}
    formats = {PHRASE_FORMAT + digest: _digest_is(digest) for digest in digests}
    return Draft7Validator(schema_of(structure), formats=formats, validate_formats=True)


def _digest_is(digest: str) -> Any:
    return lambda text: sha256(text.encode()).hexdigest() == digest


@given(st.sampled_from(list(places(SCHEMA))))
def test_changed_schema_is_refused_or_read_no_looser_than_it_is(path: tuple[str | int, ...]) -> None:
    for name, changed in mutations(SCHEMA, path):
        text = json.dumps(changed, default=float)
        try:
            theirs = Draft7Validator(json.loads(text))
            ours = _judge(structure_from_sosmeta(json.loads(text)))
        except (ValidationError, ValueError):
            continue
        assert not any(ours.is_valid(content) and not theirs.is_valid(content) for content in CONTENTS), name
