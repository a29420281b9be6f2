"""Reads foreign JSON strictly, and finds the line and column of a place in it.

Stricter than RFC 8259 where data could be lost or read in two ways: duplicate keys, NaN, lone surrogates and other
encodings than UTF-8 are refused. Decimals keep their digits. Source: RFC 8259 §4, §8; RFC 6901 (JSON Pointer).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isinf
from typing import Any

import orjson

from schemas.issues import Issue, rules_in
from schemas.limits import DEFAULT_LIMITS, Limits

__all__ = ["canonical", "dump", "parse", "pointer", "positions"]

_RULES = rules_in("schemas")
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_KEYS = re.compile((_STRING + r"([ \t\r\n]*:)?").encode(), re.DOTALL)
_APART = (b" :", b"\n:", b"\t:", b"\r:")
_MARK = b"\xef\xbb\xbf"
_WIDE_DIGITS = 15
_WIDE = 10**_WIDE_DIGITS
_TOKEN = re.compile(rf"[ \t\r\n]*({_STRING}|[\[\]{{}},:]|[^ \t\r\n\[\]{{}},:\"]+)", re.DOTALL)


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Any, list[Issue]]:
    """The JSON value that the bytes hold, or None with the issues that forbid reading it.

    Issues: document_is_within_size_limit, document_is_not_empty, text_is_utf8, json_is_well_formed,
    json_has_no_nan, json_number_is_within_range, json_keys_are_unique, text_has_no_lone_surrogates,
    document_is_within_depth_limit, document_is_within_node_limit, number_is_within_digit_limit
    """
    issues = _check_bytes(data, limits)
    if issues:
        return None, issues
    try:
        value = orjson.loads(data.removeprefix(_MARK))
    except orjson.JSONDecodeError:
        return None, [_why_unreadable(data)]
    except RecursionError:
        return None, [_RULES["document_is_within_depth_limit"].at(limit=str(limits.depth))]
    measured = _measure(value, limits)
    if (beyond := _beyond(measured, data, limits)) is not None:
        return None, [beyond]
    if measured.keys != _keys_written(data, measured.keys):
        return None, list(_duplicate_keys(data))
    return (_exactly(data) if measured.inexact else value), []


def dump(value: Any, *, indent: bool = False) -> bytes:
    """The value as UTF-8 JSON, keys in the order they stand in, decimals with the digits they were read with."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if indent else 0
    return orjson.dumps(value, default=_fragment, option=option)


def canonical(value: Any) -> bytes:
    """The one form of a value that is hashed and compared: keys sorted, no white space."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_SORT_KEYS)


def pointer(path: Iterator[str | int] | tuple[str | int, ...] | list[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    steps = [str(step) for step in path]
    plain = "/".join(["", *steps])
    if "~" not in plain and plain.count("/") == len(steps):
        return plain
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def positions(data: bytes) -> Mapping[str, tuple[int, int]]:
    """The line and column of every place of a well-formed document, by JSON Pointer. For reporting; not fast."""
    text = data.decode("utf-8-sig")
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    return {place: _line_column(lines, offset) for place, offset, _ in _places(text)}


def _check_bytes(data: bytes, limits: Limits) -> list[Issue]:
    if len(data) > limits.size:
        return [_RULES["document_is_within_size_limit"].at(limit=str(limits.size))]
    if not data.strip():
        return [_RULES["document_is_not_empty"].at()]
    try:
        data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        return [_RULES["text_is_utf8"].at(line=line, column=column)]
    return []


def _exactly(data: bytes) -> Any:
    """The value again, with the digits that a float could change."""
    return json.loads(data.removeprefix(_MARK), parse_float=Decimal, parse_int=_whole)


def _keys_written(data: bytes, expected: int) -> int:
    """The number of keys that the text has. In: the number that is expected, by which an exact count can be spared.

    Each key ends in a quote and a colon. As many of these as are expected, and no colon that stands apart, are proof.
    """
    apart = any(mark in data for mark in _APART)
    if not apart and data.count(b'":') == expected:
        return expected
    return sum(map(bool, _KEYS.findall(data)))


def _beyond(measured: _Measured, data: bytes, limits: Limits) -> Issue | None:
    """The limit that a document is beyond."""
    if measured.depth > limits.depth:
        return _RULES["document_is_within_depth_limit"].at(limit=str(limits.depth))
    if measured.size > limits.nodes:
        return _RULES["document_is_within_node_limit"].at(limit=str(limits.nodes))
    may_be_long = measured.inexact or limits.digits <= _WIDE_DIGITS
    return _too_many_digits(data, limits) if may_be_long else None


def _too_many_digits(data: bytes, limits: Limits) -> Issue | None:
    """The first number that is written with more signs than allowed."""
    text = data.decode("utf-8-sig")
    numbers = re.finditer(rf"{_STRING}|(-?[0-9][0-9.eE+-]*)", text, re.DOTALL)
    long = next((match.start() for match in numbers if match[1] and len(match[1]) > limits.digits), None)
    return None if long is None else _at_offset("number_is_within_digit_limit", text, long, limit=str(limits.digits))


def _whole(digits: str) -> int | Decimal:
    """A whole number with all its digits: beyond 64 bits as a decimal, which can be written again."""
    return int(digits) if len(digits) <= 18 else Decimal(digits)


def _fragment(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, int):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not JSON.")


@dataclass(slots=True)
class _Measured:
    """How much a value holds. `inexact`: a number may have more digits than Python's float, or JSON's reader, keeps."""

    size: int = 0
    depth: int = 0
    keys: int = 0
    inexact: bool = False


def _measure(value: Any, limits: Limits) -> _Measured:
    """What a value holds, counted no further than the limits need."""
    found = _Measured()
    level = [value]
    while level and found.depth <= limits.depth and found.size <= limits.nodes:
        found.size += len(level)
        found.depth += 1
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                continue
            if kind is dict:
                found.keys += len(item)
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
            elif kind is float or (kind is int and not -_WIDE < item < _WIDE):
                found.inexact = True
        level = below
    return found


def _why_unreadable(data: bytes) -> Issue:
    """Which rule an unreadable document breaks, and where."""
    text = data.decode("utf-8-sig")
    try:
        # The numbers are not looked at: Python refuses to read a whole number of thousands of digits.
        json.loads(text, parse_constant=_refuse_constant, parse_int=len, parse_float=len)
    except _Constant:
        offset = next((m.start() for m in re.finditer(rf"{_STRING}|(-?Infinity|NaN)", text) if m[1]), 0)
        return _at_offset("json_has_no_nan", text, offset)
    except json.JSONDecodeError as error:
        return _RULES["json_is_well_formed"].at(line=error.lineno, column=error.colno)
    except RecursionError:
        return _RULES["document_is_within_depth_limit"].at(limit=str(DEFAULT_LIMITS.depth))
    numbers = re.finditer(rf"{_STRING}|(-?[0-9][0-9.eE+-]*)", text)
    great = next((m.start() for m in numbers if m[1] and isinf(float(m[1]))), None)
    if great is not None:
        return _at_offset("json_number_is_within_range", text, great)
    offset = next((m.start() for m in re.finditer(r"\\u[dD][89a-fA-F]", text)), 0)
    return _at_offset("text_has_no_lone_surrogates", text, offset)


def _at_offset(rule: str, text: str, offset: int, **slots: str) -> Issue:
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    return _RULES[rule].at(line=line, column=column, **slots)


class _Constant(Exception):
    """NaN or an infinity stands in the text."""


def _refuse_constant(_: str) -> Any:
    raise _Constant


def _duplicate_keys(data: bytes) -> Iterator[Issue]:
    text = data.decode("utf-8-sig")
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    seen: set[str] = set()
    for place, offset, keyed in _places(text):
        if keyed and place in seen:
            line, column = _line_column(lines, offset)
            yield _RULES["json_keys_are_unique"].at(place, line=line, column=column)
        seen.add(place)


def _line_column(lines: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(lines, offset)
    return line, offset - lines[line - 1] + 1


def _places(text: str) -> Iterator[tuple[str, int, bool]]:
    """Every place of a well-formed document: JSON Pointer, offset, and whether it is a property of an object.

    The offset of a property is that of its key, so that a reader looks at the name and the value together.
    """
    stack: list[list[Any]] = []  # [pointer, next index or None for an object, pending key pointer]
    yield "", len(text) - len(text.lstrip()), False
    for match in _TOKEN.finditer(text):
        token, offset = match[1], match.start(1)
        top = stack[-1] if stack else None
        if token in "}]":
            stack.pop()
        elif token == ",":
            if top is not None and top[1] is None:
                top[2] = None
        elif token == ":":
            continue
        elif top is not None and top[1] is None and top[2] is None:
            here = top[0] + pointer((json.loads(token),))
            top[2] = here
            yield here, offset, True
        else:
            here = ""
            if top is not None:
                here = top[2]
                if top[1] is not None:
                    here = f"{top[0]}/{top[1]}"
                    top[1] += 1
                    yield here, offset, False
            if token in "{[":
                stack.append([here, None if token == "{" else 0, None])
