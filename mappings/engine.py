"""Compiles a mapping table into two programs, one for each direction, and runs them on plain data.

A program is a tree of scopes, one for each pair of repeated places; its steps are closures over places that were parsed
when the table was loaded, so that running a document parses and looks up nothing by text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.access import MISSING, Path, container, getter, list_at, locator, setter
from mappings.codecs import Untranslatable
from mappings.places import Each, Item, Place
from mappings.report import Entry, Link, Report
from mappings.tables import Row, Table, turned
from schemas.issues import Issue, rules_in
from schemas.json_text import pointer

__all__ = ["Mapping", "Outcome"]

_RULES = rules_in("mappings")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave: the tree on the other side, the issues met, and when traced the report."""

    tree: dict[str, Any]
    issues: list[Issue]
    report: Report


class Mapping:
    """A compiled table. Trees are plain dicts, lists and scalars; none that is passed in is changed."""

    def __init__(self, table: Table) -> None:
        self.table = table
        rows = [row for row in table.rows if row.record and row.format]
        self._constants = [row for row in table.rows if row.record is None]
        self._write = _compile([row for row in table.rows if row.format])
        self._read = _compile([turned(row) for row in rows if not row.copy])

    def write(self, record: dict[str, Any], into: dict[str, Any] | None = None, *, traced: bool = False) -> Outcome:
        """The format's tree of a record's tree. Issues: those of the codecs, at JSON Pointers into the record.

        In: `into` is what the format itself has put into the tree. A constant is written where its top part exists.
        """
        run = _Run([] if traced else None)
        tree = into or {}
        self._write.run(record, tree, run, (), ())
        constants = tuple(Entry(_shown(row.format or ()), "A constant of the mapping.") for row in self._constants)
        return Outcome(tree, run.issues, run.report(constants))

    def read(self, tree: dict[str, Any], *, traced: bool = False) -> Outcome:
        """The record's tree of a format's tree. Issues: those of the codecs, at JSON Pointers into that tree."""
        run = _Run([] if traced else None)
        record: dict[str, Any] = {}
        self._read.run(tree, record, run, (), ())
        return Outcome(record, run.issues, run.report(()))


@dataclass(slots=True)
class _Run:
    """What is collected while a program runs. `links` is None when the run is not traced."""

    links: list[Link] | None
    issues: list[Issue] = field(default_factory=list)
    lost: list[Entry] = field(default_factory=list)

    def refuse(self, rule: str, path: Path) -> None:
        self.issues.append(_RULES[rule].at(pointer(path)))
        self.lost.append(Entry(pointer(path), _RULES[rule].message["en"]))

    def told(self, row: Row, value: Any, written: Any, path: Path) -> None:
        """Notes the loss when the value is read back as another. A copy loses nothing: the value stands elsewhere."""
        if row.codec.lossy and not row.copy and row.codec.read(written) != value:
            self.lost.append(Entry(pointer(path), row.codec.lossy))

    def report(self, constants: tuple[Entry, ...]) -> Report:
        return Report(lost=tuple(self.lost), constants=constants, links=tuple(self.links or ()))


@dataclass(slots=True)
class _Value:
    """Moves one value. `at` and `to` find where it stands in the one tree and in the other."""

    row: Row
    at: Callable[[Any], Path]
    to: Callable[[Any], Path]
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None]

    def run(self, source: Any, target: Any, run: _Run, source_path: Path, target_path: Path) -> None:
        value = self.get(source)
        if value is MISSING or value is None:
            return
        try:
            written = self.row.codec.write(value)
        except Untranslatable as refusal:
            run.refuse(refusal.rule, source_path + self.at(source))
            return
        self.put(target, written)
        if self.row.codec.lossy:
            run.told(self.row, value, written, source_path + self.at(source))
        if run.links is not None:
            at = pointer(source_path + self.at(source))
            to = pointer(target_path + self.to(target))
            run.links.append(Link(at, to, self.row.codec.name))


@dataclass(slots=True)
class _Presence:
    """Carries the presence of a group that may be empty."""

    get: Callable[[Any], Any]
    put: Callable[[Any], Any]

    def run(self, source: Any, target: Any, *_: Any) -> None:
        if isinstance(self.get(source), dict):
            self.put(target)


@dataclass(slots=True)
class _Scope:
    """Runs its steps on one pair of contexts."""

    steps: list[_Value | _Presence | _Loop]
    constants: list[tuple[Place, Callable[[Any, Any], None], Any]]

    def run(self, source: Any, target: Any, run: _Run, source_path: Path, target_path: Path) -> None:
        for step in self.steps:
            step.run(source, target, run, source_path, target_path)
        for place, put, value in self.constants:
            if len(place) == 1 or place[0] in target:
                put(target, value)


@dataclass(slots=True)
class _Loop:
    """Runs a scope on every item of a list; item i of the source becomes item i of the target."""

    source: Place
    target: Place
    at: Callable[[Any], Path]
    to: Callable[[Any], Path]
    get: Callable[[Any], Any]
    into: Callable[[Any], list[Any]]
    scope: _Scope
    item: _Value | None

    def run(self, source: Any, target: Any, run: _Run, source_path: Path, target_path: Path) -> None:
        items = self.get(source)
        if items is MISSING or items is None:
            return
        at = source_path + self.at(source)
        if not isinstance(items, list):
            run.refuse("repeated_field_is_a_list", at)
            return
        if not items:
            run.lost.append(Entry(pointer(at), "An empty list is written as no list at all."))
            return
        into = self.into(target)
        to = target_path + self.to(target)
        if self.item:
            self._values(self.item, items, into, run, at, to)
            return
        for index, item in enumerate(items):
            if len(into) <= index:
                into.append({})
            if run.links is not None:
                run.links.append(Link(pointer((*at, index)), pointer((*to, index)), "group"))
            self.scope.run(item, into[index], run, (*at, index), (*to, index))

    def _values(self, item: _Value, items: list[Any], into: list[Any], run: _Run, at: Path, to: Path) -> None:
        """Moves a list whose items on the target's side are values themselves."""
        for index, holder in enumerate(items):
            value = item.get(holder)
            if value is MISSING or value is None:
                run.refuse("value_has_the_kind_of_its_field", (*at, index))
                continue
            place = (*at, index, *item.at(holder))
            try:
                into.append(item.row.codec.write(value))
            except Untranslatable as refusal:
                run.refuse(refusal.rule, place)
                continue
            run.told(item.row, value, into[-1], place)
            if run.links is not None:
                run.links.append(Link(pointer(place), pointer((*to, len(into) - 1)), item.row.codec.name))


_Entry = tuple[Row, Place | None, Place]


def _compile(rows: Iterable[Row]) -> _Scope:
    """The program from the rows' left side to their right side."""
    return _scope([(row, row.record, row.format or ()) for row in rows])


def _scope(rows: Sequence[_Entry]) -> _Scope:
    steps: list[_Value | _Presence | _Loop] = []
    loops: dict[tuple[Place, Place], list[_Entry]] = {}
    for row, source, target in rows:
        if source is None:
            continue
        if Each() not in source:
            steps.append(_single(row, source, target))
            continue
        head_source, rest_source = _split(source)
        head_target, rest_target = _split(target)
        inner = loops.get((head_source, head_target))
        if inner is None:
            inner = loops[head_source, head_target] = []
            steps.append(_loop(head_source, head_target))
        inner.append((row, rest_source, rest_target))
    constants = [(row, target) for row, source, target in rows if source is None]
    for step in steps:
        if isinstance(step, _Loop):
            own = [(row, None, place[1]) for row, target in constants if (place := _within(target, step.target))]
            _fill(step, [*loops[step.source, step.target], *own])
    single = [(target, setter(target), row.value) for row, target in constants if Each() not in target]
    return _Scope(steps, single)


def _within(place: Place, head: Place) -> tuple[Place, Place] | None:
    """The place split after its first `[]`, when it leads through the list at `head`."""
    return split if Each() in place and (split := _split(place))[0] == head else None


def _fill(loop: _Loop, inner: list[_Entry]) -> None:
    for row, source, target in inner:
        if target == () and source is not None and not row.is_group:
            loop.item = _Value(row, locator(source), locator(()), getter(source), lambda *_: None)
            return
    loop.scope = _scope([entry for entry in inner if entry[2] != () or entry[1] != ()])


def _single(row: Row, source: Place, target: Place) -> _Value | _Presence:
    if row.is_group:
        return _Presence(getter(source), container(target, dict))
    return _Value(row, locator(source), locator(target), getter(source), setter(target))


def _loop(source: Place, target: Place) -> _Loop:
    places = locator(source), locator(target)
    return _Loop(source, target, *places, getter(source), list_at(target), _Scope([], []), None)


def _split(place: Place) -> tuple[Place, Place]:
    at = place.index(Each())
    return place[:at], place[at + 1 :]


def _shown(place: Place) -> str:
    return pointer([step if isinstance(step, str) else step.index if isinstance(step, Item) else "-" for step in place])
