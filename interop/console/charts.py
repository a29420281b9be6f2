"""Plots as plain geometry: where each bar and point stands. The templates draw it, and give the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["HEIGHT", "LEFT", "TOP", "WIDTH", "Bar", "Chart", "bars", "curve"]

WIDTH, HEIGHT = 480, 150
"""The field that is drawn in, without the labels around it."""
LEFT, TOP = 56, 14
"""The room for labels."""

_SECONDS = (60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 432_000, 864_000)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing; `x` and `y` are its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot. `line` and `area` are SVG paths, empty for bars; `ticks` are heights with their values."""

    values: tuple[int, ...]
    most: int
    ticks: tuple[tuple[float, int], ...]
    bars: tuple[Bar, ...] = ()
    line: str = ""
    area: str = ""


def bars(values: Sequence[int]) -> Chart:
    """Counts as bars, the earliest on the left."""
    top = _round_up(max(values, default=0))
    step = WIDTH / max(1, len(values))
    shown = tuple(
        Bar(round(LEFT + number * step + step * 0.14, 1), round(TOP + HEIGHT - _height(value, top), 1),
            round(step * 0.72, 1), round(_height(value, top), 1), value)
        for number, value in enumerate(values)
    )  # fmt: skip
    return Chart(tuple(values), top, _ticks(top), shown)


def curve(seconds: Sequence[int]) -> Chart:
    """Spans of time as an area under a line, the earliest on the left. Units: seconds."""
    longest = max(seconds, default=0)
    top = next((one for one in _SECONDS if one >= longest), -(-longest // 864_000) * 864_000)
    step = WIDTH / max(1, len(seconds))
    points = [
        (round(LEFT + (number + 0.5) * step, 1), round(TOP + HEIGHT - _height(value, top), 1))
        for number, value in enumerate(seconds)
    ]
    line = "M" + " L".join(f"{x} {y}" for x, y in points) if points else ""
    floor = TOP + HEIGHT
    area = f"{line} L{points[-1][0]} {floor} L{points[0][0]} {floor} Z" if points else ""
    return Chart(tuple(seconds), top, _ticks(top), line=line, area=area)


def _height(value: int, top: int) -> float:
    """The height of a value; what is not nothing can be seen."""
    return max(HEIGHT * value / top, 2.0) if value else 0.0


def _ticks(top: int) -> tuple[tuple[float, int], ...]:
    parts = (0, 0.5, 1) if top % 2 == 0 else (0, 1)
    return tuple((round(TOP + HEIGHT - HEIGHT * part, 1), int(top * part)) for part in parts)


def _round_up(value: int) -> int:
    """The next number of the form 1, 2, 4, 5 or 10 times a power of ten; at least 4."""
    if value <= 4:
        return 4
    power: int = 10 ** (len(str(value)) - 1)
    return next((step * power for step in (1, 2, 4, 5) if step * power >= value), 10 * power)
