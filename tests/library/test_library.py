"""The Python API, and the examples that document it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import interop
from interop import convert, explain, read, validate, write
from interop.errors import Invalid, NotFound

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PLAN = ROOT / "examples" / "plan-effica.xml"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_prints_what_it_should(example: Path, tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (ROOT / "tests" / "cases" / "examples" / f"{example.stem}.txt").read_text("utf-8")


def test_there_are_examples_and_each_expectation_has_one() -> None:
    named = {path.stem for path in (ROOT / "tests" / "cases" / "examples").iterdir()}
    assert named == {path.stem for path in EXAMPLES}
    assert len(named) >= 4


def test_a_path_and_its_bytes_are_the_same_document() -> None:
    assert read(PLAN) == read(str(PLAN)) == read(PLAN.read_bytes(), "effica")


def test_every_format_gives_the_record_back() -> None:
    record = read(PLAN)
    for name in ("thl", "fhir", "effica", "omni360", "apotti", "kanta"):
        assert read(write(record, name).data, name) == record
        assert convert(PLAN, name).written is not None
    assert any(way.output.path for way in explain(PLAN, "fhir").ways)


def test_a_bare_content_takes_its_facts_from_the_caller() -> None:
    content = ROOT / "examples" / "content.json"
    assert "version" in read(content).envelope["placeholders"]
    assert "version" not in read(content, envelope={"version": 3}).envelope["placeholders"]
    assert validate(content, envelope={"version": 3}).record is not None


@pytest.mark.parametrize("data", [b"", b"<a/>", b"{", b"\xff\xfe\x00", b"[1, 2]"])
def test_what_is_no_document_is_said_and_not_raised(data: bytes) -> None:
    found = validate(data)
    assert not found.valid
    assert found.issues
    assert convert(data, "fhir").written is None
    with pytest.raises(Invalid):
        read(data)


def test_a_name_that_does_not_exist_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="The formats are apotti, effica"):
        convert(PLAN, "hl7v2")
    with pytest.raises(Invalid, match="no such format"):
        validate(PLAN, "hl7v2")
    with pytest.raises(NotFound, match="no file"):
        read(tmp_path / "nowhere.xml")
    with pytest.raises(Invalid, match="cannot be read"):
        read(tmp_path)


def test_the_package_has_these_names_and_no_others() -> None:
    assert all(getattr(interop, name) for name in interop.__all__)
    with pytest.raises(AttributeError):
        interop.nothing  # noqa: B018


def test_the_package_alone_loads_nothing_heavy() -> None:
    program = "import sys, interop; print(any(n in sys.modules for n in ('lxml', 'orjson', 'interop.documents')))"
    ran = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    assert ran.stdout == "False\n"
