"""Findings as text for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from interop.documents import Examined, unjudged
from schemas.issues import SEVERITIES, Issue, Language

__all__ = ["as_json", "as_text", "rule_lines", "summary"]

_WORDS: dict[Language, dict[str, tuple[str, str]]] = {
    "fi": {
        "error": ("virhe", "virhettä"),
        "warning": ("varoitus", "varoitusta"),
        "information": ("huomio", "huomiota"),
    },
    "sv": {"error": ("fel", "fel"), "warning": ("varning", "varningar"), "information": ("notis", "notiser")},
    "en": {"error": ("error", "errors"), "warning": ("warning", "warnings"), "information": ("note", "notes")},
}
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


def as_text(name: str, examined: Examined, language: Language) -> Iterator[str]:
    """The lines that a person reads: the verdict, then every finding with its place, the worst first."""
    state = _STATES[language][0 if examined.valid else 1]
    yield f"{name}: {state}{_facts(examined)}{_counts(examined.issues, language)}"
    missing, because = unjudged(examined.layers)
    if missing:
        yield "  " + _UNJUDGED[language].format(layers=", ".join(missing), because=", ".join(because))
    for issue in sorted(examined.issues, key=lambda issue: (SEVERITIES.index(issue.rule.severity), issue.line or 0)):
        at = f"{issue.line}:{issue.column or 1}" if issue.line else "-"
        yield f"  {_WORDS[language][issue.rule.severity][0]:<9} {at:>7}  {issue.message(language)}"
        yield f"  {'':<9} {'':>7}  {issue.path or '/'}  [{issue.rule.id}]"


def _facts(examined: Examined) -> str:
    facts = [fact for fact in (examined.format, examined.structure, examined.resource) if fact]
    return f" ({', '.join(facts)})" if facts else ""


def _counts(issues: Iterable[Issue], language: Language) -> str:
    severities = [issue.rule.severity for issue in issues]
    counts = [(severities.count(severity), _WORDS[language][severity]) for severity in SEVERITIES]
    said = [f"{count} {one if count == 1 else several}" for count, (one, several) in counts if count]
    return f": {', '.join(said)}" if said else ""


def summary(results: list[tuple[str, Examined]], language: Language) -> Iterator[str]:
    """The lines about several inputs together: how many are valid, and how often each rule was broken."""
    good = sum(examined.valid for _, examined in results)
    yield f"{good}/{len(results)} {_STATES[language][0]}{_counts((i for _, e in results for i in e.issues), language)}"
    per_rule = Counter(issue.rule.id for _, examined in results for issue in examined.issues)
    for rule, count in per_rule.most_common():
        yield f"  {count:>6}  {rule}"


def rule_lines(issues: Iterable[Issue], language: Language) -> Iterator[str]:
    """The rules that were broken, each once: its own text, its layer, and where it comes from."""
    for rule in {issue.rule.id: issue.rule for issue in issues}.values():
        yield f"\n  {rule.id} ({rule.layer}, {rule.severity})"
        yield f"    {rule.message[language]}"
        yield f"    {rule.source}"
