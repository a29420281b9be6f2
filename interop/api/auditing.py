"""The audit as AuditEvent: read and searched by whoever has the scope by name. Each search is an entry itself.

What is served has its place in the chain already, so that each page is proven and none changes between two pages.
Source: FHIR R4 4.0.1 auditevent.html, search parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from interop.api.asked import asked, cursor
from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.api.outcomes import Refused
from interop.api.searching import matched, searchset, self_link, shortened
from interop.errors import NotFound
from interop.service.auditing import event_of
from interop.store import Audit, Entry, Sought, What
from interop.store.resources import Criterion
from mappings.audit_event import ACTING, DOCUMENT, WORDS, words_of

__all__ = ["read", "search"]

_OUTCOMES = {"0": "success", "4": "failure"}
_NOTHING = Sought(whats=frozenset())


def read(host: Host, call: Call) -> Reply:
    """One entry."""
    try:
        entry = host.parts.store.audit.entry(call.path["id"])
    except NotFound as error:
        raise Refused("resource_is_not_known") from error
    _tell(host, call, Sought())
    return Reply(resource=event_of(entry), headers={"ETag": 'W/"1"'})


def search(host: Host, call: Call) -> Reply:
    """One page of a search, the newest entries first."""
    wish, audit = asked(host, call), host.parts.store.audit
    audit.seal(host.parts.clock())
    sought = Sought()
    for criterion in wish.criteria:
        sought = _narrowed(sought, criterion, audit)
    _tell(host, call, sought)
    if wish.is_count:
        return Reply(resource=searchset([], [self_link(host, call, wish)], audit.count(sought)))
    found = audit.page(sought, wish.limit + 1, wish.after, oldest_first=wish.oldest_first)
    shown, links = found[: wish.limit], [self_link(host, call, wish)]
    if shown and len(found) > wish.limit:
        links.append({"relation": "next", "url": cursor(host, call, wish.pairs, shown[-1].sequence)})
    bodies = (shortened(host, event_of(one), wish.elements) for one in shown)
    return Reply(resource=searchset([matched(call, body, "match") for body in bodies], links, None))


def _tell(host: Host, call: Call, sought: Sought) -> None:
    """Nothing; that somebody looked at the audit, and at whose entries, stands in it too."""
    host.parts.store.audit.append(
        Entry(
            host.parts.clock(), f"app:{call.client.name}", "searched", cause="audit_api", document=sought.document,
            purpose="supervision", clients=(sought.client,) if sought.client else (),
        )
    )  # fmt: skip


def _narrowed(sought: Sought, criterion: Criterion, audit: Audit) -> Sought:
    """What is looked for, with one criterion more; several criteria hold together."""
    name = criterion.parameter
    if criterion.spans:
        return _within(sought, criterion)
    if name in _WORDS_OF:
        words = frozenset(word for value in criterion.values for word in _WORDS_OF[name](value))
        return replace(sought, whats=cast("frozenset[What]", words & (words if sought.whats is None else sought.whats)))
    if len(criterion.values) > 1:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": name.partition(":")[0]})
    changes = _FIELDS[name](criterion.values[0], audit) if name in _FIELDS else {}
    # A second value for what has one, and a reference by address: entries point at nothing by address.
    if not all(changes.values()) or any(getattr(sought, field) not in ("", value) for field, value in changes.items()):
        return _NOTHING
    return replace(sought, **changes) if changes else _NOTHING


def _within(sought: Sought, criterion: Criterion) -> Sought:
    if len(criterion.spans) > 1:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": criterion.parameter})
    how, low, high = criterion.spans[0]
    if how == "ne":
        raise Refused("parameter_has_no_sound_value", slots={"parameter": criterion.parameter})
    since: datetime | None = {"eq": low, "ge": low, "gt": high, "sa": high}.get(how)
    until: datetime | None = {"eq": high, "le": high, "lt": low, "eb": low}.get(how)
    return replace(
        sought,
        since=max(filter(None, (sought.since, since)), default=None),
        until=min(filter(None, (sought.until, until)), default=None),
    )


def _code(value: str, system: str = "") -> str:
    """The code of a token; empty when it names another system."""
    named, bar, code = value.rpartition("|")
    return "" if bar and system and named not in ("", system) else code


def _tagged(value: str) -> frozenset[str]:
    return frozenset({_code(value, WORDS)}) & words_of()


_WORDS_OF: Mapping[str, Callable[[str], frozenset[str]]] = {
    "_tag": _tagged,
    "type": lambda value: words_of(type_code=_code(value) or "?"),
    "action": lambda value: words_of(action=_code(value) or "?"),
}
_FIELDS: Mapping[str, Callable[[str, Audit], Mapping[str, Any]]] = {
    "_id": lambda value, _: {"id": value},
    "outcome": lambda value, _: {"outcome": _OUTCOMES.get(_code(value), "")},
    "agent:identifier": lambda value, _: {"who": _code(value, ACTING)},
    "entity:identifier": lambda value, _: {"document": _code(value, DOCUMENT).removeprefix("urn:oid:")},
    "patient:identifier": lambda value, audit: {"client": audit.pseudonym(_code(value)) if _code(value) else ""},
}
