"""The profile of the Kanta document names a place for everything that an envelope can hold."""

from __future__ import annotations

import re

from mappings.kanta.profile import load_profile
from mappings.kanta.rules import KANTA_RULES
from mappings.places import Each
from schemas.record import envelope_structure

PARTS = {"code": ("system", "code", "display"), "identifier": ("system", "value")}


def places_of_the_envelope() -> set[tuple[str, ...]]:
    """Every place in an envelope that holds a value, `[]` for a list."""
    places: set[tuple[str, ...]] = set()
    fields = envelope_structure().by_path
    for field in envelope_structure():
        if field.is_group:
            continue
        steps: list[str] = []
        for length in range(1, len(field.path) + 1):
            above = fields["/".join(field.path[:length])]
            steps += [above.key, "[]"] if above.repeats else [above.key]
        for part in PARTS.get(field.kind, ("",)):
            places.add((*steps, part) if part else tuple(steps))
    return places


def test_every_value_of_an_envelope_has_a_place_in_the_metadata() -> None:
    known = {tuple("[]" if step == Each() else str(step) for step in place) for place in load_profile().by_place}
    assert known == places_of_the_envelope()


def test_the_style_sheet_hides_nothing() -> None:
    style = load_profile().style
    assert not re.search(
        r"display\s*:\s*none|visibility|opacity|url\(|@import|content\s*:|position|font-size\s*:\s*0[;\s]", style
    )
    assert not set("<>&") & set(style), "these are read in two ways, as HTML and as XHTML"


def test_every_rule_speaks_three_languages() -> None:
    for rule in KANTA_RULES.values():
        assert len({*rule.message.values()}) == 3
