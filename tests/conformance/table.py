"""The page that compares verdicts: `python -m tests.conformance.table > docs/conformance.md`.

It needs the public cases and, beside this project, `pyrofile-validator`, which is no dependency of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fhir.resources.R4B import get_fhir_model_class

from schemas.fhir_definitions import shipped_definitions
from schemas.issues import has_errors
from schemas.json_text import dump, parse
from tests.conformance.public_cases import Case, expected_disagreements, public_cases, reference, verdict
from tests.fhir.seeding import FAULTS, example, examples, seeded
from validators.fhir import validate

__all__ = ["PAGE"]

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

_Judge = Callable[[Case], bool]
"""True when a validator finds an error in a case."""

_INTRODUCTION = """\
# Agreement with the official validator

The profile validator of this project is driven by the StructureDefinitions of FHIR R4 (`hl7.fhir.r4.core` 4.0.1). This
page is made by `python -m tests.conformance.table > docs/conformance.md` from the public test cases of validators
(`FHIR/fhir-test-cases`, {number} R4 cases in JSON that need no further packages) and their official outcomes, which
were made with a terminology server. *Agree*: both find an error, or neither does. *Stricter*: only the validator finds
one. *Missed*: only the official outcome has one. All validators judged the same cases in the same run, without a
terminology server. Ours refuses extensions that are not known, as the official run did; the first peer had the
definitions of all cases at once, because it takes seconds to load them anew for each.
"""


def page(folder: Path, core: Path, scratch: Path) -> Iterator[str]:
    """The lines of the page. In: the folder of the cases, the R4 core package and an empty folder for the peer."""
    cases = list(public_cases(folder))
    definitions = shipped_definitions()
    judges: dict[str, _Judge] = {
        "sote-interop": lambda case: has_errors(verdict(case, definitions)),
        "pyrofile-validator 0.3.0": _pyrofile(core, cases, scratch),
        "fhir.resources 8.3.0 (R4B)": _models,
    }
    verdicts = {name: [judge(case) for case in cases] for name, judge in judges.items()}
    yield _INTRODUCTION.format(number=len(cases))
    yield from _totals(cases, verdicts)
    yield from _by_feature(cases, verdicts)
    yield from _disagreements()
    yield from _seeded()


def _totals(cases: list[Case], verdicts: dict[str, list[bool]]) -> Iterator[str]:
    yield "| validator | agree | stricter | missed |"
    yield "|---|---:|---:|---:|"
    for name, found in verdicts.items():
        counts = _counts(cases, found)
        yield f"| {name} | {counts[0]} of {len(cases)} ({counts[0] / len(cases):.1%}) | {counts[1]} | {counts[2]} |"


def _by_feature(cases: list[Case], verdicts: dict[str, list[bool]]) -> Iterator[str]:
    yield "\n## By feature\n\nEach cell: agree / stricter / missed.\n"
    yield "| feature | cases | " + " | ".join(verdicts) + " |"
    yield "|---|---:|" + "---|" * len(verdicts)
    for feature in sorted({case.feature for case in cases}):
        chosen = [index for index, case in enumerate(cases) if case.feature == feature]
        some = [cases[index] for index in chosen]
        cells = (_counts(some, [found[index] for index in chosen]) for found in verdicts.values())
        yield f"| {feature} | {len(some)} | " + " | ".join(" / ".join(map(str, cell)) for cell in cells) + " |"


def _counts(cases: list[Case], found: list[bool]) -> tuple[int, int, int]:
    agree = sum(case.invalid == one for case, one in zip(cases, found, strict=True))
    stricter = sum(one and not case.invalid for case, one in zip(cases, found, strict=True))
    return agree, stricter, len(cases) - agree - stricter


def _disagreements() -> Iterator[str]:
    yield "\n## Where we disagree, and why\n"
    for name, entry in expected_disagreements().items():
        yield f"- `{name}` ({entry['kind']}): {entry['reason']}"


def _seeded() -> Iterator[str]:
    definitions = shipped_definitions()
    yield "\n## Seeded faults\n"
    yield "Sixteen faults, seeded in a valid example of each resource type at every place that gives them room.\n"
    yield "| fault | found | seeded |"
    yield "|---|---:|---:|"
    told = {fault: [0, 0] for fault in FAULTS}
    for name in examples():
        for case in seeded(example(name), definitions):
            told[case.fault][1] += 1
            told[case.fault][0] += has_errors(validate(case.resource, definitions))
    for fault, (found, number) in told.items():
        yield f"| {fault} | {found} | {number} |"


def _models(case: Case) -> bool:
    value, issues = parse(case.data)
    if value is None:
        return bool(issues)
    try:
        get_fhir_model_class(value["resourceType"]).model_validate(value)
    except (ValueError, KeyError, LookupError, TypeError, AttributeError):
        return True
    return False


def _pyrofile(core: Path, cases: list[Case], folder: Path) -> _Judge:
    """The peer with the core package and all supporting definitions at once: to load them anew for each case takes
    seconds. As in the official run, a profile that is not known is no error.
    """
    from pyrofile_validator import Validator  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    from pyrofile_validator.config import ValidatorConfig  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415

    package = folder / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "supporting", "version": "1"}', "utf-8")
    for number, resource in enumerate(one for case in cases for one in case.supporting):
        (package / f"{number}.json").write_bytes(dump(resource))
    config = ValidatorConfig(local_package_paths=[str(core), str(folder)], error_on_unknown_profile=False)
    validator = Validator(config)

    def judge(case: Case) -> bool:
        value, issues = parse(case.data)
        if value is None:
            return bool(issues)
        with redirect_stdout(StringIO()):  # its FHIRPath library prints what `trace()` is given
            report = validator.validate_resource(json.loads(case.data))
        return any(issue.severity in ("error", "fatal") for issue in report.issues)

    return judge


if __name__ == "__main__":
    cases_folder = reference("fhir-validator-cases")
    if cases_folder is None or len(sys.argv) != 2:
        sys.exit("usage: python -m tests.conformance.table hl7.fhir.r4.core.tgz, with INTEROP_REFERENCE set")
    with TemporaryDirectory() as empty:
        sys.stdout.write("\n".join(page(cases_folder, Path(sys.argv[1]), Path(empty))) + "\n")
