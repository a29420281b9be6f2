"""The coverage matrix as one HTML page: how much of each structure each format carries in places of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mappings.coverage import Coverage
from schemas.structures import shipped

__all__ = ["coverage_page"]

_PARTS = (
    ("structural", "in places of the format's own"),
    ("attached", "in the complete content that travels along"),
    ("lost", "lost"),
)


def coverage_page(rows: Sequence[Sequence[Coverage]]) -> str:
    """A page that stands alone, a row for each structure. In: each structure's coverage, format by format."""
    head = "".join(f"<th scope='col'>{escape(one.format)}</th>" for one in rows[0])
    legend = "".join(f"<li><i class='{name}'></i>{meaning}</li>" for name, meaning in _PARTS)
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>Coverage</title><style>{_STYLE}</style></head><body><h1>Coverage</h1>"
        f"<p>Where each format carries the fields of each structure.</p><ul>{legend}</ul><table><thead><tr>"
        f"<th scope='col'>Structure</th><th scope='col' class='number'>Fields</th>{head}</tr></thead>"
        f"<tbody>{''.join(map(_row, rows))}</tbody></table></body></html>\n"
    )


def _row(row: Sequence[Coverage]) -> str:
    known = shipped()[row[0].structure]
    return (
        f"<tr><th scope='row'>{escape(known.code)} <span lang='fi'>{escape(known.label['fi'])}</span></th>"
        f"<td class='number'>{row[0].leaves}</td>{''.join(map(_cell, row))}</tr>"
    )


def _cell(one: Coverage) -> str:
    counts = [(name, meaning, getattr(one, name)) for name, meaning in _PARTS]
    bar = "".join(f"<i class='{name}' style='flex:{count}'></i>" for name, _, count in counts if count)
    told = ", ".join(f"{count} {meaning}" for _, meaning, count in counts)
    lost = f" <b>{one.lost} lost</b>" if one.lost else ""
    return f"<td title=\"{told}\">{one.share:.0%}{lost}<span class='bar'>{bar}</span></td>"


_STYLE = """
:root{color-scheme:light dark;--line:#9ab;--head:#e3f2ef;--structural:#0a7d6c;--attached:#9db7d8;--lost:#b3261e}
@media(prefers-color-scheme:dark){:root{--line:#456;--head:#12302b;--structural:#4cc3ae;--attached:#49668c;--lost:#f2867d}}
body{font:15px/1.4 system-ui,sans-serif;margin:1.5rem}table{border-collapse:collapse;width:100%}
td,th{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;font-variant-numeric:tabular-nums}
thead th{position:sticky;top:0;background:var(--head)}tbody th{font-weight:normal}.number{text-align:right}
td:not(.number){min-width:4.5rem}.bar{display:flex;height:.45rem;margin-top:.2rem;gap:1px}
ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem}
ul i{display:inline-block;width:.9rem;height:.9rem;margin-right:.4rem;vertical-align:-.1rem}
.structural{background:var(--structural)}.attached{background:var(--attached)}.lost{background:var(--lost)}
i{print-color-adjust:exact}tr{break-inside:avoid}
"""
