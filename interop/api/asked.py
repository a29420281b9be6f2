"""A search as a client asks for it, turned into criteria; and the address of the next page, which shows none of it.

The cursor holds the whole search, sealed: also what came in the body of a POST, which must not stand in an address.
Source: FHIR R4 4.0.1 search.html.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from interop.api.calls import Call
from interop.api.host import Host
from interop.api.outcomes import Refused
from interop.errors import Fault
from interop.service.served import TYPES, Parameter, ServedType
from interop.service.terms import instants
from interop.store.resources import Comparison, Criterion
from schemas import json_text

__all__ = ["CURSOR", "Asked", "asked", "cursor"]

CURSOR = "_cursor"
_SHAPING = frozenset(
    {"_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_format", "_pretty"}
)
_SORTS = {"": False, "-_lastUpdated": False, "_lastUpdated": True}
_PREFIXES = ("eq", "ne", "lt", "le", "gt", "ge", "sa", "eb")
_DEFAULT, _MOST = 50, 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: its criteria and how the answer is shaped. `pairs` is what was asked, for the next page."""

    criteria: tuple[Criterion, ...]
    limit: int
    oldest_first: bool
    includes: tuple[str, ...]
    revincludes: tuple[str, ...]
    elements: tuple[str, ...]
    is_count: bool
    pairs: tuple[tuple[str, str], ...]
    after: int | None = None


def asked(host: Host, call: Call) -> Asked:
    """The search of a request. Raises: Refused for a parameter that is not offered, or has no sound value."""
    pairs, after = tuple(pair for pair in call.query if pair[0] not in ("_format", "_pretty")), None
    cursors = [value for name, value in pairs if name == CURSOR]
    if cursors:
        if len(pairs) > 1:
            raise Refused("cursor_is_not_ours")
        pairs, after = _opened(host, call, cursors[0])
    one = TYPES[call.path["type"]]
    shaping = {name: value for name, value in pairs if name in _SHAPING}
    if shaping.get("_sort", "") not in _SORTS:
        raise Refused("parameter_is_not_offered", slots={"parameter": "_sort"})
    if shaping.get("_summary", "false") not in ("false", "count"):
        raise Refused("parameter_is_not_offered", slots={"parameter": "_summary"})
    return Asked(
        tuple(_criterion(one, name, value) for name, value in pairs if name not in _SHAPING),
        _limit(shaping.get("_count", str(_DEFAULT))),
        _SORTS[shaping.get("_sort", "")],
        _followed(pairs, "_include"),
        _followed(pairs, "_revinclude"),
        tuple(filter(None, shaping.get("_elements", "").split(","))),
        shaping.get("_summary") == "count",
        pairs,
        after,
    )


def cursor(host: Host, call: Call, pairs: Sequence[tuple[str, str]], after: int | None) -> str:
    """The address of a page of a search, good for the same client alone."""
    said = {
        "client": call.client.name,
        "type": call.path["type"],
        "pairs": [list(pair) for pair in pairs],
        "after": after,
    }
    # Base 32 has no 0 and no 1, so that no cursor can look like an identity code.
    sealed = b32encode(host.parts.store.resources.sealed(json_text.dump(said))).decode().rstrip("=")
    return f"{call.base}/{call.path['type']}?{CURSOR}={sealed}"


def _opened(host: Host, call: Call, text: str) -> tuple[tuple[tuple[str, str], ...], int | None]:
    try:
        sealed = b32decode(text + "=" * (-len(text) % 8))
        said = json_text.parse(host.parts.store.resources.opened(sealed))[0]
    except (ValueError, Fault) as error:
        raise Refused("cursor_is_not_ours") from error
    if said["client"] != call.client.name or said["type"] != call.path["type"]:
        raise Refused("cursor_is_not_ours")
    return tuple((name, value) for name, value in said["pairs"]), said["after"]


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": "_count"})
    return min(int(text), _MOST)


def _followed(pairs: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    """The references that `_include` or `_revinclude` follows, as `CarePlan:goal`."""
    found = []
    for key, value in pairs:
        if key != name:
            continue
        kind, _, parameter = value.partition(":")
        if kind not in TYPES or parameter.partition(":")[0] not in TYPES[kind].includes:
            raise Refused("parameter_is_not_offered", slots={"parameter": name})
        found.append(f"{kind}:{parameter.partition(':')[0]}")
    return tuple(found)


def _criterion(one: ServedType, name: str, value: str) -> Criterion:
    base, _, modifier = name.replace(".identifier", ":identifier").partition(":")
    parameter = next((p for p in one.every_parameter if p.name == base), None)
    if parameter is None or (modifier and not (modifier == "identifier" and parameter.kind == "reference")):
        raise Refused("parameter_is_not_offered", slots={"parameter": "?" if parameter is None else base})
    values = tuple(filter(None, value.split(",")))
    if not values or len(values) > 50:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": base})
    if parameter.kind == "date":
        return Criterion(base, spans=tuple(_span(base, one) for one in values))
    if parameter.kind == "reference" and not modifier:
        values = tuple(_reference(parameter, text) for text in values)
    return Criterion(f"{base}:{modifier}" if modifier else base, values)


def _reference(parameter: Parameter, text: str) -> str:
    """A reference as the index has it: of an absolute address, the type and the id."""
    kind, _, name = text.rpartition("/")
    kind = kind.rpartition("/")[2]
    if kind and parameter.targets and kind not in parameter.targets:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": parameter.name})
    return f"{kind}/{name}" if kind else name


def _span(name: str, text: str) -> tuple[Comparison, datetime, datetime]:
    how = text[:2] if text[:2] in _PREFIXES else "eq"
    # A plus sign that was not written as %2B came as a blank.
    found = instants(text.removeprefix(how if text[:2] == how else "").replace(" ", "+"))
    if found is None:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": name})
    return cast("Comparison", how), *found
