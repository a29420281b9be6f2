"""When plans are to be looked at again: by their own dates, by the time since they were made, and what ends that."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.reviews import Review, has_reviews, reason_name, reviews_of
from schemas.record import Record
from schemas.site import resource
from schemas.structures import shipped
from tests.fhir_tables.documents import records

RULES = tomllib.loads(resource("mappings", "reviews.toml").read_text("utf-8"))
LANGUAGES = ("fi", "sv", "en")


def record(code: str, body: dict[str, Any], created: str = "") -> Record:
    structure = shipped().find(code)
    envelope = {"structure": structure.oid, "document": "1.2.3", "original": "1.2.3", "version": 1}
    return Record(envelope | ({"created": created} if created else {}), {structure.root: body})


@pytest.mark.parametrize("rule", RULES["rules"], ids=lambda rule: f"{rule['reason']}-{rule['structures'][0]}")
def test_every_field_that_a_rule_names_is_a_date_of_every_structure_that_it_is_for(rule: Any) -> None:
    for code in rule["structures"]:
        fields = shipped().find(code).by_path
        for place in (*rule["dates"], *filter(None, [rule.get("ends_with")])):
            assert fields[place].kind in ("date", "instant"), (code, place)


def test_every_plan_has_a_rule_and_every_reason_a_name() -> None:
    covered = {code for rule in RULES["rules"] for code in rule["structures"]}
    assert covered == {one.code for one in map(shipped().find, covered)}
    for code in ("15003", "15004", "15007", "15008", "15009", "15010", "15015", "15016", "15020", "15021", "15022",
                 "15023", "15024", "15026", "15900"):  # fmt: skip
        assert has_reviews(shipped().find(code).oid), code
    assert not has_reviews(shipped().find("16009").oid)
    assert not has_reviews("1.2.3")
    assert all(reason_name(reason, language) for reason in RULES["reasons"] for language in LANGUAGES)  # type: ignore[arg-type]


def test_a_plan_s_own_date_comes_before_the_time_since_it_was_made() -> None:
    place = "suunnitelma/suunnitelman_tarkistaminen/paivamaara_ja_kellonaika"
    plan = {
        "suunnitelma": {"suunnitelman_tarkistaminen": {"paivamaara_ja_kellonaika": "2027-02-10T09:00:00+02:00"}},
        "paivamaara": "2026-08-31",
    }
    assert reviews_of(record("15021", plan)) == [Review("review", date(2027, 2, 10), date(2027, 2, 10), place)]
    del plan["suunnitelma"]
    assert reviews_of(record("15021", plan)) == [Review("review", date(2027, 2, 28), date(2027, 8, 31))]
    assert reviews_of(record("15020", plan)) == []


def test_a_child_s_plan_is_reviewed_within_a_year_of_when_it_was_made() -> None:
    assert reviews_of(record("15009", {}, "2028-02-29T10:00:00+02:00")) == [
        Review("review", date(2029, 2, 28), date(2029, 2, 28))
    ]
    assert reviews_of(record("15009", {})) == []


def test_a_multidisciplinary_plan_tells_of_its_review_its_term_and_its_permits() -> None:
    plan = {
        "seuranta_ja_arviointi": {"seuraava_tarkistus": {"paivamaara_ja_kellonaika": "2027-02-08T13:00:00+02:00"}},
        "yhteisasiakkuus": {"maaraajan_paattymispaiva": "2027-05-31"},
        "luvat_joihin_suunnitelma_perustuu": [
            {"voimassa_asti": "2027-01-31"},
            {"voimassa_asti": "2027-03-31", "peruuttamispaiva": "2026-12-01"},
        ],
    }
    assert [(one.reason, one.due) for one in reviews_of(record("15900", plan))] == [
        ("permit", date(2027, 1, 31)),
        ("review", date(2027, 2, 8)),
        ("term", date(2027, 5, 31)),
    ]
    plan["yhteisasiakkuus"] = {"maaraajan_paattymispaiva": "2027-05-31", "toteutunut_paattymispaiva": "2026-12-31"}
    assert [one.reason for one in reviews_of(record("15900", plan))] == ["permit"]


@pytest.mark.parametrize(
    "body",
    [
        {"asiakassuunnitelman_tarkastaminen": []},
        {"asiakassuunnitelman_tarkastaminen": "2027-01-01"},
        {"asiakassuunnitelman_tarkastaminen": {"paivamaara_ja_kellonaika": "ensi keväänä"}},
        {"asiakassuunnitelman_tarkastaminen": {"paivamaara_ja_kellonaika": 7}},
    ],
)
def test_what_is_no_date_makes_nothing_due(body: dict[str, Any]) -> None:
    assert reviews_of(record("15020", body)) == []


@given(plan=st.sampled_from(["15003", "15009", "15021", "15900"]).flatmap(records))
def test_every_valid_plan_can_be_asked(plan: Record) -> None:
    for one in reviews_of(plan):
        assert one.opens <= one.due
