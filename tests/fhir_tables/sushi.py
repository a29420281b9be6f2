"""Compiles the FSH sources with SUSHI (npm fsh-sushi 3.21.0), offline; as a module it writes `schemas/fhir/package/`.

The R4 core package must stand in `~/.fhir/packages`. `INTEROP_SUSHI` names the command when it is not on the path.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["PACKAGE", "command", "compiled"]

FHIR = Path(__file__).parents[2] / "schemas" / "fhir"
PACKAGE = FHIR / "package"


def command() -> str | None:
    """The SUSHI command, or None when it or the R4 definitions are not there."""
    core = Path.home() / ".fhir" / "packages" / "hl7.fhir.r4.core#4.0.1"
    return os.environ.get("INTEROP_SUSHI", shutil.which("sushi")) if core.is_dir() else None


def compiled(sushi: str) -> dict[str, bytes]:
    """The compiled resources by file name, each as one line of JSON with a snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FHIR / "fsh", folder, dirs_exist_ok=True)
        subprocess.run([sushi, "build", "-s", folder], check=True, capture_output=True, timeout=120)
        made = sorted((Path(folder) / "fsh-generated" / "resources").glob("*.json"))
        return {file.name: _compact(file.read_text("utf-8")) for file in made}


def _compact(text: str) -> bytes:
    return (json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def main() -> int:
    sushi = command()
    if sushi is None:
        sys.stderr.write("SUSHI or the R4 core package is not here.\n")
        return 2
    PACKAGE.mkdir(exist_ok=True)
    for old in PACKAGE.glob("*.json"):
        old.unlink()
    for name, data in compiled(sushi).items():
        (PACKAGE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
