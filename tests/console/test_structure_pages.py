"""The pages of mappings and structures, over HTTP, without a script."""

from __future__ import annotations

import json
import re

import pytest

from interop.service.catalogue import find, named, types, versions
from interop.service.correspondence import KINDS, correspondence, overview
from mappings.formats import FORMATS
from schemas.record import envelope_structure
from schemas.structures import Structure, shipped
from tests.console.conftest import Visit
from tests.console.test_pages import text_of

PLAN = "1.2.246.537.6.1506.15020.2024.11.28"


def plan() -> Structure:
    return shipped()[PLAN]


def test_the_matrix_has_a_row_for_each_structure_and_leads_to_the_tables(visit: Visit) -> None:
    page = visit("auli").get("/mappings?language=en").text
    assert page.count('<th scope="row">') == len(overview())
    told = text_of(page)
    assert "84 %" in told
    for form in ("effica", "fhir", "omni360"):
        assert f"/mappings/{form}/{PLAN}" in page
    assert f"/mappings/thl/{PLAN}" not in page
    everything = visit("auli").get("/mappings?all=1").text
    assert everything.count('<th scope="row">') == len(shipped())


@pytest.mark.parametrize("form", ["effica", "fhir", "omni360"])
def test_a_table_shows_each_row_with_the_name_of_its_field(visit: Visit, form: str) -> None:
    found = correspondence(form, plan())
    assert found is not None
    rows = [row for section in found.sections for row in section.rows]
    assert sum(found.counts.values()) == len(rows)
    assert set(found.counts) <= set(KINDS)
    assert all(row.labels for row in rows if row.kind == "carried" and row.record.startswith("content"))
    assert all(row.reason for row in rows if row.kind == "omitted")
    page = visit("vilja").get(f"/mappings/{form}/15020").text
    assert page.count('<code class="path">') == len(rows)
    assert "Kuvaus asiakkaan tilanteesta" in page
    for one in found.lists:
        assert one.source
        assert f'id="{one.name.replace("/", "-")}"' in page
    swedish = visit("vilja").get(f"/mappings/{form}/15020?language=sv").text
    assert "Beskrivning av klientens situation" in swedish


def test_the_rows_of_a_table_stand_in_the_order_of_the_document() -> None:
    found = correspondence("fhir", plan())
    assert found is not None
    labels = [section.labels["fi"] for section in found.sections if section.of == "content"]
    assert labels == [field.label["fi"] for field in plan().fields]
    assert found.sections[0].of == "envelope"
    assert all(row.labels for row in found.sections[0].rows if "." in row.record)
    assert envelope_structure().by_path["document"].label == found.sections[0].rows[0].labels


def test_every_structure_has_a_page_of_each_table_it_has() -> None:
    for structure in shipped():
        for form in FORMATS:
            found = correspondence(form.name, structure)
            assert found is None or found.sections
    derived = correspondence("effica", shipped().find("15003"))
    assert derived is not None
    assert derived.derived


@pytest.mark.parametrize(
    "path", ["thl/15020", "nothing/15020", "effica/nothing", "effica/1.2.246", "effica/%00", "fhir/11011"]
)
def test_a_table_that_is_not_there_is_said_to_be_missing(visit: Visit, path: str) -> None:
    assert visit("vilja").get(f"/mappings/{path}").status_code == 404


def test_structures_are_found_by_type_name_code_and_field() -> None:
    assert len(find()) == len(shipped())
    assert {hit.structure.type for hit in find(type_="Suunnitelma")} == {"Suunnitelma"}
    assert [hit.structure.oid for hit in find("15020")] == [PLAN]
    assert [hit.structure.oid for hit in find(PLAN)] == [PLAN]
    assert PLAN in {hit.structure.oid for hit in find("TYÖIKÄISTEN palvelujen asiakas")}
    by_field = {hit.structure.oid: hit.fields for hit in find("asiakkaan tilanteesta")}
    assert [field.key for field in by_field[PLAN]] == ["kuvaus_asiakkaan_tilanteesta"]
    assert find("xyzzy") == []
    assert set(types()) == {one.type for one in shipped()}
    assert versions(plan()) == (plan(),)
    assert named("nothing") is None


def test_the_list_of_structures_shows_what_is_found(visit: Visit) -> None:
    visitor = visit("auli")
    assert f"Rakenteita: {len(shipped())}" in visitor.get("/structures").text
    page = visitor.get("/structures", params={"q": "asiakkaan tilanteesta", "type": "Suunnitelma"}).text
    assert f"/structures/{PLAN}" in page
    assert "kuvaus_<wbr>asiakkaan_<wbr>tilanteesta" in page
    nothing = visitor.get("/structures", params={"q": '"><script>alert(1)</script>', "type": "nonsense"}).text
    assert "Yksikään rakenne ei vastaa hakua." in nothing
    assert "<script>alert" not in nothing


def test_a_structure_shows_all_its_fields_with_their_names(visit: Visit) -> None:
    page = visit("auli").get(f"/structures/{PLAN}").text
    fields = list(plan())
    shown = re.findall(r'<code class="path" title="([^"]+)">', page)
    assert shown == ["/".join(field.path) for field in fields]
    assert "Beskrivning av klientens situation" in page
    assert "Työikäisten palvelujen asiakassuunnitelma" in page
    assert page.count('hreflang="en"') == 1
    assert visit("auli").get("/structures/nothing").status_code == 404


def test_the_empty_form_and_the_questionnaire_can_be_taken_along(visit: Visit) -> None:
    visitor = visit("auli")
    for language in ("fi", "sv"):
        got = visitor.get(f"/structures/{PLAN}/form/{language}")
        assert got.headers["content-type"] == "application/pdf"
        assert got.headers["content-disposition"] == f'attachment; filename="15020-2024.11.28-{language}.pdf"'
        assert got.content.startswith(b"%PDF-")
    assert visitor.get(f"/structures/{PLAN}/form/de").status_code == 404
    got = visitor.get("/structures/15020/questionnaire")
    assert got.headers["content-type"].startswith("application/fhir+json")
    assert json.loads(got.content)["resourceType"] == "Questionnaire"
    assert visitor.get("/structures/nothing/questionnaire").status_code == 404
