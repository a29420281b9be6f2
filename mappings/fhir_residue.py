"""The residue of FHIR documents: what a Bundle holds beyond its record, and putting it back into a Bundle of ours.

A place begins with a role of the table's graph (`/goal/1/note`), so that it holds however a Bundle is ordered;
`/entry/-` is one more resource, `/bundle` the Bundle itself. A reference to a resource of a role is kept as that role,
as URLs are made anew in every document. Source: FHIR R4 4.0.1 Bundle, Resource.meta, Narrative.status, Signature.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.access import Path
from mappings.fhir_document import Resources
from mappings.fhir_graph import Graph
from mappings.report import Entry
from mappings.surplus import Beyond, Surplus, anchor_at, anchor_of, beyond, put_back
from schemas.issues import Issue, rules_in
from schemas.json_text import canonical, parse, pointer
from schemas.residue import RESIDUE_TYPE, Residue, residue_as_json, residue_from_json

__all__ = ["NO_PART", "carried_in", "carrier", "restored", "surplus"]

_RULES = rules_in("mappings")
_ROLE = "role:"
_OF_SERVERS = frozenset(("versionId", "lastUpdated", "source"))
_OF_THE_BUNDLE = frozenset(("resourceType", "id", "meta", "identifier", "type", "timestamp", "total", "link", "entry"))
_DERIVED = ("generated", "empty")
_SIGNED = "A signature holds for the very document that was signed, and not for one made from it."
_OTHERWISE = "No row of the mapping reads the place, and our own writing says something else there."
NO_PART = "Another resource that was given out together with the document is no part of it."
_Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The resources of a Bundle by role: the tree, each one's place in the document, and the role of each URL."""

    tree: _Tree
    where: Mapping[str, str]
    roles: Mapping[str, str]
    resources: Resources

    @classmethod
    def of(cls, bundle: _Tree, graph: Graph) -> _Parts:
        resources = Resources.of_bundle(bundle)
        _, found = graph.gather(resources.by_url, resources.names)
        held = _carrier_url(resources)
        found |= {"/residue": held} if held else {}
        tree: _Tree = {}
        for place, url in found.items():
            _, role, *index = place.split("/")
            if index:
                tree.setdefault(role, []).append(resources.by_url[url])
            else:
                tree[role] = resources.by_url[url]
        where = {place: resources.places[url] for place, url in found.items()}
        return cls(tree, where, {url: place for place, url in found.items()}, resources)

    def at(self, place: str) -> Any:
        """The resource of a role, None when there is none."""
        _, role, *index = place.split("/")
        held = self.tree.get(role)
        if not index:
            return held
        return held[int(index[0])] if isinstance(held, list) and int(index[0]) < len(held) else None

    def name(self, url: str, known: _Parts) -> str:
        """What stands for the URL of a reference: the role that it leads to, or the URL itself.

        In: `known` are the resources that the roles are of; one that they lack keeps its URL.
        """
        place = self.roles.get(self.resources.names.get(url, url), "")
        resource = known.at(place) if place else None
        if resource is None:
            return url
        return f"{_ROLE}{place}@{anchor_of(resource) if place.count('/') > 1 else ''}"

    def plain(self, resource: _Tree, known: _Parts) -> _Tree:
        """A resource of a role without what differs from server to server: its id, its URLs, what is derived.

        None stands for the contained resources that have a role of their own; the data of a Binary are left out.
        """
        held = resource.get("contained")
        several = held if isinstance(held, list) else []
        inner = [None if f"#{_dict(one).get('id')}" in self.roles else one for one in several]
        left_out = {"id", "contained"} | ({"data"} if resource.get("resourceType") == "Binary" else set())
        plain = {name: value for name, value in resource.items() if name not in left_out}
        return self.whole(plain | ({"contained": inner} if inner else {}), known)

    def whole(self, resource: _Tree, known: _Parts) -> _Tree:
        """A resource with roles in its references, and without what servers add and what is derived."""
        meta = {name: value for name, value in _dict(resource.get("meta")).items() if name not in _OF_SERVERS}
        kept = {name: meta if name == "meta" else value for name, value in resource.items() if meta or name != "meta"}
        whole: _Tree = _references(_without_narrative(kept), lambda url: self.name(url, known))
        return whole


def surplus(format_name: str, graph: Graph, bundle: _Tree, ours: _Tree, *, extras: bool = True) -> Surplus:
    """What a Bundle holds beyond our own writing of its record.

    In: `extras` is False when further resources of the Bundle are no part of the document.
    """
    theirs, own = _Parts.of(bundle, graph), _Parts.of(ours, graph)
    residue: list[tuple[str, Residue]] = []
    lost: list[Entry] = []
    for source, place, found in _differences(theirs, own):
        at = source + pointer(found.source)
        if found.added:
            anchor = anchor_at(own.tree, _path(place) + found.place)
            residue.append((at, Residue(format_name, place + pointer(found.place), found.value, anchor)))
        else:
            lost.append(Entry(at, _OTHERWISE))
    for url, at in _extras(theirs, own):
        if extras:
            entry = {} if url.startswith("/") else {"fullUrl": url}
            resource = theirs.whole(theirs.resources.by_url[url], own)
            residue.append((at, Residue(format_name, "/entry/-", {**entry, "resource": resource})))
        else:
            lost.append(Entry(at, NO_PART))
    residue += [
        (f"/{name}", Residue(format_name, f"/bundle/{name}", bundle[name]))
        for name in bundle.keys() - _OF_THE_BUNDLE - {"signature"}
    ]
    if "signature" in bundle:
        lost.append(Entry("/signature", _SIGNED))
    return Surplus(tuple(sorted(residue, key=lambda one: one[1].place)), tuple(lost))


def _extras(theirs: _Parts, own: _Parts) -> Iterator[tuple[str, str]]:
    """The URL and place of each resource that ours has none for; what is contained belongs to what contains it."""
    for url, at in theirs.resources.places.items():
        if not url.startswith("#") and (url not in theirs.roles or own.at(theirs.roles[url]) is None):
            yield url, at


def _differences(theirs: _Parts, own: _Parts) -> Iterator[tuple[str, str, Beyond]]:
    """Each difference in a resource that both have, with the resource's place in the document and its role."""
    for place, source in theirs.where.items():
        ours = own.at(place)
        if ours is not None:
            for found in beyond(theirs.plain(theirs.at(place), own), own.plain(ours, own)):
                if found.value is not None:
                    yield source, place, found


def restored(bundle: _Tree, graph: Graph, residue: Iterable[Residue]) -> list[Residue]:
    """Puts residue back into a Bundle of ours. Out: what could not be put back."""
    parts = _Parts.of(bundle, graph)
    urls = {parts.name(url, parts): url for url in parts.roles}
    urls |= {_role_and_anchor(name): url for name, url in urls.items()}
    ready: list[Residue] = []
    kept: dict[int, Residue] = {}
    left: list[Residue] = []
    for one in residue:
        value = _resolved(one.value, urls)
        taken = one.place == "/entry/-" and _dict(value).get("fullUrl") in parts.resources.by_url
        if value is None or taken:
            left.append(one)
        else:
            ready.append(replace(one, value=value))
            kept[id(ready[-1])] = one
    tree = {**parts.tree, "bundle": bundle, "entry": bundle["entry"]}
    return left + [kept[id(one)] for one in put_back(tree, ready)]


def _resolved(value: Any, urls: Mapping[str, str]) -> Any:
    """The value with the URLs of a Bundle in place of roles; None when a role has no resource in it."""
    missing: list[str] = []

    def url_of(name: str) -> str:
        if not name.startswith(_ROLE):
            return name
        url = urls.get(name) or urls.get(_role_and_anchor(name))
        missing.extend([] if url else [name])
        return url or name

    resolved = _references(value, url_of)
    return None if missing else resolved


def _role_and_anchor(name: str) -> str:
    """The name of a role's resource without its number: by its anchor alone, as others may come before it."""
    place, _, anchor = name.removeprefix(_ROLE).partition("@")
    return f"{place.split('/')[1]}@{anchor}" if anchor else name


def carrier(residue: tuple[Residue, ...], url: str) -> _Tree:
    """The entry that carries residue: a Binary of a media type of its own."""
    data = b64encode(canonical(residue_as_json(residue))).decode()
    return {"fullUrl": url, "resource": {"resourceType": "Binary", "contentType": RESIDUE_TYPE, "data": data}}


def carried_in(resources: Resources) -> tuple[tuple[Residue, ...], list[Issue]]:
    """The residue that a Bundle carries. Issues: residue_can_be_read"""
    url = _carrier_url(resources)
    if not url:
        return (), []
    residue = residue_from_json(_json(resources.by_url[url].get("data")))
    if residue is None:
        return (), [_RULES["residue_can_be_read"].at(f"{resources.places[url]}/data")]
    return residue, []


def _json(data: Any) -> Any:
    try:
        return parse(b64decode(data, validate=True))[0] if isinstance(data, str) else None
    except (Base64Error, ValueError):
        return None


def _carrier_url(resources: Resources) -> str:
    """The URL of the resource that carries residue, empty when there is none."""
    carriers = (url for url, one in resources.by_url.items() if one.get("contentType") == RESIDUE_TYPE)
    return next((url for url in carriers if resources.by_url[url].get("resourceType") == "Binary"), "")


def _references(value: Any, name: Callable[[str], str]) -> Any:
    """The value with every reference renamed."""
    if isinstance(value, dict):
        return {
            key: name(item) if key == "reference" and isinstance(item, str) else _references(item, name)
            for key, item in value.items()
        }
    return [_references(item, name) for item in value] if isinstance(value, list) else value


def _without_narrative(value: Any) -> Any:
    """The value without narratives that say no more than the data beside them."""
    if isinstance(value, dict):
        return {key: _without_narrative(item) for key, item in value.items() if not _is_derived(key, item)}
    return [_without_narrative(item) for item in value] if isinstance(value, list) else value


def _is_derived(key: str, value: Any) -> bool:
    return key == "text" and isinstance(value, dict) and value.get("status") in _DERIVED


def _path(place: str) -> Path:
    return tuple(int(step) if step.isdecimal() else step for step in place.split("/")[1:])


def _dict(value: Any) -> _Tree:
    return value if isinstance(value, dict) else {}
