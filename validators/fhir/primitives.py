"""Judges the values of FHIR's primitive types: JSON type, form, range and calendar.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/datatypes.html#primitive; json.html#primitive
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["FORMS", "Form"]

Form = Callable[[Any], str | None]
"""Judges one value: None when it is right, else the id of the rule that it breaks."""

_LONGEST = 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_YEAR = r"[0-9]{4}"
_DATE = rf"(?!0000){_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_IS_DATE = re.compile(_DATE)
_IS_DATE_TIME = re.compile(rf"{_DATE}|(?!0000){_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T{_CLOCK}{_ZONE}")
_IS_INSTANT = re.compile(rf"(?!0000){_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T{_CLOCK}{_ZONE}")
_IS_TIME = re.compile(_CLOCK)
_IS_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
_IS_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_IS_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_IS_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IS_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BLANK = re.compile(r"\s")
_WIDEST_INTEGER = 2**31


def _boolean(value: Any) -> str | None:
    return None if value is True or value is False else "fhir_value_has_its_json_type"


def _whole(least: int) -> Form:
    def judge(value: Any) -> str | None:
        if type(value) is not int:
            return "fhir_value_has_its_json_type"
        return None if least <= value < _WIDEST_INTEGER else "fhir_value_is_in_its_range"

    return judge


def _decimal(value: Any) -> str | None:
    return None if type(value) in (int, float, Decimal) else "fhir_value_has_its_json_type"


def _text(value: Any) -> str | None:
    if type(value) is not str:
        return "fhir_value_has_its_json_type"
    if not value or value.isspace():
        return "fhir_value_is_not_empty"
    if len(value) < 1024 and value.isprintable():
        return None
    if len(value) > _LONGEST:
        return "fhir_value_is_not_too_long"
    return "fhir_value_has_its_form" if _CONTROL.search(value) else None


def _formed(form: re.Pattern[str]) -> Form:
    def judge(value: Any) -> str | None:
        if type(value) is not str:
            return "fhir_value_has_its_json_type"
        if not value:
            return "fhir_value_is_not_empty"
        return None if form.fullmatch(value) else "fhir_value_has_its_form"

    return judge


def _dated(form: re.Pattern[str]) -> Form:
    judge_form = _formed(form)

    def judge(value: Any) -> str | None:
        return judge_form(value) or (None if _in_calendar(value) else "fhir_date_is_in_the_calendar")

    return judge


def _in_calendar(value: str) -> bool:
    if len(value) < 10 or value[8:10] < "29":
        return True
    return int(value[8:10]) <= monthrange(int(value[:4]), int(value[5:7]))[1]


def _uri(value: Any) -> str | None:
    if type(value) is not str:
        return "fhir_value_has_its_json_type"
    if not value:
        return "fhir_value_is_not_empty"
    if (not value.isprintable() or " " in value) and _BLANK.search(value):
        return "fhir_value_has_its_form"
    if value.startswith("urn:uuid:") and not _IS_UUID.fullmatch(value):
        return "fhir_value_has_its_form"
    if value.startswith("urn:oid:") and not _IS_OID.fullmatch(value):
        return "fhir_value_has_its_form"
    return None


def _base64(value: Any) -> str | None:
    if type(value) is not str:
        return "fhir_value_has_its_json_type"
    if not value:
        return "fhir_value_is_not_empty"
    return None if _IS_BASE64.fullmatch(_BLANK.sub("", value)) else "fhir_value_has_its_form"


FORMS: Mapping[str, Form] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _uri,
    "code": _formed(_IS_CODE),
    "date": _dated(_IS_DATE),
    "dateTime": _dated(_IS_DATE_TIME),
    "decimal": _decimal,
    "id": _formed(_IS_ID),
    "instant": _dated(_IS_INSTANT),
    "integer": _whole(-_WIDEST_INTEGER),
    "markdown": _text,
    "oid": _formed(_IS_OID),
    "positiveInt": _whole(1),
    "string": _text,
    "time": _formed(_IS_TIME),
    "unsignedInt": _whole(0),
    "uri": _uri,
    "url": _uri,
    "uuid": _formed(_IS_UUID),
    "xhtml": _text,
}
"""The forms of the primitive types, by name."""
