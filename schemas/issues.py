"""Findings about a document: what an issue is, and the catalogue of rules that issues refer to.

A rule is data: permanent id, layer, severity, FHIR issue code, message in fi, sv and en, source. Rules stand in the
`rules.toml` of the package that raises them. A message may hold the slots `{field}` (the field's official name) and
others that its rule names; a slot never holds a value of the document.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

__all__ = [
    "LANGUAGES",
    "LAYERS",
    "SEVERITIES",
    "Issue",
    "Language",
    "Layer",
    "Rule",
    "Severity",
    "Slot",
    "has_errors",
    "load_rules",
    "rules_in",
]

Layer = Literal["bytes", "syntax", "schema", "base", "profile", "terminology", "rules", "references"]
Severity = Literal["error", "warning", "information"]
Language = Literal["fi", "sv", "en"]
Slot = str | Mapping[str, str]
"""What fills a slot: one text for every language, or a text per language."""

LAYERS: tuple[Layer, ...] = get_args(Layer)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Rule:
    """One assertion about documents. `id` is the assertion as a sentence; it is permanent and never reused.

    Source: `code` is a FHIR R4 IssueType, https://hl7.org/fhir/R4/valueset-issue-type.html
    """

    id: str
    layer: Layer
    severity: Severity
    code: str
    message: Mapping[Language, str]
    source: str

    def at(self, path: str = "", *, line: int | None = None, column: int | None = None, **slots: Slot) -> Issue:
        """The finding that this rule is broken at `path` (JSON Pointer, XPath or FHIRPath)."""
        return Issue(self, path, line, column, slots)


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about one place of a document. Units: `line` and `column` count from 1, columns in characters."""

    rule: Rule
    path: str = ""
    line: int | None = None
    column: int | None = None
    slots: Mapping[str, Slot] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        """The finding as a full sentence in one language."""
        words = {k: v if isinstance(v, str) else v.get(language) or v.get("fi", "") for k, v in self.slots.items()}
        return self.rule.message[language].format_map(words)

    def trail(self, language: Language) -> str:
        """The names of the fields that lead to the place, `Asiakas › Sukunimi`; empty when they are not known."""
        names = self.slots.get("trail", {})
        return names if isinstance(names, str) else names.get(language) or names.get("fi", "")

    def moved(self, path: str, line: int | None = None, column: int | None = None) -> Issue:
        """The same finding at another place, as when a record's place is traced back to the source document."""
        return replace(self, path=path, line=line, column=column)

    def as_json(self) -> dict[str, Any]:
        """Out: the object that `interop validate --output json` prints for an issue.

        `expression` stands there only for FHIR: the FHIRPath of the place. `trail` stands there for a place in the
        content of a known structure: the names of the fields that lead to it, in fi and sv.
        """
        known = {name: self.slots[name] for name in ("expression", "trail") if name in self.slots}
        return known | {
            "rule": self.rule.id,
            "layer": self.rule.layer,
            "severity": self.rule.severity,
            "code": self.rule.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": {language: self.message(language) for language in LANGUAGES},
            "source": self.rule.source,
        }


def has_errors(issues: Iterable[Issue]) -> bool:
    """True when at least one issue is of severity error."""
    return any(issue.rule.severity == "error" for issue in issues)


def load_rules(text: str) -> Mapping[str, Rule]:
    """The rules of one catalogue, by id. In: TOML, a table per rule. Raises: KeyError, ValueError for a broken one."""
    rules = {}
    for rule_id, entry in tomllib.loads(text).items():
        if entry["layer"] not in LAYERS or entry["severity"] not in SEVERITIES:
            raise ValueError(f"Rule {rule_id} names a layer or severity that does not exist.")
        message = {language: entry[language] for language in LANGUAGES}
        rules[rule_id] = Rule(rule_id, entry["layer"], entry["severity"], entry["code"], message, entry["source"])
    return rules


@cache
def rules_in(package: str, catalogue: str = "rules") -> Mapping[str, Rule]:
    """The rules that a package's own `<catalogue>.toml` holds, by id; read once."""
    return load_rules(files(package).joinpath(f"{catalogue}.toml").read_text("utf-8"))
