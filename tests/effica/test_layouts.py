"""Every structure has a layout in Effica messages: what is written follows its XSD and reads back to the same."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from interop.documents import examine
from mappings.checks import check_format_side, check_table
from mappings.effica_layout import derived_table, table_text
from mappings.effica_schema import schema_of_layout
from mappings.engine import Mapping
from mappings.formats import format_named
from mappings.shipped import mapping_of
from mappings.tables import load_table
from mappings.xml_tree import from_element, to_element
from schemas.json_text import parse
from schemas.record import Record
from schemas.structures import Field, Structure, shipped
from schemas.xsd import Schema
from tests.strategies import broken_contents, contents, with_own_phrases
from validators.xml import check_xml

EXAMPLES = Path(__file__).parents[2] / "examples"
EFFICA = format_named("effica")
OWN_PLACES = frozenset(("Otsake/Tunnus", "Otsake/Luontiaika", "Asiakirja/Nakyma", "Asiakirja/Laajennus"))
"""What the format itself fills in a message."""
MAPPINGS = Path(__file__).parents[2] / "mappings"
PLANS = [oid for oid in shipped().oids if re.fullmatch("15[0-9]{3}", shipped()[oid].code)]
OTHERS = [shipped().find(code).oid for code in ("16009", "1000", "1005", "1008", "1012", "1013", "1019")]
# Each property runs once for each of some two hundred structures.
_FEW = max(2, settings().max_examples // 10)


@cache
def envelope() -> dict[str, Any]:
    value, issues = parse((EXAMPLES / "plan.json").read_bytes())
    assert not issues
    found: dict[str, Any] = value["envelope"]
    return found


def record_of(structure: Structure, content: dict[str, Any]) -> Record:
    return Record({**envelope(), "structure": structure.oid}, content)


def schema_of(data: bytes) -> tuple[Schema, etree._Element]:
    parsed = EFFICA.parse(data)
    schema = EFFICA.schema_of(parsed)
    assert schema is not None
    return schema, parsed.tree


def without_empty_lists(value: Any) -> Any:
    """What a message holds of a content: an empty list is no list."""
    if isinstance(value, dict):
        return {key: without_empty_lists(one) for key, one in value.items() if one != []}
    return [without_empty_lists(one) for one in value] if isinstance(value, list) else value


def assert_carried(structure: Structure, content: dict[str, Any]) -> None:
    record = record_of(structure, content)
    written = EFFICA.write(record)
    assert written.issues == []
    assert {entry.reason for entry in written.report.lost} <= {"An empty list is written as no list at all."}
    assert bool(written.report.lost) == (content != without_empty_lists(content))
    schema, root = schema_of(written.data)
    assert check_xml(schema, root) == []
    read = EFFICA.read(written.data)
    assert read.issues == []
    assert read.record == Record(record.envelope, without_empty_lists(content))


@pytest.mark.parametrize("oid", shipped().oids)
def test_what_is_written_follows_the_schema_and_reads_back(oid: str) -> None:
    structure = with_own_phrases(shipped()[oid])

    @given(contents(structure))
    @settings(max_examples=_FEW)
    def carried(content: dict[str, Any]) -> None:
        assert_carried(structure, content)

    @given(contents(structure, full=True))
    @settings(max_examples=1)
    def carried_in_full(content: dict[str, Any]) -> None:
        assert_carried(structure, content)

    carried()
    carried_in_full()


@pytest.mark.parametrize("oid", [*PLANS, *OTHERS])
@given(data=st.data())
@settings(max_examples=max(5, settings().max_examples // 2))
def test_plans_and_assessments_are_carried(oid: str, data: st.DataObject) -> None:
    structure = with_own_phrases(shipped()[oid])
    assert_carried(structure, data.draw(contents(structure)))


@pytest.mark.parametrize("oid", shipped().oids)
def test_every_leaf_has_one_row(oid: str) -> None:
    mapping = mapping_of("effica", oid)
    assert mapping is not None
    assert mapping.table.structure == oid
    rows = [row for row in mapping.table.rows if row.record and row.record[0] == "content" and not row.is_group]
    written = [tuple(step for step in row.record or () if isinstance(step, str))[1:] for row in rows]
    assert sorted(written) == sorted(field.path for field in shipped()[oid] if not field.is_group)
    targets = [row.format for row in rows]
    assert len(set(targets)) == len(targets)
    assert check_table(mapping.table, shipped()[oid]) == []
    assert check_format_side(mapping.table, _schema(oid).shape, OWN_PLACES) == []


@pytest.mark.parametrize("text", ["kello\x07", "nolla\x00", "\x1b[31m", "\ufffe"])
def test_a_text_that_xml_cannot_hold_is_a_declared_loss(text: str) -> None:
    structure = shipped().find("15003")
    body = {"asiakas": [{"sukunimi": "Mallikas", "etunimet": text, "henkilotunnus": {"value": "010280-952L"}}]}
    written = EFFICA.write(record_of(structure, {structure.root: body}))
    place = "/content/asiakas/0/etunimet"
    assert [(issue.rule.id, issue.path) for issue in written.issues] == [("text_can_stand_in_xml", place)]
    assert [entry.path for entry in written.report.lost] == [place]
    read = EFFICA.read(written.data).record
    assert read is not None
    assert read.body == {"asiakas": [{"sukunimi": "Mallikas", "henkilotunnus": {"value": "010280-952L"}}]}


@pytest.mark.parametrize("text", ["\r\n", " ", "", "]]>", "a\rb", "&#13;", "<Pvm/>", "\u2028\u0085"])
def test_white_space_and_markup_are_carried_as_they_are(text: str) -> None:
    structure = shipped().find("15003")
    body = {"suunnitelma": {"kuvaus_asiakkaan_tilanteesta": text}}
    read = EFFICA.read(EFFICA.write(record_of(structure, {structure.root: body})).data)
    assert read.issues == []
    assert read.record is not None
    assert read.record.body == body


@pytest.mark.parametrize(
    "number", ["0", "-7", "2.50", "0.10", "1E+2", "123456789012345678901234567890", "-0.0", "1E-9"]
)
def test_numbers_keep_their_digits(number: str) -> None:
    structure = next(s for s in shipped() if any(len(f.path) == 1 and f.kind == "quantity" for f in s))
    field = next(f for f in structure if len(f.path) == 1 and f.kind == "quantity")
    quantity = {"value": Decimal(number), "code": "h"}
    body = {field.key: [quantity] if field.repeats else quantity}
    record = EFFICA.read(EFFICA.write(record_of(structure, {structure.root: body})).data).record
    assert record is not None
    read = record.body[field.key]
    assert str((read[0] if field.repeats else read)["value"]) == number


@pytest.mark.parametrize("number", [True, "7", float("nan"), float("inf"), 10**200, Decimal("NaN"), None, {}])
def test_what_is_no_number_is_a_declared_loss(number: Any) -> None:
    structure = next(s for s in shipped() if any(len(f.path) == 1 and f.kind == "quantity" for f in s))
    field = next(f for f in structure if len(f.path) == 1 and f.kind == "quantity")
    quantity = {"value": number, "code": "h"}
    body = {field.key: [quantity] if field.repeats else quantity}
    written = EFFICA.write(record_of(structure, {structure.root: body}))
    assert [issue.rule.id for issue in written.issues] == ["value_has_the_kind_of_its_field"]


def test_repeated_groups_keep_their_order_and_their_empty_ones() -> None:
    structure = shipped().find("15003")
    goals = [{"nimi": f"Tavoite {number}"} if number % 3 else {} for number in range(12)]
    body = {"suunnitelma": {"asetettavat_tavoitteet": goals}}
    record = EFFICA.read(EFFICA.write(record_of(structure, {structure.root: body})).data).record
    assert record is not None
    assert record.body == body


def test_a_fault_in_a_derived_layout_is_told_at_its_place() -> None:
    structure = shipped().find("15003")
    body: dict[str, Any] = {}
    body |= {"asiakas": [{"sukunimi": "Mallikas", "etunimet": "Väinö", "henkilotunnus": {"value": "010280-952L"}}]}
    body |= {"laatija": [{"sukunimi": "Kokeilu", "etunimet": "Älli"}], "paivamaara": "2026-11-02"}
    written = EFFICA.write(record_of(structure, {structure.root: body}))
    data = written.data.replace(b"<Pvm>2.11.2026</Pvm>", b"<Pvm>marraskuussa</Pvm>")
    assert data != written.data
    schema, root = schema_of(data)
    path = "/Sanoma/Asiakirja/Suunnitelma/Pvm"
    assert [(issue.rule.id, issue.path) for issue in check_xml(schema, root)] == [("xml_value_has_its_form", path)]
    assert [(issue.rule.id, issue.path) for issue in EFFICA.read(data).issues] == [("date_can_be_read", path)]


def names() -> st.SearchStrategy[str]:
    known = sorted({name for oid in (*PLANS, *OTHERS) for name in _names(_schema(oid))})
    return st.sampled_from(known) | st.sampled_from(["Muu", "sukunimi", "x.y", "ä"])


def _schema(oid: str) -> Schema:
    schema = EFFICA.schema_for(oid)
    assert schema is not None
    return schema


def _names(schema: Schema) -> set[str]:
    return {str(e.get("name")) for e in etree.fromstring(schema.text).iter("{http://www.w3.org/2001/XMLSchema}element")}


def _message(oid: str, inner: list[etree._Element], more: list[etree._Element] | None = None) -> etree._Element:
    space = "{urn:sote-interop:effica:1}"
    root = etree.Element(f"{space}Sanoma")
    document = etree.SubElement(root, f"{space}Asiakirja")
    about = etree.SubElement(document, f"{space}Tiedot")
    etree.SubElement(about, f"{space}Rakenne").text = oid
    about.extend(more or [])
    document.extend(inner)
    return root


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> etree._Element:
    element = etree.Element("{urn:sote-interop:effica:1}" + draw(names()))
    for attribute in draw(st.lists(st.sampled_from(["koodi", "luokitus", "juuri", "yksikko", "muu"]), max_size=2)):
        element.set(attribute, draw(st.sampled_from(["", "1", "SOS", "1.2.246.21", "=x", "h"])))
    element.text = draw(st.sampled_from([None, "", "K", "2.11.2026", "1.5", "010280-952L", " \n "]))
    if depth:
        element.extend(draw(st.lists(trees(depth - 1), max_size=3)))
    return element


@given(
    # A few structures do: the library that explains faults takes its time to load each schema.
    st.sampled_from([shipped().find(code).oid for code in ("15900", "15020", "15003", "1019")] + ["1.2.3", ""]),
    st.lists(trees(), max_size=4),
    st.lists(trees(depth=2), max_size=3),
)
def test_reading_any_xml_within_the_frame_never_raises(
    oid: str, inner: list[etree._Element], more: list[etree._Element]
) -> None:
    for one in inner:
        # Half of what is drawn stands where the content is looked for.
        if len(one) > 1:
            one.tag = "{urn:sote-interop:effica:1}Suunnitelma"
    data = etree.tostring(_message(oid, inner, more), encoding="UTF-8")
    schema, root = schema_of(data)
    assert check_xml(schema, root)
    read = EFFICA.read(data)
    assert (read.record is None) == (oid not in shipped())
    if read.record is not None:
        EFFICA.write(read.record)


@pytest.mark.parametrize("code", ["15900", "15020", "15003", "15015", "1019", "16009"])
@given(data=st.data())
def test_a_broken_content_is_written_as_far_as_it_goes(code: str, data: st.DataObject) -> None:
    structure = with_own_phrases(shipped().find(code))
    drawn: tuple[str, Any] = data.draw(broken_contents(structure))
    content = drawn[1]
    body = content.get(structure.root) if isinstance(content, dict) else None
    written = EFFICA.write(record_of(structure, content if isinstance(content, dict) else {}))
    read = EFFICA.read(written.data)
    assert read.record is not None
    if isinstance(body, dict) and not written.issues:
        # What is carried is carried unchanged: writing it again gives the same message.
        assert without_view(EFFICA.write(read.record).data) == without_view(written.data)


def test_a_finding_about_the_record_is_told_at_its_place_in_a_derived_layout() -> None:
    structure = shipped().find("15003")
    body: dict[str, Any] = {}
    body |= {"asiakas": [{"sukunimi": "Mallikas", "etunimet": "Väinö", "henkilotunnus": {"value": "010181-900C"}}]}
    body |= {"laatija": [{"sukunimi": "Kokeilu", "etunimet": "Älli"}]}
    data = EFFICA.write(record_of(structure, {structure.root: body})).data.replace(b"010181-900C", b"010181-900D")
    found = examine(data)
    assert [(issue.rule.id, issue.path, issue.line) for issue in found.issues if issue.rule.severity == "error"] == [
        (
            "identity_code_check_character_is_right",
            "/Sanoma/Asiakirja/Suunnitelma/Asiakas/Henkilotunnus",
            1 + data[: data.index(b"010181-900D")].count(b"\n"),
        )
    ]


def test_a_message_of_an_unknown_structure_is_judged_by_its_frame() -> None:
    data = (EXAMPLES / "plan-effica.xml").read_bytes()
    unknown = data.replace(b"1506.15020.2024.11.28", b"1506.15020.2099.1.1")
    assert unknown != data
    schema, root = schema_of(unknown)
    assert check_xml(schema, root) == []
    assert [issue.rule.id for issue in EFFICA.read(unknown).issues] == ["document_structure_is_known"]
    schema, root = schema_of(unknown.replace(b"<Versio>1</Versio>", b""))
    assert [issue.rule.id for issue in check_xml(schema, root)] == ["xml_element_is_present"]


def test_a_message_with_a_content_of_another_structure_is_told_so() -> None:
    data = (EXAMPLES / "plan-effica.xml").read_bytes()
    other = data.replace(b"1506.15020.2024.11.28", b"1506.16009.2022.6.28")
    schema, root = schema_of(other)
    assert {issue.rule.id for issue in check_xml(schema, root)} == {"xml_element_is_expected"}


def test_the_hand_written_layout_is_byte_for_byte_what_it_was() -> None:
    for name in ("plan", "plan-sv"):
        value, _ = parse((EXAMPLES / f"{name}.json").read_bytes())
        written = EFFICA.write(Record(value["envelope"], value["content"])).data
        assert without_view(written) == without_view((EXAMPLES / f"{name}-effica.xml").read_bytes())


def without_view(data: bytes) -> bytes:
    """The message without its rendered view, whose wording is another matter."""
    start, end = data.index(b"<Nakyma>"), data.index(b"</Nakyma>")
    return data[:start] + data[end:]


@pytest.mark.parametrize("oid", shipped().oids)
def test_a_derived_layout_can_be_written_out_as_a_table(oid: str, tmp_path: Path) -> None:
    table = derived_table(shipped()[oid], MAPPINGS / "tables", MAPPINGS / "code_maps")
    folder = tmp_path / "effica"
    folder.mkdir()
    text = table_text(shipped()[oid], table.settings["layout"], "own.xsd")
    (folder / "own.toml").write_text(text, "utf-8")
    (folder / "envelope.toml").write_bytes((MAPPINGS / "tables" / "effica" / "envelope.toml").read_bytes())
    read = load_table(tmp_path, "effica/own", MAPPINGS / "code_maps")
    assert (read.format, read.structure, read.settings) == (table.format, oid, {"schema": "own.xsd"})
    ours, theirs = ({(r.record, r.format, r.codec.name) for r in rows} for rows in (table.rows, read.rows))
    assert theirs == ours
    assert len(read.rows) == len(table.rows)


ODD_KEYS = ("kuvaus", "selite", "a_b", "a__b", "a b", "9x", "_", "-", "ääni", "Tiedot", "paivamaara", "pvm")


def test_odd_and_clashing_keys_have_names_of_their_own() -> None:
    structure = Structure(
        oid="1.2.246.10.99999999.6.1506.1.2026.1.1", root="r", label={"fi": "R"}, type="Näkymä", author="", subject="",
        defined="2026-01-01", components="", fields=tuple(Field((key,), "text", {"fi": key}) for key in ODD_KEYS),
    )  # fmt: skip
    table = derived_table(structure, MAPPINGS / "tables", MAPPINGS / "code_maps")
    layout = table.settings["layout"]
    assert layout.content == "Sisalto"
    assert [element.name for element in layout.elements] == [
        "Selite", "Selite2", "AB", "AB2", "AB3", "K9x", "K", "K2", "Aani", "Tiedot", "Pvm", "Pvm2",
    ]  # fmt: skip
    schema = schema_of_layout(layout, structure.oid)
    body = {key: f"arvo {key}" for key in ODD_KEYS}
    written = Mapping(table).write({"envelope": envelope(), "content": body})
    root = to_element(written.tree, schema)
    assert Mapping(table).read(from_element(root, schema.shape)).tree["content"] == body
