"""Where the examples are: beside the program in an installation, at the top of the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

from interop.errors import Fault

__all__ = ["example_folder"]

_FOLDERS = (Path(__file__).parents[1] / "examples", Path(__file__).parents[2] / "examples")


def example_folder() -> Path:
    """The folder of the examples that are shipped. Raises: Fault when this installation has none."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise Fault("The examples are missing from this installation.")
