"""Completes a profile that came with a differential alone: the snapshot of its base with the differential laid over it.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["SnapshotImpossible", "snapshot_of"]

_Element = dict[str, Any]
_Find = Callable[[str], Mapping[str, Any] | None]
_IDENTITY = frozenset({"id", "path", "base"})
_SLICE_OWN = frozenset({"slicing", "min"})


class SnapshotImpossible(Exception):
    """The base, or a type that the differential goes into, is not at hand, or the differential leads nowhere."""


def snapshot_of(definition: Mapping[str, Any], structure: _Find, type_of: _Find) -> list[_Element]:
    """The elements of the completed snapshot. Raises: SnapshotImpossible."""
    base = structure(str(definition.get("baseDefinition", "")))
    if base is None:
        raise SnapshotImpossible
    snapshot = _Snapshot(list(base["snapshot"]["element"]), structure, type_of)
    for element in definition.get("differential", {}).get("element", ()):
        snapshot.lay(dict(element))
    return snapshot.elements


class _Snapshot:
    """The elements so far. Elements are copied before they are changed: those of the base belong to others."""

    def __init__(self, elements: list[_Element], structure: _Find, type_of: _Find) -> None:
        self.elements = elements
        self._structure, self._type = structure, type_of
        self._prefixes: dict[str, str] = {}

    def lay(self, change: _Element) -> None:
        """Lays one element of the differential over the snapshot."""
        target = self._target(change)
        at = self._made(target)
        here = dict(self.elements[at])
        for key, value in change.items():
            if key in _IDENTITY:
                continue
            if key == "constraint":
                known = {constraint.get("key") for constraint in here.get("constraint", ())}
                here[key] = [*here.get("constraint", ()), *(c for c in value if c.get("key") not in known)]
            elif key == "binding":
                here[key] = {**here.get("binding", {}), **value}
            else:
                here[key] = value
        self.elements[at] = here

    def _target(self, change: _Element) -> str:
        """The id that an element of the differential has in the snapshot."""
        identity = change.get("id")
        if isinstance(identity, str) and identity:
            return self._long(identity)
        path = str(change.get("path", ""))
        name = change.get("sliceName")
        parent, _, last = path.rpartition(".")
        # Without ids, an element stands below the slice that was named last at its parent's path.
        parent = self._prefixes.get(parent, parent)
        identity = f"{parent}.{last}" if parent else last
        if name:
            identity += f":{name}"
            self._prefixes[path] = identity
        return self._long(identity)

    def _long(self, identity: str) -> str:
        """The id with `valueQuantity` and the like spelled as slices of their choice, `value[x]:valueQuantity`."""
        done = ""
        for segment in identity.split("."):
            step = f"{done}.{segment}" if done else segment
            if ":" not in segment and not self._has(step):
                for element in self.elements:
                    parent, _, last = str(element.get("id", "")).rpartition(".")
                    stem = last.removesuffix("[x]")
                    if parent == done and last.endswith("[x]") and segment.startswith(stem) and segment != stem:
                        step = f"{done}.{last}:{segment}" if last != segment else step
                        break
            done = step
        return done

    def _has(self, identity: str) -> bool:
        return any(element.get("id") == identity for element in self.elements)

    def _index(self, identity: str) -> int | None:
        return next((i for i, element in enumerate(self.elements) if element.get("id") == identity), None)

    def _made(self, identity: str) -> int:
        """The index of the element of this id, which is made when it is a fresh slice or lies within a type."""
        at = self._index(identity)
        if at is not None:
            return at
        parent, _, last = identity.rpartition(".")
        if not parent:
            raise SnapshotImpossible
        above = self._made(parent)
        if self._index(identity) is None and not self._children(parent):
            self._unfold(above)
        if (at := self._index(identity)) is not None:
            return at
        if ":" in last:
            return self._slice(f"{parent}.{last.partition(':')[0]}", last.partition(":")[2], identity)
        raise SnapshotImpossible

    def _children(self, identity: str) -> list[int]:
        return [i for i, element in enumerate(self.elements) if str(element.get("id", "")).startswith(identity + ".")]

    def _slice(self, whole: str, name: str, identity: str) -> int:
        """Puts a fresh slice behind the element that is sliced and the slices that it has."""
        at = self._index(whole)
        if at is None:
            at = self._made(whole)
        element = {key: value for key, value in self.elements[at].items() if key not in _SLICE_OWN}
        element |= {"id": identity, "sliceName": name, "min": 0}
        if "[x]" in whole.rpartition(".")[2]:
            stem = whole.rpartition(".")[2].removesuffix("[x]")
            wanted = name.removeprefix(stem)
            kept = [t for t in element.get("type", ()) if str(t.get("code", "")).lower() == wanted.lower()]
            element["type"] = kept or element.get("type", [])
            self._slice_by_type(at)
        last = max(
            i
            for i, other in enumerate(self.elements)
            if i == at or str(other.get("id", "")).startswith((whole + ".", whole + ":"))
        )
        self.elements.insert(last + 1, element)
        return last + 1

    def _slice_by_type(self, at: int) -> None:
        if "slicing" not in self.elements[at]:
            by_type = {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": "open"}
            self.elements[at] = {**self.elements[at], "slicing": by_type}

    def _unfold(self, at: int) -> None:
        """Puts the children of an element's type behind it."""
        element = self.elements[at]
        identity, path = str(element["id"]), str(element["path"])
        source, root = self._source(element)
        children = []
        for child in source:
            below = str(child.get("id", ""))
            if below.startswith(root + "."):
                rest = below[len(root) :]
                place = str(child["path"])[len(_path(root)) :]
                children.append({**child, "id": identity + rest, "path": path + place})
        if not children:
            raise SnapshotImpossible
        self.elements[at + 1 : at + 1] = children

    def _source(self, element: _Element) -> tuple[list[_Element], str]:
        """The elements that hold the children, and the id that they hang from."""
        identity = str(element["id"])
        if "sliceName" in element:
            whole = identity.rpartition(":")[0]
            if ":" not in identity.rpartition(".")[2].partition(":")[0] and self._children(whole):
                return self.elements, whole
        if reference := element.get("contentReference"):
            # What refers to content means the content of the type itself, not what a profile makes of it.
            target = str(reference).rpartition("#")[2]
            type_ = self._type(target.partition(".")[0])
            return list(type_["snapshot"]["element"]) if type_ else self.elements, target
        types = element.get("type", ())
        if len(types) != 1:
            raise SnapshotImpossible
        profiles = types[0].get("profile", ())
        found = self._structure(profiles[0]) if profiles else None
        found = found or self._type(str(types[0].get("code")))
        if found is None or "snapshot" not in found:
            raise SnapshotImpossible
        elements = list(found["snapshot"]["element"])
        return elements, str(elements[0]["id"])


def _path(identity: str) -> str:
    """The path of an id: the id without slice names."""
    return ".".join(segment.partition(":")[0] for segment in identity.split("."))
