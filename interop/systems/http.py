"""Calls over HTTP with bounded time and size; the one place that knows the HTTP client library and its errors.

Every call carries its own `X-Request-Id`, no call follows a redirect by itself, and none reads proxy settings or
credentials from the environment. Source: RFC 9110 §6.6.1 (Date), §10.2.3 (Retry-After), §15; Kanta FHIR guides
(X-Request-Id).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urljoin, urlsplit

import httpx

from interop.errors import Busy, Conflict, Fault, Forbidden, InteropError, NotFound, Unavailable, Unknown, Unsupported
from interop.systems.pacing import Bucket
from interop.systems.tls import Tls, context, distrust

__all__ = ["Answer", "Bounds", "Http", "refusal"]

_LONGEST_WAIT = 86_400.0
_NOT_HEARD = (408, 425)
"""The statuses of the 4xx that blame no request: it was not heard out, or is not taken yet (RFC 8470 §5.2)."""
_LONGEST_IDLE = 2.0
"""Seconds; shorter than servers keep a connection, so that none closes just as a write goes out on it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one call may cost. Units: seconds; `body` in bytes of the answer.

    `total` counts from the moment the call begins, so that an answer that drips in byte by byte ends too.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    body: int = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `request_id` is what both sides' logs know the call by."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_id: str

    @property
    def ok(self) -> bool:
        """True for the statuses that say the request was carried out."""
        return 200 <= self.status < 300


class Http:
    """One system's connections, kept open between calls. Safe to share between threads."""

    def __init__(
        self, system: str, base_url: str, bounds: Bounds | None = None, tls: Tls | None = None,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()), pace: Bucket | None = None,
    ) -> None:  # fmt: skip
        self.system = system
        self.base_url = base_url.rstrip("/") + "/"
        self._bounds = bounds or Bounds()
        self._new_id = new_id
        self._pace = pace or Bucket()
        self._ahead: float | None = None
        limits = self._bounds
        self._client = httpx.Client(
            verify=context(tls or Tls()), trust_env=False, follow_redirects=False,
            timeout=httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect),
            limits=httpx.Limits(max_connections=20, keepalive_expiry=_LONGEST_IDLE),
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._client.close()

    @property
    def ahead(self) -> float | None:
        """By how many seconds the server's clock was ahead of ours at its last answer; None while it told no time."""
        return self._ahead

    def url(self, target: str) -> str:
        """The absolute address of a target, which may be relative to the base or absolute on the same server.

        Raises: Unsupported when it points to another server, where our credentials must not go.
        """
        url = urljoin(self.base_url, target)
        if urlsplit(url)[:2] != urlsplit(self.base_url)[:2]:
            raise Unsupported(f"{self.system} pointed to another server than its own; the link was not followed.")
        return url

    def call(
        self, method: Literal["GET", "POST", "PUT"], target: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None, *, repeatable: bool = True,
    ) -> Answer:  # fmt: skip
        """The answer to one call, whatever its status.

        In: `repeatable` says that doing the request twice is the same as doing it once.
        Raises: Unavailable (nothing handed over, or safe to repeat), Unknown (not repeatable and the answer was lost),
        Forbidden (our certificate was not taken), Unsupported (the answer is longer than the bound), Fault (a broken
        address).
        """
        self._pace.take()
        request_id, deadline = self._new_id(), time.monotonic() + self._bounds.total
        sent = {"Accept-Encoding": "identity", "X-Request-Id": request_id, **(headers or {})}
        try:
            with self._client.stream(method, self.url(target), content=body, headers=sent) as response:
                told = _moment(response.headers.get("Date", ""))
                self._ahead = None if told is None else told - time.time()
                read = self._read(response, deadline, repeatable)
                return Answer(response.status_code, response.headers, read, request_id)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise Fault(f"The address or a header set for {self.system} cannot be used.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise distrust(self.system, error) or Unavailable(f"{self.system} could not be reached.") from error
        except (httpx.TransportError, httpx.StreamError) as error:
            raise distrust(self.system, error) or self._lost(repeatable, request_id) from error

    def _read(self, response: httpx.Response, deadline: float, repeatable: bool) -> bytes:
        """The body as it was sent. Compressed answers are refused: their real size shows only when it is too late."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._too_much(repeatable, "compressed, which was not asked for")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > self._bounds.body:
                raise self._too_much(repeatable, f"longer than {self._bounds.body} bytes")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("The answer took longer than its bound.")
        return bytes(body)

    def _too_much(self, repeatable: bool, what: str) -> InteropError:
        sentence = f"The answer of {self.system} is {what}."
        return Unsupported(sentence) if repeatable else Unknown(sentence)

    def _lost(self, repeatable: bool, request_id: str) -> InteropError:
        if repeatable:
            return Unavailable(f"{self.system} did not answer in time or broke the connection (request {request_id}).")
        return Unknown(f"The answer of {self.system} was lost after the request was sent (request {request_id}).")


def refusal(system: str, answer: Answer, *, repeatable: bool = True, now: float | None = None) -> InteropError:
    """The error that stands for an answer that is no success and that its caller has no better reading of.

    Status 507 says that there was no room, so nothing was stored (RFC 4918 §11.5).
    In: `now` in seconds since 1970, for a Retry-After that names a date.
    """
    status, place = answer.status, f"(request {answer.request_id})"
    if status in (401, 403):
        return Forbidden(f"{system} refused our credentials or rights with status {status} {place}.")
    if status in (404, 410):
        return NotFound(f"{system} does not have what was asked for, status {status} {place}.")
    if status in (409, 412, 428):
        return Conflict(f"{system} holds another state than the request expects, status {status} {place}.")
    if status in (429, 503):
        wait = _retry_after(answer.headers.get("Retry-After", ""), time.time() if now is None else now)
        return Busy(f"{system} asks to wait, status {status} {place}.", wait)
    if 400 <= status < 500 and status not in _NOT_HEARD:
        return Unsupported(f"{system} does not take this request, status {status} {place}.")
    if repeatable or status == 507:
        return Unavailable(f"{system} answered with status {status} {place}.")
    return Unknown(f"{system} answered with status {status}; the request may have been carried out {place}.")


def _retry_after(text: str, now: float) -> float | None:
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    moment = _moment(text)
    return None if moment is None else min(max(moment - now, 0.0), _LONGEST_WAIT)


def _moment(text: str) -> float | None:
    """The moment of an HTTP date, in seconds since 1970; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
