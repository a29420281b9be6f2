"""For each rule an example that passes it: what `--explain` and the page of the rules show."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["rule_examples"]


@cache
def rule_examples() -> Mapping[str, str]:
    """A piece of a document, or what to do, by the id of the rule; read once."""
    return tomllib.loads(files("interop.cli").joinpath("rule_examples.toml").read_text("utf-8"))
