"""A table that cannot be used says where it is wrong and what to do, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.checks import check_format_side, check_table, one_way_maps
from mappings.engine import Mapping
from mappings.mutation import unnoticed
from mappings.places import parse_place, write_place
from mappings.table_error import TableError
from mappings.tables import load_table
from schemas.structures import shipped
from schemas.xsd import Shape

HEAD = 'format = "x"\nstructure = "1.2.246.537.6.1506.15020.2024.11.28"\n\n[[section]]\nrecord = "content"\nrows = [\n'


def load(folder: Path, rows: str, head: str = HEAD) -> None:
    (folder / "t.toml").write_text(f"{head}{rows}\n]\n", "utf-8")
    load_table(folder, "t", folder)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('  { record = "jakelu", formaat = "Jakelu" },', "has no 'formaat'"),
        ('  { record = "jakelu", format = "Jakelu", codec = "roman" },', "no codec 'roman'"),
        ('  { record = "jakelu", format = "Jakelu", map = "effica/none" },', "no code map 'effica/none'"),
        ('  { record = "jakelu" },', "needs 'omit'"),
        ('  { format = "Jakelu" },', "needs the constant 'value'"),
        ('  { record = "asiakas[].sukunimi", format = "Nimi" },', "same number of []"),
        ('  { record = "asiakas[.sukunimi", format = "Nimi" },', "no place"),
        ('  { record = "jakelu", format = "A..B" },', "no place"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(TableError) as caught:
        load(tmp_path, '  { record = "lisatiedot", format = "Lisatiedot" },\n' + row)
    assert said in str(caught.value)
    assert caught.value.line == 8


def test_a_table_that_has_what_no_table_has_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        load(tmp_path, "", 'format = "x"\nstructur = "1.2"\n[[section]]\nrows = [\n')
    assert "has no 'structur'" in str(caught.value)
    assert caught.value.line == 2


def test_what_is_not_toml_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        load(tmp_path, '  { record = "jakelu", format = "Jakelu },')
    assert caught.value.line == 7


@pytest.mark.parametrize(
    "text", ["a", "a.b", "a[]", "a[2].b", "a[k=v].b", "a[url=https://x.example/y].c[].@d", "a.#text"]
)
def test_a_place_is_written_as_it_was_read(text: str) -> None:
    assert write_place(parse_place(text)) == text


@pytest.mark.parametrize("text", ["a.", ".a", "a[", "a]b", "a[=v]", "[x]", "a[b]"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        parse_place(text)


def test_the_check_finds_what_is_missing_and_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        f'{HEAD}  {{ record = "jakelu", format = "Jakelu", codec = "finnish_date" }},\n'
        '  { record = "ei_ole", format = "Ei" },\n'
        '  { record = "asiakas.sukunimi", format = "Nimi" },\n]\n',
        "utf-8",
    )
    faults = [str(fault) for fault in check_table(load_table(tmp_path, "t", tmp_path), shipped().find("15020"))]
    assert any("codec 'finnish_date' is not for the kind 'text'" in fault for fault in faults)
    assert any("no field at 'content.ei_ole'" in fault for fault in faults)
    assert any("'asiakas' repeats and needs []" in fault for fault in faults)
    assert any("'lisatiedot' is neither mapped nor omitted" in fault for fault in faults)


def test_the_check_finds_what_does_not_agree_with_the_xsd(tmp_path: Path) -> None:
    leaf = Shape()
    shape = Shape(children={"A": (leaf, False), "B": (Shape(("@c",)), True), "E": (leaf, False)}, is_group=True)
    rows = ("jakelu", "A"), ("lisatiedot", "C"), ("lakiselostus", "A[0]"), ("sovitut_jatkotoimet", "B.@c")
    text = "\n".join(f'  {{ record = "{record}", format = "{place}", codec = "text" }},' for record, place in rows)
    (tmp_path / "t.toml").write_text(f"{HEAD}{text}\n]\n", "utf-8")
    faults = check_format_side(load_table(tmp_path, "t", tmp_path), shape, frozenset())
    assert [(fault.line, fault.sentence.split(";")[0]) for fault in faults] == [
        (8, "The XSD has no 'C' in 'C'"),
        (9, "The element 'A' does not repeat and has no []."),
        (10, "The element 'B' repeats and needs []."),
        (0, "Nothing writes 'E' of the XSD"),
    ]


def test_a_row_that_does_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        f'{HEAD}  {{ record = "jakelu", format = "A" }},\n  {{ record = "lisatiedot", format = "B" }},\n]\n', "utf-8"
    )
    table = load_table(tmp_path, "t", tmp_path)
    assert len(unnoticed(table, [{"content": {"jakelu": "x"}}])) == 1
    assert unnoticed(table, [{"content": {"jakelu": "x", "lisatiedot": "y"}}]) == []


def test_what_is_passed_in_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(f'{HEAD}  {{ record = "jakelu", format = "A.B[0].C" }},\n]\n', "utf-8")
    record = {"content": {"jakelu": "x"}}
    mapping = Mapping(load_table(tmp_path, "t", tmp_path))
    assert mapping.write(record).tree == {"A": {"B": [{"C": "x"}]}}
    assert record == {"content": {"jakelu": "x"}}


def test_a_map_that_joins_codes_is_named_and_each_document_says_what_it_loses(tmp_path: Path) -> None:
    joined = 'codes = { 1 = "PAR", 2 = "PAR", 3 = "EI" }'
    entry = f'[m]\nrelationship = "wider"\nsource = "A local list"\n{joined}\n'
    rows = (
        '  { record = "jakelu", format = "Jakelu", map = "c/m" },\n'
        '  { record = "lisatiedot", format = "Lisatiedot", map = "c/m", copy = true },\n'
        '  { record = "lakiselostus[]", format = "Laki[]", map = "c/m" },'
    )
    (tmp_path / "c.toml").write_text(entry, "utf-8")
    with pytest.raises(TableError, match="one to one"):
        load(tmp_path, rows)
    (tmp_path / "c.toml").write_text(f"{entry}one_way = true\n", "utf-8")
    load(tmp_path, rows)
    table = load_table(tmp_path, "t", tmp_path)
    assert "'1' and '2' are 'PAR'" in one_way_maps(table)["c/m"]
    content = {"jakelu": "2", "lisatiedot": "2", "lakiselostus": ["1", "2", "3"]}
    outcome = Mapping(table).write({"content": content})
    assert outcome.tree == {"Jakelu": "PAR", "Lisatiedot": "PAR", "Laki": ["PAR", "PAR", "EI"]}
    assert [entry.path for entry in outcome.report.lost] == ["/content/jakelu", "/content/lakiselostus/1"]
    back = Mapping(table).read(outcome.tree)
    assert back.tree == {"content": {"jakelu": "1", "lakiselostus": ["1", "1", "3"]}}


def test_a_refused_value_of_a_list_is_named_and_the_lineage_of_those_after_it_stays_right(tmp_path: Path) -> None:
    load(tmp_path, '  { record = "lakiselostus[]", format = "Laki[]", codec = "text" },')
    mapping = Mapping(load_table(tmp_path, "t", tmp_path))
    outcome = mapping.write({"content": {"lakiselostus": ["a", 5, "b"]}}, traced=True)
    assert outcome.tree == {"Laki": ["a", "b"]}
    assert [issue.path for issue in outcome.issues] == ["/content/lakiselostus/1"]
    assert [entry.path for entry in outcome.report.lost] == ["/content/lakiselostus/1"]
    links = [(link.source, link.target) for link in outcome.report.links]
    assert links == [("/content/lakiselostus/0", "/Laki/0"), ("/content/lakiselostus/2", "/Laki/1")]
