"""Great documents cost a bounded time and memory, and are read whole or refused clearly."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from interop.documents import convert, examine

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan.json"


def plan() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    return document


def test_ten_thousand_goals_are_read_and_judged() -> None:
    document = plan()
    body = next(iter(document["content"].values()))
    goal = body["asetettavat_tavoitteet"][0]
    body["asetettavat_tavoitteet"] = [copy.deepcopy(goal) for _ in range(10_000)]
    body["asetettavat_tavoitteet"][9_999]["tavoitteen_asteikko"]["code"] = "9"
    examined = examine(json.dumps(document).encode())
    errors = [issue for issue in examined.issues if issue.rule.severity == "error"]
    assert [issue.rule.id for issue in errors] == ["content_code_is_in_closed_list"]
    assert "/9999/" in errors[0].path


@pytest.mark.parametrize("to", ["fhir", "effica", "omni360", "apotti", "kanta"])
def test_a_text_of_five_megabytes_is_carried_whole(to: str) -> None:
    document = plan()
    next(iter(document["content"].values()))["lisatiedot"] = "Pitkä teksti. " * (5 * 1024 * 1024 // 15)
    converted = convert(json.dumps(document, ensure_ascii=False).encode(), to)
    assert converted.written is not None
    assert converted.written.data
    assert converted.examined.record is not None
    limit = 16 * 1024 * 1024
    back = examine(converted.written.data, to)
    if len(converted.written.data) > limit:
        assert [issue.rule.id for issue in back.issues] == ["document_is_within_size_limit"]
    else:
        assert back.record == converted.examined.record
