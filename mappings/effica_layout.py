"""The layout in Effica messages of a structure that no table describes by hand, derived from the structure's fields.

Elements stand in display order. Their names are the fields' keys in UpperCamel; `tables/effica/layout.toml` says where
another word is used and which codes are local ones. The same table language and XSD follow as for a layout by hand.
Provisional, as the message is: no interface of the product is public.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mappings.codecs import CODECS, Codec, code_map
from mappings.codecs.values import same
from mappings.places import Each, Place
from mappings.tables import Row, Table, load_table
from schemas.structures import Field, Kind, Structure

__all__ = ["Element", "Layout", "derived_layout", "derived_table", "table_text"]

_GROUP = Codec("group", same, same)
_FRAME = frozenset(("Tiedot", "Nakyma", "Laajennus"))
"""The elements that stand beside the content in the frame."""

_VALUES: Mapping[Kind, tuple[str, str]] = {
    **dict.fromkeys(("text", "name", "phrase", "signature", "choice"), ("xs:string", "xml_text")),
    **dict.fromkeys(("date", "instant"), ("Aika", "finnish_date")),
    **dict.fromkeys(("count", "number"), ("Luku", "xml_number")),
    **dict.fromkeys(("quantity", "measure", "percent"), ("Maara", "xml_quantity")),
    "code": ("Koodi", "xml_code"),
    "identifier": ("Tunniste", "xml_identifier"),
    "switch": ("KyllaEi", "yes_no"),
    "oid": ("Oid", "xml_text"),
}
"""The XSD type and the codec of each kind of value."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a layout. `type` is the XSD type of its value, empty for a group; `codec` carries the value."""

    name: str
    field: Field
    type: str
    codec: Codec
    children: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How one structure's content is written: the element that holds it, named by the document type, and its own."""

    content: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class _Wording:
    """What `layout.toml` says for one structure: names by key and by path, and the code maps by code system."""

    keys: Mapping[str, str]
    paths: Mapping[str, str]
    maps: Mapping[str, Codec]

    def names(self, field: Field) -> Iterator[str]:
        """The names that the field could have, the best first; without end, as each is taken by one sibling only."""
        for told in (self.paths.get("/".join(field.path)), self.keys.get(field.key)):
            if told:
                yield told
        plain = _camel(field.key)
        yield plain
        number = 2
        while True:
            yield f"{plain}{number}"
            number += 1


def derived_table(structure: Structure, folder: Traversable, maps: Traversable) -> Table:
    """The mapping table of a structure's derived layout; its setting `layout` is the layout itself.

    In: `folder` and `maps` are the folders of tables and of code maps. Raises: TableError for the frame's table.
    """
    layout = derived_layout(structure, folder, maps)
    frame = load_table(folder, "effica/envelope", maps)
    top: tuple[Place, Place] = ("content",), ("Asiakirja", layout.content)
    rows = (*frame.rows, Row(*top, _GROUP), *_rows(layout.elements, *top))
    return Table(f"effica/{structure.code}", "effica", structure.oid, rows, {**frame.settings, "layout": layout})


def derived_layout(structure: Structure, folder: Traversable, maps: Traversable) -> Layout:
    """The layout that follows from a structure's fields. In: as for `derived_table`."""
    content = _camel(structure.type.lower())
    wording = _wording(structure, folder.joinpath("effica", "layout.toml"), maps.joinpath("effica.toml"))
    return Layout("Sisalto" if content in _FRAME else content, _elements(structure.fields, wording))


def table_text(structure: Structure, layout: Layout, schema: str) -> str:
    """A derived layout as a table in the mapping language: where a site starts that wants a layout of its own.

    In: `schema` is the name of the XSD that goes with it. The table that is read from the text has the same rows.
    """
    head = [
        f"# {structure.label.get('fi', structure.oid)}, in a layout that was derived from the structure. Provisional.",
        'format = "effica"',
        f'structure = "{structure.oid}"',
        'includes = ["effica/envelope"]',
        'codec = "xml_text"',
        "",
        "[settings]",
        f'schema = "{schema}"',
    ]
    sections = _sections(layout.elements, "content", f"Asiakirja.{layout.content}", [_line("", "", _GROUP)])
    return "\n".join([*head, *sections]) + "\n"


def _sections(elements: tuple[Element, ...], record: str, format_: str, lines: list[str]) -> Iterator[str]:
    """The section of one group, and those of the groups in it. In: `lines` are rows of the group itself."""
    for element in elements:
        if not element.children:
            left, right = _each(element.field, element.field.key), _each(element.field, element.name)
            lines = [*lines, _line(left, right, element.codec)]
    if lines:
        yield from _section(record, format_, lines)
    for element in elements:
        if element.children:
            left, right = f"{record}.{element.field.key}", f"{format_}.{element.name}"
            own = [] if element.field.repeats else [_line("", "", _GROUP)]
            yield from _sections(element.children, _each(element.field, left), _each(element.field, right), own)


def _section(record: str, format_: str, lines: list[str]) -> list[str]:
    return ["", "[[section]]", f'record = "{record}"', f'format = "{format_}"', "rows = [", *lines, "]"]


def _line(record: str, format_: str, codec: Codec) -> str:
    said = "" if codec.name == "xml_text" else f', {"map" if "/" in codec.name else "codec"} = "{codec.name}"'
    return f'  {{ record = "{record}", format = "{format_}"{said} }},'


def _each(field: Field, name: str) -> str:
    return f"{name}[]" if field.repeats else name


def _wording(structure: Structure, layout: Traversable, maps: Traversable) -> _Wording:
    told = tomllib.loads(layout.read_text("utf-8"))
    known = tomllib.loads(maps.read_text("utf-8"))
    named = {system: name.partition("/")[2] for system, name in told["maps"].items()}
    codecs = {
        system: code_map(f"effica/{name}", known[name]["codes"], known[name]["system"])
        for system, name in named.items()
    }
    return _Wording(told["names"], told["structure"].get(structure.code, {}), codecs)


def _elements(fields: tuple[Field, ...], wording: _Wording) -> tuple[Element, ...]:
    taken: dict[str, Element] = {}
    for field in fields:
        name = next(name for name in wording.names(field) if name not in taken)
        taken[name] = _element(name, field, wording)
    return tuple(taken.values())


def _element(name: str, field: Field, wording: _Wording) -> Element:
    if field.is_group:
        return Element(name, field, "", _GROUP, _elements(field.children, wording))
    if field.kind == "code" and field.system in wording.maps:
        return Element(name, field, "PaikallinenKoodi", wording.maps[field.system])
    type_, codec = _VALUES[field.kind]
    # The structure wants a mandatory text to hold something, and so does the type of names.
    return Element(name, field, "Nimi" if field.required and type_ == "xs:string" else type_, CODECS[codec])


def _rows(elements: tuple[Element, ...], record: Place, format_: Place) -> Iterator[Row]:
    for element in elements:
        each = (Each(),) if element.field.repeats else ()
        left, right = (*record, element.field.key, *each), (*format_, element.name, *each)
        # The items of a list are there with the list; any other group says itself that it is there.
        if not element.field.is_group or not each or not element.children:
            yield Row(left, right, element.codec)
        yield from _rows(element.children, left, right)


def _camel(key: str) -> str:
    """`maaraajan_paattymispaiva` as `MaaraajanPaattymispaiva`; a name that XML allows, whatever the key."""
    plain = key.replace("ä", "a").replace("å", "a").replace("ö", "o")
    name = "".join(part[:1].upper() + part[1:] for part in re.split("[^A-Za-z0-9]+", plain))
    return name if name[:1].isalpha() else f"K{name}"
