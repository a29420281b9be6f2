"""Where THL's own schema files are: they are not ours to ship, so the tests take them from outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["SAMPLES", "folder_of_originals", "require_originals"]

SAMPLES = Path(__file__).parent / "structures" / "sample"
"""Schema files in THL's form, written by us: they keep the comparison alive without THL's files."""

_BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared" / "reference" / "sosmeta"


def folder_of_originals() -> Path | None:
    """The folder of THL's schema files, or None when it is not there."""
    folder = Path(os.environ.get("INTEROP_SOSMETA") or _BESIDE_THE_REPOSITORY)
    return folder if any(folder.glob("*.json")) else None


def require_originals() -> Path:
    """The folder of THL's schema files. Without it the test is skipped, and in CI it fails."""
    folder = folder_of_originals()
    if folder is not None:
        return folder
    reason = "THL's schema files are not there: set INTEROP_SOSMETA to their folder."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
