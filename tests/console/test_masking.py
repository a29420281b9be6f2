"""Identity codes are hidden however they are written, and nothing else moves."""

from __future__ import annotations

import pytest

from interop.documents import write
from interop.service.documents import read_bytes
from interop.service.lineage import masked_lines
from interop.service.masking import Mask
from mappings.formats import FORMATS
from tests.console.seeding import CODE, PLAN

MASK = Mask((CODE,))


def references(pattern: str) -> str:
    return "".join(pattern.format(ord(sign)) for sign in CODE)


WRITTEN = {
    "plain": CODE,
    "small letters": CODE.lower(),
    "decimal": references("&#{};"),
    "hexadecimal": references("&#x{:x};"),
    "capitals": references("&#x{:X};"),
    "zeros": references("&#x000{:x};"),
    "one sign": CODE.replace("-", "&#45;"),
    "escapes": references("\\u{:04x}"),
    "a comment": CODE.replace("-", "<!-- here -->-"),
    "two lines": CODE.replace("-", "<!--\n-->-"),
    "character data": f"{CODE[:4]}<![CDATA[{CODE[4:]}]]>",
    "an instruction": CODE.replace("-", "<?a b?>-"),
}


GUESSED = sorted(name for name, written in WRITTEN.items() if "<" not in written)
"""Those in which a code is found that the document does not name."""


@pytest.mark.parametrize(
    ("name", "mask"), [(name, MASK) for name in sorted(WRITTEN)] + [(name, Mask(())) for name in GUESSED]
)
def test_a_code_is_hidden_however_it_is_written(name: str, mask: Mask) -> None:
    text = f'<a b="ä">{WRITTEN[name]}</a>&#228;\n<c/>'
    shown = mask(text)
    assert len(shown) == len(text)
    assert shown.count("\n") == text.count("\n")
    assert shown.startswith('<a b="ä">•')
    assert "•</a>&#228;\n<c/>" in shown or "•]]></a>" in shown
    assert not any(sign in shown for sign in ("280", "952", "&#x32", "&#50;", "\\u0032"))
    assert mask.hides(text)


def test_what_is_no_code_stays_as_it_is() -> None:
    for text in ("", "&#228; &#x; &#99999999; &#0; \\u00e4 \\uzzzz \\U", "1.2.246.21 &#49;", "• &#8226;", "a\nb\n"):
        assert MASK(text) == text
    assert Mask((CODE,), open=True)(CODE) == CODE


def test_no_form_of_a_document_shows_a_code_that_is_written_in_references() -> None:
    hidden = PLAN.replace(CODE.encode(), references("&#x{:x};").encode(), 1)
    assert hidden != PLAN
    reading = read_bytes(hidden)
    assert reading.record is not None
    given = "\n".join(masked_lines(hidden, reading.mask))
    assert "&#x30;" not in given
    assert given.count("\n") == hidden.decode().removesuffix("\n").count("\n")
    written = [write(reading.record, form.name).data for form in FORMATS]
    assert all(CODE not in "\n".join(masked_lines(data, reading.mask)) for data in written)
