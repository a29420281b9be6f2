"""The audit: who did what to which document, when, and on which legal basis. To look at it is an entry itself."""

from __future__ import annotations

import re
from datetime import timedelta

from starlette.responses import Response

from interop.console.asking import Ask
from interop.console.filters import day
from interop.store import WHATS, Entry, Sought
from schemas.identity import is_oid

__all__ = ["index"]

_PAGE = 50


def index(ask: Ask) -> Response:
    """The entries that the filters in the address let through, the newest first."""
    audit = ask.parts.store.audit
    while audit.seal(ask.now):
        pass
    sought, mistakes = _sought(ask)
    found = audit.page(sought, _PAGE + 1, _place(ask.asked("before")))
    _tell(ask, sought)
    return ask.page(
        "audit.html",
        entries=found[:_PAGE],
        count=audit.count(sought),
        sought=sought,
        mistakes=mistakes,
        whats=WHATS,
        older=found[_PAGE - 1].sequence if len(found) > _PAGE else None,
        filtered=sought != Sought(),
    )


def _tell(ask: Ask, sought: Sought) -> None:
    ask.parts.store.audit.append(
        Entry(
            ask.now, f"user:{ask.name}", "searched", cause="audit_page", document=sought.document, purpose="supervision"
        )
    )


def _sought(ask: Ask) -> tuple[Sought, tuple[str, ...]]:
    """What the filters ask for, and the names of the filters that could not be understood and so filter nothing."""
    mistakes: list[str] = []
    document = ask.asked("document")
    if document and not is_oid(document):
        mistakes.append("document")
        document = ""
    what = next((one for one in WHATS if one == ask.asked("what")), None)
    since, until = (day(ask.asked(name), name, mistakes) for name in ("since", "until"))
    sought = Sought(document=document, what=what, since=since, until=until + timedelta(days=1) if until else None)
    return sought, tuple(mistakes)


def _place(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text, re.ASCII) else None
