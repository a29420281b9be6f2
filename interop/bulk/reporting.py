"""What a bulk run tells of each document, one line of JSON, and of all of them, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from interop.documents import Examined
from mappings.report import Report
from schemas.issues import Issue

__all__ = ["Outcome", "Sums"]

Fault = Literal["", "program_failed", "process_ended"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document. `data` is what is written of it; `fault` says why nothing was found out about it.

    `cause` is the kind of a mistake in this program.
    """

    number: int
    input: str
    examined: Examined = field(default_factory=lambda: Examined("", None, []))
    issues: list[Issue] = field(default_factory=list)
    data: bytes = b""
    report: Report | None = None
    fault: Fault = ""
    cause: str = ""

    def line(self, output: str) -> dict[str, Any]:
        """Out: the object that stands for it in the report. In: where the written document stands, empty for none."""
        told: dict[str, Any] = {
            "number": self.number,
            "input": self.input,
            "format": self.examined.format,
            "structure": self.examined.structure,
            "valid": self.valid,
        }
        if self.report is not None:
            told |= {"output": output, "lost": len(self.report.lost), "carried": len(self.report.carried)}
        if self.fault:
            told |= {"fault": self.fault, "cause": self.cause}
        return told | {"issues": [issue.as_json() for issue in self.issues]}

    @property
    def valid(self) -> bool:
        """True when there was something to judge, and no finding about it or about what was written is an error."""
        return self.examined.valid and all(issue.rule.severity != "error" for issue in self.issues)


@dataclass(slots=True)
class Sums:
    """How many documents there were, and how often each rule was broken."""

    documents: int = 0
    valid: int = 0
    unusable: int = 0
    written: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def count(self, one: Outcome) -> None:
        """Counts one document."""
        self.documents += 1
        self.valid += one.valid
        self.unusable += not one.examined.usable
        self.written += bool(one.data)
        self.severities.update(issue.rule.severity for issue in one.issues)
        self.rules.update(issue.rule.id for issue in one.issues)

    def add(self, other: Sums) -> None:
        """Counts what another has counted."""
        self.documents += other.documents
        self.valid += other.valid
        self.unusable += other.unusable
        self.written += other.written
        self.severities.update(other.severities)
        self.rules.update(other.rules)

    def as_json(self) -> dict[str, Any]:
        """Out: the object that `read` takes."""
        return {
            "documents": self.documents,
            "valid": self.valid,
            "unusable": self.unusable,
            "written": self.written,
            "severities": dict(self.severities),
            "rules": dict(self.rules),
        }

    @staticmethod
    def read(told: Mapping[str, Any]) -> Sums:
        """The sums of an object of `as_json`."""
        return Sums(**{**told, "severities": Counter(told["severities"]), "rules": Counter(told["rules"])})
