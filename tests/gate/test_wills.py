"""Wills read from THL's documents and from FHIR Consents; what narrows a permit and is not understood is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.wills import DOCUMENT_KINDS, WILL_KINDS, NotUnderstood, wills_in, wills_in_consent
from schemas.record import Record
from schemas.samples import full_record
from schemas.structures import shipped
from schemas.wills import ClientWills, Permit, Prohibition, client_of, narrowed, will_as_json, will_from_json

PERMIT, BAN, RELATIONSHIP = "1505.8", "1505.9", "1505.1"
CLIENT = ("urn:oid:1.2.246.21", "010181-900C")
CODE = {"system": "urn:oid:1.2.246.21", "value": "010181-900c "}


def record(structure: str, body: dict[str, Any], **envelope: Any) -> Record:
    found = shipped().find(structure)
    known = {"structure": found.oid, "document": "1.2.3.9", "original": "1.2.3", "version": 2, "status": "final"}
    return Record(known | envelope, {found.root: {"asiakas": {"henkilotunnus": CODE}} | body})


def permit(*, given: bool, day: str = "2026-02-14") -> dict[str, Any]:
    return {"voimassa_oleva_luovutuslupa": {"luovutuslupa": given, "luovutusluvan_antamisen_ajankohta": day}}


def test_a_permit_document_permits_from_its_day() -> None:
    (will,) = wills_in(record(PERMIT, permit(given=True)))
    assert (will.client, will.chain, will.version) == (CLIENT, "1.2.3", 2)
    assert will.said == ClientWills(permits=(Permit("1.2.3", "inside_social_care", date(2026, 2, 14)),))


@pytest.mark.parametrize(
    ("said", "revoked"),
    [
        (record(PERMIT, permit(given=False)), date(2026, 2, 14)),
        (record(PERMIT, permit(given=True), status="cancelled"), date(2026, 2, 14)),
        (record(PERMIT, {"laatimispaivamaara": "2026-03-01"}), date(2026, 3, 1)),
        (record(PERMIT, {}), date.min),
    ],
    ids=["no", "cancelled", "nothing said", "nothing said and no day"],
)
def test_a_permit_document_that_does_not_permit_revokes(said: Record, revoked: date) -> None:
    ((told,),) = (will.said.permits for will in wills_in(said))
    assert told.revoked == revoked


def test_a_partial_date_is_taken_for_the_day_that_permits_less() -> None:
    assert wills_in(record(PERMIT, permit(given=True, day="2026-02")))[0].said.permits[0].given == date(2026, 2, 28)
    assert wills_in(record(PERMIT, permit(given=False, day="2026-02")))[0].said.permits[0].revoked == date(2026, 2, 1)
    assert wills_in(record(PERMIT, permit(given=True, day="2026-02-31")))[0].said.permits == ()


def test_a_draft_says_nothing_and_other_documents_neither() -> None:
    assert wills_in(record(PERMIT, permit(given=True), status="draft")) == []
    assert wills_in(record("15020", permit(given=True))) == []


def test_every_list_of_a_prohibition_document_is_read() -> None:
    (will, *_) = wills_in(full_record(shipped().find(BAN)))
    kinds = [(one.kind, len(one.targets)) for one in will.said.prohibitions]
    assert kinds == [("controller", 2)] * 2 + [("service_task", 2)] * 2 + [("document", 2)] * 2
    assert all(one.set_on for one in will.said.prohibitions)
    assert all(one.is_understood for one in will.said.prohibitions if one.kind == "service_task")


HEADING, GROUP, TARGET = (
    "rekisterinpitajaa_koskevat_luovutuskiellot", "rekisterinpitajaa_koskeva_luovutuskielto",
    "rekisterinpitaja_jonka_tietojen_luovutus_kielletaan",
)  # fmt: skip
TASKS = (
    "palvelutehtavaa_koskevat_luovutuskiellot", "palvelutehtavaa_koskeva_luovutuskielto",
    "palvelutehtava_jonka_tietojen_luovutus_kielletaan",
)  # fmt: skip
DOCUMENTS = (
    "asiakirjoja_koskevat_luovutuskiellot", "asiakirjaa_koskeva_luovutuskielto", "asiakirja_jonka_luovutus_kielletaan"
)  # fmt: skip


def ban(names: tuple[str, str, str], target: Any) -> dict[str, Any]:
    heading, group, name = names
    return {heading: {group: [{name: target}]}}


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        (ban((HEADING, GROUP, TARGET), [{"code": " urn:oid:1.2.3 "}]), ("1.2.3",)),
        (ban((HEADING, GROUP, TARGET), {"code": "1.2.3"}), ("1.2.3",)),
        (ban(TASKS, [{"system": "urn:oid:1.2.246.537.6.1221.200902", "code": " 20"}]), ("20",)),
        (ban(DOCUMENTS, [{"oid_tunnus": {"value": "URN:OID:1.2.3"}}]), ("1.2.3",)),
    ],
    ids=["urn and white space", "not in a list", "version of the code system", "urn in capitals"],
)
def test_what_is_forbidden_is_read_however_it_is_written(body: dict[str, Any], targets: tuple[str, ...]) -> None:
    ((told,),) = (will.said.prohibitions for will in wills_in(record(BAN, body)))
    assert (told.targets, told.is_understood) == (targets, True)


@pytest.mark.parametrize(
    "body",
    [
        ban((HEADING, GROUP, TARGET), [{"code": "kaikki"}]),
        ban((HEADING, GROUP, TARGET), [{"code": "1.2.3"}, "1.2.4"]),
        ban((HEADING, GROUP, TARGET), []),
        ban(TASKS, [{"system": "urn:oid:1.2.246.537.6.9", "code": "20"}]),
        ban(TASKS, "20"),
        ban(DOCUMENTS, [{"oid_tunnus": "1.2.3"}]),
        {HEADING: "1.2.3"},
        {HEADING: {"muu": 1}},
        {HEADING: {GROUP: ["1.2.3"]}},
    ],
    ids=[
        "no OID", "one of two", "none", "another code system", "a text", "an identifier that is a text",
        "a heading that is a text", "a heading with something else", "an entry that is a text",
    ],
)  # fmt: skip
def test_a_prohibition_that_cannot_be_read_is_still_there(body: dict[str, Any]) -> None:
    ((told,),) = (will.said.prohibitions for will in wills_in(record(BAN, body)))
    assert not told.is_understood


def test_a_prohibition_document_whose_content_is_another_forbids_something() -> None:
    said = record(BAN, {})
    other = Record(said.envelope | {"clients": [{"identifier": CODE}]}, {"muu": {}})
    assert [one.is_understood for will in wills_in(other) for one in will.said.prohibitions] == [False]


@pytest.mark.parametrize("body", [{}, {HEADING: {}}, {HEADING: {GROUP: []}}], ids=["no list", "empty", "no entry"])
def test_a_prohibition_document_with_no_prohibition_left_forbids_nothing(body: dict[str, Any]) -> None:
    assert {will.said for will in wills_in(record(BAN, body))} == {ClientWills()}


OTHERS = {"system": "urn:oid:1.2.246.21", "value": "010280-952L"}


def test_a_permit_is_for_the_client_of_the_content_and_for_nobody_else() -> None:
    said = wills_in(record(PERMIT, permit(given=True), clients=[{"identifier": OTHERS}, {"identifier": CODE}]))
    assert {will.client[1]: len(will.said.permits) for will in said} == {"010181-900C": 1, "010280-952L": 0}
    both = record(PERMIT, permit(given=True) | {"asiakas": [{"henkilotunnus": CODE}, {"henkilotunnus": OTHERS}]})
    assert {will.said for will in wills_in(both)} == {ClientWills()}
    revoked = wills_in(record(PERMIT, permit(given=False), clients=[{"identifier": OTHERS}]))
    assert [len(will.said.permits) for will in revoked] == [1, 1]


@pytest.mark.parametrize("system", ["urn:oid:1.2.246.21", "1.2.246.21", "URN:OID:1.2.246.21 ", "", "hetu"])
def test_a_personal_identity_code_is_one_client_under_any_system(system: str) -> None:
    assert client_of({"system": system, "value": "010181-900c"}) == CLIENT
    assert client_of({"system": "urn:oid:1.2.9", "value": "a7"}) == client_of({"system": "1.2.9", "value": " A7"})
    assert client_of({"system": system, "value": 7}) is client_of({}) is client_of("010181-900C") is None


PERMITS = st.builds(
    Permit, st.sampled_from("PQ"), st.just("inside_social_care"), st.just(date(2026, 1, 1)),
    revoked=st.sampled_from([None, date(2026, 2, 1)]),
)  # fmt: skip
SAID = st.builds(
    ClientWills, st.lists(PERMITS, max_size=2).map(tuple),
    st.sampled_from([(), (Prohibition("K", "document", ("1.2",)),), (Prohibition("K", "document", ()),)]),
    st.sampled_from([None, False, True]),
)  # fmt: skip


@given(SAID, SAID)
def test_of_one_version_told_in_two_ways_what_closes_more_counts(one: ClientWills, other: ClientWills) -> None:
    both = narrowed(one, other)
    for said in (one, other):
        assert set(both.prohibitions) >= set(said.prohibitions)
        assert {p for p in both.permits if p.revoked is None} <= set(said.permits)
        assert {p for p in both.permits if p.revoked} >= {p for p in said.permits if p.revoked}
        assert narrowed(both, said) == both
        assert not said.non_disclosure or both.non_disclosure


def test_a_cancelled_prohibition_document_forbids_nothing_more() -> None:
    full = full_record(shipped().find(BAN))
    cancelled = Record(full.envelope | {"status": "cancelled"}, full.content)
    assert {will.said for will in wills_in(cancelled)} == {ClientWills()}


@pytest.mark.parametrize(("flag", "order"), [(True, True), (False, False), (None, True), ("ei", True)])
def test_a_relationship_document_tells_of_an_order(flag: Any, order: bool) -> None:
    body = {"asiakas": {"henkilotunnus": CODE, "turvakielto": flag}}
    assert wills_in(record(RELATIONSHIP, body))[0].said.non_disclosure is order


def consent(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "status": "active",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.246.10.99999999.11.2026.50"}],
        "patient": {"identifier": CODE},
        "dateTime": "2026-02-14",
        "category": [{"coding": [{"system": WILL_KINDS, "code": "between_sectors"}]}],
        "provision": {
            "type": "permit",
            "period": {"start": "2026-03-01", "end": "2026-12-31"},
            "dataPeriod": {"start": "2025"},
            "actor": [{"role": {"text": "-"}, "reference": {"identifier": {"value": "urn:oid:1.2.3"}}}],
            "code": [{"coding": [{"system": "urn:oid:1.2.246.537.6.1221", "code": "20"}]}],
            "class": [{"system": DOCUMENT_KINDS, "code": "client_plan"}],
        },
    } | changes


def test_a_consent_permits_as_it_is_targeted() -> None:
    (will,) = wills_in_consent(consent())
    assert (will.client, will.chain, will.version) == (CLIENT, "1.2.246.10.99999999.11.2026.50", 1)
    (told,) = will.said.permits
    assert told == Permit(
        will.chain, "between_sectors", date(2026, 2, 14), None, date(2026, 3, 1), date(2026, 12, 31),
        ("1.2.3",), ("20",), ("client_plan",), date(2025, 12, 31), None,
    )  # fmt: skip


def test_a_consent_that_is_over_revokes_and_one_not_given_says_nothing() -> None:
    assert wills_in_consent(consent(status="inactive"))[0].said.permits[0].revoked == date.min
    assert wills_in_consent(consent(status="draft")) == []


def test_a_consent_that_denies_is_a_prohibition() -> None:
    category = [{"coding": [{"system": WILL_KINDS, "code": "prohibition"}]}]
    provision = {
        "type": "deny",
        "data": [{"meaning": "instance", "reference": {"identifier": {"value": "urn:oid:1.9"}}}],
    }
    (will,) = wills_in_consent(consent(category=category, provision=provision))
    assert will.said.prohibitions == (Prohibition(will.chain, "document", ("1.9",)),)
    (over,) = wills_in_consent(consent(category=category, provision=provision, status="inactive"))
    assert over.said == ClientWills()


def _with(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    value = consent()
    change(value["provision"])
    return value


@pytest.mark.parametrize(
    "value",
    [
        consent(status="unknown"),
        consent(patient={"reference": "Patient/1"}),
        consent(identifier=[]),
        consent(category=[]),
        consent(dateTime="helmikuu"),
        _with(lambda said: said.update(provision=[{"type": "deny"}])),
        _with(lambda said: said.update(purpose=[{"code": "TREAT"}])),
        _with(lambda said: said.update(type="deny")),
        _with(lambda said: said["period"].update(end="joulukuu")),
        _with(lambda said: said.update(actor=[{"reference": {"reference": "Organization/1"}}])),
        _with(lambda said: said.update(code=[{"text": "lastensuojelu"}])),
        _with(lambda said: said.update({"class": [{"system": "urn:other", "code": "plan"}]})),
        _with(lambda said: said.update(data=[{"reference": {"identifier": {"value": "1.2"}}}])),
        _with(lambda said: said.update(actor="1.2.3")),
        _with(lambda said: said.update(code=[{"coding": []}, {"coding": [said["code"][0]["coding"][0]] * 2}])),
        _with(lambda said: said.update({"class": "client_plan"})),
        _with(lambda said: said.update(period="2026")),
        _with(lambda said: said.update(period={"start": "2026-03-01", "_end": {"extension": []}})),
        consent(modifierExtension=[{"url": "urn:not-in-june"}]),
        consent(meta={"versionId": "7f9a"}),
        consent(meta={"versionId": "9" * 30}),
        consent(meta={"versionId": 2}),
    ],
    ids=[
        "status", "no identifier of the client", "no identifier", "no kind", "no date", "an exception", "a purpose",
        "kind and type disagree", "end is no date", "actor without an identifier", "task without a code",
        "class of another system", "single documents", "actor is a text", "a task without a coding", "class is a text",
        "period is a text", "an end that is absent for a reason", "a modifier", "a version that is no number",
        "a version that is too great", "a version of another type",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_no_permit(value: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        wills_in_consent(value)


@given(
    st.builds(
        Permit, st.text(min_size=1, max_size=5), st.sampled_from(["inside_social_care", "between_sectors"]), st.dates(),
        revoked=st.none() | st.dates(), ends=st.none() | st.dates(),
        receivers=st.lists(st.sampled_from(["1.2", "1.3"]), max_size=2).map(tuple),
    ),
    st.none() | st.booleans(),
)  # fmt: skip
def test_wills_come_back_from_plain_data(permit: Permit, order: bool | None) -> None:
    said = ClientWills((permit,), (Prohibition("k", "document", ("1.2",), date(2026, 1, 1)),), order)
    assert will_from_json(will_as_json(said)) == said
