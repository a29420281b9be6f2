"""Expands value sets from the code systems that are at hand, and says what could not be expanded.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/valueset.html#compositions; BCP 47 (RFC 5646 §2.1); BCP 13 (RFC 6838)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["GRAMMARS", "CodeSet", "expanded"]

_Find = Callable[[str], Mapping[str, Any] | None]
_MIME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9*][A-Za-z0-9!#$&^_.+-]*(\s*;\s*[^\s;=]+=(\"[^\"]*\"|[^\s;]+))*"
_LANGUAGE = r"(?i:[a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(?i:-[a-z]{4})?(?i:-([a-z]{2}|[0-9]{3}))?"

GRAMMARS: Mapping[str, re.Pattern[str]] = {
    "urn:ietf:bcp:13": re.compile(_MIME),
    "urn:ietf:bcp:47": re.compile(
        _LANGUAGE
        + r"(?i:-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?i:-[a-wyz0-9](-[a-z0-9]{2,8})+)*(?i:-x(-[a-z0-9]{1,8})+)?"
    ),
}
"""Code systems whose codes are given by a grammar instead of a list."""


_FORMS: Mapping[str, re.Pattern[str]] = {
    "urn:iso:std:iso:3166": re.compile(r"[A-Z]{2,3}|[0-9]{3}|[A-Z]{2}-[A-Z0-9]{1,3}"),
    "urn:iso:std:iso:3166:-2": re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}"),
    "http://unstats.un.org/unsd/methods/m49/m49.htm": re.compile(r"[0-9]{3}"),
    "http://snomed.info/sct": re.compile(r"[0-9]{6,18}"),
    "http://loinc.org": re.compile(r"(LA|LP|LG|LL)?[0-9]+-[0-9]"),
}
"""What every code of a system looks like whose codes are not at hand; another is certainly not one of them."""


def _could_be(system: str, code: str) -> bool:
    form = _FORMS.get(system)
    return form is None or form.fullmatch(code) is not None


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The codes of a value set, by system. `grammars`: systems by rule. `open`: systems whose codes are not at hand."""

    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    grammars: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    everything_known: bool = True

    def has(self, system: str | None, code: str) -> bool | None:
        """True or False; None when what would decide is not at hand. In: `system` None means that none was given."""
        systems = (system,) if system is not None else (*self.codes, *self.grammars, *self.open)
        for one in systems:
            if code in self.codes.get(one, ()) or (one in self.grammars and GRAMMARS[one].fullmatch(code)):
                return True
        if not self.everything_known or any(one in self.open and _could_be(one, code) for one in systems):
            return None
        return False


def expanded(url: str, value_set: _Find, code_system: _Find, above: tuple[str, ...] = ()) -> CodeSet | None:
    """The codes of a value set, or None when it is unknown. A value set that includes itself adds nothing."""
    found = value_set(url)
    if found is None or url in above:
        return None
    if "compose" not in found:
        return _listed(found.get("expansion", {}).get("contains", ()))
    parts = _Parts(value_set, code_system, (*above, url))
    compose = found["compose"]
    included = [parts.of(entry) for entry in compose.get("include", ()) if isinstance(entry, Mapping)]
    excluded = [parts.of(entry) for entry in compose.get("exclude", ()) if isinstance(entry, Mapping)]
    return _without(_union(included), excluded)


class _Parts:
    """Expands the `include` and `exclude` parts of one value set."""

    def __init__(self, value_set: _Find, code_system: _Find, above: tuple[str, ...]) -> None:
        self._value_set, self._code_system, self._above = value_set, code_system, above

    def of(self, entry: Mapping[str, Any]) -> CodeSet:
        sets = [
            expanded(str(url).partition("|")[0], self._value_set, self._code_system, self._above)
            or CodeSet(everything_known=False)
            for url in entry.get("valueSet", ())
        ]
        system = entry.get("system")
        if not isinstance(system, str):
            return _intersection(sets)
        own = self._of_system(system, entry)
        return _intersection([own, *sets]) if sets else own

    def _of_system(self, system: str, entry: Mapping[str, Any]) -> CodeSet:
        if entry.get("concept"):
            return CodeSet({system: frozenset(str(concept.get("code")) for concept in entry["concept"])})
        if system in GRAMMARS:
            return CodeSet(grammars=frozenset({system}))
        found = self._code_system(system)
        if found is None or found.get("content") not in ("complete", "fragment"):
            return CodeSet(open=frozenset({system}))
        codes: set[str] | None = set(found["codes"])
        for one in entry.get("filter", ()):
            codes = _filtered(found, codes or set(), one)
            if codes is None:
                return CodeSet(open=frozenset({system}))
        whole = found["content"] == "complete"
        return CodeSet({system: frozenset(codes or ())}, open=frozenset() if whole else frozenset({system}))


def _filtered(system: Mapping[str, Any], codes: set[str], entry: Mapping[str, Any]) -> set[str] | None:
    value = str(entry.get("value"))
    match entry.get("property"), entry.get("op"):
        case (("concept" | "code"), ("is-a" | "descendent-of" | "is-not-a") as op):
            below = _below(system, value)
            if op == "is-not-a":
                return codes - below - {value}
            return codes & (below if op == "descendent-of" else below | {value})
        case (("concept" | "code"), "="):
            return codes & {value}
        case (("concept" | "code"), "in"):
            return codes & {part.strip() for part in value.split(",")}
    return None


def _below(system: Mapping[str, Any], code: str) -> set[str]:
    children: dict[str, list[str]] = {}
    for child, parents in system["parents"].items():
        for parent in parents:
            children.setdefault(parent, []).append(child)
    below: set[str] = set()
    waiting = [code]
    while waiting:
        fresh = [child for child in children.get(waiting.pop(), ()) if child not in below]
        below.update(fresh)
        waiting += fresh
    return below


def _listed(contains: Any) -> CodeSet:
    codes: dict[str, set[str]] = {}
    for system, code in _contained(contains):
        codes.setdefault(system, set()).add(code)
    return CodeSet({system: frozenset(of) for system, of in codes.items()})


def _contained(contains: Any) -> Iterator[tuple[str, str]]:
    for entry in contains:
        if isinstance(entry.get("code"), str) and not entry.get("abstract"):
            yield str(entry.get("system", "")), entry["code"]
        yield from _contained(entry.get("contains", ()))


def _union(sets: list[CodeSet]) -> CodeSet:
    codes: dict[str, frozenset[str]] = {}
    for one in sets:
        for system, some in one.codes.items():
            codes[system] = codes.get(system, frozenset()) | some
    return CodeSet(
        codes,
        frozenset().union(*(one.grammars for one in sets)),
        frozenset().union(*(one.open for one in sets)),
        all(one.everything_known for one in sets),
    )


def _intersection(sets: list[CodeSet]) -> CodeSet:
    if len(sets) == 1:
        return sets[0]
    if any(one.grammars or one.open or not one.everything_known for one in sets):
        return CodeSet(everything_known=False)
    systems = set(sets[0].codes).intersection(*(one.codes for one in sets[1:])) if sets else set()
    return CodeSet({s: sets[0].codes[s].intersection(*(one.codes[s] for one in sets[1:])) for s in systems})


def _without(whole: CodeSet, parts: list[CodeSet]) -> CodeSet:
    codes = dict(whole.codes)
    for part in parts:
        for system, some in part.codes.items():
            codes[system] = codes.get(system, frozenset()) - some
    return CodeSet(codes, whole.grammars, whole.open, whole.everything_known)
