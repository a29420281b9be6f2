"""The gate's grounds as data: what each says, what follows from it, and the law that it rests on, in order.

The first ground of `grounds.toml` that holds of a case decides it. What denies stands first, since no person can let
that past; then what holds for a person; what permits stands last. Ids are permanent; a retired ground words older
decisions. Source: named at each ground; https://www.finlex.fi/
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, cast, get_args

from schemas.issues import LANGUAGES, Language

__all__ = ["GROUNDS", "Ground", "Outcome", "grounds_in"]

Outcome = Literal["permit", "hold", "deny"]


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for one outcome. `id` is permanent; `act` is its number, `section` as in Finnish statutes.

    `discloses`: a document that goes on this ground leaves its controller, unless the receiver has the same one.
    """

    id: str
    outcome: Outcome
    act: str
    section: str
    message: Mapping[Language, str]
    discloses: bool = True


def grounds_in(text: str) -> Mapping[str, Ground]:
    """The grounds of a catalogue by id, in its order. Raises: KeyError, ValueError for a broken one."""
    found = {}
    for ground_id, entry in tomllib.loads(text).items():
        if entry["outcome"] not in get_args(Outcome):
            raise ValueError(f"Ground {ground_id} names an outcome that does not exist.")
        message = {language: entry[language] for language in LANGUAGES}
        outcome = cast("Outcome", entry["outcome"])
        found[ground_id] = Ground(
            ground_id, outcome, entry["act"], entry["section"], message, discloses=entry.get("discloses", True)
        )
    return found


GROUNDS: Mapping[str, Ground] = grounds_in(files("validators").joinpath("gate/grounds.toml").read_text("utf-8"))
