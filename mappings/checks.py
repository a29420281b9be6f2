"""Static checks of mapping tables: what can be known of a table before the first document is mapped by it.

Every leaf of the structure is mapped, or omitted with a written reason; places exist; lists and codecs agree with the
fields; code maps hold the codes of the closed lists; and every leaf of an XSD is written by something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mappings.places import Each, Item, Place, write_place
from mappings.tables import Row, Table
from schemas.record import envelope_structure
from schemas.structures import Field, Kind, Structure
from schemas.xsd import Shape

__all__ = ["UNDECIDED", "Fault", "carried_leaves", "check_format_side", "check_table", "leaves", "one_way_maps"]

UNDECIDED = "TODO:"
"""How a reason begins that a starting table holds in the place of a decision."""


_TEXTS: frozenset[Kind] = frozenset(("text", "name", "phrase", "signature", "oid", "choice", "date", "instant"))
_KINDS: Mapping[str, frozenset[Kind]] = {
    "text": _TEXTS,
    "xml_text": _TEXTS - {"date", "instant"},
    "fhir_text": _TEXTS - {"date", "instant"},
    "given_names": frozenset(("name",)),
    "finnish_date": frozenset(("date", "instant")),
    "fhir_date": frozenset(("date", "instant")),
    "fhir_instant": frozenset(("date", "instant")),
    "yes_no": frozenset(("switch",)),
    "fhir_boolean": frozenset(("switch",)),
    "number_text": frozenset(("count",)),
    "xml_number": frozenset(("count", "number")),
    "fhir_decimal": frozenset(("count", "number")),
    "xml_code": frozenset(("code",)),
    "coding": frozenset(("code",)),
    "xml_identifier": frozenset(("identifier",)),
    "identifier": frozenset(("identifier",)),
    "person_identifier": frozenset(("identifier",)),
    "controller_identifier": frozenset(("identifier",)),
    "xml_quantity": frozenset(("quantity", "measure", "percent")),
    "oid_identifier": frozenset(("oid",)),
    "structure_coding": frozenset(("oid",)),
}
"""The kinds of field that a codec is for. A codec that is not named takes any."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a table. `line` counts from 1; 0 when the fault is something that is missing."""

    table: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.table}{f', line {self.line}' if self.line else ''}: {self.sentence}"


def leaves(structure: Structure) -> tuple[str, ...]:
    """The paths of all fields that hold values, in display order."""
    return tuple("/".join(field.path) for field in structure if not field.is_group)


def carried_leaves(table: Table, structure: Structure) -> frozenset[str]:
    """The leaves of the structure that rows of the table carry to the format and back."""
    paths = {_path(row.record) for row in table.rows if row.record and row.format and not row.copy}
    return frozenset(leaf for leaf in leaves(structure) if leaf in paths)


def check_table(table: Table, structure: Structure) -> list[Fault]:
    """Everything that is wrong on the record's side of a table."""
    faults = [fault for row in table.rows if row.record for fault in _row_faults(table, row, structure)]
    known = {_path(row.record) for row in table.rows if row.record and row.record[0] == "content"}
    missing = [leaf for leaf in leaves(structure) if leaf not in known]
    return faults + [
        Fault(table.name, 0, f"The field '{leaf}' is neither mapped nor omitted; add a row with 'format' or 'omit'.")
        for leaf in missing
    ]


def one_way_maps(table: Table) -> dict[str, str]:
    """The code maps of a table that are not one to one, each with a sentence that names what they join."""
    rows = sorted(table.rows, key=lambda row: not row.copy)
    return {row.codec.name: _joined_codes(row) for row in rows if row.codec.pairs and row.codec.lossy}


def _joined_codes(row: Row) -> str:
    shared: dict[str, list[str]] = {}
    for code, local in (row.codec.pairs or {}).items():
        shared.setdefault(local, []).append(code)
    joined = "; ".join(
        f"{' and '.join(map(repr, codes))} are {local!r}" for local, codes in shared.items() if codes[1:]
    )
    ends = "it writes copies alone" if row.copy else "each document's report names what it loses"
    return f"The code map '{row.codec.name}' is not one to one ({joined}); {ends}."


def check_format_side(table: Table, shape: Shape, own: frozenset[str]) -> list[Fault]:
    """The places that the XSD does not have, and the leaves of the XSD that nothing writes.

    In: `own` are the places that the format itself fills.
    """
    faults = [
        Fault(table.name, row.line, sentence)
        for row in table.rows
        if row.format
        for sentence in _place_faults(row.format, shape)
    ]
    written = {_plain(row.format) for row in table.rows if row.format}
    unknown = [place for place in _shape_leaves(shape, ()) if place not in own and not _covered(place, written)]
    return faults + [
        Fault(table.name, 0, f"Nothing writes '{place}' of the XSD; add a row for it, or take it out of the XSD.")
        for place in unknown
    ]


def _place_faults(place: Place, shape: Shape) -> Iterator[str]:
    """Where a place leaves the XSD, or has `[]` otherwise than the XSD repeats."""
    for step, after in zip(place, (*place[1:], None), strict=True):
        if not isinstance(step, str):
            continue
        if step == "#text" or step in shape.attributes:
            return
        if step not in shape.children:
            yield f"The XSD has no '{step}' in '{write_place(place)}'; name the place as the XSD does, or add it there."
            return
        shape, repeats = shape.children[step]
        if repeats != isinstance(after, Each | Item):
            yield f"The element '{step}' {'repeats and needs []' if repeats else 'does not repeat and has no []'}."


def _row_faults(table: Table, row: Row, structure: Structure) -> Iterator[Fault]:
    field, rest = _field(row.record or (), structure)
    at = write_place(row.record or ())
    if field is None:
        if not row.is_group or rest:
            yield Fault(table.name, row.line, f"There is no field at '{at}' in the structure.")
        return
    if not rest and not row.is_group and not _fits(row, field):
        yield Fault(table.name, row.line, f"The codec '{row.codec.name}' is not for the kind '{field.kind}' of '{at}'.")
    if row.omit.startswith(UNDECIDED):
        yield Fault(table.name, row.line, f"'{at}' is not decided yet: give its 'format', or the reason in 'omit'.")
    yield from (Fault(table.name, row.line, s) for s in _list_faults(row.record or (), structure))
    yield from (Fault(table.name, row.line, s) for s in _code_faults(row, field))


def _fits(row: Row, field: Field) -> bool:
    return field.kind in _KINDS.get(row.codec.name, (field.kind,))


def _list_faults(place: Place, structure: Structure) -> Iterator[str]:
    """Where `[]` stands at a field that does not repeat, or is missing at one that does."""
    names: list[str] = []
    for step, after in zip(place, (*place[1:], None), strict=True):
        if not isinstance(step, str) or (not names and step in ("content", "envelope") and step == place[0]):
            if isinstance(step, str):
                names = [step]
            continue
        names.append(step)
        field = _lookup(names, structure)
        if field is not None and field.repeats != isinstance(after, Each | Item):
            wanted = "repeats and needs []" if field.repeats else "does not repeat and has no []"
            yield f"The field '{'/'.join(names[1:])}' {wanted}."


def _code_faults(row: Row, field: Field) -> Iterator[str]:
    pairs = row.codec.pairs
    if pairs is None or field.codes is None:
        return
    for code in field.codes:
        if code not in pairs:
            yield f"The code map '{row.codec.name}' lacks the code '{code}' of the closed list."
    for code in pairs:
        if code not in field.codes:
            yield f"The code map '{row.codec.name}' has the code '{code}', which the closed list does not have."


def _field(place: Place, structure: Structure) -> tuple[Field | None, tuple[str, ...]]:
    """The field at a place, and the parts of its value that the place goes on to (`code` of a coded field)."""
    names = [step for step in place if isinstance(step, str)]
    for length in range(len(names), 0, -1):
        field = _lookup(names[:length], structure)
        if field is not None:
            return field, tuple(names[length:])
    return None, tuple(names[1:])


def _lookup(names: list[str], structure: Structure) -> Field | None:
    fields: Mapping[str, Field] = structure.by_path if names[0] == "content" else envelope_structure().by_path
    return fields.get("/".join(names[1:]))


def _path(place: Place | None) -> str:
    return "/".join(step for step in (place or ())[1:] if isinstance(step, str))


def _plain(place: Place | None) -> str:
    return "/".join(step for step in place or () if isinstance(step, str))


def _shape_leaves(shape: Shape, path: tuple[str, ...]) -> Iterator[str]:
    if not shape.children:
        yield "/".join(path)
    for name, (inner, _) in shape.children.items():
        yield from _shape_leaves(inner, (*path, name))


def _covered(place: str, written: set[str]) -> bool:
    return place in written or any(other.startswith(place + "/") for other in written)
