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
from schemas.wills import ClientWills, Permit, Prohibition, will_as_json, will_from_json

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
    assert all(all(one.targets) and one.set_on for one in will.said.prohibitions)


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
    ],
    ids=[
        "status", "no identifier of the client", "no identifier", "no kind", "no date", "an exception", "a purpose",
        "kind and type disagree", "end is no date", "actor without an identifier", "task without a code",
        "class of another system", "single documents",
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
