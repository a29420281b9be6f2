"""The elements of a StructureDefinition as a tree, with slices beside the element that they slice.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.fhir_definitions import Definitions
from validators.fhir.hand_invariants import BY_HAND, NEEDS, Judge

__all__ = ["Binding", "Constraint", "Element", "TypeRef", "element_tree", "is_primitive"]

_VALUE = re.compile(r"(fixed|pattern)([A-Z]\w*)")
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_VITAL_UNITS = "http://hl7.org/fhir/ValueSet/ucum-vitals-common"
_BOUND = re.compile(r"(minValue|maxValue)[A-Z]\w*")
_SHORT_FORMATS = frozenset({"json", "ttl", "xml"})
_BESIDE: Mapping[str, frozenset[str]] = {
    "CapabilityStatement.format": _SHORT_FORMATS,
    "CapabilityStatement.patchFormat": _SHORT_FORMATS,
}
"""Codes that the text of R4 allows an element beside those of its required value set."""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One type that an element may have: its name, profiles on it, and for a reference the profiles of its targets."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """The value set that an element's codes come from. `widest`: what an extensible binding may not go beyond.

    `beside`: codes that are allowed although they are not in the value set.
    """

    strength: str
    value_set: str
    widest: str | None = None
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Constraint:
    """One invariant as its definition gives it. `source` is the structure that made it, `human` what it asks in words.

    `function`: what stands for the expression, when there is such a function; it holds of all objects that have none of
    the keys of `needs`.
    """

    key: str
    severity: str
    human: str
    expression: str
    source: str
    function: Judge | None = None
    needs: tuple[str, str] | None = None


@dataclass(slots=True, eq=False)
class Element:
    """One element of a structure. `most` None means without limit; `repeats` says that JSON has an array for it.

    `value`: the fixed value or the pattern, with its kind. `base_least`: what R4 itself asks. `slices` stand at the
    element that they slice, and `slicer` sorts values into them; it is made when first needed. `is_choice`: true for
    `value[x]` and the like; `shadow` is the JSON name for extensions on a primitive. Of a profile: `adding` are the
    children that add to R4, and `judges_codes` and `judges_types` say whether the element's own binding and types do.
    """

    id: str
    path: str
    name: str
    least: int
    most: int | None
    repeats: bool
    types: tuple[TypeRef, ...]
    slice_name: str = ""
    value: tuple[str, Any] | None = None
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    bounds: Mapping[str, Any] = field(default_factory=dict)
    longest: int | None = None
    base_least: int = 0
    slicing: Mapping[str, Any] | None = None
    content_reference: str | None = None
    modifier: bool = False
    children: dict[str, Element] = field(default_factory=dict)
    slices: list[Element] = field(default_factory=list)
    json_names: dict[str, TypeRef] = field(default_factory=dict)
    adding: tuple[Element, ...] = ()
    judges_codes: bool = True
    judges_types: bool = True
    is_choice: bool = False
    shadow: str = ""
    slicer: Any = None

    def __post_init__(self) -> None:
        self.is_choice = self.name.endswith("[x]")
        self.shadow = "_" + self.name

    def keys(self) -> dict[str, TypeRef]:
        """The JSON names that the element can have, each with the type it stands for."""
        if not self.json_names:
            if self.is_choice:
                stem = self.name.removesuffix("[x]")
                self.json_names = {stem + ref.code[:1].upper() + ref.code[1:]: ref for ref in self.types}
            else:
                self.json_names = {self.name: self.types[0] if self.types else TypeRef("Element")}
        return self.json_names


def is_primitive(code: str) -> bool:
    """True for the types that JSON has a bare value for."""
    return code[:1].islower()


def element_tree(definitions: Definitions, url: str) -> Element | None:
    """The root element of a structure, or None when the structure is unknown; made once."""
    key = ("tree", url.partition("|")[0])
    if key not in definitions.compiled:
        found = definitions.structure(url)
        definitions.compiled[key] = _tree(found) if found else None
    tree: Element | None = definitions.compiled[key]
    return tree


def _tree(structure: Mapping[str, Any]) -> Element:
    source = str(structure["url"])
    by_id: dict[str, Element] = {}
    root: Element | None = None
    for entry in structure["snapshot"]["element"]:
        element = _element(entry, source)
        by_id[element.id] = element
        if root is None:
            root = element
            continue
        parent_id, _, last = element.id.rpartition(".")
        name, is_slice, _ = last.partition(":")
        whole = by_id.get(f"{parent_id}.{name}") if is_slice else None
        if whole is not None:
            whole.slices.append(element)
        elif (parent := by_id.get(parent_id)) is not None:
            parent.children[element.name] = element
    if root is None:
        return Element(source, source, source, 0, None, repeats=False, types=())
    for element in by_id.values():
        # In a profile, what refers to content means the content of the base, which has been judged by then.
        if (
            structure.get("derivation") != "constraint"
            and element.content_reference
            and (target := by_id.get(element.content_reference))
        ):
            element.children = target.children
    return root


def _element(entry: Mapping[str, Any], source: str) -> Element:
    path = str(entry["path"])
    most = str(entry.get("max", "*"))
    base = entry.get("base", {})
    value = next(((m[1], entry[key]) for key in entry if (m := _VALUE.fullmatch(key))), None)
    reference = entry.get("contentReference")
    binding = entry.get("binding")
    types = tuple(_type(one) for one in entry.get("type", ()))
    if base.get("path") == "Resource.id":
        types = (TypeRef("id"),)
    return Element(
        id=str(entry.get("id", path)),
        path=path,
        name=path.rpartition(".")[2],
        least=int(entry.get("min", 0)),
        most=None if most == "*" else int(most),
        repeats=str(base.get("max", most)) not in ("0", "1"),
        types=types,
        slice_name=str(entry.get("sliceName", "")),
        value=value,
        binding=_binding(binding, path) if isinstance(binding, dict) else None,
        constraints=tuple(_constraint(one, source) for one in entry.get("constraint", ()) if one.get("expression")),
        bounds={m[1]: entry[key] for key in entry if (m := _BOUND.fullmatch(key))},
        longest=entry.get("maxLength"),
        base_least=int(base.get("min", 0)),
        slicing=entry.get("slicing"),
        content_reference=str(reference).rpartition("#")[2] if reference else None,
        modifier=entry.get("isModifier") is True,
    )


def _type(entry: Mapping[str, Any]) -> TypeRef:
    code = str(entry.get("code"))
    return TypeRef(
        code.rpartition("/")[2] if code.startswith(_CORE) else code,
        tuple(entry.get("profile", ())),
        tuple(entry.get("targetProfile", ())),
        tuple(entry.get("aggregation", ())),
    )


def _binding(entry: Mapping[str, Any], path: str) -> Binding | None:
    value_set = entry.get("valueSet")
    if not value_set:
        return None
    strength = str(entry.get("strength", "example"))
    if str(value_set).startswith(_VITAL_UNITS) and path.startswith("Observation.component"):
        # R4 binds the units of every component of a vital sign, such as the flow of oxygen, to those of vital signs
        # themselves. HL7's validator does not hold anybody to it.
        strength = "extensible"
    return Binding(strength, str(value_set), entry.get("maxValueSet"), _BESIDE.get(path, frozenset()))


def _constraint(entry: Mapping[str, Any], source: str) -> Constraint:
    text = {key: str(entry.get(key, "")) for key in ("key", "severity", "human", "expression")}
    expression = text["expression"]
    needed = NEEDS.get(expression)
    return Constraint(
        **text,
        source=str(entry.get("source", source)),
        function=BY_HAND.get(expression),
        needs=(needed, "_" + needed) if needed else None,
    )
