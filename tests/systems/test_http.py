"""Bounded calls: what comes back, and which error stands for what does not."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from interop.errors import (
    Busy,
    Conflict,
    Fault,
    Forbidden,
    InteropError,
    NotFound,
    Unavailable,
    Unknown,
    Unsupported,
)
from interop.sandboxes.running import Running
from interop.systems.http import Answer, Bounds, Http, refusal
from interop.systems.tls import Tls


@contextmanager
def serving(answer: Callable[[Request], Response], bounds: Bounds | None = None) -> Iterator[Http]:
    app = Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "POST"])])
    with Running(app) as running, Http("Koe", running.url, bounds) as http:
        yield http


@contextmanager
def raw_server(*chunks: bytes, drip: threading.Event | None = None) -> Iterator[str]:
    """A socket that reads a little, sends the chunks and closes; with `drip`, byte by byte until it is set."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                for chunk in chunks:
                    connection.sendall(chunk)
                try:
                    while drip is not None and not drip.wait(0.02):
                        connection.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        if drip is not None:
            drip.set()
        thread.join(10)


def test_every_call_carries_its_own_request_id_and_asks_for_no_compression() -> None:
    with serving(lambda request: JSONResponse(dict(request.headers))) as http:
        first, second = http.call("GET", "a"), http.call("GET", "a")
    assert first.request_id != second.request_id
    assert first.request_id.encode() in first.body
    assert b'"accept-encoding":"identity"' in first.body


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(lambda _: Response(status_code=302, headers={"Location": "/b"})) as http:
        answer = http.call("GET", "a")
    assert (answer.status, answer.ok, answer.headers["location"]) == (302, False, "/b")


def test_an_answer_over_the_bound_is_not_read_to_its_end() -> None:
    with serving(lambda _: Response(b"x" * 2000), Bounds(body=1999)) as http:
        with pytest.raises(Unsupported):
            http.call("GET", "a")
        with pytest.raises(Unknown):
            http.call("POST", "a", b"", repeatable=False)
    with serving(lambda _: Response(b"x" * 2000), Bounds(body=2000)) as http:
        assert len(http.call("GET", "a").body) == 2000


def test_a_compressed_answer_is_refused_before_it_can_swell() -> None:
    packed = gzip.compress(b"0" * 1_000_000)
    with serving(lambda _: Response(packed, headers={"Content-Encoding": "gzip"})) as http, pytest.raises(Unsupported):
        http.call("GET", "a")


def test_an_answer_that_drips_ends_at_the_bound() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with (
        raw_server(head, drip=threading.Event()) as url,
        Http("Koe", url, Bounds(total=0.2)) as http,
        pytest.raises(Unavailable),
    ):
        http.call("GET", "a")


@pytest.mark.parametrize("sent", [
    b"", b"HTTP/1.1 200 OK\r\n", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
])  # fmt: skip
def test_a_broken_answer_is_unknown_for_a_write_and_unavailable_for_a_read(sent: bytes) -> None:
    for repeatable, error in ((False, Unknown), (True, Unavailable)):
        with raw_server(sent) as url, Http("Koe", url) as http, pytest.raises(error):
            http.call("POST", "a", b"{}", repeatable=repeatable)


def test_nobody_at_the_address_is_unavailable_even_for_a_write() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Http("Koe", f"http://127.0.0.1:{port}") as http, pytest.raises(Unavailable):
        http.call("POST", "a", b"{}", repeatable=False)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", ""])
def test_an_address_that_is_none_is_a_fault_of_the_installation(url: str) -> None:
    with Http("Koe", url) as http, pytest.raises(Fault):
        http.call("GET", "a")


def test_a_link_to_another_server_is_not_called() -> None:
    with Http("Koe", "http://127.0.0.1:1/fhir") as http:
        assert http.url("Task/1") == http.url("/fhir/Task/1") == "http://127.0.0.1:1/fhir/Task/1"
        for away in ("http://127.0.0.1:2/fhir", "https://127.0.0.1:1/", "//example.org/x"):
            with pytest.raises(Unsupported):
                http.url(away)


def test_certificates_that_cannot_be_read_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("ei varmenne")
    for tls in (Tls(tmp_path / "gone.pem"), Tls(tmp_path / "no.pem"), Tls(certificate=tmp_path / "no.pem")):
        with pytest.raises(Fault):
            Http("Koe", "https://127.0.0.1:1", tls=tls)


@pytest.mark.parametrize(("status", "error"), [
    (400, Unsupported), (401, Forbidden), (403, Forbidden), (404, NotFound), (405, Unsupported), (409, Conflict),
    (410, NotFound), (412, Conflict), (413, Unsupported), (422, Unsupported), (428, Conflict), (429, Busy),
    (500, Unavailable), (502, Unavailable), (503, Busy), (504, Unavailable), (302, Unavailable),
])  # fmt: skip
def test_each_status_has_its_error(status: int, error: type[InteropError]) -> None:
    found = refusal("Koe", Answer(status, {}, b"010181-900C", "r-1"))
    assert type(found) is error
    assert "r-1" in str(found)
    assert "900C" not in str(found)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_on_a_write_is_unknown(status: int) -> None:
    assert type(refusal("Koe", Answer(status, {}, b"", "r"), repeatable=False)) is Unknown


@pytest.mark.parametrize(("text", "wait"), [
    ("3", 3.0), ("0", 0.0), ("999999999", 86_400.0), ("", None), ("-1", None), ("soon", None), ("3.5", None),
    ("³", None),    ("Tue, 03 Feb 2026 10:00:30 GMT", 30.0), ("Tue, 03 Feb 2026 09:00:00 GMT", 0.0),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, wait: float | None) -> None:
    found = refusal("Koe", Answer(429, {"Retry-After": text}, b"", "r"), now=1_770_112_800.0)
    assert isinstance(found, Busy)
    assert found.retry_after == wait
