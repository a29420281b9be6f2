"""The picture of what flows between the systems: senders, service, receivers; each edge in the colours of its states.

Geometry alone; `flow.html` draws it. It is laid out twice, for a wide and for a narrow page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interop.service.overview import Overview
from interop.store import State

__all__ = ["Drawn", "Edge", "Node", "Strand", "drawn"]

_Tallies = tuple[tuple[str, int], ...]
_Point = tuple[float, float]

_GAP = 20.0
_BOX = 300.0
_HEAD = 26.0
"""Room above the boxes of a side for its heading."""
_APART, _BETWEEN = 10.0, 1.5
"""How far the edges stand from each other at the hub, and the strands of an edge."""
_STATES_SHOWN: tuple[State, ...] = (
    "delivered",
    "accepted",
    "sent",
    "pending",
    "unknown",
    "held",
    "rejected",
    "superseded",
)


@dataclass(frozen=True, slots=True)
class Node:
    """One box: a system as sender or as receiver. `tallies` are its counts by state, or by outcome for a sender.

    `title` is its name, cut where the box is too narrow for it.
    """

    name: str
    title: str
    format: str
    x: float
    y: float
    width: float
    height: float
    tallies: _Tallies


@dataclass(frozen=True, slots=True)
class Strand:
    """One coloured line of an edge: a state, an SVG path, and how thick it is."""

    state: str
    path: str
    width: float


@dataclass(frozen=True, slots=True)
class Edge:
    """All that goes between a system and the service; `total` stands at the point `at`."""

    strands: tuple[Strand, ...]
    total: int
    at: _Point


@dataclass(frozen=True, slots=True)
class Drawn:
    """The whole picture."""

    width: float
    height: float
    hub: Node
    senders: tuple[Node, ...]
    receivers: tuple[Node, ...]
    edges: tuple[Edge, ...]
    wide: bool


def drawn(found: Overview, *, wide: bool) -> Drawn:
    """The picture of an overview."""
    sent = {name: _intake(found, name) for name in found.senders}
    got = {name: _states(found, name) for name in found.receivers}
    return _wide(found, sent, got) if wide else _narrow(found, sent, got)


def _wide(found: Overview, sent: Mapping[str, _Tallies], got: Mapping[str, _Tallies]) -> Drawn:
    tall = max(140.0, _room(sent), _room(got))
    used = max(tall, _reach(sent, _GAP), _reach(got, _GAP))
    hub = Node("", "", "", 400, _HEAD + (used - tall) / 2, 160, tall, ())
    left = _stack(found, sent, 0, _HEAD + (used - _reach(sent, _GAP)) / 2, _BOX, _GAP)
    right = _stack(found, got, 960 - _BOX, _HEAD + (used - _reach(got, _GAP)) / 2, _BOX, _GAP)
    edges = [
        _edge(one.tallies, (x, _middle(one)), (end, y), across=True)
        for side, x, end in ((left, _BOX, hub.x), (right, 960 - _BOX, hub.x + hub.width))
        for one, y in zip(side, _landings(hub, side), strict=True)
    ]
    return Drawn(960, _HEAD + used, hub, left, right, tuple(edges), wide=True)


def _narrow(found: Overview, sent: Mapping[str, _Tallies], got: Mapping[str, _Tallies]) -> Drawn:
    box, rise, gap = 340.0, 44.0, 10.0
    left = _stack(found, sent, 0, _HEAD, box, gap)
    hub_y = _HEAD + _reach(sent, gap) + rise
    hub = Node("", "", "", 0, hub_y, box, 56, ())
    right = _stack(found, got, 0, hub_y + 56 + rise, box, gap)
    height = hub_y + 56 + (rise + _reach(got, gap) if got else 0)
    edges = []
    if left:
        edges.append(_edge(_sum(left), (box / 2, hub_y - rise), (box / 2, hub_y), across=False))
    if right:
        edges.append(_edge(_sum(right), (box / 2, hub_y + 56), (box / 2, right[0].y), across=False))
    return Drawn(box, height, hub, left, right, tuple(edges), wide=False)


def _tall(tallies: _Tallies) -> float:
    """How tall a box is: more than two tallies stand two on a line."""
    lines = -(-len(tallies) // 2) if len(tallies) > 2 else max(1, len(tallies))
    return 48.0 + 20.0 * lines


def _reach(side: Mapping[str, _Tallies], gap: float) -> float:
    """How far down the boxes of one side reach."""
    return sum(_tall(tallies) + gap for tallies in side.values()) - gap if side else 0.0


def _middle(node: Node) -> float:
    return node.y + node.height / 2


def _intake(found: Overview, name: str) -> _Tallies:
    counts = {one.status: one.count for one in found.intake if one.source == name}
    return tuple((status, counts[status]) for status in ("accepted", "rejected", "unreadable") if status in counts)


def _states(found: Overview, name: str) -> _Tallies:
    counts: dict[str, int] = {}
    for one in found.flows:
        if one.receiver == name:
            counts[one.state] = counts.get(one.state, 0) + one.count
    return tuple((state, counts[state]) for state in _STATES_SHOWN if state in counts)


def _stack(
    found: Overview, side: Mapping[str, _Tallies], x: float, y: float, box: float, gap: float
) -> tuple[Node, ...]:
    """The boxes of one side under each other, the first at the given place."""
    nodes = []
    for name, tallies in side.items():
        form, tall = found.formats.get(name, ""), _tall(tallies)
        nodes.append(Node(name, _title(name, "" if form == name else form, box), form, x, y, box, tall, tallies))
        y += tall + gap
    return tuple(nodes)


def _title(name: str, form: str, box: float) -> str:
    """The name as far as it fits beside the format."""
    room = int((box - 44 - len(form) * 7) / 9)
    return name if len(name) <= room else f"{name[: room - 1]}…"


def _room(side: Mapping[str, _Tallies]) -> float:
    """How tall the hub must be for the edges of one side to stand apart."""
    return sum(_breadth(tallies) + _APART for tallies in side.values()) + _APART


def _landings(hub: Node, nodes: Sequence[Node]) -> Iterator[float]:
    """Where at the hub's side the edge of each node ends: the edges stand apart, in the order of their nodes."""
    apart = (hub.height - sum(_breadth(node.tallies) for node in nodes)) / (len(nodes) + 1)
    y = hub.y
    for node in nodes:
        breadth = _breadth(node.tallies)
        yield y + apart + breadth / 2
        y += apart + breadth


def _breadth(tallies: _Tallies) -> float:
    """How broad an edge is, all its strands together."""
    return sum(_thick(count) for _, count in tallies) + _BETWEEN * max(0, len(tallies) - 1)


def _thick(count: int) -> float:
    return 2.0 + 1.5 * len(str(count))


def _sum(nodes: Sequence[Node]) -> _Tallies:
    counts: dict[str, int] = {}
    for node in nodes:
        for name, count in node.tallies:
            counts[name] = counts.get(name, 0) + count
    return tuple(counts.items())


def _edge(tallies: _Tallies, begin: _Point, end: _Point, *, across: bool) -> Edge:
    """The strands of an edge side by side, each as thick as its count has digits. In: it begins where its total is."""
    aside = -_breadth(tallies) / 2
    strands = []
    for state, count in tallies:
        width = _thick(count)
        strands.append(Strand(state, _path(begin, end, aside + width / 2, across=across), width))
        aside += width + _BETWEEN
    if not strands:
        strands.append(Strand("none", _path(begin, end, 0, across=across), 1.5))
    toward = 34.0 if end[0] > begin[0] else -34.0
    at = (begin[0] + toward, begin[1]) if across else (begin[0], (begin[1] + end[1]) / 2)
    return Edge(tuple(strands), sum(count for _, count in tallies), at)


def _path(begin: _Point, end: _Point, aside: float, *, across: bool) -> str:
    """A curve that leaves and arrives straight. In: `aside` moves all of it, so that strands run side by side."""
    (x, y), (to_x, to_y) = begin, end
    if not across:
        return f"M{x + aside:.1f} {y:.1f} L{to_x + aside:.1f} {to_y:.1f}"
    y, to_y, middle = y + aside, to_y + aside, (x + to_x) / 2
    return f"M{x:.1f} {y:.1f} C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
