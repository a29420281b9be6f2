"""The page that compares verdicts: `python -m tests.conformance.table > docs/conformance.md`.

It needs the public cases, and the core package for the peer that reads packages. That peer loads its definitions anew
for each case that brings its own, which takes some ten minutes.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fhir.resources.R4B import get_fhir_model_class
from pyrofile_validator import Validator
from pyrofile_validator.config import ValidatorConfig

from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.issues import has_errors
from schemas.json_text import dump, parse
from tests.conformance.public_cases import Case, expected_disagreements, public_cases, reference, verdict
from tests.fhir.seeding import example, examples, seeded

__all__ = ["OURS", "PAGE", "by_feature", "judge", "seeded_faults", "totals"]

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

OURS = "sote-interop"
_Judge = Callable[[Case], bool]
"""True when a validator finds an error in a case."""
_Verdicts = Mapping[str, list[bool]]
"""What each validator says of each case, by its name."""

_INTRODUCTION = """\
# Agreement with the official validator

The profile validator of this project is driven by the StructureDefinitions of FHIR R4 (`hl7.fhir.r4.core` 4.0.1). This
page is made by `python -m tests.conformance.table > docs/conformance.md` from the public test cases of validators
(`FHIR/fhir-test-cases`, {number} R4 cases in JSON that need no further packages) and their official outcomes, which
were made with a terminology server. *Agree*: both find an error, or neither does. *Stricter*: only the validator finds
one. *Missed*: only the official outcome has one. All validators judged the same cases in the same run, without a
terminology server and with the definitions that come with the case. Ours refuses extensions that are not known, as the
official run did.
"""


def page(folder: Path, core: Path) -> Iterator[str]:
    """The lines of the page. In: the folder of the cases, and the R4 core package for the peer."""
    cases = list(public_cases(folder))
    judges: dict[str, _Judge] = {
        OURS: judge(shipped_definitions()),
        "pyrofile-validator 0.3.0": _pyrofile(core),
        "fhir.resources 8.3.0 (R4B)": _models,
    }
    yield _INTRODUCTION.format(number=len(cases))
    verdicts = {name: [finds(case) for case in cases] for name, finds in judges.items()}
    yield from totals(cases, verdicts)
    yield from by_feature(cases, verdicts)
    yield from _disagreements()
    yield from seeded_faults(judges)


def judge(definitions: Definitions) -> _Judge:
    """Our own judge of a case."""
    return lambda case: has_errors(verdict(case, definitions))


def totals(cases: list[Case], verdicts: _Verdicts) -> Iterator[str]:
    """The table of all cases, a row for each validator."""
    yield "| validator | agree | stricter | missed |"
    yield "|---|---:|---:|---:|"
    for name, found in verdicts.items():
        agree, stricter, missed = _counts(cases, found)
        yield f"| {name} | {agree} of {len(cases)} ({agree / len(cases):.1%}) | {stricter} | {missed} |"


def by_feature(cases: list[Case], verdicts: _Verdicts) -> Iterator[str]:
    """The table by feature, a column for each validator."""
    yield "\n## By feature\n\nEach cell: agree / stricter / missed.\n"
    yield f"| feature | cases | {' | '.join(verdicts)} |"
    yield "|---|---:|" + "---|" * len(verdicts)
    for feature in sorted({case.feature for case in cases}):
        chosen = [index for index, case in enumerate(cases) if case.feature == feature]
        some = [cases[index] for index in chosen]
        cells = (_counts(some, [found[index] for index in chosen]) for found in verdicts.values())
        yield f"| {feature} | {len(some)} | {' | '.join(' / '.join(map(str, cell)) for cell in cells)} |"


def _counts(cases: list[Case], found: list[bool]) -> tuple[int, int, int]:
    agree = sum(case.invalid == one for case, one in zip(cases, found, strict=True))
    stricter = sum(one and not case.invalid for case, one in zip(cases, found, strict=True))
    return agree, stricter, len(cases) - agree - stricter


def _disagreements() -> Iterator[str]:
    yield "\n## Where we disagree, and why\n"
    for name, entry in expected_disagreements().items():
        yield f"- `{name}` ({entry['kind']}): {entry['reason']}"


def seeded_faults(judges: Mapping[str, _Judge]) -> Iterator[str]:
    """The table of the seeded faults: how many of each every validator finds."""
    copies = [one for name in examples() for one in seeded(example(name), shipped_definitions())]
    cases = [Case(one.place, one.fault, dump(one.resource), (), invalid=True, places=()) for one in copies]
    found = {name: Counter(case.feature for case in cases if finds(case)) for name, finds in judges.items()}
    yield "\n## Seeded faults\n"
    yield f"Sixteen faults, each seeded in valid examples of {len(examples())} resource types, at every place that"
    yield "has room for it. Each cell: how many of them a validator takes for errors. Where a validator fails, it has"
    yield "found nothing.\n"
    yield f"| fault | seeded | {' | '.join(judges)} |"
    yield "|---|---:|" + "---:|" * len(judges)
    for fault, number in Counter(case.feature for case in cases).items():
        yield f"| {fault} | {number} | {' | '.join(str(one[fault]) for one in found.values())} |"


def _models(case: Case) -> bool:
    value, issues = parse(case.data)
    if value is None:
        return bool(issues)
    try:
        get_fhir_model_class(value["resourceType"]).model_validate(value)
    except (ValueError, KeyError, LookupError, TypeError, AttributeError):
        return True
    return False


def _pyrofile(core: Path) -> _Judge:
    """The peer with the core package and, for each case anew, the definitions of that case. As in the official run, a
    profile that is not known is no error.
    """
    without = _loaded(core)

    def finds(case: Case) -> bool:
        value, issues = parse(case.data)
        if value is None:
            return bool(issues)
        with TemporaryDirectory() as folder, redirect_stdout(StringIO()):  # its FHIRPath prints what `trace()` is given
            validator = _loaded(core, _package(Path(folder), case)) if case.supporting else without
            try:
                report = validator.validate_resource(json.loads(case.data))
            except TypeError:  # it fails where an element has a value of another JSON type
                return False
        return any(issue.severity in ("error", "fatal") for issue in report.issues)

    return finds


def _loaded(*packages: Path) -> Validator:
    return Validator(ValidatorConfig(local_package_paths=list(map(str, packages)), error_on_unknown_profile=False))


def _package(folder: Path, case: Case) -> Path:
    """The definitions that come with a case, as a package in a folder."""
    package = folder / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "supporting", "version": "1"}', "utf-8")
    for number, resource in enumerate(case.supporting):
        (package / f"{number}.json").write_bytes(dump(resource))
    return folder


if __name__ == "__main__":
    cases_folder = reference("fhir-validator-cases")
    if cases_folder is None or len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit("usage: python -m tests.conformance.table hl7.fhir.r4.core.tgz, with INTEROP_REFERENCE set")
    sys.stdout.write("\n".join(page(cases_folder, Path(sys.argv[1]))) + "\n")
