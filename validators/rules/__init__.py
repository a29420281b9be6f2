"""The conditional rules as data: what THL's notes and the acts ask of a document beyond its structure.

A catalogue is a TOML file beside this module; a table is one rule. `at` lists the places where the rule holds when
there are several. Every place names its structures (`15020`, `1505.1`, `15020@2024.11.28`, or `*` for every
structure), its field (a path of property names) and one assertion:

    only_if, not_if                   the field is recorded only when the condition holds, or only when it does not
    required_if, required_unless      the field must be recorded when the condition holds, or when it does not
    repeats_only_if                   the field stands more than once only when the condition holds
    one_of                            at least one of the fields named is recorded; `field` is the group they stand in
    between                           the number is within the two bounds; a bound may be absent (`"-"`)
    sum_of                            the number is the sum of the fields named

A condition names a field (or several, of which one is enough) from the group that holds the judged field: `name`,
`../name` for the group above, `/name` from the root. It tests for a `code`, for a `value` of a switch, for `at_most` so
many repetitions, or, without a test, for anything recorded. `unless` is a condition under which a place is not judged
at all. A group `**` means every group that has all the fields of
`one_of` as conditional fields, and none of those named in `unless_beside`.

THL says these things in two places: an implementation note is taken as a rule for systems and gives an error; the
description of a field is guidance for the person who records and gives a warning.

Source: THL Sosmeta, implementation notes and descriptions; acts 1301/2014 § 39 and 703/2023 § 37-38, § 43, https://www.finlex.fi/
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from schemas.issues import Rule
from validators.rules.places import Place, places_in_text

__all__ = ["CATALOGUES", "condition_rules", "places"]

CATALOGUES = (
    "identity",
    "client_plans",
    "multidisciplinary",
    "needs_assessments",
    "decisions",
    "client_relationship",
    "case",
    "permits_and_prohibitions",
    "legal_content",
    "envelope",
)
"""The files of rules, in the order of the documentation."""


@cache
def places() -> tuple[Place, ...]:
    """Every place of every rule, in the order of the catalogues; read once. Raises: KeyError, ValueError."""
    folder = files("validators").joinpath("rules")
    texts = (folder.joinpath(f"{name}.toml").read_text("utf-8") for name in CATALOGUES)
    return tuple(place for text in texts for place in places_in_text(text))


def condition_rules() -> Mapping[str, Rule]:
    """The rules that the catalogues hold, by id."""
    return {place.rule.id: place.rule for place in places()}
