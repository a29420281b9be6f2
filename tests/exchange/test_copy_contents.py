"""What a copy shows when its receiver opens it: the document, and nothing of what the gate has left out."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pyrage
import pytest

from interop.documents import write
from interop.store import Delivery
from schemas.record import Record
from tests.exchange.copy_house import PASSWORD, House, opened_house, with_clients
from tests.exchange.test_two_way import record_of
from tests.formats.test_round_trips import record_of as example
from tests.printing.pdf_text import text_of
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]

KEY = pyrage.x25519.Identity.generate()
BY_KEY = f"""
[systems.by_key]
kind = "folder"
url = "{{folder}}/by_key"
role = "client"
controller = "{{own}}"
structures = ["15020", "16009"]
agreed_by = "setting"
copy_age_key = "{KEY.to_public()}"

[systems.in_clear]
kind = "folder"
url = "{{folder}}/in_clear"
role = "client"
controller = "{{own}}"
structures = ["15020", "16009"]
agreed_by = "setting"
"""
"""Two more receivers, so that each way of sealing has one."""
EVERYBODY = {"client_copies", "mallikoti", "by_key", "in_clear"}

SHORTENED = "Osa asiakirjan tiedoista on lain mukaan jätetty pois tästä jäljennöksestä."
PLACES = ("Kuusikkorinne 14", "Testilän toimintakeskus", "Koetien perhekoti")
"""Where the client of the plan lives, or is to be found: each is planted into a place that must not go out."""


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with opened_house(tmp_path, database_url, BY_KEY) as opened:
        for name in ("by_key", "in_clear"):
            (opened.folder / name).mkdir()
        yield opened


def in_hand(house: House) -> Mapping[str, tuple[str, bytes]]:
    """By receiver the name of the file that it got, and the PDF as it is once the seal is off."""
    found: dict[str, tuple[str, bytes]] = {}
    places = {"client_copies": house.folder, "by_key": house.folder / "by_key", "in_clear": house.folder / "in_clear"}
    for name, place in places.items():
        for path in filter(Path.is_file, place.iterdir()):
            found[name] = path.name, path.read_bytes()
    for mail in house.mail.mails:
        (attachment,) = mail.iter_attachments()
        found["mallikoti"] = str(attachment.get_filename()), attachment.get_content()
    return {name: (file, unsealed(data)) for name, (file, data) in found.items()}


def unsealed(data: bytes) -> bytes:
    if not data.startswith(b"%PDF"):
        return bytes(pyrage.decrypt(data, [KEY]))
    if b"/Encrypt" not in data:
        return data
    plain = BytesIO()
    with pikepdf.open(BytesIO(data), password=PASSWORD) as opened:
        opened.save(plain)
    return plain.getvalue()


def everything_in(pdf: bytes) -> str:
    """All that a PDF says, seen or unseen: pages, bookmarks, metadata, alternative texts, streams, names of files."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert len(opened.attachments) == 0
        parts = [text_of(pdf), str(opened.open_metadata()), repr(dict(opened.docinfo.items()))]
        for one in opened.objects:
            if isinstance(one, pikepdf.Stream):
                with suppress(pikepdf.PdfError, zlib.error):
                    parts.append(one.read_bytes().decode("latin-1"))
            parts += strings_in(one)
    return " ".join(parts)


def strings_in(value: Any) -> Iterator[str]:
    """The strings of one object; what it refers to is an object of its own."""
    if isinstance(value, pikepdf.String):
        yield str(value)
    elif isinstance(value, pikepdf.Array):
        yield from (text for inner in value if not getattr(inner, "is_indirect", False) for text in strings_in(inner))
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        inside = [value[key] for key in value.keys()]  # noqa: SIM118 - it is no mapping
        yield from (text for inner in inside if not getattr(inner, "is_indirect", False) for text in strings_in(inner))


def deliveries(house: House) -> Mapping[str, Delivery]:
    return {one.receiver: one for one in house.exchange.parts.store.deliveries()}


def released(house: House) -> None:
    """A person has read the free texts and lets every copy that is held go."""
    for one in house.exchange.parts.store.deliveries("held"):
        house.exchange.parts.store.release(one.id, house.times[-1], "The free texts were read.")
    house.go()


def with_order(record: Record) -> Record:
    """The plan under a non-disclosure order, with places where its client is to be found."""
    body = deepcopy(record.body)
    body["tiedot_neuvottelusta_jossa_tama_suunnitelma_on_tehty"][0]["paikka"] = PLACES[0]
    body["asiakassuunnitelman_tarkastaminen"]["paikka"] = PLACES[1]
    body["laatija"][0]["palveluyksikko"]["display"] = PLACES[2]
    author = deepcopy(record.envelope["author"])
    author["unit"]["display"] = PLACES[2]
    envelope = {**record.envelope, "non_disclosure": True, "author": author}
    return replace(record, envelope=envelope, content={record.root: body})


def test_each_receiver_reads_the_whole_plan_whichever_way_it_was_sealed(house: House) -> None:
    record = record_of()
    house.effica.file(write(record, "effica").data)
    assert house.go() == dict.fromkeys(EVERYBODY, "delivered")
    copies = in_hand(house)
    assert copies.keys() == EVERYBODY
    for file, pdf in copies.values():
        text = text_of(pdf)
        for told in ("Väinö Åke", "Mallikas", "010280-952L", "Haluan oman kodin ja apua muuttoon.", "4.5.2027"):
            assert told in text
        assert record.body["tiedot_neuvottelusta_jossa_tama_suunnitelma_on_tehty"][0]["paikka"] in text
        assert SHORTENED not in text
        assert file.partition(".")[0] == copies["in_clear"][0].partition(".")[0]
        everything_in(pdf)


def test_a_seal_lets_nothing_through(house: House) -> None:
    house.effica.file(write(record_of(), "effica").data)
    house.go()
    (mail,) = house.mail.mails
    (attachment,) = mail.iter_attachments()
    sealed = [next(house.folder.glob("*.pdf")), next((house.folder / "by_key").iterdir())]
    for data in (*(path.read_bytes() for path in sealed), attachment.get_content()):
        for word in ("Mallikas", "asiakassuunnitelma", record_of().document):
            assert word.encode() not in data
            assert word.encode("utf-16-be") not in data
        if data.startswith(b"%PDF"):
            with pytest.raises(pikepdf.PasswordError), pikepdf.open(BytesIO(data)) as opened:
                opened.open_metadata()


def test_under_a_non_disclosure_order_no_copy_tells_where_the_client_is(house: House) -> None:
    house.effica.file(write(with_order(record_of()), "effica").data)
    assert house.go() == dict.fromkeys(EVERYBODY, "held")
    assert in_hand(house) == {}
    released(house)
    copies = in_hand(house)
    assert copies.keys() == EVERYBODY
    for file, pdf in copies.values():
        everything = everything_in(pdf) + file
        assert not [place for place in PLACES if place in everything]
        assert "Haluan oman kodin ja apua muuttoon." in text_of(pdf)
        assert "4.5.2027" in text_of(pdf)
        assert SHORTENED in text_of(pdf)


def test_what_was_planted_would_be_found(house: House) -> None:
    """Without an order the same places stand on the paper: the test above can fail."""
    record = with_order(record_of())
    plain = replace(record, envelope={**record.envelope, "non_disclosure": False})
    house.effica.file(write(plain, "effica").data)
    house.go()
    for _, pdf in in_hand(house).values():
        assert all(place in everything_in(pdf) for place in PLACES)


def test_no_copy_of_a_summary_tells_an_address_under_an_order(house: House) -> None:
    record = example("16009.json")
    body = deepcopy(record.body)
    body["vastaanottaja"] = {"yhteystiedot": {"osoite": PLACES[0]}}
    envelope = {**record.envelope, "non_disclosure": True}
    house.effica.file(write(replace(record, envelope=envelope, content={record.root: body}), "effica").data)
    house.go()
    released(house)
    copies = in_hand(house)
    assert copies.keys() == {"by_key", "in_clear"}
    for _, pdf in copies.values():
        assert PLACES[0] not in everything_in(pdf)
        assert str(record.envelope["clients"][0]["family"]) in text_of(pdf)


def test_a_document_of_two_clients_is_no_copy_for_one_of_them(house: House) -> None:
    house.effica.file(write(with_clients(record_of(), 2), "effica").data)
    states = house.go()
    assert {states[name] for name in ("client_copies", "by_key", "in_clear")} == {"held"}
    assert in_hand(house).keys() <= {"mallikoti"}


def test_two_clients_get_a_copy_of_their_own_plan_each(house: House) -> None:
    first = record_of()
    person = {"identifier": {"system": "urn:oid:1.2.246.21", "value": "261298-998X"}, "family": "Koe", "given": "Sini"}
    body = deepcopy(first.body)
    body["asiakas"] = [{"sukunimi": "Koe", "etunimet": "Sini", "henkilotunnus": person["identifier"]}]
    named = {"document": f"{first.document}9", "original": f"{first.document}9", "clients": [person]}
    second = replace(first, envelope={**first.envelope, **named}, content={first.root: body})
    for record in (first, second):
        house.effica.file(write(record, "effica").data)
    house.go()
    texts = [everything_in(unsealed(path.read_bytes())) for path in (house.folder / "in_clear").iterdir()]
    codes = ("010280-952L", "261298-998X")
    assert sorted([[code in text for code in codes] for text in texts]) == [[False, True], [True, False]]
