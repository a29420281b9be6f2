"""The wheel holds all that the program needs, and works from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel, as an installation has them."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    ZipFile(wheel).extractall(place / "site")
    return place / "site"


def interop(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import interop, sys; from interop.cli import main; print(interop.__file__, file=sys.stderr); main()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", program, *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert str(installed) in ran.stderr, "the installed program runs, not the checkout's"
    return ran


@pytest.mark.parametrize(
    "arguments",
    [
        ("structures", "show", "15020"),
        ("mappings", "check"),
        ("form", "15900", "-o", "form.pdf"),
        ("package", "-o", "sote-interop.tgz"),
        ("demo", "--keep", "kept"),
    ],
    ids=" ".join,
)
def test_a_command_works_from_any_folder(installed: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = interop(installed, tmp_path, *arguments)
    assert (ran.returncode, ran.stdout != "" or arguments[0] in ("form", "package")) == (0, True), ran.stderr


def test_a_document_is_converted_and_judged(installed: Path, tmp_path: Path) -> None:
    plan = ROOT / "examples" / "plan-effica.xml"
    assert interop(installed, tmp_path, "convert", str(plan), "--to", "kanta", "-o", "plan.xhtml").returncode == 0
    judged = interop(installed, tmp_path, "validate", "plan.xhtml")
    assert (judged.returncode, "kanta" in judged.stdout) == (0, True)


def test_everything_that_the_checkout_holds_is_in_the_wheel(installed: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    packages = ("interop", "mappings", "schemas", "validators", "examples")
    ours = [name for name in listed.split("\0") if name.split("/")[0] in packages and (ROOT / name).is_file()]
    assert len(ours) > 500
    missing = [name for name in ours if not (installed / name.replace("examples/", "interop/examples/", 1)).is_file()]
    assert missing == []
