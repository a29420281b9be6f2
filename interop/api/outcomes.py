"""Turns what went wrong into HTTP and an OperationOutcome: the one place that knows both.

Source: FHIR R4 4.0.1 OperationOutcome, https://hl7.org/fhir/R4/operationoutcome.html, and http.html#Status-Codes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from interop.documents.examined import Examined
from interop.documents.outcomes import as_outcome
from interop.errors import (
    Busy,
    Conflict,
    Forbidden,
    InteropError,
    Invalid,
    NotFound,
    Unavailable,
    Unknown,
    Unsupported,
)
from schemas.canonical import CANONICAL
from schemas.issues import Issue, Language

__all__ = ["REFUSALS", "Refused", "outcome_of", "status_of"]

_CATEGORIES: Mapping[type[InteropError], tuple[int, str]] = {
    Invalid: (400, "invalid"),
    NotFound: (404, "not-found"),
    Forbidden: (403, "forbidden"),
    Conflict: (409, "conflict"),
    Unsupported: (422, "not-supported"),
    Busy: (503, "throttled"),
    Unavailable: (503, "transient"),
    Unknown: (502, "incomplete"),
}
"""What each category of `interop.errors` is in HTTP and in FHIR; what is not here is a fault: 500."""


@cache
def _catalogue() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files("interop.api").joinpath("refusals.toml").read_text("utf-8"))


REFUSALS = tuple(_catalogue())
"""The ids of the refusals."""


@dataclass
class Refused(InteropError):
    """A request that is not carried out. `rule` is an id of `refusals.toml`; a slot never holds a value of the request.

    `issues` tell more of a document that was not taken; `headers` go with the answer.
    """

    rule: str
    issues: Iterable[Issue] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message("en")

    def message(self, language: Language) -> str:
        """The refusal as a sentence."""
        return str(_catalogue()[self.rule][language]).format_map(self.slots)


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refused):
        return int(_catalogue()[error.rule]["status"])
    return next((status for kind, (status, _) in _CATEGORIES.items() if isinstance(error, kind)), 500)


def outcome_of(error: Exception, language: Language = "en") -> dict[str, Any]:
    """The OperationOutcome of an error. One that is not of ours shows nothing of itself."""
    if isinstance(error, Refused):
        head = _issue("error", _catalogue()[error.rule]["code"], error.rule, error.message(language))
        found = list(error.issues)
        more = as_outcome(Examined("", None, found), language)["issue"] if found else []
        return _outcome([head, *more])
    code = next((code for kind, (_, code) in _CATEGORIES.items() if isinstance(error, kind)), None)
    if code is None:
        return outcome_of(Refused("service_has_failed"), language)
    return _outcome([{"severity": "error", "code": code, "details": {"text": str(error)}}])


def _outcome(issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, code: str, rule: str, text: str) -> dict[str, Any]:
    coding = {"system": f"{CANONICAL}/CodeSystem/refusal", "code": rule}
    return {"severity": severity, "code": code, "details": {"coding": [coding], "text": text}}
