"""A long document is shown in stretches, each of which says which part of the whole it is."""

from __future__ import annotations

import copy
import json
import re

import pytest

from interop.console.stretches import LONGEST, stretch
from tests.console.conftest import Visit, Visitor
from tests.console.test_pages import ROOT, text_of
from tests.console.test_trying import EXAMPLES, bring, carried

GOALS = 120


def long_plan() -> bytes:
    document = json.loads((EXAMPLES / "plan.json").read_bytes())
    content = document["content"][ROOT.rpartition("/")[2]]
    one = content["asetettavat_tavoitteet"][0]
    content["asetettavat_tavoitteet"] = [copy.deepcopy(one) for _ in range(GOALS)]
    return json.dumps(document).encode()


def _is_round(number: int) -> bool:
    return number % 90 == 0


def sent(visitor: Visitor, form: dict[str, str], part: str, **more: str) -> str:
    got = visitor.client.post(f"{visitor.address}/try/{part}", data=form | more)
    assert got.status_code == 200
    return got.text


@pytest.mark.parametrize("number", ["", "0", "1", "-1", "one", "9" * 40])
def test_what_is_no_number_of_a_stretch_leads_to_the_first(number: str) -> None:
    shown = stretch(range(LONGEST + 3), number)
    assert (shown.number, shown.pages, shown.first, shown.last, shown.whole) == (1, 2, 1, LONGEST, LONGEST + 3)


def test_every_entry_stands_in_exactly_one_stretch() -> None:
    entries = list(range(5 * LONGEST + 7))
    count = stretch(entries, "1", _is_round).pages
    pages = [stretch(entries, str(number), _is_round) for number in range(1, count + 1)]
    assert [one for page in pages for one in page.entries] == entries
    assert all(page.entries[0] % 90 == 0 for page in pages)
    assert stretch(entries, "400", _is_round).number == count
    assert stretch([], "1").entries == []


def test_a_stretch_is_full_where_it_finds_no_beginning_that_it_likes() -> None:
    assert stretch(range(2 * LONGEST), "1", lambda _: False).last == LONGEST


def test_a_long_document_that_is_tried_is_read_to_its_end(visit: Visit) -> None:
    visitor = visit("vilja")
    form = carried(bring(visitor, long_plan(), name="plan.json"))
    first = sent(visitor, form, "content")
    told = re.search(r"1–(\d+) / (1\D?\d{3})", text_of(first))
    assert told
    assert "Edelliset" not in first
    assert text_of(first).count("Asetettavat tavoitteet 2 ") == 1
    last = sent(visitor, form, "content", page="99")
    assert "Seuraavat" not in last
    assert text_of(last).count("Laatija") == 1 + text_of(first).count("Laatija")


def test_a_field_far_down_is_pointed_at_in_its_own_stretch(visit: Visit) -> None:
    visitor = visit("vilja")
    form = carried(bring(visitor, long_plan(), name="plan.json"))
    page = sent(visitor, form, "forms", page="3")
    at = re.findall(r'name="at" value="([^"]*asetettavat_tavoitteet[^"]*)"', page)[0]
    pointed = sent(visitor, form, "forms", at=at)
    assert f'name="at" value="{at}"' in pointed
    assert pointed.count("<mark>") >= 5
