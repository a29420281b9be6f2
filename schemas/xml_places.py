"""Finds the line and column at which each element of an XML document starts, by its XPath of local names.

Source: XPath 1.0 §2.5 (abbreviated syntax)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

__all__ = ["positions"]


@dataclass(slots=True)
class _Node:
    """One element that is open: its path, and how often each name has stood in it so far."""

    above: _Node | None
    tag: str
    number: int
    line: int
    column: int
    seen: dict[str, int] = field(default_factory=dict)


@lru_cache(maxsize=4)
def positions(data: bytes, lines: Collection[int] | None = None) -> Mapping[str, tuple[int, int]]:
    """The line and column of the start tag of every element, by XPath: `/a/b[2]/c`. For reporting; not fast.

    In: a document that has been parsed as hostile, so that it holds no entities; `lines` asks for the elements that
    start in these lines alone, which takes half the time. Units: both count from 1.
    Out: nothing for a document that cannot be read.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)  # noqa: FBT003 - the parser takes no keyword here
    except (expat.ExpatError, LookupError):
        return {}
    wanted = reader.nodes if lines is None else [node for node in reader.nodes if node.line in lines]
    return {_path(node): (node.line, node.column) for node in wanted}


class _Reader:
    """Collects the elements of one document in their order."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []
        self._open: list[_Node] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _start(self, tag: str, _: Mapping[str, str]) -> None:
        above = self._open[-1] if self._open else None
        number = 1
        if above is not None:
            number = above.seen[tag] = above.seen.get(tag, 0) + 1
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        node = _Node(above, tag, number, line, column)
        self.nodes.append(node)
        self._open.append(node)

    def _end(self, _: str) -> None:
        self._open.pop()


def _path(node: _Node) -> str:
    steps: list[str] = []
    at: _Node | None = node
    while at is not None:
        name = at.tag.rpartition(" ")[2]
        twins = at.above.seen[at.tag] if at.above is not None else 1
        steps.append(f"{name}[{at.number}]" if twins > 1 else name)
        at = at.above
    return "/" + "/".join(reversed(steps))
