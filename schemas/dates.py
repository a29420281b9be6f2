"""Dates and instants as the structures write them, judged against the real calendar.

A date may be partial (`2026`, `2026-11`, `2026-11-23`); an instant is a partial date or a full date with a time to the
second and an offset. THL's patterns accept any day from 00 to 31; the calendar is ours.
Source: THL Sosmeta, representations Pvm and Hetki; ISO 8601-1:2019 §5.2.2, §5.4.2.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Any

__all__ = ["DATE", "INSTANT", "earliest", "exists", "latest"]

_DAY = r"-?[0-9]{4}(-(0[1-9]|1[0-2])(-(0[0-9]|[12][0-9]|3[01])"
DATE = f"^{_DAY})?)?$"
"""The pattern of a date, as THL's schemas write it."""
INSTANT = (
    f"^{_DAY}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?$"
)
"""The pattern of an instant, as THL's schemas write it."""

_INSTANT = re.compile(INSTANT)
_PARTS = re.compile(r"(-?[0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def exists(value: str) -> bool:
    """True when the text has the form of a date or instant and its day is in the calendar.

    Years before 1 are outside the calendar of these documents and do not exist.
    """
    parts = _PARTS.match(value)
    if not parts or not _INSTANT.fullmatch(value):
        return False
    year, month, day = int(parts[1]), int(parts[2] or 1), int(parts[3] or 1)
    return year >= 1 and 1 <= day <= monthrange(year, month)[1]


def earliest(value: Any) -> date | None:
    """The first day that a date or instant can mean, as it is written; None for what is none of the calendar."""
    return _day(value, last=False)


def latest(value: Any) -> date | None:
    """The last day that a date or instant can mean, as it is written; None for what is none of the calendar."""
    return _day(value, last=True)


def _day(value: Any, *, last: bool) -> date | None:
    parts = _PARTS.match(value) if isinstance(value, str) and exists(value) else None
    if parts is None:
        return None
    year, month = int(parts[1]), int(parts[2] or (12 if last else 1))
    return date(year, month, int(parts[3] or (monthrange(year, month)[1] if last else 1)))
