"""`interop package` compiles packages into the definitions; what is no package is refused and leaves no trace."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interop.cli.package import package
from interop.cli.package_source import package_path
from interop.errors import InteropError, Invalid, NotFound
from schemas.fhir_definitions import Definitions
from schemas.fhir_library import open_libraries
from schemas.fhir_packages import PackageUnreadable, cached_packages, read_package
from tests.cli.test_commands import interop

_MANIFEST = {"name": "esimerkki.paketti", "version": "1.2.3"}
_PROFILE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": "urn:x:profile",
    "kind": "resource",
    "type": "Patient",
    "abstract": False,
    "derivation": "constraint",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}
_VALUE_SET: dict[str, Any] = {
    "resourceType": "ValueSet",
    "url": "urn:x:values",
    "compose": {"include": [{"system": "urn:x", "concept": [{"code": "a"}]}]},
}


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def _package(path: Path) -> Path:
    files = {"package.json": _MANIFEST, "profile.json": _PROFILE, "values.json": _VALUE_SET}
    members = {f"package/{name}": json.dumps(value).encode() for name, value in files.items()}
    return _archive(path, {**members, "package/other/ignored.json": b"{", "package/readme.md": b"x"})


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(package, arguments, catch_exceptions=True)


def _add(source: Path | str, library: Path, *more: str) -> Any:
    return _run("add", str(source), "--library", str(library), *more)


def test_archive_folder_and_wheel_give_the_same_definitions(tmp_path: Path) -> None:
    archive = _package(tmp_path / "p.tgz")
    folder = tmp_path / "unpacked" / "package"
    folder.mkdir(parents=True)
    for name, value in (("package", _MANIFEST), ("profile", _PROFILE), ("values", _VALUE_SET)):
        (folder / f"{name}.json").write_text(json.dumps(value), "utf-8")
    wheel = tmp_path / "p.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.write(archive, "x/data/p.tgz")
    for number, source in enumerate((archive, folder, folder.parent, wheel)):
        library = tmp_path / str(number)
        assert _add(source, library).output == "esimerkki.paketti#1.2.3 added\n"
        definitions = Definitions(open_libraries(library))
        codes = definitions.codes("urn:x:values|1.0")
        assert codes is not None
        assert codes.has("urn:x", "a") is True
        assert codes.has("urn:x", "b") is False


def test_profile_of_a_package_is_completed_from_the_core(tmp_path: Path, definitions: Definitions) -> None:
    _add(_package(tmp_path / "p.tgz"), tmp_path / "library")
    known = Definitions([*open_libraries(tmp_path / "library"), *definitions.libraries])
    structure = known.structure("urn:x:profile|1.0")
    assert structure is not None
    names = [element for element in structure["snapshot"]["element"] if element["id"] == "Patient.name"]
    assert [element["min"] for element in names] == [1]
    base = definitions.type("Patient")
    assert base is not None
    assert len(structure["snapshot"]["element"]) == len(base["snapshot"]["element"])


def test_single_definition_is_a_package(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text(json.dumps({**_VALUE_SET, "id": "values", "version": "2"}), "utf-8")
    assert _add(file, tmp_path / "library").output == "values#2 added\n"
    listed = _run("list", "--library", str(tmp_path / "library"))
    assert listed.output == "values#2: 1 ValueSet\n"


def test_package_of_the_cache_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / ".fhir" / "packages"
    folder = cache / "esimerkki.paketti#1.2.3" / "package"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(_MANIFEST), "utf-8")
    (cache / "packages.ini").write_text("", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [one.label for one in cached_packages(cache)] == ["esimerkki.paketti#1.2.3"]
    for name in ("esimerkki.paketti", "esimerkki.paketti#1.2.3"):
        assert _add(name, tmp_path / "library").exit_code == 0
    assert isinstance(_add("esimerkki.paketti#9", tmp_path / "library").exception, NotFound)
    assert package_path("esimerkki.paketti#1.2.3") == cache / "esimerkki.paketti#1.2.3"


def test_a_package_of_the_cache_judges_a_resource(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".fhir" / "packages" / "esimerkki.paketti#1.2.3" / "package"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(_MANIFEST), "utf-8")
    (folder / "StructureDefinition-x.json").write_text(json.dumps(_PROFILE), "utf-8")
    (tmp_path / "p.json").write_text('{"resourceType": "Patient"}', "utf-8")
    arguments = ("validate", tmp_path / "p.json", "--profile", "urn:x:profile", "--output", "json")
    for more, rule in (
        ([], "fhir_profile_is_at_hand"),
        (["--package", "esimerkki.paketti"], "fhir_profile_element_is_present"),
    ):
        said = json.loads(interop(*arguments, *more).stdout)
        assert rule in {issue["rule"] for issue in said["issues"]}


def test_hash_is_checked_before_anything_is_written(tmp_path: Path) -> None:
    archive = _package(tmp_path / "p.tgz")
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    library = tmp_path / "library"
    assert isinstance(_add(archive, library, "--sha256", "0" * 64).exception, Invalid)
    assert not library.exists()
    assert _add(archive, library, "--sha256", right.upper()).exit_code == 0


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"package/package.json": b"{"},
        {"package/package.json": b"[]"},
        {"package/package.json": json.dumps(_MANIFEST).encode(), "package/broken.json": b"{"},
    ],
)
def test_what_is_no_package_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    found = _add(_archive(tmp_path / "p.tgz", members), tmp_path / "library")
    assert isinstance(found.exception, InteropError)
    assert not list(tmp_path.glob("library/*"))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for name, data in (("p.tgz", b"not an archive"), ("p.whl", b"not a wheel"), ("p.json", b"[1]")):
        (tmp_path / name).write_bytes(data)
        assert isinstance(_add(tmp_path / name, tmp_path / "library").exception, Invalid)
    truncated = _package(tmp_path / "q.tgz")
    truncated.write_bytes(truncated.read_bytes()[:-40])
    assert isinstance(_add(truncated, tmp_path / "library").exception, Invalid)


def test_archive_that_swells_is_refused(tmp_path: Path) -> None:
    manifest = json.dumps(_MANIFEST).encode()
    bomb = _archive(tmp_path / "p.tgz", {"package/package.json": manifest, "package/x.json": b" " * (65 * 1024**2)})
    with pytest.raises(PackageUnreadable, match="larger"):
        list(read_package(bomb).resources())


def test_listing_an_empty_library_says_nothing(tmp_path: Path) -> None:
    assert not _run("list", "--library", str(tmp_path)).output
