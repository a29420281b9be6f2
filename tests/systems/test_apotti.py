"""The Apotti adapter against its sandbox, over real sockets."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import pytest

from interop.errors import Busy, Conflict, Fault, Forbidden, Unavailable, Unknown, Unsupported
from interop.sandboxes.apotti import SCOPE, ApottiSandbox
from interop.sandboxes.apotti_words import CODES
from interop.sandboxes.faults import Fault as Laid
from interop.sandboxes.running import Running
from interop.systems.apotti import Apotti, ApottiSettings
from interop.systems.apotti_notes import BLOCK_BEGINS, BLOCK_ENDS, marks
from interop.systems.base import Outgoing, Receipt
from interop.systems.http import Bounds
from interop.systems.oauth import SigningKey, jwks_app

KEY = SigningKey.generate("avain-1", 2048)
OTHER_KEY = SigningKey.generate("avain-1", 2048)
CLIENT = "010181-900C"
DOCUMENT = "1.2.246.10.1234567.93.2026.17"
SEARCH = "/DocumentReference/_search"


def text(document: str = DOCUMENT, version: int = 1) -> str:
    return (
        "ASIAKASSUUNNITELMA\nTavoite: työkyky – Å Ä Ö\n\n"
        f"{BLOCK_BEGINS}\ndocument: {document}\nversion: {version}\nschema: 1.2.3\n{BLOCK_ENDS}\n"
    )


def note(content: str | None = None, version: int = 1, **changes: Any) -> dict[str, Any]:
    data = base64.b64encode((text(version=version) if content is None else content).encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [{"system": "http://loinc.org", "code": "18776-5"}]},
        "subject": {"identifier": {"system": "urn:oid:1.2.246.21", "value": CLIENT}},
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
        **changes,
    }


def outgoing(payload: Any = None, version: int = 1) -> Outgoing:
    content = note(version=version) if payload is None else payload
    return Outgoing("m-1", DOCUMENT, version, json.dumps(content).encode())


@contextmanager
def connected(
    sandbox: ApottiSandbox, *, scope: str = SCOPE, signing: SigningKey = KEY, **settings: Any
) -> Iterator[Apotti]:
    with Running(jwks_app([KEY])) as keys, Running(sandbox) as running:
        sandbox.register("sote-interop", keys.url + "/jwks.json", scope)
        adapter = Apotti(ApottiSettings(running.url + sandbox.path, "sote-interop", signing, **settings))
        try:
            yield adapter
        finally:
            adapter.close()


def seeded(**options: Any) -> tuple[ApottiSandbox, str]:
    sandbox = ApottiSandbox(**options)
    patient = sandbox.add_patient(CLIENT, "Esimerkki", "Aino")
    sandbox.add_encounter(patient, start="2026-01-05T09:00:00Z")
    return sandbox, patient


def said(code: int) -> bytes:
    issue = {"severity": "error", "code": "processing", "details": {"coding": [{"system": CODES, "code": str(code)}]}}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def recent(**settings: Any) -> dict[str, Any]:
    """Settings under which the seeded encounter is always recent enough."""
    return {"encounter_days": 100_000, **settings}


def test_a_note_is_filed_under_the_client_and_the_newest_fitting_encounter() -> None:
    sandbox, patient = seeded()
    newest = sandbox.add_encounter(patient, start="2026-01-09T00:30:00+02:00")
    sandbox.add_encounter(patient, "IMP", start="2026-01-20T09:00:00Z")
    sandbox.add_encounter(patient, start="2026-01-21T09:00:00Z", status="planned")
    sandbox.add_encounter(sandbox.add_patient("010280-952L", "Malli", "Eino"), start="2026-01-22T09:00:00Z")
    with connected(sandbox, **recent()) as apotti:
        assert apotti.settle(outgoing()) is None
        receipt = apotti.send(outgoing())
        (filed,) = sandbox.held("DocumentReference")
        assert receipt == Receipt("delivered", f"DocumentReference/{filed['id']}")
        assert apotti.settle(outgoing()) == receipt
        assert apotti.settle(outgoing(), receipt.reference) == receipt
    assert filed["subject"] == {"reference": f"Patient/{patient}"}
    assert filed["context"]["encounter"] == [{"reference": f"Encounter/{newest}"}]
    assert sandbox.texts() == [text()]


def test_a_note_that_is_there_is_not_sent_again_and_a_new_version_is() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        first = apotti.send(outgoing())
        assert apotti.send(outgoing()) == first
        assert len(sandbox.texts()) == 1
        assert apotti.send(outgoing(version=2)) != first
        assert apotti.send(outgoing(version=2)).state == "delivered"
    assert sandbox.texts() == [text(), text(version=2)]


@pytest.mark.parametrize("kind", ["cut", "hang"])
def test_a_lost_answer_is_unknown_and_reading_back_settles_it(kind: str) -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent(bounds=Bounds(read=0.5))) as apotti:
        sandbox.faults.lay(Laid(kind), method="POST", path="/DocumentReference")  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            apotti.send(outgoing())
        settled = apotti.settle(outgoing())
        assert settled is not None
        assert apotti.send(outgoing()) == settled
    assert len(sandbox.texts()) == 1


def test_an_internal_error_leaves_the_outcome_of_a_create_unknown() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        for status, body in ((500, said(59177)), (502, b""), (400, said(59177))):
            sandbox.faults.lay(Laid("answer", status, {}, body), method="POST", path="/DocumentReference")
            with pytest.raises(Unknown):
                apotti.send(outgoing())
        sandbox.faults.lay(Laid("answer", 500, {}, said(59177)), path=SEARCH)
        with pytest.raises(Unavailable):
            apotti.settle(outgoing())


def test_a_created_note_without_a_body_is_known_by_its_location() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        location = {"Location": "DocumentReference/eAbc123"}
        sandbox.faults.lay(Laid("answer", 201, location), method="POST", path="/DocumentReference")
        assert apotti.send(outgoing()) == Receipt("delivered", "DocumentReference/eAbc123")


def test_a_reference_that_is_gone_is_looked_for_among_the_notes() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        receipt = apotti.send(outgoing())
        assert apotti.settle(outgoing(), "DocumentReference/eGone") == receipt


def test_other_notes_do_not_count_whatever_they_say() -> None:
    sandbox, patient = seeded(page_size=2)
    other = sandbox.add_patient("010280-952L", "Malli", "Eino")
    category = [{"coding": [{"code": "clinical-note"}]}]
    inline = base64.b64encode(text().encode()).decode()
    for about, data, kind in (
        (other, inline, "text/plain"), (patient, "%%%", "text/plain"), (patient, inline, "application/pdf"),
        (patient, base64.b64encode(text(version=11).encode()).decode(), "text/plain"),
        (patient, base64.b64encode(text().replace("END", "LOPPU").encode()).decode(), "text/plain"),
    ):  # fmt: skip
        attachment = {"contentType": kind, "data": data}
        sandbox.add({
            "resourceType": "DocumentReference", "category": category, "content": [{"attachment": attachment}],
            "subject": {"reference": f"Patient/{about}"},
        })  # fmt: skip
    lost = [{"attachment": {"contentType": "text/plain", "url": "Binary/eGone"}}]
    sandbox.add({
        "resourceType": "DocumentReference", "category": category, "content": lost,
        "subject": {"reference": f"Patient/{patient}"},
    })  # fmt: skip
    with connected(sandbox, **recent()) as apotti:
        assert apotti.settle(outgoing()) is None
        assert apotti.settle(outgoing(version=11)) is not None


def test_a_merged_client_is_followed_to_the_surviving_one() -> None:
    sandbox, old = seeded()
    new = sandbox.add_patient("010280-952L", "Esimerkki", "Aino")
    newest = sandbox.add_patient("010469-999W", "Esimerkki", "Aino")
    sandbox.merge(old, new)
    sandbox.merge(new, newest)
    with connected(sandbox, **recent()) as apotti:
        assert apotti.send(outgoing()).state == "delivered"
    assert sandbox.held("DocumentReference")[0]["subject"] == {"reference": f"Patient/{newest}"}


def test_a_replaced_by_link_is_followed_and_a_circle_is_left_to_a_person() -> None:
    sandbox = ApottiSandbox()
    heir = sandbox.add_patient("010280-952L", "Esimerkki", "Aino")
    sandbox.add_encounter(heir)
    link = [{"type": "replaced-by", "other": {"reference": f"Patient/{heir}"}}]
    old = sandbox.add({
        "resourceType": "Patient", "link": link, "identifier": [{"system": "urn:oid:1.2.246.21", "value": CLIENT}],
    })  # fmt: skip
    with connected(sandbox) as apotti:
        assert apotti.send(outgoing()).state == "delivered"
        sandbox.merge(heir, old)
        with pytest.raises(Conflict):
            apotti.send(outgoing(version=2))


def test_a_delivery_that_needs_a_person_is_a_conflict() -> None:
    sandbox = ApottiSandbox()
    with connected(sandbox) as apotti:
        with pytest.raises(Conflict, match="no patient"):
            apotti.send(outgoing())
        patient = sandbox.add_patient(CLIENT, "Esimerkki", "Aino")
        with pytest.raises(Conflict, match="no encounter"):
            apotti.send(outgoing())
        sandbox.add_encounter(patient, start="1999-01-01T00:00:00Z")
        with pytest.raises(Conflict, match="no encounter"):
            apotti.send(outgoing())
        sandbox.restrict(patient)
        with pytest.raises(Conflict, match="restricted"):
            apotti.send(outgoing())
        sandbox.add_patient(CLIENT, "Esimerkki", "Toinen")
        with pytest.raises(Conflict, match="more than one patient"):
            apotti.send(outgoing())
    assert sandbox.texts() == []


def test_incomplete_answers_stop_a_send_unless_the_note_is_in_them() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.keep_something_back()
        with pytest.raises(Forbidden, match="only a part"):
            apotti.send(outgoing())
        sandbox.keep_something_back(partial=False)
        receipt = apotti.send(outgoing())
        sandbox.keep_something_back()
        assert apotti.send(outgoing()) == receipt
        sandbox.give_at_most(0)
        with pytest.raises((Forbidden, Conflict)):
            apotti.send(outgoing())
    assert len(sandbox.texts()) == 1


def test_too_many_notes_are_asked_for_by_type() -> None:
    sandbox, patient = seeded()
    with connected(sandbox, **recent()) as apotti:
        receipt = apotti.send(outgoing())
        for _ in range(3):
            sandbox.add({
                "resourceType": "DocumentReference", "category": [{"coding": [{"code": "clinical-note"}]}],
                "subject": {"reference": f"Patient/{patient}"},
            })  # fmt: skip
        sandbox.give_at_most(2)
        assert apotti.settle(outgoing()) == receipt
        sandbox.faults.lay(Laid("answer", 400, {}, said(4127)), path=SEARCH)
        assert apotti.settle(outgoing()) == receipt


def test_more_notes_than_are_read_back_need_a_person() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent(most_notes=1)) as apotti:
        apotti.send(outgoing())
        apotti.send(outgoing(version=2))
        with pytest.raises(Conflict):
            apotti.send(outgoing(version=3))


def test_pages_that_expire_are_asked_for_again_once() -> None:
    sandbox, _ = seeded(page_size=1)
    with connected(sandbox, **recent()) as apotti:
        first = apotti.send(outgoing())
        apotti.send(outgoing(version=2))
        expired = Laid("answer", 400, {}, said(4113))
        sandbox.faults.lay(expired, method="GET", path="/R4/")
        assert apotti.settle(outgoing()) == first
        sandbox.faults.lay(expired, times=2, method="GET", path="/R4/")
        with pytest.raises(Busy):
            apotti.settle(outgoing())


@pytest.mark.parametrize(("code", "error"), [
    (4118, Forbidden), (4130, Conflict), (4131, Conflict), (4135, Busy), (4102, Unsupported), (59141, Unknown),
])  # fmt: skip
def test_epic_s_codes_say_more_than_the_status(code: int, error: type[Exception]) -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.lay(Laid("answer", 400, {}, said(code)), path=SEARCH)
        with pytest.raises(error):
            apotti.send(outgoing())


@pytest.mark.parametrize(("status", "code"), [(400, 59144), (422, 59012), (400, 59108), (400, 1), (413, 1)])
def test_a_note_that_is_refused_for_its_content_is_rejected(status: int, code: int) -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.lay(Laid("answer", status, {}, said(code)), method="POST", path="/DocumentReference")
        receipt = apotti.send(outgoing())
    assert receipt.state == "rejected"
    assert receipt.reason.startswith("Apotti did not take the note")


def test_a_refusal_names_the_element_that_is_missing() -> None:
    sandbox, _ = seeded()
    refusal = json.loads(said(59108))
    refusal["issue"][0] |= {"expression": ["DocumentReference.content[0].attachment", CLIENT], "location": ["/f:x"]}
    with connected(sandbox, **recent()) as apotti:
        body = json.dumps(refusal).encode()
        sandbox.faults.lay(Laid("answer", 400, {}, body), method="POST", path="/DocumentReference")
        reason = apotti.send(outgoing()).reason
    assert "code 59108, element DocumentReference.content[0].attachment, status 400" in reason
    assert CLIENT not in reason


def test_a_search_asks_for_pages_of_fifty() -> None:
    sandbox, patient = seeded()
    for version in range(2, 62):
        sandbox.add({
            "resourceType": "DocumentReference", "category": [{"coding": [{"code": "clinical-note"}]}],
            "subject": {"reference": f"Patient/{patient}"}, "id": str(version),
        })  # fmt: skip
    with connected(sandbox, **recent()) as apotti:
        assert apotti.settle(outgoing()) is None
    assert sum(path.endswith("/R4/") for _, path in sandbox.requests) == 1


def test_no_word_of_a_refusal_is_passed_on() -> None:
    sandbox, _ = seeded()
    loud = json.loads(said(59108))
    loud["issue"][0] |= {"diagnostics": CLIENT, "code": CLIENT}
    loud["issue"][0]["details"]["text"] = CLIENT
    loud["issue"].append({"severity": "error", "code": "value", "details": {"coding": [{"code": CLIENT}]}})
    body = json.dumps(loud).encode()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.lay(Laid("answer", 400, {}, body), method="POST", path="/DocumentReference")
        assert CLIENT not in apotti.send(outgoing()).reason
        sandbox.faults.lay(Laid("answer", 400, {}, body), path=SEARCH)
        with pytest.raises(Unsupported) as caught:
            apotti.send(outgoing())
    assert CLIENT not in str(caught.value)


def test_every_code_of_the_table_has_a_reaction_that_the_table_explains() -> None:
    table = files("interop.systems").joinpath("epic_errors.toml").read_text("utf-8")
    explained = set(re.findall(r"^#   (\w+) ", table, re.MULTILINE))
    codes = tomllib.loads(table)["codes"]
    assert {entry["reaction"] for entry in codes.values()} == explained
    assert all(entry["meaning"] for entry in codes.values())


@pytest.mark.parametrize("changes", [
    {"docStatus": "amended"}, {"status": "superseded"}, {"type": {}},
    {"type": {"coding": [{"system": "http://loinc.org", "code": "18842-5"}]}},
    {"content": [{"attachment": {**note()["content"][0]["attachment"], "contentType": "text/html"}}]},
])  # fmt: skip
def test_the_sandbox_takes_only_the_notes_that_epic_takes(changes: dict[str, Any]) -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        assert apotti.send(outgoing(note() | changes)).state == "rejected"
    assert sandbox.texts() == []


def test_only_the_first_attachment_is_kept() -> None:
    sandbox, _ = seeded()
    second = {"attachment": {"contentType": "text/plain", "data": "c2Vjb25k"}}
    with connected(sandbox, **recent()) as apotti:
        assert apotti.send(outgoing(note() | {"content": [*note()["content"], second]})).state == "delivered"
    assert sandbox.texts() == [text()]


@pytest.mark.parametrize("payload", [
    [], {"resourceType": "Bundle"}, note(subject={}), note(subject={"identifier": {"value": CLIENT}}), note(content=""),
    note(text(version=2)), note(text().replace(BLOCK_ENDS, "")), note() | {"content": []},
    note() | {"content": [{"attachment": {"contentType": "text/plain", "data": "%"}}]},
])  # fmt: skip
def test_a_payload_that_is_no_note_is_our_own_mistake(payload: Any) -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti, pytest.raises(Fault) as caught:
        apotti.send(outgoing(payload))
    assert CLIENT not in str(caught.value)
    assert sandbox.requests == []


def test_a_key_that_is_not_in_our_key_set_gets_nothing() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, signing=OTHER_KEY) as apotti, pytest.raises(Busy, match="does not know our client id yet"):
        apotti.send(outgoing())


def test_a_scope_that_is_too_small_stops_the_send_before_anything_is_asked() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, scope="system/Patient.read") as apotti, pytest.raises(Forbidden, match=r"Encounter\.read"):
        apotti.send(outgoing())
    assert sandbox.requests == []


def test_a_token_endpoint_on_another_host_is_not_trusted() -> None:
    sandbox, _ = seeded()
    away = json.dumps({"token_endpoint": "http://127.0.0.1:1/token"}).encode()
    with connected(sandbox) as apotti:
        sandbox.faults.lay(Laid("answer", 200, {}, away), path="/smart-configuration")
        with pytest.raises(Unsupported):
            apotti.send(outgoing())


def test_a_server_that_asks_to_wait_is_busy() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.lay(Laid("answer", 429, {"Retry-After": "7"}), method="POST", path="/DocumentReference")
        with pytest.raises(Busy) as caught:
            apotti.send(outgoing())
    assert caught.value.retry_after == 7
    assert sandbox.texts() == []


def test_the_capabilities_say_what_goes_in_and_what_comes_out() -> None:
    with connected(ApottiSandbox()) as apotti:
        told = apotti.capabilities()
        assert apotti.arrivals() == ()
    assert (told.reads_plans, told.writes_structured, told.writes_documents) == (True, False, True)
    assert (told.notifies, told.versions) == (False, False)


def test_an_encounter_of_a_type_that_is_not_configured_carries_no_note() -> None:
    sandbox, patient = seeded()
    kind = {"type": [{"coding": [{"system": "urn:kaynnit", "code": "sosiaali"}]}]}
    chosen = sandbox.add_encounter(patient, start="2026-01-02T09:00:00Z")
    sandbox.held("Encounter")[1].update(kind)
    with connected(sandbox, **recent(encounter_types=("sosiaali",))) as apotti:
        apotti.send(outgoing())
    (filed,) = sandbox.held("DocumentReference")
    assert filed["context"]["encounter"] == [{"reference": f"Encounter/{chosen}"}]


def test_no_identity_code_stands_in_any_address() -> None:
    sandbox, _ = seeded(page_size=1)
    with connected(sandbox, **recent()) as apotti:
        for version in (1, 2, 3):
            apotti.send(outgoing(version=version))
    assert len(sandbox.requests) > 10
    assert not any(CLIENT in path for _, path in sandbox.requests)


@pytest.mark.parametrize(("written", "expected"), [
    (text(), (DOCUMENT, 1)),
    (text().replace("\n", "\r\n"), (DOCUMENT, 1)),
    (text(version=1) + "kopioitu:\n" + text(version=2), (DOCUMENT, 2)),
    (text().replace("version: 1", "version: 1.2"), None),
    (text().replace("document", "asiakirja"), None),
    (text().replace(BLOCK_BEGINS, "> " + BLOCK_BEGINS), None),
    ("", None),
])  # fmt: skip
def test_the_fenced_block_is_read_or_not_at_all(written: str, expected: tuple[str, int] | None) -> None:
    assert marks(written) == expected
