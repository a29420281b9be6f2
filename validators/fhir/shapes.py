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

__all__ = ["CODED", "JUDGED", "Member", "Shape", "shape_of_type"]

CODED = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})
"""The types whose values a binding is about."""

JUDGED = frozenset({"Attachment", "Coding", "Reference"})
"""The types of which more is asked than their definitions say."""

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_HAS_CONTENT = "hasValue() or (children().count() > id.count())"
"""ele-1, which the walk judges of every element as it goes."""


@dataclass(slots=True, eq=False)
class Member:
    """One JSON name of an object.

    `kind` is primitive, shadow (`_name`, which holds id and extensions of a primitive), complex, extension, resource,
    xhtml or known. `plain` is the form of a primitive of which nothing else is asked, and `quick` the values of which
    nothing else is asked. `asks`: more is asked of a complex value than its shape. `shape` is found when first needed.
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
    quick: frozenset[str] = frozenset()
    profiles: tuple[str, ...] = ()
    asks: bool = False
    shape: Shape | None = None


@dataclass(slots=True, eq=False)
class Shape:
    """One type or backbone element. `required`: the names of the elements that must be there, each with JSON names.

    Of the JSON names, the first stands beside them: it is nearly always the one.
    """

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    required: tuple[tuple[str, str, frozenset[str]], ...] = ()
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
        shape = Shape(name, constraints=_without(element.constraints, (_HAS_CONTENT,)))
        self._done[children] = shape
        required = []
        for child in element.children.values():
            keys = child.keys()
            if child.least:
                names = frozenset(keys) | {"_" + key for key in keys}
                required.append((child.name, next(iter(keys), ""), names))
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
        member = Member(
            key, label, element, ref, self._kind(element, ref), element.repeats, choice=choice, contexts=contexts
        )
        member.profiles = ref.profiles if ref.code != "Extension" else ()
        if member.kind != "primitive":
            self._complete(member)
            return [member]
        member.constraints = tuple(one for one in element.constraints if one.function is None)
        member.form = FORMS.get(ref.code)
        if element.binding is not None:
            member.codes = required_codes(self._definitions, element.binding)
        asked = member.constraints or element.longest is not None or ref.code == "canonical"
        if not asked and not element.repeats:
            member.plain = member.form if element.binding is None else None
            member.quick = member.codes or frozenset()
        shadow = Member("_" + key, label, element, ref, "shadow", element.repeats, choice=choice, contexts=contexts)
        return [member, shadow]

    def _complete(self, member: Member) -> None:
        """Adds what is asked of a value that is an object, beyond what the definition of its type asks."""
        element, ref = member.element, member.type
        if member.kind == "complex" and element.children:
            member.inner = member.shape = self.shape(element, element.path)
        else:
            tree = element_tree(self._definitions, _CORE + ref.code)
            known = tuple(one.expression for one in tree.constraints) if tree is not None else ()
            member.constraints = _without(element.constraints, (_HAS_CONTENT, *known))
        bound = element.binding is not None and ref.code in CODED
        member.asks = bool(member.constraints or bound or member.profiles or ref.code in JUDGED)

    def _kind(self, element: Element, ref: TypeRef) -> str:
        if element.children or element.content_reference:
            return "complex"
        if ref.code == "Extension":
            return "extension"
        if is_primitive(ref.code):
            return "xhtml" if ref.code == "xhtml" else "primitive"
        found = self._definitions.type(ref.code)
        return "resource" if found is not None and found["kind"] == "resource" else "complex"


def _without(constraints: tuple[Constraint, ...], expressions: tuple[str, ...]) -> tuple[Constraint, ...]:
    return tuple(one for one in constraints if one.expression not in expressions)


def _contexts(element: Element, ref: TypeRef) -> frozenset[str]:
    """The names by which a definition of an extension can mean this element as its context."""
    names = {element.path, ref.code, "Element", element.content_reference or element.path}
    if ref.code in ("Quantity", "Age", "Duration", "Count", "Distance", "Money"):
        names |= {"Quantity"}
    return frozenset(names)
