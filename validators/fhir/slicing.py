"""Decides which slice of an element a value belongs to.

Discriminators: value, pattern, type, profile and exists; paths with `$this`, `resolve()`, `ofType()`, `extension()`.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/profiling.html#slicing
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.fhir_definitions import Definitions
from validators.fhir.bindings import has_code
from validators.fhir.elements import Element, TypeRef, element_tree
from validators.fhir.scope import Run, type_in
from validators.fhir.values import equals, matches

__all__ = ["Slicing"]

_STEP = re.compile(r"(extension|ofType)\('?([^')]*)'?\)|resolve\(\)|\$this|[A-Za-z0-9\[\]]+")
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_Conforms = Callable[[Run, Any, str], bool]
_Criterion = tuple[Element, Any]
_UNTYPED = TypeRef("")


@dataclass(slots=True, eq=False)
class _Discriminator:
    """One discriminator of one slice: where it looks, and what the slice says of what is found there.

    `criteria`: the elements there, beside the part of a pattern from further up; `telling`, those that say something.
    """

    kind: str
    steps: tuple[str, ...]
    criteria: list[_Criterion]
    telling: list[_Criterion]


class Slicing:
    """The slices of one element. `usable` is False when it has no discriminators to tell its slices by."""

    def __init__(self, definitions: Definitions, element: Element, conforms: _Conforms) -> None:
        slicing = element.slicing or {}
        self._conforms = conforms
        given = [(str(one.get("type")), str(one.get("path", "$this"))) for one in slicing.get("discriminator", ())]
        if not given and element.is_choice:
            given = [("type", "$this")]
        if not given and element.name in ("extension", "modifierExtension"):
            given = [("value", "url")]
        self.rules = str(slicing.get("rules", "open"))
        self.ordered = slicing.get("ordered") is True
        self.usable = bool(given)
        self._slices = [[_discriminator(definitions, one, *each) for each in given] for one in element.slices]
        self._by_text = _texts(self._slices)

    def slice_of(self, run: Run, value: Any, ref: TypeRef) -> int | None:
        """The number of the slice that a value belongs to, or None."""
        if not self.usable:
            return None
        if self._by_text is not None and isinstance(value, dict):
            name, numbers = self._by_text
            told = value.get(name)
            return numbers.get(told) if isinstance(told, str) else None
        for number, discriminators in enumerate(self._slices):
            if all(self._fits(run, one, value, ref) for one in discriminators):
                return number
        return None

    def _fits(self, run: Run, one: _Discriminator, value: Any, ref: TypeRef) -> bool:
        found = list(_values(run, value, one.steps, ref))
        if one.kind == "exists":
            expects = all(e.most != 0 for e, _ in one.criteria) and any(e.least > 0 for e, _ in one.criteria)
            return bool(found) == expects
        if one.kind == "type":
            return any(_has_type(item, own, element) for item, own in found for element, _ in one.criteria)
        if one.kind == "profile":
            return any(self._has_profile(run, item, element) for item, _ in found for element, _ in one.criteria)
        return bool(one.telling) and all(
            any(_meets(run, element, given, item) for item, _ in found) for element, given in one.telling
        )

    def _has_profile(self, run: Run, item: Any, element: Element) -> bool:
        urls = [url for ref in element.types for url in (ref.profiles or ref.targets)]
        if not urls:
            return _has_type(item, TypeRef(""), element)
        return any(self._conforms(run, item, url) for url in urls)


def _discriminator(definitions: Definitions, one: Element, kind: str, path: str) -> _Discriminator:
    steps = tuple(match[0] for match in _STEP.finditer(path) if match[0] != "$this")
    criteria = _defined(definitions, one, steps)
    telling = [(element, given) for element, given in criteria if given is not None or _says_something(element)]
    return _Discriminator(kind, steps, criteria, telling)


def _texts(slices: list[list[_Discriminator]]) -> tuple[str, dict[str, int]] | None:
    """The number of each slice by the one text that tells it, when the slices are told so, as those of extensions."""
    name = ""
    numbers: dict[str, int] = {}
    for number, discriminators in enumerate(slices):
        if len(discriminators) != 1 or len(discriminators[0].telling) != 1 or len(discriminators[0].steps) != 1:
            return None
        one = discriminators[0]
        element, given = one.telling[0]
        wanted = given if given is not None else element.value[1] if element.value is not None else None
        name = name or one.steps[0]
        if one.kind not in ("value", "pattern") or not isinstance(wanted, str) or one.steps[0] != name:
            return None
        numbers.setdefault(wanted, number)
    return (name, numbers) if name.isalnum() else None


def _has_type(item: Any, ref: TypeRef, element: Element) -> bool:
    name = item.get("resourceType") if isinstance(item, dict) else None
    codes = {one.code for one in element.types}
    if name is not None:
        return name in codes or bool(codes & {"Resource", "DomainResource"})
    return ref.code in codes


def _values(run: Run, value: Any, steps: tuple[str, ...], ref: TypeRef) -> Iterator[tuple[Any, TypeRef]]:
    """The values that a discriminator's path leads to, each with its type where the JSON name says it."""
    if isinstance(value, list):
        for item in value:
            yield from _values(run, item, steps, ref)
    elif not steps:
        if value is not None:
            yield value, ref
    elif isinstance(value, dict):
        for inner, of in _step(run, value, steps[0], ref):
            yield from _values(run, inner, steps[1:], of)


def _step(run: Run, value: dict[str, Any], step: str, ref: TypeRef) -> Iterator[tuple[Any, TypeRef]]:
    """What one step of a path leads to."""
    if step == "resolve()":
        for one in _resolved(run, value):
            yield one, TypeRef(str(one.get("resourceType")))
    elif step.startswith("ofType("):
        if value.get("resourceType", ref.code) == _argument(step):
            yield value, ref
    elif step.startswith("extension("):
        several = value.get("extension")
        for one in several if isinstance(several, list) else ():
            if isinstance(one, dict) and one.get("url") == _argument(step):
                yield one, TypeRef("Extension")
    elif step in value:
        yield value[step], _UNTYPED
    else:
        yield from _choices(value, step.removesuffix("[x]"))


def _choices(value: dict[str, Any], stem: str) -> Iterator[tuple[Any, TypeRef]]:
    """The values of a choice element; whether its type is primitive shows only in the definition."""
    for key, inner in value.items():
        suffix = key.removeprefix(stem)
        if key.startswith(stem) and suffix[:1].isupper():
            yield inner, TypeRef(suffix)
            yield inner, TypeRef(suffix[:1].lower() + suffix[1:])


def _argument(step: str) -> str:
    return step.partition("(")[2].removesuffix(")").strip("'")


def _resolved(run: Run, value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    reference = value.get("reference")
    found = run.scope.found(reference)
    if not found and isinstance(reference, str) and (name := type_in(reference)):
        return [{"resourceType": name}]
    return found


def _defined(definitions: Definitions, element: Element, steps: tuple[str, ...]) -> list[tuple[Element, Any]]:
    """The elements that a path leads to in a definition; beside each, the part of a pattern from further up."""
    found: list[tuple[Element, Any]] = [(element, None)]
    for step in steps:
        found = [after for one, given in found for after in _stepped(definitions, one, given, step)]
    return found


def _stepped(definitions: Definitions, element: Element, given: Any, step: str) -> Iterator[tuple[Element, Any]]:
    if given is None and element.value is not None:
        given = element.value[1]
    if step == "resolve()":
        yield from ((target, None) for target in _targets(definitions, element))
    elif step.startswith("ofType("):
        yield element, given
    elif step.startswith("extension("):
        yield from ((one, None) for one in _extension_slices(element, _argument(step)))
    else:
        yield from _named(definitions, element, given, step)


def _named(definitions: Definitions, element: Element, given: Any, name: str) -> Iterator[tuple[Element, Any]]:
    """The child of a name, with the part of a pattern from further up that is about it."""
    if isinstance(given, list):
        given = given[0] if given else None
    inner = given.get(name) if isinstance(given, dict) else None
    child = _child(definitions, element, name)
    if child is not None:
        yield child, inner
        yield from ((one, None) for one in child.slices if one.least > 0)
    elif inner is not None:
        yield Element(name, name, name, least=0, most=None, repeats=False, types=()), inner


def _targets(definitions: Definitions, element: Element) -> Iterator[Element]:
    """What the profiles of a reference's targets say of a target."""
    for url in (url for ref in element.types for url in ref.targets):
        tree = element_tree(definitions, url)
        if tree is not None:
            ref = TypeRef(tree.path, (url,))
            # The path has a step, so that the element is taken for one that is sliced and not for a whole profile.
            path = f"resolve().{tree.path}"
            yield Element(tree.id, path, tree.name, 0, 1, repeats=False, types=(ref,), children=tree.children)


def _extension_slices(element: Element, url: str) -> Iterator[Element]:
    sliced = element.children.get("extension")
    for one in sliced.slices if sliced else ():
        profiles = (profile.partition("|")[0] for ref in one.types for profile in ref.profiles)
        if one.slice_name == url or url in profiles:
            yield one


def _child(definitions: Definitions, element: Element, name: str) -> Element | None:
    for children in _families(definitions, element):
        found = children.get(name) or children.get(name + "[x]")
        if found is not None:
            return found
    return None


def _families(definitions: Definitions, element: Element) -> Iterator[dict[str, Element]]:
    yield element.children
    for ref in element.types:
        for url in (*ref.profiles, _CORE + ref.code):
            tree = element_tree(definitions, url)
            if tree is not None:
                yield tree.children


def _meets(run: Run, element: Element, given: Any, value: Any) -> bool:
    """True when a value is what its definition says at a discriminator; False when it says nothing."""
    if given is not None:
        several = given if isinstance(given, list) else [given]
        return all(matches(value, one) for one in several)
    if element.value is not None:
        kind, wanted = element.value
        return (equals if kind == "fixed" else matches)(value, wanted)
    if element.binding is not None and element.binding.strength == "required":
        codes = run.definitions.codes(element.binding.value_set)
        return codes is not None and has_code(codes, value) is not False
    inner = [child for child in element.children.values() if _says_something(child)]
    if not isinstance(value, dict) or not inner:
        return False
    return all(_some_meets(run, child, value.get(child.name)) for child in inner)


def _says_something(element: Element) -> bool:
    if element.value is not None or (element.binding is not None and element.binding.strength == "required"):
        return True
    return any(_says_something(child) for child in element.children.values())


def _some_meets(run: Run, element: Element, value: Any) -> bool:
    several = value if isinstance(value, list) else [value] if value is not None else []
    return any(_meets(run, element, None, one) for one in several)
