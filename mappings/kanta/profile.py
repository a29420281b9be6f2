"""The profile of the Kanta document: where its data, metadata and display stand. The file is `profile.toml`.

Source: Sosiaalihuollon asiakirjastandardi 3.3 (27.9.2023), XHTML+JSON documents; provisional in everything it embeds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mappings.places import Each, Place, parse_place
from schemas.record import envelope_structure
from schemas.site import resource
from schemas.structures import Kind

__all__ = ["Metadata", "Profile", "load_profile", "profile_from_toml"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """One name in the metadata: the place in the envelope that it holds, and the kind and the name of its field."""

    name: str
    place: Place
    kind: Kind
    label: Mapping[str, str]


@dataclass(frozen=True)
class Profile:
    """The whole profile. `by_name` and `by_place` hold the metadata, `[]` standing for every number."""

    edition: str
    edition_name: str
    data_element: str
    data_type: str
    data_id: str
    residue_id: str
    style: str
    elements: frozenset[str]
    attributes: frozenset[str]
    own_attributes: Mapping[str, frozenset[str]]
    by_name: Mapping[str, Metadata]
    by_place: Mapping[Place, Metadata]

    def allows(self, element: str, attribute: str) -> bool:
        """True when an element of the display may have the attribute."""
        return attribute in self.attributes or attribute in self.own_attributes.get(element, ())


@cache
def load_profile() -> Profile:
    """The profile that is shipped. Raises: ValueError, KeyError for a broken one."""
    return profile_from_toml(resource("mappings", "kanta").joinpath("profile.toml").read_text("utf-8"))


def profile_from_toml(text: str) -> Profile:
    """The profile that a file holds. Raises: ValueError, KeyError, TypeError, AttributeError for a broken one."""
    raw = tomllib.loads(text)
    display = raw["display"]
    rows = [_metadata(name, place) for name, place in raw["metadata"].items()]
    return Profile(
        edition=raw["edition"],
        edition_name=raw["edition_name"],
        data_element=raw["data"]["element"],
        data_type=raw["data"]["type"],
        data_id=raw["data"]["id"],
        residue_id=raw["residue"]["id"],
        style=resource("mappings", "kanta").joinpath(display["stylesheet"]).read_text("utf-8"),
        elements=frozenset(display["elements"]),
        attributes=frozenset(display["attributes"]),
        own_attributes={element: frozenset(names) for element, names in display["own_attributes"].items()},
        by_name={row.name: row for row in rows},
        by_place={row.place: row for row in rows},
    )


def _metadata(name: str, text: str) -> Metadata:
    place = parse_place(text)
    if name.count("[]") != place.count(Each()) or re.sub(r"\[\]", "", name).count("["):
        raise ValueError(f"The metadata {name} does not repeat as its place does.")
    names = tuple(step for step in place if isinstance(step, str))
    fields = envelope_structure().by_path
    path = "/".join(names)
    # The parts of a code and of an identifier are no fields of their own, and all of them are text.
    field = fields.get(path) or fields["/".join(names[:-1])]
    return Metadata(name, place, field.kind if path in fields else "text", field.label)
