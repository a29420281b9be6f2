"""Where a FHIR package is that a command names: at a path, or in the ecosystem's cache of packages."""

from __future__ import annotations

import re
from pathlib import Path

from interop.errors import NotFound
from schemas.fhir_packages import cached_packages

__all__ = ["CACHE", "package_path"]

CACHE = Path("~/.fhir/packages")
"""Where the tools of the FHIR ecosystem keep packages."""


def package_path(source: str) -> Path:
    """The file or folder of a package. In: its path, or `name` or `name#version` of a cached one. Raises: NotFound."""
    path = Path(source)
    if path.exists():
        return path
    if re.fullmatch(r"[A-Za-z0-9._-]+(#[A-Za-z0-9._-]+)?", source):
        for cached in cached_packages(CACHE.expanduser()):
            if source in (cached.label, cached.name):
                return cached.path
    raise NotFound(f"There is no file, folder or cached package '{source}'.")
