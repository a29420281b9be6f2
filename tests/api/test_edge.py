"""The edge of the API: what no request gets past, over a real socket."""

from __future__ import annotations

import json
import logging
import re
import socket
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Service, as_fhir, plan, refused
from tests.bulk.runs import wait_for

CODE = "010181-900C"
FHIR = {"Content-Type": "application/fhir+json"}
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><Bundle xmlns="http://hl7.org/fhir"><id value="&d;"/></Bundle>'
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<Bundle xmlns="http://hl7.org/fhir"><id value="&a;"/></Bundle>'
)


@pytest.mark.parametrize(
    "path",
    [
        f"/Patient?identifier={CODE}",
        f"/Patient?identifier=urn:oid:1.2.246.21%7C{CODE}",
        "/Patient?identifier=%30%31%30%31%38%31%2D900C",
        "/Patient?identifier=%2530%2531%2530%2531%2538%2531%252D900C",
        f"/Patient/{CODE}",
        f"/CarePlan?subject:identifier={CODE.lower()}",
        f"/anything/{CODE}/at/all",
        f"/metadata?x={CODE}",
    ],
)
def test_an_identity_code_in_an_address_is_refused_and_logged_nowhere(
    shared: Service, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = shared.get(path)
    assert refused(answer) == (400, "identity_code_stands_in_the_address")
    assert "_search" in answer.json()["issue"][0]["details"]["text"]
    told = answer.text + "".join(json.dumps(record.__dict__, default=str) for record in ours(caplog))
    assert CODE not in told.upper()


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the service has logged; the test's own HTTP client logs the address that it calls."""
    return [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]


def test_the_log_has_the_route_and_the_id_of_a_request_but_not_its_address(
    shared: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = shared.get("/CarePlan/some-id", headers={"X-Request-Id": "asked-1"})
    assert answer.headers["x-request-id"] == "asked-1"

    def lines() -> list[str]:
        return [json.dumps(record.__dict__, default=str) for record in ours(caplog)]

    # The line is written after the answer has left.
    wait_for(lambda: any("asked-1" in line for line in lines()), "the line of the request")
    assert "/CarePlan/{id}" in next(line for line in lines() if "asked-1" in line)
    assert not any("some-id" in line for line in lines())


@pytest.mark.parametrize("given", ["a b", "x" * 65, f"id-{CODE}", "tä"])
def test_a_request_id_that_is_not_sound_is_replaced(shared: Service, given: str) -> None:
    answer = shared.get("/metadata", token="", headers={"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "a%0d%0aX-Injected:%201", "x" * 65, "%F0%9F%92%A9", "a'--", "{id}"],
)
@pytest.mark.parametrize("pattern", ["/CarePlan/{}", "/CarePlan/{}/_history", "/Binary/{}", "/jobs/{}"])
def test_an_id_that_plays_tricks_with_the_path_finds_nothing(shared: Service, pattern: str, name: str) -> None:
    answer = shared.get(pattern.format(name))
    assert refused(answer)[0] in (400, 404)
    assert "x-injected" not in answer.headers
    assert "root:" not in answer.text


@pytest.mark.parametrize("body", [BOMB, OUTSIDE], ids=["that grows", "that looks outside"])
@pytest.mark.parametrize("path", ["/", "/Bundle", "/$validate", "/$convert?to=thl", "/Binary"])
def test_xml_with_entities_is_refused(shared: Service, path: str, body: bytes) -> None:
    answer = shared.call("POST", path, body, headers={"Content-Type": "application/fhir+xml"})
    assert "OperationOutcome" in answer.text
    assert "error" in {issue["severity"] for issue in answer.json()["issue"]}
    assert "aaaaaaaaaa" not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code in (400, 415, 422)


def test_a_body_of_100_megabytes_is_refused_before_it_is_sent(shared: Service) -> None:
    head = request_head(shared, "Content-Length: 104857600")
    with connection(shared) as wire:
        wire.sendall(head)
        assert answered(wire)[0] == 413


def test_a_body_that_does_not_tell_its_length_is_read_up_to_the_limit_alone(shared: Service) -> None:
    limit, sent = shared.settings.http_max_body, 0
    before = peak_memory()
    with connection(shared) as wire:
        wire.sendall(request_head(shared, "Transfer-Encoding: chunked"))
        block = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            while sent < 100 * 1024 * 1024:
                wire.sendall(block)
                sent += 0x100000
        except OSError:
            pass
        assert sent < limit + 64 * 1024 * 1024, "what is too long is not read to its end"
    assert peak_memory() - before < 6 * limit
    assert shared.get("/metadata", token="").status_code == 200


def test_a_body_that_is_cut_short_is_refused(shared: Service) -> None:
    with connection(shared) as wire:
        wire.sendall(request_head(shared, "Content-Length: 500") + b'{"resourceType":')
        wire.shutdown(socket.SHUT_WR)
        answered(wire)
    answer = shared.call("POST", "/Bundle", as_fhir(plan())[:-300], headers=FHIR)
    assert refused(answer) == (400, "body_cannot_be_read")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", (405, "method_is_not_offered")),
        ("GET", "/Nothing", (404, "route_is_unknown")),
        ("GET", "/CarePlan/a/b/c/d", (404, "route_is_unknown")),
        ("PATCH", "/CarePlan/a", (405, "method_is_not_offered")),
        ("DELETE", "/CarePlan/a", (405, "method_is_not_offered")),
        ("POST", "/CarePlan", (405, "resource_comes_in_its_document")),
        ("PUT", "/CarePlan/a", (405, "resource_comes_in_its_document")),
    ],
)
def test_what_is_not_offered_is_an_outcome_too(
    shared: Service, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = shared.call(method, path, b"{}" if method != "GET" else None, headers=FHIR)
    assert refused(answer) == expected
    assert ("allow" in answer.headers) == (expected[0] == 405)


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/fhir+json;q=0"])
def test_an_answer_in_a_form_that_is_not_offered_is_refused(shared: Service, accept: str) -> None:
    assert refused(shared.get("/CarePlan", headers={"Accept": accept})) == (406, "answer_form_is_not_offered")


@pytest.mark.parametrize("media_type", ["text/csv", "", "application/octet-stream", "multipart/form-data"])
def test_a_body_of_a_form_that_is_not_taken_is_refused(shared: Service, media_type: str) -> None:
    answer = shared.call("POST", "/Bundle", b"{}", headers={"Content-Type": media_type})
    assert refused(answer) == (415, "body_form_is_not_taken")
    packed = shared.call("POST", "/Bundle", b"{}", headers=FHIR | {"Content-Encoding": "gzip"})
    assert refused(packed) == (415, "body_form_is_not_taken")


@pytest.mark.parametrize(("asked", "language"), [("fi", "fi"), ("sv-FI, fi;q=0.5", "sv"), ("de", "en"), ("", "en")])
def test_a_refusal_speaks_the_callers_language(shared: Service, asked: str, language: str) -> None:
    words = {"fi": "resurssia", "sv": "resurs finns", "en": "There is no such resource"}
    answer = shared.get("/CarePlan/nothing", headers={"Accept-Language": asked})
    assert words[language] in answer.json()["issue"][0]["details"]["text"]


def test_a_refusal_is_written_in_xml_for_who_reads_xml(shared: Service) -> None:
    answer = shared.get("/Nothing", headers={"Accept": "application/fhir+xml"})
    assert answer.status_code == 404
    assert answer.text.startswith('<?xml version="1.0"')
    assert "<OperationOutcome" in answer.text


def test_each_answer_has_the_headers_for_safety(shared: Service) -> None:
    for path, token in (("/metadata", ""), ("/CarePlan", ""), ("/Nothing", "x"), (f"/Patient/{CODE}", "")):
        headers = shared.get(path, token=token).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def request_head(shared: Service, *more: str) -> bytes:
    lines = [
        "POST /fhir/Bundle HTTP/1.1", "Host: localhost", f"Authorization: Bearer {shared.token()}",
        "Content-Type: application/fhir+json", *more,
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connection(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", httpx.URL(service.url).port or 0), timeout=20)


def answered(wire: socket.socket) -> tuple[int, bytes]:
    """The status and all that came; 0 when the connection was closed without a word."""
    data = b""
    try:
        while part := wire.recv(65536):
            data += part
            if b"\r\n\r\n" in data and b"OperationOutcome" in data:
                break
    except OSError:
        pass
    found = re.match(rb"HTTP/1.1 (\d{3})", data)
    return (int(found[1]) if found else 0), data


def peak_memory() -> int:
    """The most memory that the process has had so far. Units: bytes."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]
