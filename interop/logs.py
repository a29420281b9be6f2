"""Log lines as JSON with event names, ids and counts alone, and a last guard against identity codes.

Libraries quote values in their messages, so of a library's record only its logger, its level and its place in the code
are written. Source of the guarded form: decree 128/2010 § 2 as amended by 690/2022.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

__all__ = ["JsonLines", "configure", "has_identity_code", "log", "without_identity_codes"]

Fact = str | int | float | bool | None

_DATE = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}"
_REST = r"\d{3}[0-9A-FHJ-NPR-Y]"
# A UUID or a digest may hold the form by chance: the letters of the centuries count only at a word's ends, and the
# signs not after two hexadecimal digits.
_IDENTITY_CODE = re.compile(
    rf"(?<![0-9a-f]{{2}}){_DATE}[-+]{_REST}|(?<![0-9A-Z]){_DATE}[A-FU-Y]{_REST}(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)
_FACTS = "sote_interop_facts"


def has_identity_code(text: str) -> bool:
    """True when a part of the text looks like a Finnish personal identity code."""
    return _IDENTITY_CODE.search(text) is not None


def without_identity_codes(text: str, instead: Callable[[str], str] = lambda _: "[removed]") -> str:
    """The text with something else instead of everything that looks like a Finnish personal identity code."""
    return _IDENTITY_CODE.sub(lambda found: instead(found[0]), text)


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON. An exception shows as its type and places, never its text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, free of anything that looks like an identity code."""
        facts: Mapping[str, Fact] | None = getattr(record, _FACTS, None)
        line: dict[str, Fact | list[str]] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.msg if facts is not None else "library_message",
        }
        line |= facts if facts is not None else {"place": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["places"] = _places(record)
        return without_identity_codes(json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__))


def log(
    logger: logging.Logger, level: int, event: str, /, *, error: bool | BaseException = False, **facts: Fact
) -> None:
    """Writes one event with its facts: ids and counts, no field values.

    In: `error` adds the type and the places of that exception; True, of the one now being handled.
    """
    logger.log(level, event, exc_info=error, extra={_FACTS: facts}, stacklevel=2)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Sends every log record of the process as JSON lines to the stream, standard error unless told.

    Libraries speak from warnings up, whatever the level.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("interop", "mappings", "schemas", "validators"):
        logging.getLogger(ours).setLevel(level.upper())


def _places(record: logging.LogRecord) -> list[str]:
    trace = record.exc_info[2] if record.exc_info else None
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[-8:]
