"""Holds a foreign document, as plain data, against our own writing of its record; and puts back what was beyond it.

What the document has and our writing has not is residue, at a place of our writing; where both say something and it is
not the same, the record's word holds and the difference is told. Putting back only adds: it never changes or replaces.
Source: RFC 6901 (JSON Pointer), with `-` for one more item of a list as in RFC 6902.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from mappings.access import MISSING, Path
from mappings.report import Entry, Report
from schemas.json_text import canonical
from schemas.residue import Residue

__all__ = ["Beyond", "Surplus", "anchor_at", "anchor_of", "beyond", "carried", "divided", "put_back"]

_NAMES = ("url", "linkId", "system", "code", "title")
"""The properties by which two items of a list are known to be the same one."""
_BACK = "Residue of the format that is written, put back at its place."
_ALONG = "Residue that is carried along; it is put back when the document is written in its own format again."
_CHANGING = frozenset(("reference", "contained", "meta", "id"))
"""What an item's anchor does not rest on, beside narratives: servers and other versions of the document change it."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """One difference: its place in the foreign document, its place in ours, and the value.

    `added` is False where ours says something else at the same place.
    """

    source: Path
    place: Path
    value: Any
    added: bool = True


@dataclass(frozen=True, slots=True)
class Surplus:
    """What a document holds beyond its record: residue with its place in the document, and what is not carried."""

    residue: tuple[tuple[str, Residue], ...] = ()
    lost: tuple[Entry, ...] = ()


def carried(along: Iterable[Residue], back: Iterable[Residue] = ()) -> Report:
    """The report of residue that an output holds. In: `along` stands in the part for it, `back` is at its own place."""
    told = [Entry(f"{one.format}:{one.place}", _BACK) for one in back]
    return Report(carried=(*told, *(Entry(f"{one.format}:{one.place}", _ALONG) for one in along)))


def divided(
    residue: tuple[Residue, ...], format_name: str, put: Callable[[list[Residue]], list[Residue]]
) -> tuple[tuple[Residue, ...], list[Residue]]:
    """The residue that is to be carried along in a document, and that of its own format, which is back at its place.

    In: `put` puts residue of the format back, and gives what it could not.
    """
    own = [one for one in residue if one.format == format_name]
    left = {id(one) for one in put(own)} if own else set()
    back = [one for one in own if id(one) not in left]
    gone = {id(one) for one in back}
    return tuple(one for one in residue if id(one) not in gone), back


def beyond(foreign: Any, ours: Any, source: Path = (), place: Path = ()) -> Iterator[Beyond]:
    """The differences of a foreign document from ours; what ours has and the foreign one has not is none."""
    if isinstance(foreign, dict) and isinstance(ours, dict):
        for key, value in foreign.items():
            if key in ours:
                yield from beyond(value, ours[key], (*source, key), (*place, key))
            else:
                yield Beyond((*source, key), (*place, key), value)
    elif isinstance(foreign, list) and isinstance(ours, list):
        pairs = _paired(foreign, ours)
        for index, item in enumerate(foreign):
            if index in pairs:
                twin = pairs[index]
                yield from beyond(item, ours[twin], (*source, index), (*place, twin))
            else:
                yield Beyond((*source, index), (*place, "-"), item)
    elif foreign != ours:
        yield Beyond(source, place, foreign, added=False)


def _paired(foreign: list[Any], ours: list[Any]) -> dict[int, int]:
    """The items that are the same one: those that are equal, then those of one name, then nameless groups in order."""
    pairs: dict[int, int] = {}
    for sign in (canonical, _name, _group):
        waiting: dict[Any, deque[int]] = defaultdict(deque)
        taken = set(pairs.values())
        for index, item in enumerate(ours):
            if index not in taken:
                waiting[sign(item)].append(index)
        for index, item in enumerate(foreign):
            known = sign(item)
            if index not in pairs and known is not None and waiting[known]:
                pairs[index] = waiting[known].popleft()
    return pairs


def _name(item: Any) -> Any:
    if not isinstance(item, dict):
        return None
    return tuple((name, item[name]) for name in _NAMES if isinstance(item.get(name), str)) or None


def _group(item: Any) -> Any:
    return "group" if isinstance(item, dict) and _name(item) is None else None


def anchor_of(item: Any) -> str:
    """The digest by which a list item is known again."""
    return sha256(canonical(_own(item))).hexdigest()[:16]


def _own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items() if key not in _CHANGING and not _is_narrative(key, item)}
    return [_own(item) for item in value] if isinstance(value, list) else value


def _is_narrative(key: str, value: Any) -> bool:
    return key == "text" and isinstance(value, dict)


def anchor_at(tree: Any, place: Path) -> str:
    """The anchor of a place: that of the first list item on the way to it; empty when there is none."""
    for step in place:
        if isinstance(tree, list):
            return anchor_of(tree[step]) if isinstance(step, int) else ""
        tree = tree.get(step) if isinstance(tree, dict) else None
    return ""


@dataclass(slots=True)
class _Lists:
    """The items of each list by their anchors, found once for each list that is asked for."""

    known: dict[int, Mapping[str, int]] = field(default_factory=dict)

    def index(self, items: list[Any], step: str, anchor: str) -> int | None:
        """The number of the item that an anchored step leads to."""
        index = int(step) if step.isdecimal() and len(step) < 9 else len(items)
        if not anchor:
            return index if index < len(items) else None
        if index < len(items) and anchor_of(items[index]) == anchor:
            return index
        if id(items) not in self.known:
            self.known[id(items)] = {anchor_of(item): number for number, item in reversed([*enumerate(items)])}
        return self.known[id(items)].get(anchor)


def put_back(tree: Any, residue: Iterable[Residue]) -> list[Residue]:
    """Adds each value at its place in the tree. Out: those whose place is not there, or is taken."""
    lists = _Lists()
    found = [(one, _target(tree, one, lists)) for one in residue]
    return [one for one, (holder, key) in found if not _added(holder, key, one)]


def _target(tree: Any, one: Residue, lists: _Lists) -> tuple[Any, str]:
    """The dict or list that takes the value, and the key in it; `key/-` is a list that has yet to be made."""
    *above, last = [step.replace("~1", "/").replace("~0", "~") for step in one.place.split("/")[1:]]
    anchor = one.anchor
    for number, step in enumerate(above):
        if isinstance(tree, dict):
            if step not in tree and last == "-" and number == len(above) - 1:
                return tree, f"{step}/-"
            tree = tree.get(step, MISSING)
        elif isinstance(tree, list):
            index = lists.index(tree, step, anchor)
            tree, anchor = (MISSING if index is None else tree[index]), ""
        else:
            return MISSING, last
    return tree, last


def _added(holder: Any, key: str, one: Residue) -> bool:
    if isinstance(holder, list) and key == "-":
        holder.append(one.value)
        return True
    if not isinstance(holder, dict) or key in holder:
        return False
    if key.endswith("/-"):
        items = holder.setdefault(key.removesuffix("/-"), [])
        return isinstance(items, list) and _added(items, "-", one)
    holder[key] = one.value
    return True
