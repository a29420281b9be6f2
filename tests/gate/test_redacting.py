"""What is left out is left out of every byte of every format; and it is left out wherever a structure has a place."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.documents import examine, write
from mappings.formats import FORMATS
from mappings.redacting import redacted
from schemas.json_text import pointer
from schemas.record import Record
from schemas.residue import Residue
from schemas.samples import full_record
from schemas.structures import Structure, shipped
from tests.strategies import contents
from validators.gate import Receiver, decide, subject_of
from validators.gate.places import revealing_places, reveals, role_of, stripped_fields

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECRETS = ("Salakatu 7", "Piilokylän kirjasto", "20741", "Kätkölän asumisyksikkö", "salassa@esimerkki.example")
ATTACHMENTS = (Residue("effica", "/Liite", {"Tiedot": base64.b64encode(SECRETS[1].encode()).decode()}),)
PLANS = ("15020", "15003", "15009", "15021", "15023", "1012", "16009")


def places(record: Record) -> tuple[str, ...]:
    structure = shipped().get(record.structure)
    return revealing_places(record, structure).locations


def with_secrets(record: Record) -> Record:
    """The record with a secret in every place that is left out, and in the names of its units."""
    envelope = record.envelope | {"producer": {**record.envelope["producer"], "name": SECRETS[3]}}
    unit = {**envelope["author"]["unit"], "display": SECRETS[3]}
    envelope["author"] = {**envelope["author"], "unit": unit}
    return replace(record, envelope=envelope, content=_filled(record.content))


def _filled(value: Any, key: str = "") -> Any:
    if role_of(key) == "keep":
        return value
    if isinstance(value, dict):
        if role_of(key) == "unit" and "display" in value:
            return {**value, "display": SECRETS[3]}
        return {name: _filled(inner, key if role_of(key) == "strip" else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, key) for inner in value]
    if isinstance(value, str) and role_of(key) == "strip":
        return SECRETS[1] if key == "paikka" else SECRETS[0]
    return value


def seen(data: bytes) -> str:
    """All that a receiver can read in the bytes: as they are, and unpacked wherever they are packed in Base64."""
    text = data.decode("utf-8", "replace")
    for packed in re.findall(r"[A-Za-z0-9+/][A-Za-z0-9+/\n]{79,}={0,2}", text):
        plain = packed.replace("\n", "").rstrip("=")
        text += seen(base64.b64decode(plain[: len(plain) // 4 * 4]))
    return text


@pytest.mark.parametrize("form", [one.name for one in FORMATS])
@pytest.mark.parametrize("name", PLANS)
def test_no_format_tells_what_was_left_out(form: str, name: str) -> None:
    record = with_secrets(full_record(shipped().find(name)))
    before, after = write(record, form), write(redacted(record, places(record)), form)
    told = [secret for secret in SECRETS if secret in seen(before.data)]
    assert told, "the unredacted document tells them, or this test tells nothing"
    assert not [secret for secret in SECRETS if secret in seen(after.data)]


@pytest.mark.parametrize("structure", list(shipped()), ids=lambda one: one.oid)
def test_in_every_structure_each_place_is_left_out_and_nothing_else(structure: Structure) -> None:
    record = with_secrets(full_record(structure))
    clean = redacted(record, places(record))
    assert not any(secret in str((clean.envelope, clean.content)) for secret in SECRETS)
    assert places(clean) == ()
    assert redacted(clean, places(clean)) == clean
    kept = {"/".join(field.path) for field in structure if field.key in ("puhelinnumero", "yhteysosoite")}
    gone = (kept & _paths(record.body)) - _paths(clean.body)
    assert not {path for path in gone if not _under(path, stripped_fields(structure))}


def _paths(value: Any, path: tuple[str, ...] = ()) -> set[str]:
    if isinstance(value, dict):
        below = [_paths(inner, (*path, key)) for key, inner in value.items()]
        return {"/".join(path)}.union(*below)
    if isinstance(value, list):
        return set().union(*(_paths(inner, path) for inner in value))
    return {"/".join(path)}


def _under(path: str, stripped: dict[str, str]) -> bool:
    return any(path.startswith(f"{one}/") for one in stripped)


def test_the_places_of_all_structures_are_those_that_have_been_looked_at() -> None:
    """A structure with a new place must be looked at: the count of fields by key stands here."""
    found: dict[str, int] = {}
    for structure in shipped():
        for path in stripped_fields(structure):
            found[path.rsplit("/", 1)[-1]] = found.get(path.rsplit("/", 1)[-1], 0) + 1
    for key in ("osoite", "kayntiosoite", "postiosoite", "kotikunta", "paikka", "sahkopostiosoite", "palveluyksikko"):
        assert found.get(key), key
    assert not {"puhelinnumero", "yhteysosoite", "sukunimi", "etunimet", "henkilotunnus"} & set(found)


def test_every_key_that_sounds_like_a_place_is_dealt_with_or_read() -> None:
    """Keys with the words of a place are left out, units, kept, or hold free text; none is skipped unread."""
    words = re.compile(r"osoite|kunta$|paikkakunta|postinumero|postitoimipaikka")
    for structure in shipped():
        for field in structure:
            if words.search(field.key) and not field.is_group and field.kind in ("text", "name", "code"):
                above = [role_of(key) for key in field.path]
                assert "unread" not in above, field.path


@pytest.mark.parametrize(
    "text",
    [
        "Tapaaminen Mannerheimintiellä.", "Hän asuu siskonsa luona.", "Käynti osoitteessa X.", "00100", "PL 12",
        "helsingissä", "Seinäjoelle", "Åbo", "Bor i Vasa", "Mallikadulla", "Koivurinne 3 B", "Storgatan 5",
        "Kyrkvägen", "as. 12", "aino@esimerkki.example", "60.1699, 24.9384", "Tavattiin Nuuksiossa",
        "Mallilan koulu", "Hemort okänd", "muutti toukokuussa", "Torikatu", "Turun", "Espoosta", "Kotipolku",
    ],
)  # fmt: skip
def test_texts_that_may_tell_a_place(text: str) -> None:
    assert reveals(text)


@pytest.mark.parametrize(
    "text",
    [
        "Tavoite on arjen hallinta.", "Lääkitys on kunnossa.", "Sovittu uusi aika 14.2.2026 klo 10.",
        "Kela maksaa tuen.",
        "Tieto annettu asiakkaalle.", "Tavoite 1: päivärytmi", "Sosiaalityöntekijä ja kuraattori",
        "Työpaja sujuu hyvin.",
    ],
)  # fmt: skip
def test_texts_that_tell_no_place(text: str) -> None:
    assert not reveals(text)


def test_a_free_text_is_named_for_a_person_by_its_place() -> None:
    record = examine((EXAMPLES / "plan.json").read_bytes()).record
    assert record is not None
    record = replace(record, envelope=record.envelope | {"non_disclosure": True})
    subject = subject_of(record)
    decision = decide(subject, Receiver(subject.controller, "social", "public"), {}, NOW)
    assert decision.outcome == "hold"
    assert set(decision.suspects) == set(subject.suspects) != set()
    assert all(place.startswith("/content/") for place in decision.suspects)


@given(contents(shipped().find("15020")))
def test_leaving_out_is_done_once_and_touches_nothing_else(content: dict[str, Any]) -> None:
    record = replace(full_record(shipped().find("15020")), content=content)
    once = redacted(record, places(record))
    assert redacted(once, places(once)) == once
    assert redacted(record, ()) is record


@given(st.lists(st.sampled_from(["a", "b", "c~/d"]), min_size=1, max_size=3))
def test_a_place_that_is_not_there_is_no_mistake(steps: list[str]) -> None:
    record = full_record(shipped().find("15020"))
    assert redacted(record, [pointer(("content", "x", *steps)), pointer(("residue",))]) == record


@pytest.mark.parametrize("form", [one.name for one in FORMATS])
def test_an_attachment_that_nobody_has_read_goes_to_nobody_under_an_order(form: str) -> None:
    record = full_record(shipped().find("15020"))
    record = replace(record, envelope=record.envelope | {"non_disclosure": True}, residue=ATTACHMENTS)
    subject = subject_of(record)
    carrying = write(record, form).data
    assert base64.b64encode(SECRETS[1].encode()).decode() in seen(carrying), "else this test tells nothing"
    for controller in (subject.controller, "1.2.246.10.88888888.19.0"):
        decision = decide(subject, Receiver(controller, "social", "public"), {}, NOW)
        assert "/residue" in decision.redactions
        sent = write(redacted(record, decision.redactions), form)
        assert SECRETS[1] not in seen(sent.data)
        assert base64.b64encode(SECRETS[1].encode()).decode() not in seen(sent.data)
