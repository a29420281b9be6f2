"""The multidisciplinary plan is a structure like any other: every format and form holds it, and its rules judge it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree
from typer.testing import CliRunner

from interop.cli.structures import structures
from interop.documents import examine
from mappings.formats import format_named, sniffed
from mappings.questionnaire_response import content_of, response_of
from mappings.sheet import blank_sheet, filled_sheet
from schemas.json_text import dump, parse
from schemas.questionnaire import questionnaire_of
from schemas.record import Record, filled_envelope
from schemas.structures import PREFIX, Field, shipped, structure_to_json
from tests.strategies import contents
from validators.conditions import check_conditions
from validators.content import check_content
from validators.rules import places

ROOT = Path(__file__).parents[2]
PLAN = shipped().find("15900")
FILE = ROOT / "schemas" / "structures" / f"{PLAN.oid}.json"
FORMATS_THAT_HOLD_IT = ("thl", "kanta", "fhir", "effica")
XS = "{http://www.w3.org/2001/XMLSchema}"


def example() -> Record:
    value, issues = parse((ROOT / "examples" / "multidisciplinary.json").read_bytes())
    assert not issues
    return Record(value["envelope"], value["content"])


def test_it_stands_in_a_branch_of_our_own_and_says_so() -> None:
    assert not PLAN.oid.startswith(PREFIX)
    assert (PLAN.code, PLAN.version, PLAN.code_system) == ("15900", "2026.11.23", "1.2.246.10.99999999.6.1506")
    assert PLAN.author == "sote-interop"
    assert "ei THL:n" in PLAN.subject
    assert PLAN.oid in (FILE.parent / "SOURCE.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["15900", "15900@2026.11.23", PLAN.oid])
def test_it_is_found_by_its_names(name: str) -> None:
    assert shipped().find(name) is PLAN


def test_structures_of_thl_keep_their_names() -> None:
    for oid in shipped().oids:
        structure = shipped()[oid]
        if oid != PLAN.oid:
            assert re.fullmatch(r"1\.2\.246\.537\.6\.150[56]", structure.code_system)
        assert oid == f"{structure.code_system}.{structure.code}.{structure.version}"


def test_its_file_is_as_the_library_writes_it() -> None:
    assert FILE.read_bytes() == structure_to_json(PLAN)


def slug(label: str) -> str:
    """A property name as THL makes it from a field's Finnish name."""
    plain = label.lower().replace("ä", "a").replace("å", "a").replace("ö", "o")
    return re.sub("[^a-z0-9_]", "", plain.replace(" ", "_").replace("-", "_"))


@pytest.mark.parametrize("field", list(PLAN), ids=lambda field: "/".join(field.path))
def test_fields_are_named_as_thl_names_them(field: Field) -> None:
    assert field.key == slug(field.label["fi"])
    assert field.label["sv"] != field.label["fi"]
    if field.codes is not None:
        assert field.system == f"{PLAN.root}/{field.key}"
        assert all(field.codes.values())


def test_a_section_of_the_visibility_list_is_a_field_of_the_plan() -> None:
    codes = PLAN.by_path["osioiden_nakyvyys/osio"].codes or {}
    told = {field.key: field.label["fi"] for field in PLAN.fields}
    assert codes == {key: label for key, label in told.items() if key in codes}
    always = {"asiakas", "jakelu", "osioiden_nakyvyys", "lisatiedot", "paivamaara", "laatija"}
    assert set(told) - set(codes) == always


def test_source_plans_are_references_with_no_room_for_a_copy() -> None:
    group = PLAN.by_path["suunnitelmat_joihin_tama_suunnitelma_perustuu"]
    assert {field.key: field.kind for field in group.children} == {
        "suunnitelman_nimi": "text",
        "asiakirjatyyppi": "code",
        "asiakirjan_tunnus": "oid",
        "rekisterinpitajan_tunnus": "identifier",
        "rekisterinpitajan_nimi": "text",
        "paivamaara": "date",
    }


def test_the_example_has_no_finding_worth_a_look() -> None:
    record = example()
    for name in ("multidisciplinary.json", "multidisciplinary-effica.xml"):
        examined = examine((ROOT / "examples" / name).read_bytes())
        assert examined.record == record
        assert examined.structure == PLAN.oid
        assert {issue.rule.id for issue in examined.issues} <= {"identity_code_is_artificial"}


def test_the_example_fills_every_section() -> None:
    assert set(example().body) == {field.key for field in PLAN.fields} - {"vastuutiimi"}


@pytest.mark.parametrize("name", FORMATS_THAT_HOLD_IT)
def test_every_format_carries_the_example(name: str) -> None:
    record, form = example(), format_named(name)
    written = form.write(record)
    assert written.issues == []
    assert written.report.lost == ()
    found = sniffed(written.data)
    assert found is not None
    assert found.name == name
    read = form.read(written.data)
    assert read.issues == []
    assert read.record == record
    assert examine(written.data).valid


@given(contents(PLAN))
def test_the_response_holds_every_leaf(content: dict[str, Any]) -> None:
    body = content[PLAN.root]
    response, unread = parse(dump({"item": response_of(PLAN, body)}))
    assert unread == []
    read, issues, _ = content_of(PLAN, response)
    assert issues == []
    assert read == body


@given(contents(PLAN))
def test_what_a_structure_can_draw_its_schema_accepts(content: dict[str, Any]) -> None:
    assert [issue for issue in check_content(PLAN, content) if issue.rule.severity == "error"] == []


def test_the_envelope_is_told_by_the_content() -> None:
    record = example()
    envelope = filled_envelope({}, PLAN, record.content, "2026-11-09T15:30:00+02:00")
    assert envelope["clients"] == record.envelope["clients"]
    assert envelope["author"]["family"] == "Kokeilu"


def test_its_questionnaire_and_forms_are_derived() -> None:
    questionnaire = questionnaire_of(PLAN)
    assert questionnaire["title"] == "Monialainen suunnitelma"
    assert questionnaire["code"][0]["code"] == "15900"
    for language in ("fi", "sv"):
        sheet = blank_sheet(PLAN, language)
        assert sheet.title == PLAN.label[language]
        shown = [part.label for part in sheet.parts]
        assert all(any(label.startswith(field.label[language]) for label in shown) for field in PLAN.fields)
    values = {value for top in filled_sheet(example(), PLAN).parts for part in top for value in part.values}
    assert {"Ryhmätyöskentely", "Vuokra on maksettu ajallaan kuutena kuukautena.", "31.5.2027"} <= values


@pytest.mark.parametrize(("language", "label"), [("fi", "Yhteisasiakkuus"), ("sv", "Gemensam klientrelation")])
def test_it_is_shown_at_the_command_line(language: str, label: str) -> None:
    shown = CliRunner().invoke(structures, ["show", "15900", "--lang", language])
    assert shown.exit_code == 0
    assert label in shown.stdout


def faults(body: dict[str, Any]) -> set[str]:
    found = check_conditions(PLAN, {PLAN.root: body})
    return {issue.rule.id for issue in found if issue.rule.severity != "information"}


OURS = {place.rule.id for place in places() if PLAN.oid in place.structures}


def test_its_rules_are_those_of_the_catalogue() -> None:
    assert len(OURS) == 13
    assert faults(example().body) == set()


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("vastuutyontekija", "multidisciplinary_plan_has_a_responsible_worker_or_team"),
        ("yhteisasiakkuus/maaraajan_paattymispaiva", "joint_clienthood_is_fixed_term"),
        ("toimet/0/vastuutaho", "action_has_one_responsible_party"),
        ("toimet/0/maaraaika", "action_has_a_due_time"),
        ("toimet/0/vastuutaho/sukunimi", "responsible_party_of_an_action_is_named"),
        ("luvat_joihin_suunnitelma_perustuu/1/luovutettavat_tiedot", "permit_is_individualised"),
        ("suunnitelmat_joihin_tama_suunnitelma_perustuu/0/asiakirjan_tunnus", "source_plan_is_named_by_reference"),
        (
            "suunnitelmat_joihin_tama_suunnitelma_perustuu/0/rekisterinpitajan_tunnus",
            "source_plan_is_named_by_reference",
        ),
        ("osallistujat/3/organisaatio", "participant_is_a_named_person_or_organisation"),
        ("asiakas/0/henkilotunnus", "person_has_identity_code_or_temporary_identifier"),
    ],
)
def test_what_is_left_out_of_the_example_is_found(place: str, rule: str) -> None:
    body = example().body
    *above, last = place.split("/")
    at: Any = body
    for step in above:
        at = at[int(step) if step.isdecimal() else step]
    del at[last]
    assert faults(body) == {rule}


def test_two_responsible_parties_of_an_action_are_refused_by_the_structure() -> None:
    record = example()
    action = record.body["toimet"][0]
    action["vastuutaho"] = [action["vastuutaho"], action["vastuutaho"]]
    errors = {issue.rule.id for issue in check_content(PLAN, record.content) if issue.rule.severity == "error"}
    assert errors == {"content_value_has_its_type"}
    message = format_named("effica").write(example()).data
    twice = re.sub(b"(<Vastuutaho>.*?</Vastuutaho>)", rb"\1\1", message, count=1, flags=re.DOTALL)
    assert "xml_element_is_expected" in {issue.rule.id for issue in examine(twice).issues}


def test_its_layout_is_written_by_hand_in_the_frame_of_all() -> None:
    folder = ROOT / "schemas" / "effica"
    ours, theirs = ({t.get("name"): t for t in _types(folder / name)} for name in ("15900.xsd", "effica.xsd"))
    shared = {"Sanoma", "Otsake", "Sanomatunnus", "Osapuoli", "Asiakirja", "Tiedot", "Henkilo", "Organisaatio"}
    shared |= {"Rekisterinpitaja", "Tyontekija", "Koodi", "PaikallinenKoodi", "Tunniste", "Tarkistus"}
    shared |= {str(name) for name, type_ in theirs.items() if type_.tag == f"{XS}simpleType"}
    for name in shared:
        assert etree.tostring(ours[name], method="c14n") == etree.tostring(theirs[name], method="c14n"), name


def _types(path: Path) -> list[etree._Element]:
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_comments=True, remove_blank_text=True))
    return list(root.iterfind("*[@name]"))


def test_messages_have_every_slot_filled() -> None:
    body: dict[str, Any] = {"toimet": [{}], "osallistujat": [{}]}
    body |= {"yhteisasiakkuus": {"toteutunut_paattymispaiva": "2027-01-01"}}
    body |= {"luvat_joihin_suunnitelma_perustuu": [{}], "suunnitelmat_joihin_tama_suunnitelma_perustuu": [{}]}
    found = check_conditions(PLAN, {PLAN.root: body})
    assert len({issue.rule.id for issue in found} & OURS) == 8
    for issue in found:
        assert "{" not in issue.message("fi") + issue.message("sv") + issue.message("en")
