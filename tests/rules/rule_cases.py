"""Every rule of every catalogue with what breaks it and what passes it.

The cases of FHIR stand in `tests/fhir`, those of the conditional rules in `tests/cases/rules`, whole documents in
`tests/cases/bad_input`, single changes in `tests/cases/ten_faults` and `tests/cases/each_rule`, and what needs more
than a document in `own_cases`.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from interop.documents import Options, examine, write
from mappings.formats import format_named
from schemas.codesystems import shipped_code_systems
from schemas.fhir_definitions import shipped_definitions
from schemas.issues import Issue
from schemas.limits import limits_of
from schemas.record import Record
from tests.documents.test_ten_faults import CASES as TEN_FAULTS
from tests.documents.test_ten_faults import ROOT, spoilt, whole
from tests.fhir.rule_cases import RuleCase, fhir_cases
from tests.fhir.rule_cases import told as told_of_resource
from tests.rules.own_cases import OWN, Told
from tests.rules.test_cases import content_issues
from validators.rules import condition_rules

__all__ = ["cases"]

_FOLDER = ROOT / "tests" / "cases"


def cases() -> dict[str, tuple[Told, Told]]:
    """What breaks each rule, and what passes it: each judges when it is called, and gives the rules that are told."""
    return {
        **dict(_bad_inputs()),
        **{fault["rule"]: _reading({"form": form, **fault}) for form in TEN_FAULTS for fault in TEN_FAULTS[form]},
        **{rule: _resource(case) for rule, case in fhir_cases().items()},
        **{rule: _condition(rule) for rule in condition_rules()},
        **{rule: _reading(case) for rule, case in _table("reading").items()},
        **{rule: _writing(case) for rule, case in _table("writing").items()},
        **OWN,
    }


def _ids(issues: Iterable[Issue]) -> set[str]:
    return {issue.rule.id for issue in issues}


def _table(name: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((_FOLDER / "each_rule" / f"{name}.toml").read_text("utf-8"))


def _bad_inputs() -> Iterable[tuple[str, tuple[Told, Told]]]:
    for case in sorted((_FOLDER / "bad_input").iterdir()):
        document = next(case.glob("input.*"))
        good = whole("effica" if document.suffix == ".xml" else "thl").encode()
        both = partial(_told, document.read_bytes()), partial(_told, good)
        yield from ((issue["rule"], both) for issue in json.loads((case / "issues.json").read_text("utf-8"))["issues"])


def _resource(case: RuleCase) -> tuple[Told, Told]:
    definitions = shipped_definitions()
    return (
        lambda: told_of_resource(case, case.fails, definitions),
        lambda: told_of_resource(case, case.passes, definitions),
    )


def _condition(rule: str) -> tuple[Told, Told]:
    return lambda: _ids(content_issues(rule, "fail")), lambda: _ids(content_issues(rule, "pass"))


def _reading(case: Mapping[str, Any]) -> tuple[Told, Told]:
    good = case.get("whole") or whole(case["form"])
    pairs = case.get("changes") or ([(case["replace"], case["with"])] if "replace" in case else [])
    bad = spoilt(good, [{"replace": old, "with": new} for old, new in pairs]).encode(case.get("encoding", "utf-8"))
    form = case.get("form")
    return lambda: _told(bad, form, case.get("limits", "")), lambda: _told(good.encode(), form)


def _told(document: bytes, form: str | None = None, limits: str = "") -> set[str]:
    """The rules that the whole examination tells of a document, and those that the format itself tells."""
    options = Options(limits=limits_of(limits), code_systems=shipped_code_systems())
    found = _ids(examine(document, form, options).issues)
    return found | (_ids(format_named(form).read(document).issues) if form else set())


def _writing(case: Mapping[str, Any]) -> tuple[Told, Told]:
    record = examine(whole("thl").encode(), "thl").record
    assert record is not None
    good = {"envelope": record.envelope, "content": record.content}
    bad: Any = copy.deepcopy(good)
    *above, last = case["at"].strip("/").split("/")
    node = bad
    for step in above:
        node = node[step]
    assert last in node
    node[last] = case["put"]
    return lambda: _written(bad, case["form"]), lambda: _written(good, case["form"])


def _written(record: Mapping[str, Any], form: str) -> set[str]:
    return _ids(write(Record(record["envelope"], record["content"]), form).issues)
