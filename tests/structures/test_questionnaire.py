"""The Questionnaire of every structure is right FHIR R4, and the responses that are written answer it exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as SecondOpinion
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from interop.service.questionnaires import conditions_of, questionnaire_for
from mappings.questionnaire_response import EXACT_VALUE, NO_ITEMS, content_of, response_of
from schemas.content_schema import schema_of
from schemas.json_text import canonical, dump, parse
from schemas.questionnaire import EnableWhen, questionnaire_of, questionnaire_url
from schemas.structures import KINDS, Field, Structure, shipped
from tests.strategies import contents, mutations, places, with_own_phrases

# Each of these properties runs once for each of some two hundred structures.
_FEW = max(2, settings().max_examples // 50)
PLAN = shipped().find("15020@2024.11.28")
SERVICES = "menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan/palvelut"


def _items(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in holder.get("item", ()):
        yield item
        yield from _items(item)


def _by_link(questionnaire: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["linkId"]: item for item in _items(questionnaire)}


def _translations(element: dict[str, Any]) -> dict[str, str]:
    return {
        extension["extension"][0]["valueCode"]: extension["extension"][1]["valueString"]
        for extension in element.get("extension", ())
        if extension["url"].endswith("/translation")
    }


@pytest.mark.parametrize("oid", shipped().oids)
def test_questionnaire_is_right_by_the_second_opinion_and_by_its_invariants(oid: str) -> None:
    structure = shipped()[oid]
    questionnaire = questionnaire_for(structure)
    assert SecondOpinion.model_validate(questionnaire).url == questionnaire_url(oid)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", questionnaire["name"])
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", questionnaire["id"])
    items = list(_items(questionnaire))
    assert [item["linkId"] for item in items] == list(structure.by_path)
    contained = {f"#{value_set['id']}" for value_set in questionnaire.get("contained", ())}
    assert contained == {item["answerValueSet"] for item in items if "answerValueSet" in item}
    for item in items:
        _check_item(item, structure, _by_link(questionnaire))


def _check_item(item: dict[str, Any], structure: Structure, items: dict[str, dict[str, Any]]) -> None:
    field = structure.by_path[item["linkId"]]
    kind = item["type"]
    assert (kind == "group") == ("item" in item)
    assert (kind == "display") == (field.is_group and not field.children)
    if kind != "display":
        assert (item.get("required", False), item.get("repeats", False)) == (field.required, field.repeats)
    assert not ("answerOption" in item and "answerValueSet" in item)
    assert kind == "choice" or not {"answerOption", "answerValueSet"} & item.keys()
    assert [option["valueCoding"]["code"] for option in item.get("answerOption", ())] == list(field.codes or ())
    assert item.get("text", "") == field.label.get("fi", "")
    assert _translations(item.get("_text", {})).get("sv", "") == field.label.get("sv", "")
    tests = item.get("enableWhen", [])
    assert ("enableBehavior" in item) == (len(tests) > 1)
    for test in tests:
        question = items[test["question"]]
        assert question["type"] not in ("group", "display")
        options = [option["valueCoding"] for option in question.get("answerOption", ())]
        assert "answerCoding" not in test or not options or test["answerCoding"] in options


def test_every_kind_has_a_type() -> None:
    structure = shipped().find("15020")
    for kind in KINDS:
        field = Field(("kentta",), kind, {"fi": "Kenttä"}, codes={"a": "A"} if kind == "choice" else None)
        (item,) = questionnaire_of(_with_fields(structure, field))["item"]
        assert item["type"]


def _with_fields(structure: Structure, *fields: Field) -> Structure:
    return Structure(
        structure.oid, "esimerkki", {"fi": "Esimerkki"}, "Suunnitelma", "", "", "2026-01-01", "2026-01-01", fields
    )


def test_plan_asks_for_a_service_task_only_of_a_social_service() -> None:
    item = _by_link(questionnaire_for(PLAN))[f"{SERVICES}/palvelutehtava"]
    system = "https://sote-interop.example/fhir/CodeSystem/"
    (test,) = item["enableWhen"]
    assert test["question"] == f"{SERVICES}/palvelu"
    assert test["operator"] == "="
    assert test["answerCoding"]["code"] == "1"
    assert test["answerCoding"]["system"].startswith(system)


def test_title_is_translated() -> None:
    questionnaire = questionnaire_of(PLAN)
    assert questionnaire["title"] == "Työikäisten palvelujen asiakassuunnitelma"
    assert _translations(questionnaire["_title"]) == {"sv": "Klientplan inom servicen för personer i arbetsför ålder"}


def test_groups_that_are_hidden_and_fields_without_title_are_shown_without_their_name() -> None:
    hidden = Field(("a",), "group", {"fi": "A"}, hidden=True)
    untitled = Field(("b",), "text", {"fi": "B", "sv": "B sv"}, untitled=True)
    first, second = questionnaire_of(_with_fields(PLAN, hidden, untitled))["item"]
    assert "extension" not in first
    assert first["_text"]["extension"][0]["valueString"] == "display: none"
    assert second["text"] == "B"
    assert second["_text"]["extension"][0]["valueString"] == "display: none"
    assert _translations(second["_text"]) == {"sv": "B sv"}


CODED = Field(("a",), "code", {"fi": "A"}, system="1.2.246.537.6.112", codes={"K": "Kyllä", "E": "Ei"})
SWITCH = Field(("b",), "switch", {"fi": "B"})
GROUP = Field(("g",), "group", {"fi": "G"}, children=(Field(("g", "x"), "text", {"fi": "X"}),))
JUDGED = Field(("c",), "text", {"fi": "C"})
YES = {"system": "urn:oid:1.2.246.537.6.112", "code": "K", "display": "Kyllä"}
NO = {"system": "urn:oid:1.2.246.537.6.112", "code": "E", "display": "Ei"}


def _judged(*conditions: EnableWhen) -> tuple[list[dict[str, Any]], str]:
    item = questionnaire_of(_with_fields(PLAN, CODED, SWITCH, GROUP, JUDGED), conditions)["item"][-1]
    return item.get("enableWhen", []), item.get("enableBehavior", "")


def test_conditions_are_joined_as_far_as_fhir_can() -> None:
    a_yes = {"question": "a", "operator": "=", "answerCoding": YES}
    b_true = {"question": "b", "operator": "=", "answerBoolean": True}
    on_a = EnableWhen(("c",), (("a",),), ("K",))
    on_b = EnableWhen(("c",), (("b",),), (True,))
    either = EnableWhen(("c",), (("a",),), ("K", "E"))
    assert _judged(on_a) == ([a_yes], "")
    assert _judged(on_a, on_b) == ([a_yes, b_true], "all")
    assert _judged(either) == ([a_yes, {**a_yes, "answerCoding": NO}], "any")
    # "a is K or E, and b is true" has no form in enableWhen: the first condition is kept.
    assert _judged(either, on_b) == _judged(either)


def test_negated_and_open_conditions() -> None:
    neither = EnableWhen(("c",), (("a",),), ("K", "E"), negated=True)
    assert _judged(neither) == (
        [{"question": "a", "operator": "!=", "answerCoding": coding} for coding in (YES, NO)], "all",
    )  # fmt: skip
    recorded = EnableWhen(("c",), (("a",), ("b",)))
    assert _judged(recorded) == (
        [{"question": q, "operator": "exists", "answerBoolean": True} for q in ("a", "b")], "any",
    )  # fmt: skip
    assert _judged(EnableWhen(("c",), (("g",), ("nowhere",)))) == ([], "")


def test_rules_that_ask_a_condition_reach_the_questionnaire() -> None:
    """Each structure for which rules are written asks at least what the rules that FHIR can express ask."""
    asked = [condition for structure in shipped() for condition in conditions_of(structure)]
    assert len(asked) > 20
    for structure in shipped():
        fields = {
            "/".join(condition.field) for condition in conditions_of(structure) if _is_askable(condition, structure)
        }
        enabled = {item["linkId"] for item in _items(questionnaire_for(structure)) if "enableWhen" in item}
        assert enabled == fields


def _is_askable(condition: EnableWhen, structure: Structure) -> bool:
    paths = ("/".join(path) for path in condition.questions)
    return any(path in structure.by_path and not structure.by_path[path].is_group for path in paths)


# Responses

_VALUES = {
    "string": "valueString", "text": "valueString", "choice": "valueCoding", "date": "valueDate",
    "dateTime": "valueDateTime", "boolean": "valueBoolean", "decimal": "valueDecimal", "quantity": "valueQuantity",
}  # fmt: skip


@pytest.mark.parametrize("oid", shipped().oids)
def test_response_answers_the_questionnaire_and_gives_the_content_back(oid: str, thorough: bool) -> None:
    structure = with_own_phrases(shipped()[oid])
    judge = Draft7Validator(schema_of(structure), validate_formats=False)
    questionnaire = questionnaire_of(structure)

    @given(contents(structure), st.integers(0, 1000))
    @settings(max_examples=_FEW)
    def holds(content: dict[str, Any], start: int) -> None:
        _check_response(structure, questionnaire, content)
        stride = 1 if thorough else 13
        for path in list(places(content))[1 + start % 7 :: 7]:
            for _, changed in list(mutations(content, path))[start % stride :: stride]:
                if judge.is_valid(changed):
                    _check_response(structure, questionnaire, changed)

    holds()


def _check_response(structure: Structure, questionnaire: dict[str, Any], content: dict[str, Any]) -> None:
    body = content[structure.root]
    response, issues = parse(dump({"item": response_of(structure, body)}))
    assert issues == []
    _answers(questionnaire, response)
    again, issues, _ = content_of(structure, response)
    assert issues == []
    assert canonical(again) == canonical(body)


def _answers(asked: dict[str, Any], given_: dict[str, Any]) -> None:
    """The response's items are items of the questionnaire at the same place, and its answers are of their types."""
    known = {item["linkId"]: item for item in asked.get("item", ())}
    for item in given_.get("item", ()):
        question = known[item["linkId"]]
        assert ("answer" in item) <= (question["type"] not in ("group", "display"))
        assert item.get("text", "") == question.get("text", "")
        for answer in item.get("answer", ()):
            _answers_question(question, answer)
        if not any(extension["url"] == NO_ITEMS for extension in item.get("extension", ())):
            assert "answer" in item or question["type"] in ("group", "display")
        _answers(question, item)


def _answers_question(question: dict[str, Any], answer: dict[str, Any]) -> None:
    if any(extension["url"] == EXACT_VALUE for extension in answer.get("extension", ())):
        return
    value = answer[_VALUES[question["type"]]]
    options = {(o["valueCoding"].get("system"), o["valueCoding"]["code"]) for o in question.get("answerOption", ())}
    systems = {system for system, _ in options}
    if options and value.get("system") in systems:
        assert (value["system"], value["code"]) in options
