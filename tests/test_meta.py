"""What every file of the repository keeps to."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import interop
import mappings
import schemas
import validators
from interop.cli.command_pages import commands_page
from interop.config import CLIENT_SETTINGS, SETTINGS, SYSTEM_SETTINGS
from schemas.identity import fault_of_identity_code, is_artificial

ROOT = Path(__file__).parents[1]
PACKAGES = (interop, mappings, schemas, validators)
FOLDERS = (".ci", "benchmarks", "docs", "examples", "packaging", "tests")
HOMES = {
    "alembic": "interop/store/",
    "authlib": "interop/console/oidc.py",
    "jinja2": "interop/console/rendering.py",
    "dbos": "interop/exchange/engine_dbos.py",
    "prometheus_client": "interop/exchange/metrics.py",
    "opentelemetry": "interop/exchange/tracing.py",
    "fhirpathpy": "validators/fhir/",
    "re2": "validators/fhir/patterns.py",
    "zeep": "interop/systems/effica.py",
    "httpx": "interop/systems/http.py interop/console/oidc.py",
    "fastapi": "interop/api/",
    "joserfc": "interop/api/ interop/systems/oauth.py interop/sandboxes/assertions.py interop/console/oidc.py",
    "cryptography": (
        "interop/store/encryption.py interop/systems/oauth.py interop/systems/certificates.py "
        "interop/console/passwords.py"
    ),
    "sqlalchemy": "interop/store/",
    "uvicorn": "interop/cli/serving.py interop/sandboxes/running.py",
    "starlette": "interop/api/ interop/cli/serving.py interop/faults/ interop/sandboxes/ "
    "interop/systems/oauth.py interop/systems/omni360_webhook.py interop/console/ interop/cli/console_server.py",
    "xmlschema": "validators/xml.py",
    "fhir": "validators/fhir_structure.py",
    "jsonschema_rs": "validators/content.py",
    "typst": "interop/printing/",
    "pikepdf": "interop/systems/sealing.py",
    "pyrage": "interop/systems/sealing.py",
    "rich": "interop/cli/",
    "typer": "interop/cli/",
    "watchfiles": "interop/cli/validate.py",
    "lxml": (
        "schemas/ mappings/ validators/ interop/sandboxes/ interop/systems/effica.py interop/systems/effica_sftp.py"
    ),
    "paramiko": "interop/systems/sftp.py interop/sandboxes/effica_sftp.py",
}


def repository_files(*which: str) -> list[Path]:
    """The files of the checkout; without a word on which, also those that are not committed yet."""
    asked = which or ("--cached", "--others", "--exclude-standard")
    listed = subprocess.run(["git", "ls-files", "-z", *asked], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[Path]:
    return sorted(p for package in PACKAGES for p in Path(str(package.__file__)).parent.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_nothing_lies_beside_the_folders_of_the_repository() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in repository_files("--cached") if path.parent != ROOT}
    assert folders == {*(package.__name__ for package in PACKAGES), *FOLDERS}


def test_our_packages_win_over_others_of_the_same_name() -> None:
    for package in PACKAGES:
        assert Path(str(package.__file__)).is_relative_to(ROOT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_all_names_the_public_names_in_order(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    public = getattr(module, "__all__", None)
    if public is None:
        assert len(ast.parse(path.read_text("utf-8")).body) == 1, (
            "a module that holds more than its docstring has __all__"
        )
        return
    assert list(public) == sorted(public, key=ast_order)
    assert all(hasattr(module, one) for one in public)


def ast_order(name: str) -> tuple[int, str]:
    """The order that ruff keeps: CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_library_stays_in_its_home(library: str) -> None:
    homes = HOMES[library].split()
    for path in modules():
        place = str(path.relative_to(ROOT))
        used = any(name.split(".")[0] == library for name in imports(ast.parse(path.read_text("utf-8"))))
        assert not used or any(place == home or (home.endswith("/") and place.startswith(home)) for home in homes), (
            place
        )


def test_fhir_resources_are_r4b_only() -> None:
    for path in [*modules(), *(ROOT / "tests").rglob("*.py")]:
        for name in imports(ast.parse(path.read_text("utf-8"))):
            assert not name.startswith("fhir.") or name.startswith("fhir.resources.R4B"), path


def test_no_file_holds_an_identity_code_that_somebody_could_have() -> None:
    form = re.compile(r"(?<![0-9A-Za-z])[0-3]\d[01]\d\d\d[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?![0-9A-Za-z])")
    for path in repository_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        real = [code for code in form.findall(text) if fault_of_identity_code(code) is None and not is_artificial(code)]
        assert not real, path


@pytest.mark.parametrize("name", ["requirements.lock", "packaging/requirements.lock"])
def test_the_lock_has_hashes_and_no_hosts(name: str) -> None:
    lock = (ROOT / name).read_text("utf-8")
    assert "://" not in lock
    for requirement in re.split(r"\n(?=[a-z])", lock.strip()):
        assert "--hash=sha256:" in requirement


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for setting in (*SETTINGS, *SYSTEM_SETTINGS, *CLIENT_SETTINGS):
        for name in filter(None, (setting.name, setting.variable)):
            assert f"`{name}`" in page, name


def test_the_page_of_commands_is_up_to_date() -> None:
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == commands_page()
