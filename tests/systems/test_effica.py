"""The Effica adapter against its sandbox, over real sockets."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from lxml import etree

from interop.errors import Busy, Conflict, Fault, Forbidden, NotFound, Unavailable, Unknown
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_messages import MESSAGE_LIMIT, Said
from interop.sandboxes.faults import Fault as Laid
from interop.sandboxes.running import Running
from interop.systems.base import Acknowledgement, Arrival, Outgoing, Receipt
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.effica_messages import message_id
from interop.systems.http import Bounds

WS = "urn:sote-interop:effica:ws:1"
DOCUMENT = "1.2.246.10.1234567.93.2026.17"


def message(text: str = "Käynti sovittu", document: str = DOCUMENT, version: int = 1) -> bytes:
    return (
        f'<Sanoma xmlns="urn:sote-interop:effica:1"><Otsake><Tunnus juuri="{document}" paate="{version}"/></Otsake>'
        f"<Sisalto>{text}</Sisalto></Sanoma>"
    ).encode()


def outgoing(payload: bytes | None = None, version: int = 1) -> Outgoing:
    return Outgoing("m-1", DOCUMENT, version, message(version=version) if payload is None else payload)


@contextmanager
def connected(sandbox: EfficaSandbox, **settings: object) -> Iterator[Effica]:
    with Running(sandbox) as running:
        adapter = Effica(EfficaSettings(running.url + sandbox.path, **settings))  # type: ignore[arg-type]
        try:
            yield adapter
        finally:
            adapter.close()


def test_a_document_is_accepted_first_and_delivered_when_acknowledged() -> None:
    sandbox = EfficaSandbox(automatic=False)
    with connected(sandbox) as effica:
        assert effica.settle(outgoing()) is None
        assert effica.send(outgoing()).state == "accepted"
        assert sandbox.received == {f"{DOCUMENT}:1": message()}
        waiting = effica.settle(outgoing())
        assert waiting == Receipt("accepted")
        sandbox.settle()
        settled = effica.settle(outgoing())
        assert settled == Receipt("delivered", "E000001")


def test_the_same_message_again_is_not_stored_again() -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica:
        assert effica.send(outgoing()) == Receipt("accepted")
        assert effica.send(outgoing()) == Receipt("accepted", "E000001")
        assert effica.settle(outgoing()) == Receipt("delivered", "E000001")
    assert len(sandbox.received) == 1


def test_the_same_version_with_other_content_is_an_error_and_the_first_content_stays() -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica:
        effica.send(outgoing())
        receipt = effica.send(outgoing(message("Muuta")))
    assert receipt.state == "rejected"
    assert "AE, code other-content" in receipt.reason
    assert sandbox.received[f"{DOCUMENT}:1"] == message()


def test_what_breaks_the_schema_is_refused_after_it_was_accepted() -> None:
    schema = etree.XMLSchema(etree.XML(
        '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:sote-interop:effica:1">'
        '<element name="Sanoma"><complexType/></element></schema>'
    ))  # fmt: skip
    with connected(EfficaSandbox(schema)) as effica:
        assert effica.send(outgoing()).state == "accepted"
        late = effica.settle(outgoing())
    assert late is not None
    assert late.state == "rejected"
    assert "schema" in late.reason


@pytest.mark.parametrize("kind", ["cut", "hang"])
def test_a_lost_answer_is_unknown_and_reading_back_settles_it(kind: str) -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox, bounds=Bounds(read=0.5)) as effica:
        sandbox.faults.lay(Laid(kind))  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            effica.send(outgoing())
        settled = effica.settle(outgoing())
    assert settled == Receipt("delivered", "E000001")
    assert len(sandbox.received) == 1


def test_a_message_waits_in_the_inbox_until_it_is_acknowledged() -> None:
    sandbox = EfficaSandbox()
    first, second = sandbox.file(message()), sandbox.file(message(version=2))
    with connected(sandbox) as effica:
        arrivals = effica.arrivals()
        assert arrivals == (Arrival(first, f"{DOCUMENT}:1"), Arrival(second, f"{DOCUMENT}:2"))
        assert effica.fetch(arrivals[0]) == effica.fetch(arrivals[0]) == message()
        effica.acknowledge(arrivals[0], Acknowledgement("AA", "ok", "Vastaanotettu."))
        assert effica.arrivals() == arrivals[1:]
        with pytest.raises(NotFound):
            effica.fetch(arrivals[0])
        effica.acknowledge(arrivals[0], Acknowledgement("AA", "ok", "Vastaanotettu."))
        with pytest.raises(Conflict):
            effica.acknowledge(arrivals[0], Acknowledgement("AE"))
    assert sandbox.acknowledgements == {first: Said("AA", "ok", "Vastaanotettu.")}


def test_a_message_that_was_refused_leaves_the_list_and_can_still_be_fetched() -> None:
    sandbox = EfficaSandbox()
    sandbox.file(message())
    with connected(sandbox) as effica:
        (arrival,) = effica.arrivals()
        effica.acknowledge(arrival, Acknowledgement("AE", "schema"))
        assert effica.arrivals() == ()
        assert effica.fetch(arrival) == message()
        effica.acknowledge(arrival, Acknowledgement("AA"))
        with pytest.raises(NotFound):
            effica.fetch(arrival)


def test_a_long_inbox_is_read_page_by_page() -> None:
    sandbox = EfficaSandbox()
    for version in range(1, 252):
        sandbox.file(message(version=version))
    with connected(sandbox) as effica:
        arrivals = effica.arrivals()
    assert [a.message_id for a in arrivals] == [f"{DOCUMENT}:{v}" for v in range(1, 252)]
    assert sandbox.requests == ["ListInbox"] * 3


def test_an_id_that_nobody_knows_is_not_found() -> None:
    with connected(EfficaSandbox()) as effica:
        with pytest.raises(NotFound):
            effica.fetch(Arrival("S99999999", "x"))
        with pytest.raises(NotFound):
            effica.acknowledge(Arrival("S99999999", "x"), Acknowledgement("AA"))


@pytest.mark.parametrize("payload", [b"ei XML:aa", b"<Muu/>", b"", message(version=2)])
def test_a_message_without_its_document_s_identity_is_not_sent(payload: bytes) -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica, pytest.raises(Fault):
        effica.send(outgoing(payload))
    assert sandbox.requests == []


def soap(url: str, content: str) -> etree._Element:
    """The Body's content of the answer to a hand-made envelope."""
    envelope = (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{content}</s:Body></s:Envelope>'
    )
    answer = httpx.post(url, content=envelope.encode(), trust_env=False)
    return etree.fromstring(answer.content)[0][0]


@pytest.mark.parametrize("content", [b"ei XML:aa", b"<Muu/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_the_sandbox_refuses_what_is_no_document_message(content: bytes) -> None:
    sandbox = EfficaSandbox()
    data = base64.b64encode(content).decode()
    with Running(sandbox) as running:
        said = soap(running.url + sandbox.path, f'<SendDocument xmlns="{WS}"><message>{data}</message></SendDocument>')
    assert [part.text for part in said[0]][:2] == ["AR", "not-a-message"]
    assert sandbox.received == {}


@pytest.mark.parametrize("content", [
    "", "<x/>", f'<Muu xmlns="{WS}"/>', f'<SendDocument xmlns="{WS}"><message>%%%</message></SendDocument>',
    f'<FetchDocument xmlns="{WS}"/>', f'<Acknowledge xmlns="{WS}"><id>S1</id></Acknowledge>',
    f'<Acknowledge xmlns="{WS}"><id>S1</id><acknowledgement><type>CA</type></acknowledgement></Acknowledge>',
])  # fmt: skip
def test_the_sandbox_answers_other_requests_with_a_fault(content: str) -> None:
    with Running(EfficaSandbox()) as running:
        fault = soap(running.url + EfficaSandbox.path, content)
    assert etree.QName(fault).localname == "Fault"


@pytest.mark.parametrize("size", [MESSAGE_LIMIT + 1, 7 * 1024 * 1024])
def test_a_message_over_the_limit_is_refused_and_a_large_one_below_it_is_not(size: int) -> None:
    sandbox = EfficaSandbox()
    frame = len(message(""))
    with connected(sandbox) as effica:
        assert effica.send(outgoing(message("ä" * ((size - frame) // 2) + "a"))).state == "rejected"
        assert sandbox.received == {}
        largest = message("a" * (MESSAGE_LIMIT - frame))
        assert effica.send(outgoing(largest)).state == "accepted"
        assert effica.fetch(Arrival(sandbox.file(largest), "")) == largest


def test_wrong_credentials_are_forbidden_and_right_ones_are_not() -> None:
    sandbox = EfficaSandbox(credentials=("vaihto", "sala:sana"))
    with connected(sandbox, user="vaihto", password="väärä") as effica, pytest.raises(Forbidden):
        effica.send(outgoing())
    assert sandbox.received == {}
    with connected(EfficaSandbox(credentials=("vaihto", "sala:sana")), user="vaihto", password="sala:sana") as effica:
        assert effica.send(outgoing()).state == "accepted"


def test_a_service_that_is_down_is_unavailable_and_nothing_was_handed_over() -> None:
    with Running(EfficaSandbox()) as running:
        url = running.url
    effica = Effica(EfficaSettings(url + "/documents"))
    with pytest.raises(Unavailable):
        effica.send(outgoing())
    effica.close()


def test_a_service_that_asks_to_wait_is_busy() -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica:
        sandbox.faults.lay(Laid("answer", 503, {"Retry-After": "17"}))
        with pytest.raises(Busy) as caught:
            effica.send(outgoing())
    assert caught.value.retry_after == 17
    assert sandbox.received == {}


@pytest.mark.parametrize("body", [
    b"<html>010181-900C</html>", b"", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x>010181-900C</x></s:Body></s:Envelope>',
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendDocumentResponse '
    b'xmlns="urn:sote-interop:effica:ws:1"><x>010181-900C</x></SendDocumentResponse></s:Body></s:Envelope>',
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendDocumentResponse '
    b'xmlns="urn:sote-interop:effica:ws:1"><acknowledgement><type>010181-900C</type></acknowledgement>'
    b"</SendDocumentResponse></s:Body></s:Envelope>",
])  # fmt: skip
@pytest.mark.parametrize("status", [200, 500])
def test_rubbish_in_place_of_the_answer_leaves_the_outcome_unknown(body: bytes, status: int) -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica:
        sandbox.faults.lay(Laid("replace", status, {"Content-Type": "text/xml"}, body))
        with pytest.raises(Unknown) as caught:
            effica.send(outgoing())
        assert "900C" not in str(caught.value)
        sandbox.faults.lay(Laid("replace", status, {"Content-Type": "text/xml"}, body))
        with pytest.raises((Unavailable, Unknown)):
            effica.arrivals()


def test_the_message_id_is_read_from_the_message() -> None:
    assert message_id(message(version=3)) == f"{DOCUMENT}:3"
    assert message_id(b"<Sanoma/>") is None


def test_several_threads_share_one_adapter() -> None:
    sandbox = EfficaSandbox()
    for version in range(1, 6):
        sandbox.file(message(version=version))

    def work(version: int) -> tuple[str, int]:
        state = effica.send(outgoing(version=version)).state
        return state, len(effica.arrivals())

    with connected(sandbox) as effica, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(1, 41))) == {("accepted", 5)}
    assert len(sandbox.received) == 40


def test_a_message_with_more_attachments_than_are_taken_is_not_sent() -> None:
    sandbox = EfficaSandbox()
    with connected(sandbox) as effica:
        assert effica.send(outgoing(message("<Liite/>" * 4))).state == "rejected"
        assert sandbox.requests == []
        assert effica.send(outgoing(message("<Liite/>" * 3))).state == "accepted"
        assert effica.capabilities().attaches
