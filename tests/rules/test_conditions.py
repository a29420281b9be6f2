"""The interpreter of conditional rules: it reads any JSON whatever, and points to the right place."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.issues import LANGUAGES
from schemas.record import envelope_structure
from schemas.structures import Structure, shipped
from tests.strategies import IDENTITY_CODES, broken_contents, contents, with_own_phrases
from validators import conditions
from validators.conditions import check_conditions
from validators.rules.places import places_in_text

_JUDGED = ("15020", "15009", "15015", "1008", "1012", "1505.1", "1505.2", "1505.9", "11003", "16009")
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals(allow_nan=False) | st.text(max_size=5)
_ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_PLAN = shipped().find("15020")
_EXAMPLES = Path(__file__).parents[2] / "examples"


def _found(structure: Structure, body: Any, severity: str = "error") -> list[tuple[str, str]]:
    issues = check_conditions(structure, {structure.root: body})
    return [(issue.rule.id, issue.path) for issue in issues if issue.rule.severity == severity]


@pytest.mark.parametrize("name", ["plan.json", "plan-sv.json"])
def test_example_plans_have_no_errors(name: str) -> None:
    record = json.loads((_EXAMPLES / name).read_text("utf-8"))
    structure = shipped()[record["envelope"]["structure"]]
    issues = check_conditions(structure, record["content"])
    issues += check_conditions(envelope_structure(), {"envelope": record["envelope"]})
    assert [(issue.rule.id, issue.path) for issue in issues if issue.rule.severity != "information"] == []


@given(st.sampled_from(_JUDGED), _ANYTHING)
def test_anything_is_judged(name: str, anything: Any) -> None:
    structure = shipped().find(name)
    check_conditions(structure, anything)
    check_conditions(structure, {structure.root: anything})


def _spoilt(structure: Structure) -> st.SearchStrategy[dict[str, Any]]:
    """Contents with the right names and anything in them."""
    names = [field.key for field in structure]
    inner = st.recursive(
        _SCALARS | st.sampled_from(IDENTITY_CODES),
        lambda inside: (
            st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*names, "code"]), inside, max_size=5)
        ),
        max_leaves=30,
    )
    return st.dictionaries(st.sampled_from([field.key for field in structure.fields]), inner, max_size=6)


@given(st.data())
def test_right_names_with_anything_in_them_are_judged(data: st.DataObject) -> None:
    structure = shipped().find(data.draw(st.sampled_from(_JUDGED)))
    body = data.draw(_spoilt(structure))
    for issue in check_conditions(structure, {structure.root: body}):
        assert issue.path.startswith(f"/{structure.root}/")
        told = issue.path + "".join(issue.message(language) for language in LANGUAGES)
        assert not any(code in told for code in IDENTITY_CODES)


@given(st.data())
def test_findings_of_any_content_lead_to_fields_of_the_structure(data: st.DataObject) -> None:
    structure = with_own_phrases(shipped().find(data.draw(st.sampled_from(_JUDGED))))
    content = data.draw(contents(structure))
    for issue in check_conditions(structure, content):
        names = [step for step in issue.path.split("/")[2:] if not step.isdigit()]
        assert "/".join(names) in structure.by_path


@given(st.data())
def test_broken_content_is_judged(data: st.DataObject) -> None:
    structure = with_own_phrases(shipped().find(data.draw(st.sampled_from(_JUDGED))))
    check_conditions(structure, data.draw(broken_contents(structure))[1])


def test_content_is_left_as_it_was() -> None:
    record = json.loads((_EXAMPLES / "plan.json").read_text("utf-8"))
    before = json.dumps(record["content"])
    check_conditions(_PLAN, record["content"])
    assert json.dumps(record["content"]) == before


def test_deep_nesting_is_no_trouble() -> None:
    deep: Any = ""
    for turn in range(100_000):
        deep = [deep] if turn % 2 else {"kuvaus": deep}
    body = {"menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan": {"palvelut": [{"palvelutehtava": deep}]}}
    assert _found(_PLAN, body) == []
    while deep:  # taken apart step by step, since the interpreter itself frees deep nesting recursively
        deep = deep.pop() if isinstance(deep, list) else deep.pop("kuvaus")


def test_condition_of_many_groups_is_judged_once_each() -> None:
    """A list where one group is expected, referred to from each of many clients, is walked once and not each time."""
    case = shipped().find("1505.2")

    class Counting(dict[str, Any]):
        asked = 0

        def __getitem__(self, key: str) -> Any:
            Counting.asked += 1
            return super().__getitem__(key)

    size = 500
    body = {
        "asiakas": [{"henkilotunnus": {"value": "x"}}] * size,
        "asian_tiedot": [Counting(yhteinen_asia=False)] * size,
    }
    _found(case, body)
    assert Counting.asked < 20 * size


@pytest.mark.parametrize("empty", [None, "", "  \n", [], {}, [{}], {"value": ""}, [[], {"value": [" "]}]])
def test_blank_value_counts_as_not_recorded(empty: Any) -> None:
    body = {"asiakas": [{"henkilotunnus": empty, "tilapainen_yksilointitunnus": empty}]}
    assert (
        "person_has_identity_code_or_temporary_identifier",
        "/adoptioneuvonnan_suunnitelma/asiakas/0/henkilotunnus",
    ) in (_found(shipped().find("15000"), body))


@pytest.mark.parametrize("recorded", [False, True, 0, "x", {"value": "x"}, [None, "x"]])
def test_switch_in_either_position_and_zero_count_as_recorded(recorded: Any) -> None:
    body = {"asiakas": [{"henkilotunnus": recorded}]}
    assert _found(shipped().find("15000"), body) == []


def test_index_leads_to_the_right_item() -> None:
    services = "menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan"
    right = {"palvelu": {"code": "1"}, "palvelutehtava": {"code": "20"}}
    wrong = {"palvelu": {"code": "8"}, "palvelutehtava": {"code": "20"}}
    body = {services: {"palvelut": [right, "no group", wrong]}}
    path = f"/{_PLAN.root}/{services}/palvelut/2/palvelutehtava"
    assert _found(_PLAN, body) == [("service_task_only_for_social_services", path)]


def test_field_of_an_absent_heading_is_asked_for() -> None:
    structure = shipped().find("15009")
    found = _found(structure, {"tama_asiakassuunnitelma_on": {"code": "3"}})
    assert [path.rpartition("/")[2] for _, path in found] == [
        "varhaiskasvatus_ja_opetus",
        "perheen_jalleenyhdistaminen",
    ]


def test_person_under_an_absent_heading_is_not_asked_for() -> None:
    structure = shipped().find("16008")
    assert structure.by_path["synnyttanyt_aiti_tai_otaksuttu_synnyttanyt_aiti"].kind == "heading"
    assert _found(structure, {}) == []
    assert [rule for rule, _ in _found(structure, {"synnyttanyt_aiti_tai_otaksuttu_synnyttanyt_aiti": {}})] == (
        ["person_has_identity_code_or_birth_date"]
    )


def test_field_of_an_absent_group_is_not_asked_for() -> None:
    assert [rule for rule, _ in _found(shipped().find("15000"), {})] == []


@pytest.mark.parametrize(
    "number", [0, 11, 10.0001, Decimal("0.999"), Decimal("1e999999"), 10**400, -(10**400), float("inf"), float("nan")]
)
def test_number_out_of_bounds_is_found(number: Any) -> None:
    body = {"lapsen_tai_nuoren_hyvinvointi": {"lapsen_kokemus": number}}
    assert [rule for rule, _ in _found(shipped().find("15010"), body)] == ["wellbeing_score_is_from_1_to_10"]


@pytest.mark.parametrize("number", [1, 10, 1.5, Decimal("9.99"), False, "0", None, [0]])
def test_number_within_bounds_and_what_is_no_number_are_passed(number: Any) -> None:
    body = {"lapsen_tai_nuoren_hyvinvointi": {"lapsen_kokemus": number}}
    assert _found(shipped().find("15010"), body) == []


def test_number_far_below_a_lower_bound_is_found() -> None:
    body = {"omaishoitajan_vapaavuorokausien_maara_kuukaudessa": -(10**400)}
    assert [rule for rule, _ in _found(shipped().find("15012"), body)] == ["carer_has_at_least_two_days_off"]


@pytest.mark.parametrize("value", [0, None, "false", [], {}, True])
def test_only_the_switch_itself_meets_its_value(value: Any) -> None:
    body = {"asuminen": {"vakinainen": value, "asiakkaan_asunnonhaku_on_kaynnissa": True}}
    assert [rule for rule, _ in _found(shipped().find("1012"), body)] == (
        ["search_for_a_home_only_without_a_permanent_one"]
    )


def test_condition_may_look_to_the_group_above(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """[r]
    structure = ["15020"]
    field = "asetettavat_tavoitteet/tilannetekijat/tilannetekija"
    only_if = { field = "../tavoitteen_asteikko", code = ["1"] }
    severity = "error"
    fi = "."
    sv = "."
    en = "."
    source = "."
    """
    monkeypatch.setattr(conditions, "places", lambda: tuple(places_in_text(text)))
    factor = {"tilannetekija": {"code": "38"}}
    goals = [{"tavoitteen_asteikko": {"code": code}, "tilannetekijat": [factor]} for code in ("1", "2", "1")]
    structure = replace(_PLAN)
    found = _found(structure, {"asetettavat_tavoitteet": goals})
    assert found == [("r", f"/{structure.root}/asetettavat_tavoitteet/1/tilannetekijat/0/tilannetekija")]


def test_sum_is_judged_only_when_every_part_is_recorded() -> None:
    points = ("ensimmaisen_kysymyksen_pisteet", "toisen_kysymyksen_pisteet", "kolmannen_kysymyksen_pisteet")
    structure = shipped().find("15015")
    for recorded in product((True, False), repeat=3):
        use = {name: 2 for name, is_there in zip(points, recorded, strict=True) if is_there} | {"audit_cn_tulos": 7}
        found = _found(structure, {"paihteiden_kaytto": {"alkoholin_kaytto": use}})
        assert bool(found) == all(recorded)


def test_rule_that_does_not_fit_a_structure_of_a_site_is_left_out() -> None:
    """A site may lay its own version over ours, in which a field that a rule names is not there."""
    bare = replace(_PLAN, fields=tuple(field for field in _PLAN.fields if field.key == "asiakas"))
    assert check_conditions(bare, {bare.root: {"asiakas": []}}) == []


def test_structure_outside_the_branch_of_thl_has_only_the_rules_for_every_structure() -> None:
    own = replace(shipped().find("15022"), oid="2.15022.2026.1.1")
    found = check_conditions(own, {own.root: {"asiakas": [{}]}})
    assert {issue.rule.id for issue in found} == {"person_has_identity_code_or_temporary_identifier"}


def test_new_version_of_a_structure_keeps_its_rules() -> None:
    newer = replace(_PLAN, oid="1.2.246.537.6.1506.15020.2030.1.1")
    found = [issue.rule.id for issue in check_conditions(newer, {newer.root: {}})]
    assert found == [issue.rule.id for issue in check_conditions(_PLAN, {_PLAN.root: {}})] != []
