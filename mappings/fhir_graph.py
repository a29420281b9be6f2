"""The graph of FHIR resources behind a mapping table: resources by role, and the references between them.

A table speaks of roles (`plan`, `goal[]`), never of entries or references. Its settings say which resource type stands
for each role, which references are written between them, and by which of them a reader finds a resource again.

    [[settings.resource]]  role, type, many            one resource, or one for each item
    [[settings.link]]      from, to, finds             `plan.goal[]` → `goal[]`; `finds` = the reader follows it

Source: FHIR R4 4.0.1, Bundle (resolving references in documents), References (contained resources).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from mappings.access import MISSING, container, getter, setter
from mappings.places import Each, Place, parse_place

__all__ = ["Graph", "pruned"]

_Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class _Link:
    """One kind of reference: from a place in the resources of one role to the resources of another."""

    role: str
    place: Place
    target: str
    finds: bool

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
        self.roles = {
            r["role"]: _Role(r["role"], r["type"], r.get("many", False)) for r in settings.get("resource", ())
        }
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
                if role.name == link.role and targets:
                    _refer(resource, link, targets)

    def typed(self, tree: _Tree, role: str, index: int = 0) -> _Tree:
        """The whole resource of a role, its type first."""
        held = tree[role]
        return {"resourceType": self.roles[role].type, **(held[index] if isinstance(held, list) else held)}

    def gather(self, resources: Mapping[str, _Tree], names: Mapping[str, str]) -> tuple[_Tree, dict[str, str]]:
        """The tree of resources that came together, and for each role place the URL it was found under.

        In: resources by URL; `names` are other names for a URL (`Patient/1`). Each role is filled by following the
        link that finds it; a role that no link finds takes the resources of its type, in their order.
        """
        tree: _Tree = {}
        places: dict[str, str] = {}
        for role in self.roles.values():
            found = self._found(role, tree, resources, names)
            if role.many and found:
                tree[role.name] = [resources[url] for url in found]
                places |= {f"/{role.name}/{index}": url for index, url in enumerate(found)}
            elif found:
                tree[role.name] = resources[found[0]]
                places[f"/{role.name}"] = found[0]
        return tree, places

    def _found(self, role: _Role, tree: _Tree, resources: Mapping[str, _Tree], names: Mapping[str, str]) -> list[str]:
        finding = [link for link in self.links if link.target == role.name and link.finds]
        if not finding:
            return [url for url, resource in resources.items() if resource.get("resourceType") == role.type]
        urls: list[str] = []
        for link in finding:
            held = tree.get(link.role)
            for resource in held if isinstance(held, list) else [held]:
                referred = [names.get(url, url) for url in _references(resource, link)]
                urls += [url for url in referred if url not in urls]
        return [url for url in urls if url in resources and resources[url].get("resourceType") == role.type]


def _link(entry: Mapping[str, Any]) -> _Link:
    role, *place = parse_place(entry["from"])
    return _Link(str(role), tuple(place), entry["to"], entry.get("finds", False))


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
    items, rest = link.split if link.each else (link.place, ())
    found = getter(items)(resource)
    if found is MISSING:
        return []
    several = [getter(rest)(item) for item in (found if isinstance(found, list) else [found])]
    urls = [entry.get("reference") for entry in several if isinstance(entry, dict)]
    return [url for url in urls if isinstance(url, str)]


def pruned(value: Any) -> Any:
    """The value without empty objects, empty lists and empty texts, which FHIR does not allow."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := pruned(item)) not in ({}, [], "", None)}
    if isinstance(value, list):
        return [inner for item in value if (inner := pruned(item)) not in ({}, [], "", None)]
    return value
