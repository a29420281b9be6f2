"""Findings about documents as one HTML page: each document beside what was found in it, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from interop.cli.findings import Tally, counts_of, grouped, severity_word, shown, state_of
from interop.cli.reports import Result
from schemas.issues import SEVERITIES, Issue, Language

__all__ = ["as_html"]

_MOST_LINES = 20_000
_MOST_OPEN = 5
"""How many places of one finding stand open; the rest unfold."""


def as_html(results: Iterable[Result], language: Language) -> str:
    """Out: a page with each document beside its findings. It shows the documents, so it is as secret as they are."""
    tally = Tally()
    parts = []
    for number, result in enumerate(results, 1):
        tally.add(result.examined)
        parts.append(_document(f"d{number}", result, language))
    summary = escape(next(tally.lines(language)))
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>interop validate</title>"
        f"<style>{_STYLE}</style></head><body><h1>interop validate</h1><p>{summary}</p>{''.join(parts)}</body></html>\n"
    )


def _document(identity: str, result: Result, language: Language) -> str:
    issues = result.examined.issues
    found = "".join(_finding(identity, together, language) for together in grouped(issues, language))
    kind = "valid" if result.examined.valid else "not-valid"
    facts = ", ".join(fact for fact in (result.examined.format, result.examined.structure) if fact)
    said = f"{state_of(result.examined, language)}{counts_of(result.examined, language)}"
    return (
        f"<section><h2 class='{kind}'>{escape(shown(result.name))}</h2>"
        f"<p>{escape(said)} <small>{escape(facts)}</small></p>"
        f"<div class='pair'><ol class='source' tabindex='0'>{_lines(identity, result)}</ol>"
        f"<ul class='found'>{found}</ul></div></section>"
    )


def _lines(identity: str, result: Result) -> str:
    """The document, each line marked by the worst finding in it."""
    worst: dict[int | None, str] = {}
    for issue in sorted(result.examined.issues, key=lambda one: -SEVERITIES.index(one.rule.severity)):
        worst[issue.line] = issue.rule.severity
    lines = result.data.decode("utf-8", "replace").splitlines()[:_MOST_LINES]
    return "".join(
        f"<li id='{identity}-{number}'{_marked(worst.get(number))}>{escape(line) or ' '}</li>"
        for number, line in enumerate(lines, 1)
    )


def _marked(severity: str | None) -> str:
    return f" class='{severity}'" if severity else ""


def _finding(identity: str, together: Sequence[Issue], language: Language) -> str:
    """One finding with all its places, each a link to its line."""
    rule = together[0].rule
    places = [f"<li>{_place(identity, issue, language)}</li>" for issue in together]
    times = f" ×{len(together)}" if len(together) > 1 else ""
    rest = places[_MOST_OPEN:]
    folded = f"<details><summary>+{len(rest)}</summary><ul>{''.join(rest)}</ul></details>" if rest else ""
    return (
        f"<li class='{rule.severity}'><em>{severity_word(rule.severity, language)}{times}</em> "
        f"<b>{escape(together[0].message(language))}</b><ul>{''.join(places[:_MOST_OPEN])}</ul>{folded}"
        f"<small>{rule.id}: {escape(rule.source)}</small></li>"
    )


def _place(identity: str, issue: Issue, language: Language) -> str:
    at = f"<a href='#{identity}-{issue.line}'>{issue.line}:{issue.column or 1}</a> " if issue.line else ""
    trail = issue.trail(language)
    path = f"<code>{escape(shown(issue.path) or '/')}</code>"
    return f"{at}{escape(trail)}<br>{path}" if trail else f"{at}{path}"


_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;overflow-wrap:anywhere;margin:2rem 0 0}p{margin:.3rem 0 .8rem}"
    ".pair{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.2rem;align-items:start}"
    "@media(max-width:60rem){.pair{grid-template-columns:minmax(0,1fr)}}"
    ".source,.found{max-height:85vh;overflow:auto}"
    ".source{font:12px/1.55 ui-monospace,monospace;border:1px solid #889;border-radius:4px;margin:0;"
    "padding:.4rem 0 .4rem 4.2rem;white-space:pre}"
    ".source li{padding-right:1rem;width:max-content;min-width:100%;box-sizing:border-box}"
    ".source li::marker{color:#778}.source li:target{outline:2px solid;outline-offset:-2px}"
    ".found,.found ul{list-style:none;padding:0;margin:0}"
    ".found>li{border-left:.3rem solid;padding:.1rem .7rem .3rem;margin:0 0 .9rem}"
    ".found em{font-style:normal;font-size:.85rem;font-weight:600;text-transform:uppercase;margin-right:.3rem}"
    ".found b{font-weight:600}.found a{font-variant-numeric:tabular-nums}"
    ".found>.error{border-color:#c62828}.found>.warning{border-color:#b26a00}.found>.information{border-color:#1565c0}"
    ".source .error{background:#c6282838}.source .warning{background:#b26a0038}"
    ".source .information{background:#1565c030}"
    "h2.valid::after{content:' ✓';color:#2e7d32}h2.not-valid::after{content:' ✗';color:#c62828}"
    "code{overflow-wrap:anywhere;font-size:.85em}small{opacity:.75}"
)
