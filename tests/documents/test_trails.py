"""A finding names the fields that lead to its place, in Finnish and Swedish."""

from __future__ import annotations

import pytest

from interop.cli.findings import as_text
from interop.documents import Options, examine
from schemas.codesystems import shipped_code_systems
from schemas.structures import shipped
from schemas.trails import trail
from tests.documents.test_ten_faults import CASES, spoilt, whole

ROOT = "/tyoikaisten_palvelujen_asiakassuunnitelma"


@pytest.mark.parametrize(
    ("place", "fi", "sv"),
    [
        (f"{ROOT}/asiakas/0/sukunimi", "Asiakas › Sukunimi", "Klient › Efternamn"),
        (f"{ROOT}/asiakas/1/henkilotunnus/value", "Asiakas 2 › Henkilötunnus", "Klient 2 › Personbeteckning"),
        (f"{ROOT}/jakelu", "Jakelu", "Sändlista"),
        (f"{ROOT}/jakelu/ei_ole/x", "Jakelu", "Sändlista"),
    ],
)
def test_the_names_lead_from_the_outside_in(place: str, fi: str, sv: str) -> None:
    assert trail(shipped().find("15020"), place) == {"fi": fi, "sv": sv}


@pytest.mark.parametrize("place", ["", ROOT, f"{ROOT}/{'9' * 5000}", f"{ROOT}/ei_ole/0"])
def test_a_place_that_the_structure_does_not_know_has_no_names(place: str) -> None:
    assert trail(shipped().find("15020"), place) == {}


@pytest.mark.parametrize("form", ["thl", "effica", "fhir"])
def test_the_same_fault_has_the_same_names_in_every_form(form: str) -> None:
    found = examine(spoilt(whole(form), CASES[form]).encode(), form)
    (issue,) = [one for one in found.issues if one.rule.id == "identity_code_check_character_is_right"]
    assert issue.trail("fi") == "Asiakas › Henkilötunnus"
    assert "Asiakas › Henkilötunnus" in "\n".join(as_text("x", found, "en"))


def test_lines_for_a_terminal_end_within_its_width() -> None:
    found = examine(whole("thl").encode(), "thl", Options(code_systems=shipped_code_systems()))
    head, *lines = as_text("x", found, "fi", width=80)
    assert max(len(line) for line in lines if not line.strip().startswith("/")) <= 80
    assert " ".join(" ".join([head, *lines]).split()) == " ".join(" ".join(as_text("x", found, "fi")).split())
