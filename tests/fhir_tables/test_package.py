"""The FHIR package: it defines what the documents use, it is compiled from its sources, and its bytes are stable."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from interop.cli.fhir_package import package_bytes
from mappings.formats import format_named
from schemas.canonical import CANONICAL
from schemas.fhir_definitions import shipped_definitions
from schemas.fhir_library import library_folder
from schemas.record import Record
from schemas.structures import shipped
from tests.cli.test_commands import interop
from tests.fhir_tables.documents import STRUCTURES, bundle_of
from tests.fhir_tables.sushi import PACKAGE, SEAL, command, compiled, seal
from tests.fhir_tables.test_laws import assert_document
from validators.fhir import validate

EXAMPLES = Path(__file__).parents[2] / "examples"
RECORDS = ("plan", "plan-sv", "multidisciplinary", "15003", "15009", "15021", "15023", "16009", "1012")


def example(name: str) -> Record:
    record = format_named("thl").read((EXAMPLES / f"{name}.json").read_bytes()).record
    assert record is not None
    return record


@pytest.fixture(scope="module")
def defined() -> dict[str, Any]:
    resources = [orjson.loads(path.read_bytes()) for path in sorted(PACKAGE.glob("*.json"))]
    return {resource["url"]: resource for resource in resources}


def uses(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The URLs of ours that a document names: those of extensions, profiles and code systems."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from uses(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from uses(item, name)
    elif isinstance(value, str) and name in ("url", "profile", "system") and value.startswith(CANONICAL):
        yield name, value


@pytest.mark.parametrize("name", RECORDS)
def test_everything_of_ours_in_a_document_is_defined(name: str, defined: dict[str, Any]) -> None:
    lists = {f"{CANONICAL}/CodeSystem/{field.system}" for code in STRUCTURES for field in shipped().find(code)}
    for format_name in ("fhir", "omni360"):
        for _, url in uses(bundle_of(format_name, example(name))):
            assert url in defined or url in lists, url


@pytest.mark.parametrize("name", RECORDS)
def test_every_example_is_a_document_that_reads_back(name: str) -> None:
    record = example(name)
    bundle = bundle_of("fhir", record)
    assert_document(bundle)
    for form in map(format_named, ("fhir", "omni360", "apotti")):
        read = form.read(form.write(record).data)
        assert read.record == record
        assert read.issues == []


@pytest.mark.parametrize("name", RECORDS)
def test_every_example_follows_its_profiles(name: str, defined: dict[str, Any]) -> None:
    if not any(library_folder().glob("*.fhirlib")):
        assert not os.environ.get("CI"), "the R4 definitions are not installed"
        pytest.skip("THE R4 DEFINITIONS ARE NOT INSTALLED: run make setup")
    definitions = shipped_definitions().with_resources(defined.values())
    for format_name in ("fhir", "omni360", "apotti"):
        issues = validate(bundle_of(format_name, example(name)), definitions)
        assert [(i.rule.id, i.path) for i in issues if i.rule.severity == "error"] == []


def test_every_extension_names_its_context_and_every_definition_has_a_snapshot(defined: dict[str, Any]) -> None:
    structures = [d for d in defined.values() if d["resourceType"] == "StructureDefinition"]
    assert len(structures) > 40
    for definition in structures:
        assert definition["snapshot"]["element"], definition["url"]
        assert definition["url"] == f"{CANONICAL}/StructureDefinition/{definition['id']}"
        assert definition["type"] != "Extension" or definition["context"], definition["url"]


def test_every_part_has_a_name_in_each_language(defined: dict[str, Any]) -> None:
    for concept in defined[f"{CANONICAL}/CodeSystem/content-part"]["concept"]:
        assert concept["display"]
        assert {name["language"] for name in concept["designation"]} == {"fi", "sv"}


def test_neither_the_sources_nor_the_package_was_changed_without_compiling() -> None:
    assert SEAL.read_text("utf-8") == seal(), "run python -m tests.fhir_tables.sushi"


def test_what_is_committed_is_what_sushi_makes() -> None:
    sushi = command()
    if sushi is None:
        pytest.skip("SUSHI IS NOT HERE, so whether schemas/fhir/package is up to date was not tested")
    assert compiled(sushi) == {path.name: path.read_bytes() for path in PACKAGE.glob("*.json")}


def test_the_package_is_an_npm_package_of_fhir_with_stable_bytes() -> None:
    data = package_bytes(EXAMPLES)
    assert data == package_bytes(EXAMPLES)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        assert names[:2] == ["package/package.json", "package/.index.json"]
        assert {f"package/example/Bundle-{name}.json" for name in RECORDS} <= set(names)
        manifest, index = (orjson.loads(_bytes(archive, name)) for name in names[:2])
        assert manifest["fhirVersions"] == ["4.0.1"]
        assert manifest["canonical"] == CANONICAL
        listed = {f"package/{entry['filename']}" for entry in index["files"]}
        assert listed == {name for name in names[2:] if "/example/" not in name}
        assert {entry.mtime for entry in archive.getmembers()} == {0}


def test_the_command_puts_the_shipped_examples_in_unless_told_of_others(tmp_path: Path) -> None:
    file = tmp_path / "sote-interop.tgz"
    assert interop("package", "-o", file).returncode == 0
    assert file.read_bytes() == package_bytes(EXAMPLES)
    assert interop("package", "build", "-o", file).returncode == 0
    assert file.read_bytes() == package_bytes(EXAMPLES)
    own = tmp_path / "own"
    own.mkdir()
    assert interop("package", "build", "-o", file, "--examples", own).returncode == 2
    (own / "oma.json").write_bytes((EXAMPLES / "15003.json").read_bytes())
    assert interop("package", "build", "-o", file, "--examples", own).returncode == 0
    with tarfile.open(file) as archive:
        held = [name for name in archive.getnames() if "/example/" in name]
    assert held == ["package/example/Bundle-oma.json"]
    assert interop("package", "build", "-o", file, "--examples", tmp_path / "none").returncode == 2


def _bytes(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def test_every_internal_list_of_the_plans_is_a_code_system() -> None:
    with tarfile.open(fileobj=io.BytesIO(package_bytes())) as archive:
        systems = [orjson.loads(_bytes(archive, name)) for name in archive.getnames() if "/CodeSystem-list-" in name]
    by_url = {system["url"]: system for system in systems}
    lists = by_url[f"{CANONICAL}/CodeSystem/monialainen_suunnitelma/sektori"]
    assert [concept["code"] for concept in lists["concept"]] == ["1", "2", "3", "4", "5", "6", "99"]
    assert len({system["id"] for system in systems}) == len(systems)
