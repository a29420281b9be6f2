"""Findings as text for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from interop.cli.rule_examples import rule_examples
from interop.documents import Examined, unjudged
from schemas.issues import SEVERITIES, Issue, Language, Severity

__all__ = ["Tally", "as_json", "as_text", "counts_of", "grouped", "rule_lines", "severity_word", "shown", "state_of"]

_WORDS: dict[Language, dict[str, tuple[str, str]]] = {
    "fi": {
        "error": ("virhe", "virhettä"),
        "warning": ("varoitus", "varoitusta"),
        "information": ("huomio", "huomiota"),
    },
    "sv": {"error": ("fel", "fel"), "warning": ("varning", "varningar"), "information": ("notis", "notiser")},
    "en": {"error": ("error", "errors"), "warning": ("warning", "warnings"), "information": ("note", "notes")},
}
_COLOURS = {"error": "31;1", "warning": "33", "information": "36", "valid": "32", "path": "2"}
_MOST_PLACES = {"error": 20, "warning": 5, "information": 3}
"""How many places of one finding are listed for people, by severity; the other outputs have them all."""
_UNJUDGED: dict[Language, str] = {
    "fi": "arvioimatta jäi {layers}, koska {because} ei kelpaa",
    "sv": "{layers} bedömdes inte, eftersom {because} är ogiltig",
    "en": "{layers} not judged, because {because} failed",
}
_STATES: dict[Language, tuple[str, str]] = {
    "fi": ("kelvollinen", "ei kelpaa"),
    "sv": ("giltig", "ogiltig"),
    "en": ("valid", "not valid"),
}


def as_json(name: str, examined: Examined) -> dict[str, Any]:
    """Out: the object that stands for one input in `--output json`."""
    return {
        "input": name,
        "format": examined.format,
        "structure": examined.structure,
        "resource": examined.resource,
        "valid": examined.valid,
        "layers": examined.layers,
        "issues": [issue.as_json() for issue in examined.issues],
    }


def as_text(
    name: str, examined: Examined, language: Language, *, colours: bool = False, width: int = 0
) -> Iterator[str]:
    """The lines that a person reads: the verdict, then the findings, the worst first, those of one rule and text
    together with all their places: line and column, the names of the fields that lead there, and the path.

    In: `colours` and `width` (in characters, 0 for lines as long as they are) for a terminal.
    """
    state = _coloured(state_of(examined, language), "valid" if examined.valid else "error", colours)
    yield f"{shown(name)}: {state}{_facts(examined)}{counts_of(examined, language)}"
    missing, because = unjudged(examined.layers)
    if missing:
        yield "  " + _UNJUDGED[language].format(layers=", ".join(missing), because=", ".join(because))
    for together in grouped(examined.issues, language):
        rule = together[0].rule
        most = _MOST_PLACES[rule.severity]
        word = f"{severity_word(rule.severity, language):<9}"
        times = f" (×{len(together)})" if len(together) > 1 else ""
        first, *more = _wrapped(f"{shown(together[0].message(language))}{times}  [{rule.id}]", width)
        yield f"  {_coloured(word, rule.severity, colours)} {first}"
        yield from (f"{_MARGIN}{line}" for line in more)
        for issue in together[:most]:
            yield from _place(issue, language, colours=colours, width=width)
        if len(together) > most:
            yield f"{_MARGIN}… +{len(together) - most}"


_MARGIN = " " * 12
"""Where a finding's text begins; the numbers of lines stand before it."""


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines that end within the width, the margin counted."""
    if not width:
        return [text]
    return wrap(text, max(width - len(_MARGIN), 40), break_long_words=False, break_on_hyphens=False)


def _place(issue: Issue, language: Language, *, colours: bool, width: int) -> Iterator[str]:
    at = f"{issue.line}:{issue.column or 1}" if issue.line else "-"
    path = _coloured(shown(issue.path) or "/", "path", colours)
    trail = issue.trail(language)
    first, *more = [*_wrapped(trail, width), path] if trail else [path]
    yield f"  {at:>8}  {first}"
    yield from (f"{_MARGIN}{line}" for line in more)


def shown(text: str) -> str:
    """The text with escapes in place of what a terminal or an XML reader would obey: control and direction marks.

    Names of files and of JSON members are whatever their sender likes.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def state_of(examined: Examined, language: Language) -> str:
    """The verdict in words."""
    return _STATES[language][0 if examined.valid else 1]


def severity_word(severity: Severity, language: Language) -> str:
    """What one finding of a severity is called."""
    return _WORDS[language][severity][0]


def counts_of(examined: Examined, language: Language) -> str:
    """How many findings of each severity there are, such as `: 1 error, 2 notes`; empty when there are none."""
    return _counted(Counter(issue.rule.severity for issue in examined.issues), language)


def grouped(issues: Iterable[Issue], language: Language) -> list[list[Issue]]:
    """The findings that say the same, together in the order of their places; the worst first."""
    groups: dict[tuple[str, str], list[Issue]] = {}
    for issue in sorted(issues, key=lambda one: (SEVERITIES.index(one.rule.severity), one.line or 0)):
        groups.setdefault((issue.rule.id, issue.message(language)), []).append(issue)
    return list(groups.values())


def _coloured(text: str, kind: str, colours: bool) -> str:
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if colours else text


def _facts(examined: Examined) -> str:
    facts = [fact for fact in (examined.format, examined.structure, examined.resource) if fact]
    return f" ({', '.join(facts)})" if facts else ""


def _counted(severities: Mapping[str, int], language: Language) -> str:
    counts = [(severities.get(severity, 0), _WORDS[language][severity]) for severity in SEVERITIES]
    said = [f"{count} {one if count == 1 else several}" for count, (one, several) in counts if count]
    return f": {', '.join(said)}" if said else ""


@dataclass(slots=True)
class Tally:
    """What is kept of many inputs: how many are valid, and how often each rule was broken."""

    inputs: int = 0
    valid: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, examined: Examined) -> None:
        """Counts one input."""
        self.inputs += 1
        self.valid += examined.valid
        self.severities.update(issue.rule.severity for issue in examined.issues)
        self.rules.update(issue.rule.id for issue in examined.issues)

    def lines(self, language: Language) -> Iterator[str]:
        """The summary for people: the rules that were broken, the most often broken first."""
        yield f"{self.valid}/{self.inputs} {_STATES[language][0]}{_counted(self.severities, language)}"
        for rule, count in self.rules.most_common():
            yield f"  {count:>6}  {rule}"


def rule_lines(issues: Iterable[Issue], language: Language) -> Iterator[str]:
    """The rules that were broken, each once: its own text, its layer, where it comes from, and what passes it."""
    for rule in {issue.rule.id: issue.rule for issue in issues}.values():
        yield f"\n  {rule.id} ({rule.layer}, {rule.severity})"
        yield f"    {rule.message[language]}"
        yield f"    {rule.source}"
        yield f"    ✓ {rule_examples()[rule.id]}"
