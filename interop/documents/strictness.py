"""How findings are weighed: as the rules say, in a closed world, or lenient about codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from schemas.issues import Issue, Severity

__all__ = ["Strictness", "weighed"]

Strictness = Literal["strict", "normal", "lax"]
"""`strict`: what is not known is an error, as the official validator of HL7 has it. `lax`: a code that is not in its
list, and an extension that is not known, are told as warnings.
"""

_STRICT: Mapping[str, Severity] = {"fhir_profile_is_at_hand": "error"}
"""Beside these, the validator of FHIR itself takes an extension that is not known for an error."""
_LAX: Mapping[str, Severity] = {
    "content_code_is_in_closed_list": "warning",
    "fhir_extension_is_known": "warning",
    "xml_value_is_in_its_list": "warning",
}


def weighed(issues: Iterable[Issue], strictness: Strictness) -> list[Issue]:
    """The same findings with the severity that this strictness gives them."""
    if strictness == "normal":
        return list(issues)
    return [_weighed(issue, _severity(issue, strictness)) for issue in issues]


def _severity(issue: Issue, strictness: Strictness) -> Severity:
    rule = issue.rule
    if strictness == "strict":
        return _STRICT.get(rule.id, rule.severity)
    if rule.layer == "terminology" and rule.severity == "error":
        return "warning"
    return _LAX.get(rule.id, rule.severity)


def _weighed(issue: Issue, severity: Severity) -> Issue:
    return issue if severity == issue.rule.severity else replace(issue, rule=replace(issue.rule, severity=severity))
