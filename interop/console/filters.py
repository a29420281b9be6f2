"""What stands in the filters of a list, read from the address of the page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

__all__ = ["day", "page_number"]

_LAST_PAGE = 10_000


def day(text: str, name: str, mistakes: list[str]) -> datetime | None:
    """The beginning of a day, as UTC counts it; a text that is none adds the filter's name to the mistakes."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        mistakes.append(name)
        return None


def page_number(text: str) -> int:
    """The number of a page; the first for what is no number."""
    return min(int(text), _LAST_PAGE) if re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII) else 1
