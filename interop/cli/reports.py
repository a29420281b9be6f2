"""Findings about many documents in the forms that other tools read: SARIF and JUnit XML.

Source: SARIF 2.1.0 (OASIS, 2020) §3.13-3.28; JUnit XML as continuous-integration servers read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from interop.cli.findings import shown
from interop.documents import Examined
from schemas.issues import Issue, Language, Rule

__all__ = ["Result", "as_junit", "as_sarif"]

_LEVELS = {"error": "error", "warning": "warning", "information": "note"}


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
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(name)}}
    if issue.line:
        place["region"] = {"startLine": issue.line} | ({"startColumn": issue.column} if issue.column else {})
    location = {"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": issue.path or "/"}]}
    message = {"text": issue.message(language)}
    return {"ruleId": issue.rule.id, "level": _LEVELS[issue.rule.severity], "message": message, "locations": [location]}


def _uri(name: str) -> str:
    """The reference to a file: relative to where the command ran, unless its name is absolute."""
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def as_junit(results: Iterable[Result], language: Language) -> str:
    """Out: JUnit XML, a test case for each input and a failure for each error in it."""
    results = list(results)
    failed = sum(not result.examined.valid for result in results)
    suite = Xml.Element("testsuite", name="interop validate", tests=str(len(results)), failures=str(failed))
    for result in results:
        case = Xml.SubElement(suite, "testcase", name=shown(result.name), classname=result.examined.format or "unknown")
        errors = [issue for issue in result.examined.issues if issue.rule.severity == "error"]
        for issue in errors:
            failure = Xml.SubElement(case, "failure", type=issue.rule.id, message=shown(issue.message(language)))
            failure.text = f"{shown(issue.path) or '/'}{f', line {issue.line}' if issue.line else ''}"
        if not errors and not result.examined.usable:
            Xml.SubElement(case, "failure", type="unreadable", message="The input holds no document.")
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
