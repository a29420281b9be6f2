"""Which agreed goals a provider's document addresses: by reference, in the same words, by a declared theme, or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interop import read
from interop.documents import align
from mappings.themes import theme_name, themes_of
from schemas.record import Record

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = read(EXAMPLES / "plan.json")


def summary(text: str) -> Record:
    """A summary whose content is one sentence."""
    koonti = read(EXAMPLES / "16009.json")
    body: dict[str, Any] = {"yhteenveto": {"asiasisalto": text}}
    return replace(koonti, content={koonti.root: body})


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Asuntohakemus omaan vuokra-asuntoon tehtiin kevään aikana muuttoa varten.", ["text", "none", "none"]),
        ("Velat on koottu yhteen ja maksettu ajallaan.", ["none", "theme", "none"]),
        ("Pajalla on käyty joka viikko.", ["none", "none", "theme"]),
        ("Sää on ollut kaunis koko viikon.", ["none", "none", "none"]),
        ("", ["none", "none", "none"]),
    ],
)
def test_a_goal_is_addressed_by_words_or_by_theme(text: str, kinds: list[str]) -> None:
    assert [goal.kind for goal in align(PLAN, summary(text)).goals] == kinds


def test_a_goal_named_by_its_code_is_addressed_by_reference() -> None:
    assert [goal.kind for goal in align(PLAN, PLAN).goals] == ["reference"] * 3


def test_work_that_no_goal_has_is_shown_and_addressed_work_is_not() -> None:
    found = align(PLAN, read(EXAMPLES / "15021.json"))
    assert [goal.kind for goal in found.goals] == ["theme", "theme", "none"]
    assert not found.complete
    used = {one.path for goal in found.goals for one in goal.evidence}
    rest = {one.path for one in found.without_goal}
    assert rest
    assert not rest & used
    assert not any("asiakas/" in path or "laatija" in path for path in rest)


@pytest.mark.parametrize(
    ("text", "language", "themes"),
    [
        ("Muutan omaan vuokra-asuntoon.", "fi", {"housing"}),
        ("Jag flyttar till en egen lägenhet och betalar mina skulder.", "sv", {"housing", "economy"}),
        ("Muutan omaan vuokra-asuntoon.", "sv", set()),
        ("LASKUT ajallaan", "fi", {"economy"}),
        ("", "fi", set()),
    ],
)
def test_a_text_has_the_themes_that_its_words_show(text: str, language: str, themes: set[str]) -> None:
    assert themes_of(text, language) == themes


def test_every_theme_has_a_name_in_every_language() -> None:
    every = themes_of(
        "arki asuminen velka työpaja ystävä väkivalta perhe päihteet masennus lääke apuväline omainen hakemus", "fi"
    )
    assert len(every) == 13
    for theme in every:
        assert len({theme_name(theme, language) for language in ("fi", "sv", "en")}) == 3
