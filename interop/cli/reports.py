"""Findings about many documents in the forms that other tools read: SARIF, JUnit XML, and an HTML page for people.

Source: SARIF 2.1.0 (OASIS, 2020) §3.13-3.28; JUnit XML as continuous-integration servers read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree as Xml

from interop.documents import Examined
from schemas.issues import SEVERITIES, Issue, Language, Rule

__all__ = ["Result", "as_html", "as_junit", "as_sarif"]

_LEVELS = {"error": "error", "warning": "warning", "information": "note"}
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Result:
    """One input, what was found in it, and its bytes."""

    name: str
    examined: Examined
    data: bytes


def as_sarif(results: Iterable[Result], language: Language) -> dict[str, Any]:
    """Out: one SARIF log with one run. No field value stands in it."""
    results = list(results)
    rules = {issue.rule.id: issue.rule for result in results for issue in result.examined.issues}
    driver = {
        "name": "sote-interop",
        "version": version("sote-interop"),
        "rules": [_sarif_rule(rule, language) for rule in rules.values()],
    }
    found = [_sarif_result(result.name, issue, language) for result in results for issue in result.examined.issues]
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": found}],
    }


def _sarif_rule(rule: Rule, language: Language) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.message[language]},
        "help": {"text": rule.source},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.layer]},
    }


def _sarif_result(name: str, issue: Issue, language: Language) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": name}}
    if issue.line:
        place["region"] = {"startLine": issue.line} | ({"startColumn": issue.column} if issue.column else {})
    location = {"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": issue.path or "/"}]}
    message = {"text": issue.message(language)}
    return {"ruleId": issue.rule.id, "level": _LEVELS[issue.rule.severity], "message": message, "locations": [location]}


def as_junit(results: Iterable[Result], language: Language) -> str:
    """Out: JUnit XML, a test case for each input and a failure for each error in it."""
    results = list(results)
    failed = sum(not result.examined.valid for result in results)
    suite = Xml.Element("testsuite", name="interop validate", tests=str(len(results)), failures=str(failed))
    for result in results:
        case = Xml.SubElement(suite, "testcase", name=result.name, classname=result.examined.format or "unknown")
        errors = [issue for issue in result.examined.issues if issue.rule.severity == "error"]
        for issue in errors:
            failure = Xml.SubElement(case, "failure", type=issue.rule.id, message=issue.message(language))
            failure.text = f"{issue.path or '/'}{f', line {issue.line}' if issue.line else ''}"
        if not errors and not result.examined.usable:
            Xml.SubElement(case, "failure", type="unreadable", message="The input holds no document.")
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def as_html(results: Iterable[Result], language: Language) -> str:
    """Out: a page with each document beside its findings. It shows the documents, so it is as secret as they are."""
    parts = [_page_of(result, language) for result in results]
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>interop validate</title>"
        f"<style>{_STYLE}</style></head><body><h1>interop validate</h1>{''.join(parts)}</body></html>\n"
    )


def _page_of(result: Result, language: Language) -> str:
    order = sorted(result.examined.issues, key=lambda one: (SEVERITIES.index(one.rule.severity), one.line or 0))
    found = "".join(_finding(issue, language) for issue in order)
    marked = {issue.line: issue.rule.severity for issue in reversed(order) if issue.line}
    lines = result.data.decode("utf-8", "replace").splitlines()[:_MOST_LINES]
    source = "".join(
        f"<li id='{escape(result.name)}-{number}' class='{marked.get(number, '')}'>{escape(line) or ' '}</li>"
        for number, line in enumerate(lines, 1)
    )
    state = "valid" if result.examined.valid else "not-valid"
    return (
        f"<section><h2 class='{state}'>{escape(result.name)}</h2><div class='pair'>"
        f"<ol class='source'>{source}</ol><ul class='found'>{found}</ul></div></section>"
    )


def _finding(issue: Issue, language: Language) -> str:
    line = f"{issue.line}: " if issue.line else ""
    place, source = escape(issue.path or "/"), f"{issue.rule.id}: {escape(issue.rule.source)}"
    return (
        f"<li class='{issue.rule.severity}'><b>{line}{escape(issue.message(language))}</b>"
        f"<br><code>{place}</code><br><small>{source}</small></li>"
    )


_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui;margin:1.5rem;max-width:110rem}"
    ".pair{display:grid;grid-template-columns:3fr 2fr;gap:1rem}@media(max-width:60rem){.pair{display:block}}"
    ".source{font:12px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-height:80vh;"
    "overflow:auto;border:1px solid #889;padding-left:3.5rem;margin:0}.found{list-style:none;padding:0;margin:0}"
    ".found li{border-left:.3rem solid;padding:.3rem .6rem;margin:0 0 .6rem}"
    "li.error{border-color:#c62828}li.warning{border-color:#b26a00}li.information{border-color:#1565c0}"
    ".source .error{background:#c6282833}.source .warning{background:#b26a0033}"
    ".source .information{background:#1565c033}"
    "h2.valid::after{content:' ✓';color:#2e7d32}h2.not-valid::after{content:' ✗';color:#c62828}"
    "code{overflow-wrap:anywhere}"
)
