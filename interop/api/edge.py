"""The edge of the API: what holds for every request before anything looks at it, and for every answer.

A request id in and out; no identity code in an address; a body within bounds of size and time; headers for safety; one
line of log with ids and counts. The address itself is never logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from urllib.parse import unquote_plus
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interop.api.outcomes import Refused, outcome_of, status_of
from interop.logs import has_identity_code, log
from schemas import json_text

__all__ = ["REQUEST_ID", "SAFE_HEADERS", "Edge"]

REQUEST_ID = "sote_interop_request_id"
"""The key of a request's id in its scope's state."""

SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""Headers of every answer; the answer's own win over them."""

_LOG = logging.getLogger(__name__)
_SOUND_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MOST_UNQUOTING = 3


class Edge:
    """The application with the edge around it. Units: `largest` in bytes, `patience` in seconds for a whole body."""

    def __init__(self, inner: ASGIApp, largest: int, patience: float) -> None:
        self._inner, self._largest, self._patience = inner, largest, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        call = _Exchange(scope, receive, send, self._largest, self._patience)
        began = time.monotonic()
        try:
            call.check()
            await self._inner(scope, call.receive, call.send)
        except Refused as refused:
            await call.refuse(refused)
        except Exception as error:  # noqa: BLE001 - the outermost loop of the API: nothing of the error is shown
            log(_LOG, logging.ERROR, "request_failed", error=True, request=call.id)
            await call.refuse(error)
        finally:
            spent = round((time.monotonic() - began) * 1000)
            log(
                _LOG, logging.INFO, "request_answered", request=call.id, method=_word(scope["method"]),
                route=getattr(scope.get("route"), "path", ""), status=call.status, milliseconds=spent,
            )  # fmt: skip


class _Exchange:
    """One request and what has been answered to it so far."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, largest: int, patience: float) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._left, self._largest = largest, largest
        self._until = time.monotonic() + patience
        self._whole = False
        self.status = 0
        self.headers = dict(reversed(scope["headers"]))
        given = self.headers.get(b"x-request-id", b"")
        sound = _SOUND_ID.fullmatch(given) is not None and not has_identity_code(given.decode())
        self.id = given.decode() if sound else str(uuid4())
        scope.setdefault("state", {})[REQUEST_ID] = self.id

    def check(self) -> None:
        """Raises: Refused for what shows in the head of a request."""
        address = self._scope.get("raw_path", b"") + b"?" + self._scope.get("query_string", b"")
        text = address.decode("latin-1")
        for _ in range(_MOST_UNQUOTING):
            if has_identity_code(text):
                raise Refused("identity_code_stands_in_the_address")
            text = unquote_plus(text)
        if has_identity_code(text):
            raise Refused("identity_code_stands_in_the_address")
        length = self.headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._largest:
            raise Refused("body_is_too_long")
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Refused("body_form_is_not_taken")

    async def receive(self) -> Message:
        """The next part of the body. Raises: Refused when it is too long, too slow or cut short."""
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - time.monotonic()))
        except TimeoutError as error:
            raise Refused("body_came_too_slowly") from error
        if message["type"] == "http.disconnect":
            raise Refused("body_was_cut_short")
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise Refused("body_is_too_long")
        self._whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Sends a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name.lower() for name, _ in message.get("headers", ())}
            extra = [(name, value) for name, value in SAFE_HEADERS if name not in own]
            if not self._whole and self.status in (400, 408, 413):
                # What is still on its way is not read.
                extra.append((b"connection", b"close"))
            headers = [*message.get("headers", ()), *extra, (b"x-request-id", self.id.encode())]
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, error: Exception) -> None:
        """Answers with an OperationOutcome, unless an answer has begun."""
        if self.status:
            return
        body = json_text.dump(outcome_of(error))
        headers = [
            (b"content-type", b"application/fhir+json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.send({"type": "http.response.start", "status": status_of(error), "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _word(method: str) -> str:
    return method if re.fullmatch("[A-Z]{1,12}", method) else "other"
