"""The rules about the Kanta document, its display and the printed sheet, by id; the catalogue is `kanta.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from schemas.issues import Rule, load_rules

__all__ = ["KANTA_RULES"]

KANTA_RULES: Mapping[str, Rule] = load_rules(files("mappings").joinpath("kanta.toml").read_text("utf-8"))
