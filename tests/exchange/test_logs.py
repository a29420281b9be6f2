from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.logs import JsonLines, configure, has_identity_code, log, without_identity_codes

CODES = ("010181-900C", "010280-952L", "010469-999W", "261298-998X", "020516C903K", "010190+999X")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = io.StringIO()
    configure("info", written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("interop").setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    log(logging.getLogger("interop.x"), logging.INFO, "document_received", system="effica", issues=2)
    (line,) = lines(stream)
    assert (line["event"], line["system"], line["issues"], line["level"]) == ("document_received", "effica", 2, "info")


@pytest.mark.parametrize("code", CODES)
def test_identity_codes_never_reach_a_line(stream: io.StringIO, code: str) -> None:
    log(logging.getLogger("interop.x"), logging.WARNING, f"event {code}", id=code, small=f"x={code.lower()};")
    assert code.lower() not in stream.getvalue().lower()
    assert stream.getvalue().count("[removed]") == 3
    assert len(lines(stream)) == 1


def test_a_library_speaks_without_its_words_and_only_from_warnings_up(stream: io.StringIO) -> None:
    library = logging.getLogger("somelibrary")
    library.info("quiet")
    library.warning("value %s is bad", "Salainen")
    (line,) = lines(stream)
    assert line["event"] == "library_message"
    assert "Salainen" not in stream.getvalue()


def test_an_exception_shows_its_type_and_places_alone(stream: io.StringIO) -> None:
    try:
        raise ValueError("Salainen")
    except ValueError:
        log(logging.getLogger("interop.x"), logging.ERROR, "arrival_failed", error=True)
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["places"])
    assert "Salainen" not in stream.getvalue()


@given(st.text(max_size=20), st.sampled_from(CODES), st.text(max_size=20))
def test_a_code_is_found_anywhere_a_word_ends(before: str, code: str, after: str) -> None:
    text = f"{before} {code} {after}"
    assert has_identity_code(text)
    assert code not in without_identity_codes(text)


@given(st.uuids())
def test_a_uuid_is_left_alone(value: uuid.UUID) -> None:
    assert without_identity_codes(str(value)) == str(value)


def test_a_record_of_any_kind_can_be_written() -> None:
    record = logging.LogRecord("a", logging.INFO, __file__, 1, "%s %s", ("only one",), None)
    assert json.loads(JsonLines().format(record))["event"] == "library_message"
