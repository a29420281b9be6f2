"""The rules as data: each names what exists, in known words, with messages that a person can read."""

from __future__ import annotations

from string import Formatter

import pytest

from schemas.issues import LANGUAGES, Rule, rules_in
from schemas.record import envelope_structure
from schemas.structures import shipped
from validators.rules import condition_rules, places
from validators.rules.faults import faults_of_place
from validators.rules.places import Place, places_in_text

_STRUCTURES = (*shipped(), envelope_structure())


def _place(text: str) -> Place:
    (place,) = places_in_text(f'[r]\nseverity = "error"\nfi = "."\nsv = "."\nen = "."\nsource = "."\n{text}')
    return place


def test_rule_names_only_what_exists() -> None:
    assert [(place.rule.id, fault) for place in places() for fault in faults_of_place(place, _STRUCTURES)] == []


_SERVICES = "menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan/palvelut"
_TASK = f'structure = ["15020"]\nfield = "{_SERVICES}/palvelutehtava"'


@pytest.mark.parametrize(
    "text",
    [
        'structure = ["99999"]\nfield = "asiakas"\nonly_if = { field = "laatija" }',
        'structure = ["15020", "15020@1999.1.1"]\nfield = "jakelu"\nonly_if = { field = "laatija" }',
        'structure = ["15020"]\nfield = "ei_ole"\nonly_if = { field = "laatija" }',
        'structure = ["15020"]\nfield = "jakelu"\nonly_if = { field = "ei_ole" }',
        'structure = ["15020"]\nfield = "jakelu"\nonly_if = { field = "../laatija" }',
        _TASK + '\nonly_if = { field = "palvelu", code = ["100"] }',
        _TASK + '\nonly_if = { field = "palvelu", value = true }',
        _TASK + '\nonly_if = { field = "kuvaus", code = ["1"] }',
        'structure = ["15020"]\nfield = "jakelu"\nonly_if = { field = "paivamaara", at_most = 1 }',
        'structure = ["15020"]\nfield = "asiakas"\nnot_if = { field = "jakelu" }',
        'structure = ["15020"]\nfield = "jakelu"\nbetween = [1, 2]',
        'structure = ["15020"]\nfield = "asiakas"\none_of = ["sukunimi", "ei_ole"]',
        'structure = ["15020"]\nfield = "**"\none_of = ["henkilotunnus", "ei_ole"]',
    ],
)
def test_fault_is_told(text: str) -> None:
    assert faults_of_place(_place(text), _STRUCTURES)


@pytest.mark.parametrize(
    "text",
    [
        'structure = ["15020"]\nfield = "jakelu"',
        'structure = ["15020"]\nfield = "jakelu"\nbetween = [1, 2]\nsum_of = ["a"]',
        'structure = ["15020"]\nfield = "jakelu"\nbetween = [1, 2]\nonlyif = 1',
        'structure = ["15020"]\nfield = "jakelu"\nonly_if = { field = "a", code = ["1"], value = true }',
        'structure = ["15020"]\nfield = "jakelu"\nonly_if = { field = "a", codes = ["1"] }',
        'structure = ["15020"]\nfield = "jakelu"\nbetween = [1, 2]\nlayer = "rules"',
    ],
)
def test_catalogue_in_unknown_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Rule r"):
        _place(text)


@pytest.mark.parametrize(
    "name", ["15020", "1506.15020", "15020@2024.11.28", "1.2.246.537.6.1506.15020.2024.11.28", "*"]
)
def test_structure_is_meant_by_its_names(name: str) -> None:
    place = _place(f'structure = ["{name}"]\nfield = "jakelu"\nonly_if = {{ field = "laatija" }}')
    assert place.is_for(shipped().find("15020"))
    assert place.is_for(shipped().find("15021")) == (name == "*")


@pytest.mark.parametrize("name", ["15020@2023.1.1", "1505.15020", "5020", "20", ""])
def test_structure_is_not_meant_by_other_names(name: str) -> None:
    place = _place(f'structure = ["{name}"]\nfield = "jakelu"\nonly_if = {{ field = "laatija" }}')
    assert not place.is_for(shipped().find("15020"))


def test_severity_that_does_not_exist_is_refused() -> None:
    text = '[r]\nseverity = "fatal"\nfi = "."\nsv = "."\nen = "."\nsource = "."\nstructure = "1"\nbetween = [1, 2]'
    with pytest.raises(ValueError, match="severity"):
        places_in_text(text)


def test_rule_ids_are_unique_over_all_catalogues() -> None:
    others = [rule for package in ("schemas", "mappings", "validators") for rule in rules_in(package)]
    assert not set(others) & set(condition_rules())


@pytest.mark.parametrize("rule", condition_rules().values(), ids=condition_rules())
def test_messages_are_sentences_with_known_slots(rule: Rule) -> None:
    for language in LANGUAGES:
        message = rule.message[language]
        assert message[0].isupper() or message.startswith("“")
        assert message.endswith(".")
        assert {name for _, name, _, _ in Formatter().parse(message) if name is not None} <= {"field", "group", "other"}
    assert rule.layer == "rules"
    assert len(set(rule.message.values())) == len(LANGUAGES)


def _is_legal(place: Place) -> bool:
    return place.rule.source.startswith(("Act ", "act "))


def test_legal_content_is_never_an_error() -> None:
    legal = {place.rule.id: place.rule for place in places() if _is_legal(place)}
    assert len([rule for rule in legal.values() if "1301/2014 § 39.2 item" in rule.source]) == 11
    assert {rule.severity for rule in legal.values()} == {"warning", "information"}
