"""One thing that was looked at, what was found, and what to do; the advice stands in `advice.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

from interop.logs import without_identity_codes
from schemas.issues import Language

__all__ = ["ADVICE", "Diagnosis", "Level", "diagnosis"]

Level = Literal["ok", "warning", "fault"]

ADVICE: Mapping[str, Mapping[Language, str]] = tomllib.loads(
    files("interop.doctor").joinpath("advice.toml").read_text("utf-8")
)
"""What to do about each thing that may be found, by its name there, in each language."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one thing of one place.

    `place` is `settings`, `database`, `keys`, `service` or a system's name. A `warning` works today; a `fault` does
    not. `advice` says what to do, by language, and is empty for what is `ok`. No text holds a secret or an identity
    code.
    """

    place: str
    what: str
    level: Level
    found: str
    advice: Mapping[Language, str] = field(default_factory=dict)


def diagnosis(place: str, what: str, level: Level, found: str, advice: str = "") -> Diagnosis:
    """The diagnosis in words. In: `advice` is a name of `ADVICE`; what is ok needs none."""
    told = ADVICE[advice] if level != "ok" else {}
    return Diagnosis(place, what, level, without_identity_codes(found), told)
