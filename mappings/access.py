"""Closures that read and write one place of a plain tree, made once from a parsed place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.places import Item, Place, Step, Where

__all__ = ["MISSING", "Path", "container", "getter", "list_at", "locator", "setter"]

MISSING: Any = object()
"""What a getter gives for a place that is not there."""

Path = tuple[str | int, ...]
"""The keys and indexes from the top of a tree down to a value."""


def getter(place: Place) -> Callable[[Any], Any]:
    """Reads a place without `[]`; `MISSING` when it is not there, whatever stands in its way."""
    match place:
        case (str(name),):
            return lambda tree: tree.get(name, MISSING) if type(tree) is dict else MISSING
        case (str(first), str(second)):
            return lambda tree: (
                inner.get(second, MISSING) if type(tree) is dict and type(inner := tree.get(first)) is dict else MISSING
            )

    def get(tree: Any) -> Any:
        for step in place:
            tree = _enter(tree, step)
            if tree is MISSING:
                return MISSING
        return tree

    return get


def _enter(tree: Any, step: Step) -> Any:
    match step:
        case str(name):
            return tree.get(name, MISSING) if isinstance(tree, dict) else MISSING
        case Item(index):
            return tree[index] if isinstance(tree, list) and index < len(tree) else MISSING
        case Where(key, value):
            return next((i for i in _dicts(tree) if i.get(key) == value), MISSING)
    return MISSING


def _dicts(tree: Any) -> list[dict[str, Any]]:
    return [item for item in tree if isinstance(item, dict)] if isinstance(tree, list) else []


def setter(place: Place) -> Callable[[Any, Any], None]:
    """Writes a value at a place without `[]`, making what stands above it."""
    *above, last = place
    match last:
        case str(name):
            into = container(tuple(above), dict)

            def put(tree: Any, value: Any) -> None:
                into(tree)[name] = value

        case Where():
            item = container(place, dict)

            def put(tree: Any, value: Any) -> None:
                item(tree).update(value)

        case Item(index):
            items = container(tuple(above), list)

            def put(tree: Any, value: Any) -> None:
                found = items(tree)
                found.extend({} for _ in range(index + 1 - len(found)))
                found[index] = value

        case _:
            raise ValueError("A place of one value does not end with [].")
    return put


def list_at(place: Place) -> Callable[[Any], list[Any]]:
    """Finds or makes the list at a place."""
    return container(place, list)


def container(place: Place, kind: type) -> Callable[[Any], Any]:
    """Finds or makes the dict or list at a place, and all that stands above it."""
    kinds: list[type] = [list if isinstance(step, Item | Where) else dict for step in place[1:]]
    makers = list(zip(place, [*kinds, kind], strict=False))

    def find(tree: Any) -> Any:
        for step, make in makers:
            tree = _make(tree, step, make)
        return tree

    return find


def _make(tree: Any, step: Step, make: type) -> Any:
    match step:
        case str(name):
            if name not in tree:
                tree[name] = make()
            return tree[name]
        case Item(index):
            tree.extend(make() for _ in range(index + 1 - len(tree)))
            return tree[index]
        case Where(key, value):
            found = next((item for item in tree if item.get(key) == value), None)
            if found is None:
                found = {key: value}
                tree.append(found)
            return found
    raise ValueError("A place of one value holds no [].")


def locator(place: Place) -> Callable[[Any], Path]:
    """Finds the keys and indexes that a place stands for in a tree: `[key=value]` becomes the item's number."""
    if not any(isinstance(step, Where) for step in place):
        fixed = tuple(step.index if isinstance(step, Item) else str(step) for step in place)
        return lambda _: fixed

    def find(tree: Any) -> Path:
        path: list[str | int] = []
        for step in place:
            match step:
                case str(name):
                    path.append(name)
                case Item(index):
                    path.append(index)
                case Where(key, value):
                    items = tree if isinstance(tree, list) else []
                    found = (n for n, i in enumerate(items) if isinstance(i, dict) and i.get(key) == value)
                    path.append(next(found, 0))
            tree = _enter(tree, step)
        return tuple(path)

    return find
