"""The JSON shape of each FHIR type, compiled from its definition for a quick walk.

A shape knows the members of an object by their JSON names; what a member's type holds is compiled when first needed.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.fhir_definitions import Definitions
from validators.fhir.bindings import required_codes
from validators.fhir.elements import Constraint, Element, TypeRef, element_tree, is_primitive
from validators.fhir.primitives import FORMS, Form

__all__ = ["Member", "Shape", "shape_of_type"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_BUILT_IN = frozenset({"ext-1"})


@dataclass(slots=True, eq=False)
class Member:
    """One JSON name of an object.

    `kind` is primitive, shadow (`_name`, which holds id and extensions of a primitive), complex, extension, resource,
    xhtml or known. `plain` is the form of a primitive of which nothing else is asked.
    """

    key: str
    label: str
    element: Element
    type: TypeRef
    kind: str
    repeats: bool
    form: Form | None = None
    choice: str = ""
    codes: frozenset[str] | None = None
    constraints: tuple[Constraint, ...] = ()
    contexts: frozenset[str] = frozenset()
    inner: Shape | None = None
    plain: Form | None = None
    profiles: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Shape:
    """One type or backbone element. `required`: the names of the elements that must be there, each with JSON names."""

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    required: tuple[tuple[str, frozenset[str]], ...] = ()
    constraints: tuple[Constraint, ...] = ()


def shape_of_type(definitions: Definitions, name: str) -> Shape | None:
    """The shape of a type of FHIR, or None when it is unknown."""
    key = ("shape", name)
    if key not in definitions.compiled:
        tree = element_tree(definitions, name if ":" in name else _CORE + name)
        shape = _Compiler(definitions).shape(tree, name) if tree is not None else None
        if tree is not None and shape is not None and definitions.resource_type(name) is not None:
            known = Member("resourceType", "resourceType", tree, TypeRef("code"), "known", repeats=False)
            shape.members["resourceType"] = known
        definitions.compiled[key] = shape
    found: Shape | None = definitions.compiled[key]
    return found


class _Compiler:
    """Compiles one structure; backbone elements that refer to themselves are compiled once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._done: dict[int, Shape] = {}

    def shape(self, element: Element, name: str) -> Shape:
        children = id(element.children)
        if element.children and children in self._done:
            return self._done[children]
        shape = Shape(name, constraints=element.constraints)
        self._done[children] = shape
        required = []
        for child in element.children.values():
            keys = child.keys()
            if child.least:
                names = frozenset(keys) | {"_" + key for key in keys}
                required.append((child.name, names))
            for key, ref in keys.items():
                for member in self._members(child, key, ref):
                    shape.members[member.key] = member
        shape.required = tuple(required)
        return shape

    def _members(self, element: Element, key: str, ref: TypeRef) -> list[Member]:
        label = element.name
        choice = ""
        if element.is_choice:
            choice = element.name
            label = f"{element.name.removesuffix('[x]')}.ofType({ref.code})"
        contexts = _contexts(element, ref)
        constraints = tuple(c for c in element.constraints if c.key not in _BUILT_IN)
        member = Member(
            key, label, element, ref, self._kind(element, ref), element.repeats, choice=choice, contexts=contexts
        )
        member.constraints = constraints
        member.profiles = ref.profiles if ref.code != "Extension" else ()
        if member.kind == "complex" and element.children:
            member.inner = self.shape(element, element.path)
            member.constraints = ()
        if member.kind != "primitive":
            return [member]
        member.form = FORMS.get(ref.code)
        if element.binding is not None:
            member.codes = required_codes(self._definitions, element.binding)
        asked = element.binding or constraints or element.longest is not None or ref.code == "canonical"
        if not asked and not element.repeats:
            member.plain = member.form
        shadow = Member("_" + key, label, element, ref, "shadow", element.repeats, choice=choice, contexts=contexts)
        return [member, shadow]

    def _kind(self, element: Element, ref: TypeRef) -> str:
        if element.children or element.content_reference:
            return "complex"
        if ref.code == "Extension":
            return "extension"
        if is_primitive(ref.code):
            return "xhtml" if ref.code == "xhtml" else "primitive"
        found = self._definitions.type(ref.code)
        return "resource" if found is not None and found["kind"] == "resource" else "complex"


def _contexts(element: Element, ref: TypeRef) -> frozenset[str]:
    """The names by which a definition of an extension can mean this element as its context."""
    names = {element.path, ref.code, "Element", element.content_reference or element.path}
    if ref.code in ("Quantity", "Age", "Duration", "Count", "Distance", "Money"):
        names |= {"Quantity"}
    return frozenset(names)
