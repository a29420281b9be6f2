"""Compiles the FSH sources with SUSHI (npm fsh-sushi 3.21.0), offline; as a module it writes `schemas/fhir/package/`.

The R4 core package must stand in `~/.fhir/packages`. `INTEROP_SUSHI` names the command when it is not on the path.
`schemas/fhir/fsh.sha256` says of which sources and which compiler run the committed package is, for where SUSHI is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["PACKAGE", "SEAL", "command", "compiled", "seal"]

FHIR = Path(__file__).parents[2] / "schemas" / "fhir"
PACKAGE = FHIR / "package"
SEAL = FHIR / "fsh.sha256"


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


def seal() -> str:
    """A line of SHA-256 for each folder: the sources, and what was made of them."""
    return "".join(f"{_digest(FHIR / name)}  {name}\n" for name in ("fsh", "package"))


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{content}  {file.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()


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
    SEAL.write_text(seal(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
