"""Judges the answers of a QuestionnaireResponse by its Questionnaire, when that is at hand.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/questionnaireresponse.html, questionnaire.html#enableWhen
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from validators.fhir.answers import check_answer
from validators.fhir.findings import Place
from validators.fhir.questions import Question, answers_of, is_enabled, questions_of
from validators.fhir.scope import Run

__all__ = ["check_response"]

_UNFINISHED = ("in-progress", "stopped", "entered-in-error")
_GROUPING = ("group", "display", "question")

_Item = tuple[Mapping[str, Any], Place]


def check_response(run: Run, response: Mapping[str, Any], place: Place) -> None:
    """Judges a response. A questionnaire that is contained is taken before one of the definitions.

    Issues: fhir_questionnaire_is_at_hand, fhir_answer_has_its_question, fhir_answer_items_are_in_order,
    fhir_answer_item_occurs_once, fhir_question_is_answered, fhir_item_takes_no_answer,
    fhir_answers_are_within_their_number, fhir_question_is_enabled, and those of answers
    """
    address = response.get("questionnaire")
    if not isinstance(address, str):
        return
    questionnaire = (
        run.scope.contained(address[1:]) if address.startswith("#") else run.definitions.questionnaire(address)
    )
    if questionnaire is None:
        if run.definitions.kind(address) is None:
            run.findings.add("fhir_questionnaire_is_at_hand", (place, "questionnaire", "questionnaire"))
        return
    questions = questions_of(questionnaire)
    _Response(run, response).items(questions, response, place)


class _Response:
    """The walk through one response beside its questions."""

    def __init__(self, run: Run, response: Mapping[str, Any]) -> None:
        self._run, self._response = run, response
        self._finished = response.get("status") not in _UNFINISHED

    def items(self, questions: tuple[Question, ...], node: Mapping[str, Any], place: Place) -> None:
        """Judges the items at one level by the questions of that level."""
        by_id: dict[str, list[_Item]] = {question.link_id: [] for question in questions}
        order = list(by_id)
        latest = -1
        for item, here in _items(node, place):
            link_id = item.get("linkId")
            if link_id not in by_id:
                self._run.findings.add("fhir_answer_has_its_question", (here, "linkId", "linkId"))
                continue
            at = order.index(str(link_id))
            if at < latest:
                self._run.findings.add("fhir_answer_items_are_in_order", here)
            latest = max(latest, at)
            by_id[str(link_id)].append((item, here))
        for question in questions:
            self._question(question, by_id[question.link_id], place)

    def _question(self, question: Question, items: list[_Item], place: Place) -> None:
        enabled = is_enabled(question, self._response)
        number = sum(len(answers_of(item)) for item, _ in items)
        if not items:
            if question.required and enabled and self._finished:
                self._run.findings.add("fhir_question_is_answered", place, item=question.link_id)
            return
        first = items[0][1]
        if enabled is False and (number or question.type == "group"):
            self._run.findings.add("fhir_question_is_enabled", first)
        if not question.repeats and (len(items) > 1 or number > 1):
            self._run.findings.add("fhir_answer_item_occurs_once", items[1][1] if len(items) > 1 else first)
        if question.type != "group" and len(items) > 1:
            self._run.findings.add("fhir_answer_item_occurs_once", items[1][1])
        self._number(question, number, first, enabled=enabled is not False)
        for item, here in items:
            self._item(question, item, here)

    def _number(self, question: Question, number: int, place: Place, *, enabled: bool) -> None:
        if question.type in _GROUPING or not enabled:
            return
        if question.required and not number and self._finished:
            self._run.findings.add("fhir_question_is_answered", place, item=question.link_id)
        fewest, most = question.number("questionnaire-minOccurs"), question.number("questionnaire-maxOccurs")
        if (fewest is not None and number < fewest and self._finished) or (most is not None and number > most):
            self._run.findings.add("fhir_answers_are_within_their_number", place)

    def _item(self, question: Question, item: Mapping[str, Any], place: Place) -> None:
        answers = item.get("answer")
        if question.type in _GROUPING:
            if "answer" in item:
                self._run.findings.add("fhir_item_takes_no_answer", place)
            if question.type == "group" and question.required and self._finished and not item.get("item"):
                self._run.findings.add("fhir_question_is_answered", place, item=question.link_id)
            self.items(question.items, item, place)
            return
        for index, answer in enumerate(answers if isinstance(answers, list) else ()):
            if isinstance(answer, dict):
                here = ((place, "answer", "answer"), index, "")
                check_answer(self._run, question, answer, here)
                if "item" in answer or question.items:
                    self.items(question.items, answer, here)
        if "item" in item:
            self._run.findings.add("fhir_answer_has_its_question", (place, "item", "item"))


def _items(node: Mapping[str, Any], place: Place) -> Iterator[_Item]:
    several = node.get("item")
    for index, item in enumerate(several if isinstance(several, list) else ()):
        if isinstance(item, dict):
            yield item, ((place, "item", "item"), index, "")
