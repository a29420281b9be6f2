"""A site's own files are laid over ours by name, without a line of Python."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cli.test_commands import EXAMPLES, ROOT, interop


def site(folder: Path, *names: str) -> Path:
    """A copy of one of our files in the site's folder, to be changed."""
    copy = folder.joinpath(*names)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT.joinpath(*names), copy)
    return copy


def test_a_sites_code_map_takes_the_place_of_ours(tmp_path: Path) -> None:
    codes = site(tmp_path, "mappings", "code_maps", "effica.toml")
    codes.write_text(codes.read_text("utf-8").replace('"PAR"', '"PARANN"'), "utf-8")
    ours = interop("convert", EXAMPLES / "plan.json", "--to", "effica").stdout
    theirs = interop("--site", tmp_path, "convert", EXAMPLES / "plan.json", "--to", "effica").stdout
    assert b'koodi="PAR"' in ours
    assert b'koodi="PARANN"' in theirs
    back = interop("--site", tmp_path, "convert", "-", "--to", "thl", stdin=theirs)
    assert back.returncode == 0
    assert json.loads(back.stdout) == json.loads((EXAMPLES / "plan.json").read_text("utf-8"))


def test_a_sites_table_and_xsd_take_the_place_of_ours(tmp_path: Path) -> None:
    for names in (("mappings", "tables", "effica", "15020.toml"), ("schemas", "effica", "effica.xsd")):
        file = site(tmp_path, *names)
        file.write_text(file.read_text("utf-8").replace('"Tilanne"', '"Elamantilanne"'), "utf-8")
    theirs = interop("--site", tmp_path, "convert", EXAMPLES / "plan.json", "--to", "effica").stdout
    assert b"<Elamantilanne>" in theirs
    assert interop("--site", tmp_path, "validate", "-", stdin=theirs).returncode == 0
    assert interop("validate", "-", stdin=theirs).returncode == 1


def test_a_site_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = interop("--site", tmp_path / "none", "validate", EXAMPLES / "plan.json")
    assert done.returncode == 2
    assert done.stderr.startswith(b"interop: There is no folder")
