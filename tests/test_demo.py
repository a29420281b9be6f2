"""The demonstration as a person sees it: real sandboxes, a real exchange, and what it prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from interop.cli import demonstration
from interop.cli.demo import example_plan
from interop.cli.demonstration import Demonstration, demonstrate
from interop.cli.exchange_table import FALLBACK_WIDTH, as_text, progress_line
from interop.errors import Invalid
from interop.logs import has_identity_code
from interop.store import Delivery
from mappings.formats import format_named
from schemas.issues import LANGUAGES, Language


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms")


@pytest.fixture(scope="module")
def shown(kept: Path) -> Demonstration:
    return demonstrate(example_plan("fi"), kept)


def test_the_plan_reaches_every_system_once(shown: Demonstration) -> None:
    assert {one.delivery.receiver: one.delivery.state for one in shown.deliveries} == {
        "omni360": "delivered",
        "apotti": "delivered",
    }
    assert dict(shown.held) == {"omni360": 1, "apotti": 1}
    assert [one.answer.type for one in shown.received] == ["AA"]
    assert shown.succeeded


def test_the_written_forms_are_the_plan_itself(shown: Demonstration, kept: Path) -> None:
    assert {form.format for form in shown.forms} == {"omni360", "apotti", "fhir"}
    record = format_named("effica").read(example_plan("fi")).record
    assert record is not None
    for form in shown.forms:
        assert form.path.parent == form.report_path.parent == kept
        assert json.loads(form.report_path.read_bytes()).keys() == {"lost", "constants", "unmapped", "carried"}
    standard = format_named("fhir").read((kept / "plan.fhir.json").read_bytes()).record
    assert standard is not None
    assert standard.content == record.content


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_reads_well_in_a_pipe(shown: Demonstration, language: Language) -> None:
    text = as_text(shown, language)
    assert max(map(len, text.splitlines())) <= FALLBACK_WIDTH
    assert not re.search(r"[ \t]$|\x1b", text, re.MULTILINE)
    for word in ("SosiaaliEffica", "OMNI360", "Apotti", "703/2023", "plan.omni360", "AA"):
        assert word in text
    assert not has_identity_code(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_is_shown_as_one(shown: Demonstration, language: Language) -> None:
    last = shown.deliveries[-1]
    stopped = replace(last, delivery=replace(last.delivery, state="held"))
    failed = replace(shown, deliveries=(*shown.deliveries[:-1], stopped))
    assert not failed.succeeded
    assert "✗" in as_text(failed, language)
    assert "1" in as_text(failed, language).splitlines()[-1]
    twice = replace(shown, held={**shown.held, "apotti": 2})
    assert not twice.succeeded
    nothing = replace(shown, received=(), deliveries=(), forms=())
    assert not nothing.succeeded
    assert "✗" in as_text(nothing, language)


def test_the_progress_line_tells_the_state_of_each_delivery(shown: Demonstration) -> None:
    deliveries: list[Delivery] = [one.delivery for one in shown.deliveries]
    assert "omni360 delivered" in progress_line(deliveries, "en").plain
    for language in get_args(Language):
        assert progress_line((), language).plain


def test_a_plan_that_does_not_arrive_in_time_is_no_success(kept: Path) -> None:
    late = demonstrate(example_plan("fi"), kept / "late", longest=timedelta(0))
    assert not late.succeeded


def test_a_plan_that_cannot_be_read_is_refused(kept: Path) -> None:
    with pytest.raises(Invalid):
        demonstrate(b"<nothing/>", kept)


def test_a_plan_with_errors_is_answered_and_shown(kept: Path) -> None:
    wrong = example_plan("fi").replace(b"010280-952L", b"010280-952X")
    refused = demonstrate(wrong, kept / "wrong")
    assert [one.answer.type for one in refused.received] == ["AE"]
    assert not refused.succeeded
    assert "AE" in as_text(refused, "fi")
    assert not has_identity_code(as_text(refused, "fi"))


def test_the_command_ends_well_and_speaks_swedish(tmp_path: Path) -> None:
    words = ["from interop.cli import main; main()", "demo", "--lang", "sv", "--keep", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", *words], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ Planen är framme" in done.stdout
    assert (tmp_path / "plan.apotti.json").is_file()


def test_the_module_tells_what_it_offers() -> None:
    assert sorted(demonstration.__all__) == demonstration.__all__
