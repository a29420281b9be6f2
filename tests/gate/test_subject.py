"""The facts that are read from a document: what is written otherwise than it should be never counts as a fact."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from interop.documents import examine
from schemas.record import Record
from schemas.wills import ClientWills, Permit, Prohibition
from validators.gate import Receiver, decide, subject_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OTHER = "1.2.246.10.88888888.19.0"
RECEIVER = Receiver(OTHER, "social", "public", "broad_responsibility")
HETU = "urn:oid:1.2.246.21"


def example(name: str, **envelope: Any) -> Record:
    found = examine((EXAMPLES / name).read_bytes()).record
    assert found is not None
    return replace(found, envelope=deepcopy(found.envelope) | envelope, content=deepcopy(found.content))


def changed(name: str, key: str, value: Any) -> Record:
    found = example(name)
    found.body[key] = value
    return found


def outcome(record: Record, said: ClientWills) -> tuple[str, str]:
    subject = subject_of(record)
    decision = decide(subject, RECEIVER, dict.fromkeys(subject.clients, said), NOW)
    return decision.outcome, decision.basis.id


PERMITTED = ClientWills((Permit("P", "inside_social_care", date(2026, 1, 10)),), non_disclosure=False)


def test_a_permit_of_every_client_lets_the_example_go() -> None:
    assert outcome(example("plan.json"), PERMITTED) == ("permit", "permit_inside_social_care")


@pytest.mark.parametrize("form", ["{}", "urn:oid:{}", "URN:OID:{}", " {} "])
@pytest.mark.parametrize(
    ("kind", "part"), [("document", "document"), ("document", "original"), ("controller", "controller")]
)
def test_a_prohibition_finds_its_document_however_the_document_writes_its_oids(form: str, kind: Any, part: str) -> None:
    oid = "1.2.246.10.99999999.11.2026.77"
    told: Any = {"identifier": {"value": form.format(oid)}} if part == "controller" else form.format(oid)
    said = replace(PERMITTED, prohibitions=(Prohibition("K", kind, (oid,)),))
    assert outcome(example("plan.json", **{part: told}), said) == ("deny", f"client_forbids_the_{kind}")


@pytest.mark.parametrize("system", ["urn:oid:1.2.246.537.6.99", "", "1221"])
def test_a_service_task_of_another_code_system_cannot_be_compared(system: str) -> None:
    record = example("1012.json", service_task={"system": system, "code": "77", "display": "-"})
    said = replace(PERMITTED, prohibitions=(Prohibition("K", "service_task", ("78",)),))
    assert subject_of(record).task_codes == frozenset()
    assert outcome(record, said)[0] != "permit"


def test_a_client_without_an_identifier_beside_a_named_one_is_not_overlooked() -> None:
    record = example("plan.json")
    named = record.body["asiakas"]
    several = [*(named if isinstance(named, list) else [named]), {"sukunimi": "Toinen", "etunimet": "Henkilö"}]
    assert not subject_of(record).has_unnamed_clients
    record.body["asiakas"] = several
    assert outcome(record, PERMITTED) == ("hold", "client_is_not_known")
    listed = [*record.envelope["clients"], {"family": "Toinen"}]
    assert subject_of(example("plan.json", clients=listed)).has_unnamed_clients


@pytest.mark.parametrize("told", [{"turvakielto": False}, {"salaiset_yhteystiedot": False}])
def test_that_somebody_else_has_no_order_says_nothing_of_the_client(told: dict[str, Any]) -> None:
    record = changed("plan.json", "lahiverkosto", [told])
    record.envelope.pop("non_disclosure", None)
    assert subject_of(record).non_disclosure is None
    record.body["lahiverkosto"] = [{"turvakielto": "kyllä"}]
    assert subject_of(record).non_disclosure is True


def test_a_placeholder_is_no_fact() -> None:
    subject = subject_of(example("plan.json", placeholders=["controller", "author", "created"]))
    known = subject_of(example("plan.json"))
    assert (subject.controller, subject.created) == ("", None)
    assert subject.units < known.units


PLAN = "multidisciplinary.json"


@pytest.mark.parametrize("day", ["31.12.2020", "2020-13-01", 2020, ["2020-01-01"], {"value": "2020"}, True])
def test_an_end_that_cannot_be_read_is_an_end(day: Any) -> None:
    permits = deepcopy(example(PLAN).body["luvat_joihin_suunnitelma_perustuu"])
    for name in ("voimassa_asti", "peruuttamispaiva"):
        altered = changed(PLAN, "luvat_joihin_suunnitelma_perustuu", [one | {name: day} for one in permits])
        plan = subject_of(altered).plan
        assert plan is not None
        assert {date.min} == {one.until if name == "voimassa_asti" else one.revoked for one in plan.permits}
    for name in ("maaraajan_paattymispaiva", "toteutunut_paattymispaiva"):
        term = example(PLAN).body["yhteisasiakkuus"] | {name: day}
        plan = subject_of(changed(PLAN, "yhteisasiakkuus", term)).plan
        assert plan is not None
        assert not plan.is_term_understood


@pytest.mark.parametrize(
    "label",
    [
        "toimet",
        {"sektori": [{"code": "1"}]},
        {"osio": "toimet", "sektori": [{"code": "1"}]},
        {"osio": {"code": "Toimet"}, "sektori": [{"code": "1"}]},
        {"osio": {"code": "kaikki"}, "sektori": [{"code": "1"}]},
    ],
    ids=["a text", "no section", "a section that is a text", "another case", "no section of the plan"],
)
def test_a_label_that_cannot_be_read_is_told(label: Any) -> None:
    plan, broken = subject_of(example(PLAN)).plan, subject_of(changed(PLAN, "osioiden_nakyvyys", [label])).plan
    assert plan is not None
    assert broken is not None
    assert (plan.are_labels_understood, broken.are_labels_understood) == (True, False)


def test_a_label_without_a_readable_sector_hides_its_section_from_all() -> None:
    label = {"osio": {"code": "toimet"}, "sektori": "1"}
    plan = subject_of(changed(PLAN, "osioiden_nakyvyys", label)).plan
    assert plan is not None
    assert all(places == (f"/content/{example(PLAN).root}/toimet",) for _, places in plan.hidden)
