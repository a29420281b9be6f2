"""What a codec is, and the codecs of plain values: texts, dates, numbers, yes and no.

A codec is a named pair of functions for one value, `write` from the record's form and `read` back to it. One that
meets a value outside its domain raises `Untranslatable`: the engine makes an issue of it and writes nothing.
`read(write(value)) == value` holds for every value of the domain unless the codec says that it is `lossy`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.dates import INSTANT

__all__ = ["VALUE_CODECS", "Codec", "Untranslatable", "code_of", "same", "text"]


class Untranslatable(Exception):
    """The value is outside the codec's domain. `rule` is the id of the rule that the value breaks."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Codec:
    """One pair of functions.

    `lossy` says in words what does not come back, when something does not. `pairs` are those of a code map.
    """

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    lossy: str = ""
    pairs: Mapping[str, str] | None = None


_INSTANT = re.compile(INSTANT)
_ISO = re.compile(r"(-?\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)
_FINNISH = re.compile(
    r"(?:(?:([1-9]?\d)\.)?([1-9]?\d)\.)?(-?\d{4})(?: klo (\d\d)\.(\d\d)\.(\d\d)(?:,(\d+))? (Z|[+-]\d\d:\d\d))?",
    re.ASCII,
)


def same(value: Any) -> Any:
    """The value as it is."""
    return value


def text(value: Any) -> str:
    """The value when it is a text. Raises: Untranslatable."""
    if not isinstance(value, str):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return value


def code_of(value: Any) -> dict[str, str]:
    """The value when it is a code as THL writes it. Raises: Untranslatable."""
    if not isinstance(value, dict) or not all(isinstance(value.get(k), str) for k in ("system", "code", "display")):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return {name: value[name] for name in ("system", "code", "display")}


def _to_finnish_date(value: Any) -> str:
    # A day or month that no date has would not be read again.
    parts = _ISO.fullmatch(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else None
    if not parts:
        raise Untranslatable("date_can_be_written_in_the_other_form")
    year, month, day, hour, minute, second, fraction, offset = parts.groups()
    text = ".".join([str(int(part)) for part in (day, month) if part] + [year])
    if hour:
        text += f" klo {hour}.{minute}.{second}{(fraction or '').replace('.', ',')} {offset}"
    return text


def _from_finnish_date(value: Any) -> str:
    parts = _FINNISH.fullmatch(value.strip()) if isinstance(value, str) else None
    if not parts:
        raise Untranslatable("date_can_be_read")
    day, month, year, hour, minute, second, fraction, offset = parts.groups()
    text = "-".join([year] + [part.zfill(2) for part in (month, day) if part])
    if hour:
        text += f"T{hour}:{minute}:{second}{'.' + fraction if fraction else ''}{offset}"
    if not _INSTANT.fullmatch(text):
        raise Untranslatable("date_can_be_read")
    return text


def _to_yes_no(value: Any) -> str:
    if not isinstance(value, bool):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return "K" if value else "E"


def _from_yes_no(value: Any) -> bool:
    if value not in ("K", "E"):
        raise Untranslatable("code_is_in_the_code_map")
    return bool(value == "K")


def _to_number_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return str(value)


def _from_number_text(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise Untranslatable("value_has_the_kind_of_its_field")
    return int(value)


VALUE_CODECS = (
    Codec("same", same, same),
    Codec("text", text, text),
    Codec("finnish_date", _to_finnish_date, _from_finnish_date),
    Codec("yes_no", _to_yes_no, _from_yes_no),
    Codec("number_text", _to_number_text, _from_number_text),
)
