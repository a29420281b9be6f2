"""`interop package build`: the FHIR package of our profiles, extensions, code systems and examples, as one archive.

The same sources give the same bytes: entries are ordered and carry no time and no owner.
Source: FHIR NPM Package Specification, https://hl7.org/fhir/packages.html
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.cli.writing import write_file
from interop.errors import Invalid
from interop.service.shipped_examples import example_folder
from mappings.formats import format_named
from schemas.canonical import CANONICAL
from schemas.fhir_lists import list_code_systems
from schemas.json_text import dump, parse
from schemas.structures import shipped

__all__ = ["build_command", "package_bytes"]

_CORE = {"hl7.fhir.r4.core": "4.0.1"}


def build_command(
    output: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where the package (.tgz) goes.")],
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="A folder of records (JSON) that go in as examples, instead of those that are shipped.",
        ),
    ] = None,
) -> None:
    """Build the FHIR package of our profiles, extensions, code systems and examples.

    \b
    interop package build -o sote-interop.tgz
    """
    write_file(output, package_bytes(examples or example_folder()))


def package_bytes(examples: Path | None = None) -> bytes:
    """The whole package, gzipped. In: `examples` is a folder of records as JSON, each written as a document Bundle.

    Raises: Invalid when the folder holds no record.
    """
    definitions = {file.name: _tree(file) for file in _definitions()}
    for system in list_code_systems(shipped()):
        definitions[f"CodeSystem-{system['id']}.json"] = system
    held = {f"package/{name}": resource for name, resource in sorted(definitions.items())}
    documents = {f"package/example/{name}": bundle for name, bundle in _examples(examples)}
    if examples and not documents:
        raise Invalid("The folder of examples holds no record as JSON.")
    held |= documents
    index = [_indexed(name.rpartition("/")[2], resource) for name, resource in held.items() if "/example/" not in name]
    manifest = {"package/package.json": _manifest(), "package/.index.json": {"index-version": 1, "files": index}}
    return _archive({**manifest, **held})


def _definitions() -> list[Traversable]:
    folder = files("schemas").joinpath("fhir", "package")
    return sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)


def _tree(file: Traversable) -> dict[str, Any]:
    tree: dict[str, Any] = parse(file.read_bytes())[0]
    return tree


def _examples(folder: Path | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of a folder as document Bundles, each under the name of its file. What is no record is left out."""
    thl, fhir = format_named("thl"), format_named("fhir")
    for path in sorted(folder.glob("*.json")) if folder else ():
        read = thl.read(path.read_bytes())
        written = fhir.write(read.record).data if read.record else b""
        if written:
            bundle: dict[str, Any] = parse(written)[0]
            # An id of a resource is made of letters, digits, hyphens and dots: the file's name is, the record's OID is.
            yield f"Bundle-{path.stem}.json", {"resourceType": "Bundle", "id": path.stem, **bundle}


def _manifest() -> dict[str, Any]:
    return {
        "name": "sote-interop",
        "version": version("sote-interop"),
        "canonical": CANONICAL,
        "type": "IG",
        "title": "Plans and assessments of Finnish social care",
        "description": "FHIR R4 profiles of the plans and assessments of Finnish social care.",
        "fhirVersions": ["4.0.1"],
        "dependencies": _CORE,
        "license": "Apache-2.0",
        "author": "sote-interop",
    }


def _indexed(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the package's index."""
    facts = {key: resource[key] for key in ("id", "url", "version", "kind", "type") if key in resource}
    return {"filename": name, "resourceType": resource["resourceType"], **facts}


def _archive(held: Mapping[str, Mapping[str, Any]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, resource in held.items():
            data = dump(resource)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
