"""Code systems: the shipped fragments, the files of a site, and what is found about the codes of a content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.codesystem import CodeSystem as SecondOpinion
from hypothesis import given
from hypothesis import strategies as st

from schemas.codesystem_files import LIMITS, CodeSystem, NotACodeSystem, code_system_to_json, read_code_system
from schemas.codesystems import code_systems_in, fragments, shipped_code_systems, with_site
from schemas.issues import LANGUAGES, rules_in
from schemas.sosmeta import structure_from_sosmeta
from schemas.structures import Structure, shipped
from tests.originals import SAMPLES
from tests.strategies import broken_contents, contents, places, with_own_phrases
from validators.terminology import check_codes

FOLDER = Path(__file__).parents[2] / "schemas" / "codesystems"
SERVICES = "1.2.246.537.6.1222"
YES_NO = "1.2.246.537.6.112"


def _sample() -> Structure:
    return with_own_phrases(structure_from_sosmeta(json.loads(min(SAMPLES.glob("*.json")).read_bytes())))


SAMPLE = _sample()


def _meeting(**fields: Any) -> dict[str, Any]:
    return {"esimerkkiasiakirja": {"kokous": fields}}


def _service(code: str, display: str = "") -> dict[str, str]:
    return {"system": f"urn:oid:{SERVICES}", "code": code, "display": display}


def _found(content: Any, **systems: CodeSystem) -> list[tuple[str, str]]:
    issues = check_codes(SAMPLE, content, with_site({system.oid: system for system in systems.values()}))
    return [(issue.rule.id, issue.path) for issue in issues]


WHOLE = CodeSystem(SERVICES, {}, complete=True, codes={"46": {"fi": "Sosiaalityö", "sv": "Socialt arbete"}})


# The fragments


def test_shipped_files_are_exactly_what_the_structures_tell() -> None:
    made = {f"{system.oid}.json": code_system_to_json(system) for system in fragments(shipped())}
    assert made == {file.name: file.read_bytes() for file in FOLDER.glob("*.json")}, (
        "Make them anew: interop structures codesystems -o schemas/codesystems"
    )


def test_every_national_code_system_has_a_fragment_with_a_name() -> None:
    named = {f.system for s in shipped() for f in s if f.kind == "code" and f.system[:1].isdigit()}
    assert named == shipped_code_systems().keys()
    assert [oid for oid, system in shipped_code_systems().items() if not system.title.get("fi")] == []


def test_every_code_of_a_closed_national_list_is_in_its_fragment() -> None:
    for structure in shipped():
        for field in structure:
            if field.codes and field.system[:1].isdigit():
                assert field.codes.keys() <= shipped_code_systems()[field.system].codes.keys()


def test_no_fragment_claims_to_be_whole() -> None:
    assert not any(system.complete for system in shipped_code_systems().values())


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_fragment_is_a_code_system_of_fhir(file: Path) -> None:
    resource = json.loads(file.read_bytes())
    assert SecondOpinion.model_validate(resource).url == f"urn:oid:{file.stem}"
    assert code_system_to_json(read_code_system(file.name, file.read_bytes())) == file.read_bytes()


# The files of a site


@pytest.mark.parametrize(
    "text",
    [
        "code,fi,sv\n46,Sosiaalityö,Socialt arbete\n",
        "\ufeffKoodi;Nimi;SV\r\n46;Sosiaalityö;Socialt arbete\r\n\r\n",
        'CodeId\tLongName\tsv\n46\t"Sosiaalityö"\tSocialt arbete',
    ],
)
def test_csv_file_is_a_whole_code_system(text: str) -> None:
    assert read_code_system(f"{SERVICES}.csv", text.encode()) == WHOLE


def test_fhir_file_may_have_a_hierarchy_and_an_identifier_for_url() -> None:
    resource = {
        "resourceType": "CodeSystem",
        "url": "https://example.org/services",
        "identifier": [{"value": f"urn:oid:{SERVICES}"}],
        "status": "active",
        "content": "complete",
        "concept": [{"code": "1", "concept": [{"code": "46", "display": "Sosiaalityö"}]}],
    }
    system = read_code_system("x.json", json.dumps(resource).encode())
    assert system == CodeSystem(SERVICES, {}, complete=True, codes={"1": {}, "46": {"fi": "Sosiaalityö"}})


def _fhir(**changes: Any) -> bytes:
    resource = {"resourceType": "CodeSystem", "url": f"urn:oid:{SERVICES}", "status": "active", "content": "complete"}
    return json.dumps({**resource, "concept": [{"code": "1"}], **changes}).encode()


_REFUSED: dict[str, tuple[str, bytes]] = {
    "no JSON": ("x.json", b"{"),
    "another resource": ("x.json", b'{"resourceType": "ValueSet"}'),
    "an array": ("x.json", b"[]"),
    "a supplement": ("x.json", _fhir(content="supplement")),
    "no OID": ("x.json", _fhir(url="https://example.org/codes")),
    "an OID that is none": ("x.json", _fhir(url="urn:oid:9.9")),
    "complete without codes": ("x.json", _fhir(concept=[])),
    "concepts that are no list": ("x.json", _fhir(concept={})),
    "a concept that is no object": ("x.json", _fhir(concept=["1"])),
    "a concept without code": ("x.json", _fhir(concept=[{"display": "x"}])),
    "a code that is a number": ("x.json", _fhir(concept=[{"code": 1}])),
    "a code with a space": ("x.json", _fhir(concept=[{"code": "1 "}])),
    "a code twice": ("x.json", _fhir(concept=[{"code": "1"}, {"code": "2", "concept": [{"code": "1"}]}])),
    "a CSV of another name": ("codes.csv", b"code\n1\n"),
    "an empty CSV": (f"{SERVICES}.csv", b""),
    "a CSV without codes": (f"{SERVICES}.csv", b"code,fi\n"),
    "a CSV without the column": (f"{SERVICES}.csv", b"a,b\n1,2\n"),
    "a CSV in another encoding": (f"{SERVICES}.csv", "code,fi\n1,Työ\n".encode("latin-1")),
    "a CSV with a code twice": (f"{SERVICES}.csv", b"code\n1\n1\n"),
    "a CSV with an empty code": (f"{SERVICES}.csv", b"code,fi\n,x\n"),
    "a CSV with a short row": (f"{SERVICES}.csv", b"code,fi\n1\n"),
    "a CSV with an open quote": (f"{SERVICES}.csv", b'code,fi\n1,"x\n'),
    "a CSV with a cell without end": (f"{SERVICES}.csv", b"code,fi\n1," + b"x" * 200_000),
    "a CSV that is too great": (f"{SERVICES}.csv", b"x" * (LIMITS.size + 1)),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_file_that_cannot_be_used_is_refused_with_its_name(case: str) -> None:
    name, data = _REFUSED[case]
    with pytest.raises(NotACodeSystem, match=rf"^{name}: [A-Z]"):
        read_code_system(name, data)


@given(st.sampled_from(["x.json", f"{SERVICES}.csv"]), st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    try:
        assert read_code_system(name, data).codes
    except NotACodeSystem as refusal:
        assert str(refusal).startswith(name)  # noqa: PT017 - either outcome is right


@given(st.data())
def test_changed_code_system_is_read_or_refused(data: st.DataObject) -> None:
    resource = json.loads((FOLDER / f"{YES_NO}.json").read_bytes())
    path = data.draw(st.sampled_from([place for place in places(resource) if place]))
    at = resource
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = data.draw(st.none() | st.booleans() | st.integers() | st.text() | st.just([]) | st.just([{}]))
    try:
        read_code_system("x.json", json.dumps(resource).encode())
    except NotACodeSystem as refusal:
        assert str(refusal).startswith("x.json: ")  # noqa: PT017 - either outcome is right


def test_folder_of_a_site_is_read_and_laid_over_ours(tmp_path: Path) -> None:
    (tmp_path / f"{SERVICES}.csv").write_text("code,fi,sv\n46,Sosiaalityö,Socialt arbete\n")
    (tmp_path / "sukupuoli.json").write_bytes(_fhir(url="urn:oid:1.2.246.537.5.1", content="fragment"))
    (tmp_path / "README.txt").write_text("Not a code system.")
    systems = with_site(code_systems_in(tmp_path))
    assert systems[SERVICES].codes == WHOLE.codes
    # The site's file gives no name, so ours stays.
    assert systems[SERVICES].title["sv"] == "Socialvård - Socialservice"
    assert "1" in systems["1.2.246.537.5.1"].codes
    assert systems[YES_NO] == shipped_code_systems()[YES_NO]


def test_fragment_of_a_site_is_added_to_ours() -> None:
    more = replace(WHOLE, complete=False, codes={"77": {"fi": "Uusi"}})
    assert {"12", "46", "77"} <= with_site({SERVICES: more})[SERVICES].codes.keys()


def test_same_code_system_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(_fhir())
    with pytest.raises(NotACodeSystem, match=r"^b\.json: "):
        code_systems_in(tmp_path)


# The findings

AT = "/esimerkkiasiakirja/kokous/palvelu"


def test_known_code_of_a_fragment_has_no_finding() -> None:
    assert _found(_meeting(palvelu=_service("46", "Sosiaalityö"))) == []


def test_unseen_code_of_a_fragment_was_not_checked() -> None:
    content = _meeting(palvelu=_service("47", "Perhetyö"))
    assert _found(content) == [("code_is_checked_against_its_code_system", f"{AT}/code")]
    assert rules_in("validators", "terminology")["code_is_checked_against_its_code_system"].severity == "warning"


def test_code_outside_a_whole_list_is_an_error() -> None:
    content = _meeting(palvelu=_service("47", "Perhetyö"))
    assert _found(content, whole=WHOLE) == [("code_is_in_its_code_system", f"{AT}/code")]
    assert rules_in("validators", "terminology")["code_is_in_its_code_system"].severity == "error"


@pytest.mark.parametrize("display", ["Sosiaalityö", "Socialt arbete", " Sosiaalityö\n"])
def test_display_in_either_language_is_right(display: str) -> None:
    assert _found(_meeting(palvelu=_service("46", display)), whole=WHOLE) == []


@pytest.mark.parametrize("display", ["", "Sosiaaliohjaus", "sosiaalityö"])
def test_other_display_is_told(display: str) -> None:
    content = _meeting(palvelu=_service("46", display))
    assert _found(content, whole=WHOLE) == [("display_is_that_of_the_code_system", f"{AT}/display")]
    assert rules_in("validators", "terminology")["display_is_that_of_the_code_system"].severity == "information"


def test_display_of_a_closed_list_is_judged_by_the_list() -> None:
    coded = {"system": "esimerkkiasiakirja/kokous/apuvalineet", "code": "2", "display": "Kirjoitustulkki"}
    right = {**coded, "display": "Viittomakieli"}
    found = _found(_meeting(apuvalineet=[right, coded]))
    assert found == [("display_is_that_of_the_code_system", "/esimerkkiasiakirja/kokous/apuvalineet/1/display")]


def test_code_of_a_closed_national_list_needs_no_whole_list() -> None:
    coded = {"system": f"urn:oid:{YES_NO}", "code": "K", "display": "Kyllä"}
    assert _found(_meeting(kylla_ei=coded)) == []


def test_code_without_a_code_system_is_not_judged() -> None:
    assert _found(_meeting(oma_koodi={"system": "mikä tahansa", "code": "x", "display": "y"})) == []


def test_messages_name_field_and_code_system_and_never_the_value() -> None:
    content = _meeting(palvelu=_service("salainen-1", "salainen-2"))
    (issue,) = check_codes(SAMPLE, content, shipped_code_systems())
    assert "Palvelu" in issue.message("fi")
    assert "Sosiaalipalvelut" in issue.message("fi")
    assert "Socialservice" in issue.message("sv")
    assert not any("salainen" in issue.message(language) for language in LANGUAGES)


@given(contents(SAMPLE))
def test_valid_content_has_no_error_by_the_fragments(content: dict[str, Any]) -> None:
    issues = check_codes(SAMPLE, content, shipped_code_systems())
    assert {issue.rule.severity for issue in issues} <= {"warning", "information"}


@given(broken_contents(SAMPLE))
def test_broken_content_is_judged_all_the_same(broken: tuple[str, Any]) -> None:
    check_codes(SAMPLE, broken[1], shipped_code_systems())


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_is_judged(content: Any) -> None:
    assert check_codes(SAMPLE, content, shipped_code_systems()) == []
    assert check_codes(SAMPLE, {SAMPLE.root: content}, {}) == []


def test_sample_has_coded_fields_of_every_sort() -> None:
    """The cases above would be vacuous if the sample had no coded fields of each sort."""
    sorts = {(f.system[:1].isdigit(), bool(f.system), f.codes is not None) for f in SAMPLE if f.kind == "code"}
    assert sorts == {
        (False, True, True),
        (True, True, False),
        (True, True, True),
        (False, False, True),
        (False, False, False),
    }
