"""The graph of FHIR resources behind a mapping table: resources by role, and the references between them.

A table speaks of roles (`plan`, `goal[]`), never of entries or references. Its settings say which resource type stands
for each role, which references are written between them, and by which of them a reader finds a resource again.

    settings.resource  role, type, many       one resource, or one for each item
                       profile                the profile of ours that it follows
                       concept, codes         the element whose code of ours tells its resources from others,
                                              and the codes that the role takes; none = all that no other role takes
                       elements               elements that each of its resources has
    settings.link      from, to, finds        `plan.goal[]` → `goal[]`; `finds` = the reader follows it
                       only                   the codes of the resources that have the link

A place names such a code in place of its CodeableConcept: `observation[code=strengths].valueString`.
Source: FHIR R4 4.0.1, Bundle (resolving references in documents), References (contained resources).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from mappings.access import MISSING, container, getter, setter
from mappings.content_parts import part_concept, part_of
from mappings.places import Each, Place, parse_place
from schemas.canonical import CANONICAL

__all__ = ["Graph", "pruned", "without"]

_PROFILES = f"{CANONICAL}/StructureDefinition/"
_Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    type: str
    many: bool
    profile: str = ""
    concept: str = ""
    codes: tuple[str, ...] = ()
    elements: Mapping[str, Any] = field(default_factory=dict)

    def spelled(self, resource: _Tree, language: str) -> _Tree:
        """The resource as FHIR has it: codes of ours as CodeableConcepts, and what every such resource has."""
        resource = {**self.elements, **resource}
        for holder in (resource, *resource.get("component", ())):
            for name in {self.concept, "code"} & set(holder) if self.concept else ():
                if isinstance(holder[name], str):
                    holder[name] = part_concept(holder[name], language)
        return resource

    def folded(self, resource: _Tree) -> _Tree:
        """The resource as places name it: each CodeableConcept that holds a code of ours as that code."""
        if not self.concept:
            return resource
        folded = {**resource, self.concept: part_of(resource.get(self.concept)) or resource.get(self.concept)}
        components = resource.get("component")
        if isinstance(components, list):
            folded["component"] = [
                {**one, "code": part_of(one.get("code"))} if isinstance(one, dict) else one for one in components
            ]
        return folded


@dataclass(frozen=True, slots=True)
class _Link:
    """One kind of reference: from a place in the resources of one role to the resources of another."""

    role: str
    place: Place
    target: str
    finds: bool
    only: tuple[str, ...] = ()

    @property
    def each(self) -> bool:
        return Each() in self.place

    @property
    def split(self) -> tuple[Place, Place]:
        """The place of the list, and the place of the reference in each of its items."""
        at = self.place.index(Each())
        return self.place[:at], self.place[at + 1 :]


class Graph:
    """The roles and links that a table's settings declare."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.roles = {entry["role"]: _role(entry) for entry in settings.get("resource", ())}
        self.links = [_link(entry) for entry in settings.get("link", ())]

    def urls(self, tree: _Tree, seed: str, style: str = "urn:uuid:") -> dict[tuple[str, int], str]:
        """The URL of each resource in a tree, the same for the same document. `#` as style gives contained ids."""
        urls = {}
        for role, index, _ in self.resources(tree):
            key = role.name.replace("_", "-") + (f"-{index + 1}" if role.many else "")
            urls[role.name, index] = f"#{key}" if style == "#" else f"{style}{uuid5(NAMESPACE_OID, f'{seed}/{key}')}"
        return urls

    def resources(self, tree: _Tree) -> Iterator[tuple[_Role, int, _Tree]]:
        """Every resource of a tree: its role, its number in the role, and its elements without `resourceType`."""
        for role in self.roles.values():
            held = tree.get(role.name)
            for index, resource in enumerate(held if isinstance(held, list) else [held]):
                if isinstance(resource, dict):
                    yield role, index, resource

    def connect(self, tree: _Tree, urls: Mapping[tuple[str, int], str]) -> None:
        """Writes the references of every link into the resources."""
        for link in self.links:
            targets = [url for (role, _), url in urls.items() if role == link.target]
            for role, _, resource in self.resources(tree):
                if role.name == link.role and targets and (not link.only or resource.get(role.concept) in link.only):
                    _refer(resource, link, targets)

    def typed(self, tree: _Tree, name: str, index: int = 0, language: str = "fi", *, profiled: bool = True) -> _Tree:
        """The whole resource of a role: its type first, then the profile of ours that it follows."""
        role, held = self.roles[name], tree[name]
        resource = role.spelled(held[index] if isinstance(held, list) else held, language)
        profile = [f"{_PROFILES}{role.profile}"] if role.profile and profiled else []
        meta = {**resource.get("meta", {}), **({"profile": profile} if profile else {})}
        return {"resourceType": role.type, **({"meta": meta} if meta else {}), **without(resource, "meta")}

    def gather(self, resources: Mapping[str, _Tree], names: Mapping[str, str]) -> tuple[_Tree, dict[str, str]]:
        """The tree of resources that came together, and for each role place the URL it was found under.

        In: resources by URL; `names` are other names for a URL (`Patient/1`). Each role is filled by following the
        link that finds it; a role that no link finds takes the resources of its type, in their order.
        """
        tree: _Tree = {}
        places: dict[str, str] = {}
        for role in self._in_order():
            found = self._found(role, tree, resources, names)
            if role.many and found:
                tree[role.name] = [role.folded(resources[url]) for url in found]
                places |= {f"/{role.name}/{index}": url for index, url in enumerate(found)}
            elif found:
                tree[role.name] = role.folded(resources[found[0]])
                places[f"/{role.name}"] = found[0]
        return tree, places

    def followed(self, role: str, resource: _Tree) -> Iterator[tuple[str, str]]:
        """The references that a reader follows from a resource: the JSON Pointer of its list item, and the URL."""
        seen: dict[str, str] = {}
        for link in self.links:
            if link.role == role and link.finds:
                numbered = _numbered(resource, link)
                seen |= {
                    f"{link.place[0]}/{number}" if link.each else str(link.place[0]): url for number, url in numbered
                }
        yield from sorted(seen.items())

    def linked(self, role: str) -> frozenset[str]:
        """The elements of a role's resources that hold references of the graph."""
        return frozenset(str(link.place[0]) for link in self.links if link.role == role)

    def _in_order(self) -> Iterator[_Role]:
        """The roles, each after those whose links find it."""
        waiting = list(self.roles.values())
        while waiting:
            names = {role.name for role in waiting}
            ready = [role for role in waiting if not names & {link.role for link in self._finding(role)}] or waiting
            yield from ready
            waiting = [role for role in waiting if role not in ready]

    def _finding(self, role: _Role) -> list[_Link]:
        return [link for link in self.links if link.target == role.name and link.finds]

    def _found(self, role: _Role, tree: _Tree, resources: Mapping[str, _Tree], names: Mapping[str, str]) -> list[str]:
        finding = self._finding(role)
        if not finding:
            return [url for url, resource in resources.items() if self._takes(role, resource)]
        urls: list[str] = []
        for link in finding:
            held = tree.get(link.role)
            for resource in held if isinstance(held, list) else [held]:
                referred = [names.get(url, url) for url in _references(resource, link)]
                urls += [url for url in referred if url not in urls]
        return [url for url in urls if url in resources and self._takes(role, resources[url])]

    def _takes(self, role: _Role, resource: _Tree) -> bool:
        """True when a resource is of a role: of its type, and its code is one that the role takes."""
        if resource.get("resourceType") != role.type:
            return False
        others = [other for other in self.roles.values() if other.type == role.type and other is not role]
        codes = {part_of(resource.get(other.concept)) for other in (role, *others) if other.concept} - {""}
        if role.codes or not role.concept:
            return bool(codes & set(role.codes)) if role.concept else not codes
        return bool(codes) and not any(codes & set(other.codes) for other in others)


def _role(entry: Mapping[str, Any]) -> _Role:
    return _Role(
        entry["role"],
        entry["type"],
        entry.get("many", False),
        entry.get("profile", ""),
        entry.get("concept", ""),
        tuple(entry.get("codes", ())),
        entry.get("elements", {}),
    )


def _link(entry: Mapping[str, Any]) -> _Link:
    role, *place = parse_place(entry["from"])
    return _Link(str(role), tuple(place), entry["to"], entry.get("finds", False), tuple(entry.get("only", ())))


def without(resource: _Tree, name: str) -> _Tree:
    """The resource without one of its elements."""
    return {key: value for key, value in resource.items() if key != name}


def _refer(resource: _Tree, link: _Link, targets: list[str]) -> None:
    if not link.each:
        setter(link.place)(resource, {"reference": targets[0]})
        return
    items, rest = link.split
    into = container(items, list)(resource)
    for url in targets:
        holder: _Tree = {} if rest else {"reference": url}
        if rest:
            setter(rest)(holder, {"reference": url})
        into.append(holder)


def _references(resource: Any, link: _Link) -> list[str]:
    return [url for _, url in _numbered(resource, link)]


def _numbered(resource: Any, link: _Link) -> list[tuple[int, str]]:
    """The URLs that a link's place holds in a resource, each with the number of its list item."""
    items, rest = link.split if link.each else (link.place, ())
    found = getter(items)(resource)
    several = found if isinstance(found, list) else [] if found is MISSING else [found]
    entries = [(number, getter(rest)(item)) for number, item in enumerate(several)]
    urls = [(number, entry.get("reference")) for number, entry in entries if isinstance(entry, dict)]
    return [(number, url) for number, url in urls if isinstance(url, str)]


def pruned(value: Any) -> Any:
    """The value without empty objects, empty lists and empty texts, which FHIR does not allow."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := pruned(item)) not in ({}, [], "", None)}
    if isinstance(value, list):
        return [inner for item in value if (inner := pruned(item)) not in ({}, [], "", None)]
    return value
