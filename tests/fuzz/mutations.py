"""Damages real documents in the ways that hurt readers: bits, cuts, doubled keys, depth, great numbers, entities."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from interop.documents import examine, write
from schemas.fhir_definitions import shipped_definitions
from schemas.fhir_xml import write_xml
from schemas.json_text import parse

__all__ = ["damaged", "seeds"]

EXAMPLES = Path(__file__).parents[2] / "examples"
MOST = 200_000

_PIECES = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"-0",
    b"1e999",
    b"NaN",
    b"9" * 5000,
    b"0." + b"1" * 400,
    b'"\\ud800"',
    b'"\\u0000"',
    b"[" * 3000,
    b'{"a":' * 300 + b"1" + b"}" * 300,
    b"<a>" * 300 + b"</a>" * 300,
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
    b"&lol;",
    b"&#0;",
    b"&#x110000;",
    b"<![CDATA[",
    b"<?xml version='1.1' encoding='UTF-7'?>",
    b'xmlns:a="urn:x" a:b="c"',
    b"".join(b' a%d="1"' % number for number in range(90)),
    b'"resourceType": "Bundle",',
    b'"resourceType": ["Patient"],',
    b'"reference": "#",',
    b'"extension": [{"extension": [{}]}],',
    b'"contained": [{"contained": [{}]}],',
    b'"2026-02-30"',
    b'"0000-00-00T24:00:00+99:99"',
    b"\xe2\x80\xae",
)


@cache
def seeds() -> Mapping[str, tuple[bytes, ...]]:
    """Real documents, by the reader that takes them."""
    names = ("plan.json", "multidisciplinary.json", "1012.json")
    records = [record for name in names if (record := examine((EXAMPLES / name).read_bytes(), "thl").record)]
    forms = ("thl", "fhir", "effica", "omni360", "apotti", "kanta")
    found = {form: tuple(data for one in records if (data := write(one, form).data)) for form in forms}
    definitions = shipped_definitions()
    found["fhir_xml"] = tuple(write_xml(parse(data)[0], definitions) for data in found["fhir"])
    found["ndjson"] = (b"\n".join(one.replace(b"\n", b" ") for one in found["thl"]),)
    found["zip"] = (_zipped({"a.json": found["thl"][0], "b/c.xml": found["effica"][0]}),)
    return found


def _zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@st.composite
def damaged(draw: st.DrawFn, reader: str) -> bytes:
    """A real document of a reader with one to six damages."""
    data = draw(st.sampled_from(seeds()[reader]))
    for _ in range(draw(st.integers(1, 6))):
        data = draw(st.sampled_from(_DAMAGES))(draw, data)[:MOST]
    return data


def _place(draw: st.DrawFn, data: bytes) -> int:
    """A place in the data: anywhere, or at one of the signs that give it structure."""
    at = draw(st.integers(0, max(len(data) - 1, 0)))
    sign = draw(st.sampled_from((b"", b'"', b"<", b">", b"{", b"}", b"[", b":", b",", b"=")))
    found = data.find(sign, at) if sign else at
    return found if found >= 0 else at


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :] if data else data


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: _place(draw, data)]


def _drop(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + data[at + draw(st.integers(1, 300)) :]


def _repeat(draw: st.DrawFn, data: bytes) -> bytes:
    start, end = sorted((_place(draw, data), _place(draw, data)))
    return data[:end] + data[start:end][:4000] * draw(st.integers(1, 3)) + data[end:]


def _insert(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + draw(st.sampled_from(_PIECES)) + data[at:]


def _replace(draw: st.DrawFn, data: bytes) -> bytes:
    """One value, from sign to sign, by another."""
    start = _place(draw, data) + 1
    ends = [end for sign in (b'"', b",", b"<", b"}") if (end := data.find(sign, start)) >= 0]
    return data[:start] + draw(st.sampled_from(_PIECES)) + data[min(ends, default=start) :]


_DAMAGES: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (_flip, _cut, _drop, _repeat, _insert, _replace)
