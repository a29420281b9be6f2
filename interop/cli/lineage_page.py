"""The lineage of a converted document as one HTML page of three columns. It shows places, and no value."""

from __future__ import annotations

from html import escape

from interop.documents.explaining import Explained, Way
from mappings.formats import Place

__all__ = ["lineage_page", "place_text"]


def lineage_page(explained: Explained) -> str:
    """Out: a page that stands alone: output and codec, record, source; what reached no output is marked."""
    rows = "".join(map(_row, explained.ways))
    lost = sum(not way.output.path for way in explained.ways)
    form = explained.written.format if explained.written else ""
    heading = f"{len(explained.ways)} values from {escape(explained.examined.format)} to {escape(form)}, {lost} lost"
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>Lineage</title><style>{_STYLE}</style></head><body><h1>Lineage</h1><p>{heading}</p><table>"
        f"<thead><tr>{_HEAD}</tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def place_text(place: Place) -> str:
    """A place with its line; a dash for none."""
    if not place.path:
        return "-"
    return f"{place.path}{f' (line {place.line})' if place.line else ''}"


def _row(way: Way) -> str:
    """Where a reader takes the value from, then the copies of it, each with its codec; the record; the source."""
    places = [(way.output, way.codec), *((copy.place, copy.codec) for copy in way.copies)]
    output = "".join(
        f"<p>{'also ' * bool(number)}<code>{_broken(place)}</code> <i>{escape(codec)}</i></p>"
        for number, (place, codec) in enumerate(places)
    )
    return (
        f"<tr{'' if way.output.path else ' class=lost'}><td>{output}</td>"
        f"<td><b lang='fi'>{escape(way.label)}</b><br><code>{_breakable(way.record)}</code></td>"
        f"<td><code>{_broken(way.source)}</code></td></tr>"
    )


def _broken(place: Place) -> str:
    return _breakable(place_text(place))


def _breakable(path: str) -> str:
    """A path that a narrow column breaks at its steps."""
    return escape(path).replace("/", "<wbr>/")


_HEAD = "".join(f"<th scope='col'>{name}</th>" for name in ("Output, codec", "Record", "Source"))
_STYLE = """
:root{color-scheme:light dark;--line:#9ab;--head:#e3f2ef;--lost:#fbe3e0;--dim:#4a5a5f}
@media(prefers-color-scheme:dark){:root{--line:#456;--head:#12302b;--lost:#4a1f1b;--dim:#a9bcc0}}
body{font:15px/1.4 system-ui,sans-serif;margin:1.5rem}table{border-collapse:collapse;width:100%;table-layout:fixed}
td,th{border:1px solid var(--line);padding:.35rem .6rem;vertical-align:top;text-align:left;overflow-wrap:anywhere}
th{position:sticky;top:0;background:var(--head)}td p{margin:0 0 .25rem}code{font-size:.85em}i{color:var(--dim)}
tr.lost{background:var(--lost)}tr{break-inside:avoid}
"""
