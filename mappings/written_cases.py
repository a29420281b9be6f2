"""Cases of a table that an integrator writes down: a document of the system, and the record that it must read as.

A pair of files in `mappings/cases/<format>/<structure>/`, ours or the site's: `NAME.xml` (or the format's suffix) and
`NAME.thl.json`. A round trip alone cannot see two fields that a table has exchanged on both sides; a case does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.agreement import disagreements
from mappings.formats import Format, format_named
from schemas.record import Record
from schemas.site import resource
from schemas.structures import Structure

__all__ = ["WrittenCase", "faults_of_case", "written_cases"]

_RECORD = ".thl.json"


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """A document and its record, both as bytes; `record` is empty when its file is missing."""

    name: str
    document: bytes
    record: bytes


def written_cases(form: Format, structure: Structure) -> list[WrittenCase]:
    """The cases of the format's table for a structure, by name."""
    folder = resource("mappings", "cases", form.name, structure.code)
    if not folder.is_dir():
        return []
    held = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    names = sorted(name for name in held if name.endswith(form.suffix) and not name.endswith(_RECORD))
    stems = [(name.removesuffix(form.suffix), name) for name in names]
    return [WrittenCase(stem, held[name], held.get(f"{stem}{_RECORD}", b"")) for stem, name in stems]


def faults_of_case(case: WrittenCase, form: Format) -> Iterator[str]:
    """What does not hold for a case: places alone, no values.

    The document reads as its record, whole; every place of the document is read; the record that is written reads back.
    """
    expected = format_named("thl").read(case.record).record if case.record else None
    if expected is None:
        yield f"{case.name}{_RECORD} is missing or holds no record; interop convert --to thl makes one"
        return
    parsed = form.parse(case.document)
    read = form.read(case.document)
    errors = [issue for issue in read.issues if issue.rule.severity == "error"]
    yield from (f"{issue.path} of the document: {issue.message('en')}" for issue in errors)
    if read.record is None:
        return
    yield from (f"{place} is not read as the case says" for place in _apart(read.record, expected))
    yield from (f"{place} of the document is read by no row" for place, _ in form.surplus(parsed, read.record).residue)
    back = form.read(form.write(expected).data).record
    yield from (f"{place} does not come back from what is written" for place in _apart(back, expected))


def _apart(one: Record | None, other: Record) -> list[str]:
    """The places where two records say something else, each once."""
    if one is None:
        return ["the record"]
    held, wanted = ({"envelope": record.envelope, "content": record.content} for record in (one, other))
    return list(dict.fromkeys([*disagreements(held, wanted), *disagreements(wanted, held)]))
