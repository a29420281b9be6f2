"""The picture of what flows between the systems: senders, service, receivers; each edge in the colours of its states.

Geometry alone; `flow.html` draws it. It is laid out twice, for a wide and for a narrow page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interop.service.overview import Overview
from interop.store import State

__all__ = ["Drawn", "Edge", "Node", "Strand", "drawn"]

_Tallies = tuple[tuple[str, int], ...]
_Point = tuple[float, float]

_GAP = 20
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
    """One box: a system as sender or as receiver. `tallies` are its counts by state, or by outcome for a sender."""

    name: str
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
    """All that goes between a system and the service."""

    strands: tuple[Strand, ...]


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
    box, tall = 300.0, _tall(sent, got)
    rows = max(len(sent), len(got), 1)
    height = rows * tall + (rows - 1) * _GAP
    hub = Node("", "", 400, max(0.0, height / 2 - 70), 160, min(height, 140.0), ())
    left = _column(found, sent, 0, box, tall, height)
    right = _column(found, got, 960 - box, box, tall, height)
    edges = [_edge(one, (one.x + box, one.y + tall / 2), (hub.x, _spread(hub, left, one)), across=True) for one in left]
    edges += [
        _edge(one, (hub.x + hub.width, _spread(hub, right, one)), (one.x, one.y + tall / 2), across=True)
        for one in right
    ]
    return Drawn(960, height, hub, left, right, tuple(edges), wide=True)


def _narrow(found: Overview, sent: Mapping[str, _Tallies], got: Mapping[str, _Tallies]) -> Drawn:
    box, tall, rise = 340.0, _tall(sent, got), 44.0
    left = _stack(found, sent, 0, box, tall)
    hub_y = (left[-1].y + tall if left else 0) + rise
    hub = Node("", "", 0, hub_y, box, 56, ())
    right = _stack(found, got, hub_y + 56 + rise, box, tall)
    height = (right[-1].y + tall) if right else hub_y + 56
    edges = []
    if left:
        edges.append(_edge_of(_sum(left), (box / 2, left[-1].y + tall), (box / 2, hub_y), across=False))
    if right:
        edges.append(_edge_of(_sum(right), (box / 2, hub_y + 56), (box / 2, right[0].y), across=False))
    return Drawn(box, height, hub, left, right, tuple(edges), wide=False)


def _tall(*sides: Mapping[str, _Tallies]) -> float:
    """How tall each box is: two tallies stand on a line, and the box with the most lines fits."""
    most = max((len(tallies) for side in sides for tallies in side.values()), default=0)
    return 44.0 + 20.0 * max(2, -(-most // 2))


def _intake(found: Overview, name: str) -> _Tallies:
    counts = {one.status: one.count for one in found.intake if one.source == name}
    return tuple((status, counts[status]) for status in ("accepted", "rejected", "unreadable") if status in counts)


def _states(found: Overview, name: str) -> _Tallies:
    counts: dict[str, int] = {}
    for one in found.flows:
        if one.receiver == name:
            counts[one.state] = counts.get(one.state, 0) + one.count
    return tuple((state, counts[state]) for state in _STATES_SHOWN if state in counts)


def _column(
    found: Overview, tallies: Mapping[str, _Tallies], x: float, box: float, tall: float, height: float
) -> tuple[Node, ...]:
    used = len(tallies) * tall + (len(tallies) - 1) * _GAP
    top = (height - used) / 2
    return tuple(
        Node(name, found.formats.get(name, ""), x, top + number * (tall + _GAP), box, tall, counts)
        for number, (name, counts) in enumerate(tallies.items())
    )


def _stack(found: Overview, tallies: Mapping[str, _Tallies], y: float, box: float, tall: float) -> tuple[Node, ...]:
    return tuple(
        Node(name, found.formats.get(name, ""), 0, y + number * (tall + 10), box, tall, counts)
        for number, (name, counts) in enumerate(tallies.items())
    )


def _spread(hub: Node, nodes: Sequence[Node], node: Node) -> float:
    """Where at the hub's side the edge of a node ends: the edges stand apart, in the order of their nodes."""
    return hub.y + hub.height * (nodes.index(node) + 1) / (len(nodes) + 1)


def _sum(nodes: Sequence[Node]) -> _Tallies:
    counts: dict[str, int] = {}
    for node in nodes:
        for name, count in node.tallies:
            counts[name] = counts.get(name, 0) + count
    return tuple(counts.items())


def _edge(node: Node, begin: _Point, end: _Point, *, across: bool) -> Edge:
    return _edge_of(node.tallies, begin, end, across=across)


def _edge_of(tallies: _Tallies, begin: _Point, end: _Point, *, across: bool) -> Edge:
    """The strands of an edge side by side, each as thick as its count has digits."""
    widths = [2.0 + 1.5 * len(str(count)) for _, count in tallies]
    at = -(sum(widths) + 1.5 * max(0, len(widths) - 1)) / 2
    strands = []
    for (state, _), width in zip(tallies, widths, strict=True):
        strands.append(Strand(state, _path(begin, end, at + width / 2, across=across), width))
        at += width + 1.5
    if not strands:
        strands.append(Strand("none", _path(begin, end, 0, across=across), 1.5))
    return Edge(tuple(strands))


def _path(begin: _Point, end: _Point, aside: float, *, across: bool) -> str:
    """A curve that leaves and arrives straight. In: `aside` moves all of it, so that strands run side by side."""
    (x, y), (to_x, to_y) = begin, end
    if not across:
        return f"M{x + aside:.1f} {y:.1f} L{to_x + aside:.1f} {to_y:.1f}"
    y, to_y, middle = y + aside, to_y + aside, (x + to_x) / 2
    return f"M{x:.1f} {y:.1f} C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
