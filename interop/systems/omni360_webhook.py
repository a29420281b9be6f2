"""Notifications from OMNI360: signed, with ids only, and never more than a hint to read. Off unless a secret is set.

    POST <path>/<system>   X-Timestamp: <seconds since 1970>
                           X-Signature: sha256=<hex HMAC-SHA256 of timestamp, ".", body>
                           {"id": "<event>", "resource": "Task/<id>"}

Whether OMNI360 can notify at all is not public; this is the form to agree on. Source: RFC 2104, RFC 9110 §15.3.3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas import json_text

__all__ = ["Hook", "signature", "webhook_app"]

_LONGEST_BODY = 4096
_WINDOW = 300.0
_REMEMBERED = 10_000
_RESOURCE = re.compile(r"Task/[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Hook:
    """Who may notify us of one system's tasks, and whom to tell: `notify` gets `Task/id`."""

    secret: str = field(repr=False)
    notify: Callable[[str], None]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in X-Signature."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def webhook_app(hooks: Mapping[str, Hook], clock: Callable[[], float] = time.time) -> Starlette:
    """An application that takes notifications at `/<system>`; 202 for a good one, also when it comes again."""
    seen = _Seen()

    async def take(request: Request) -> Response:
        hook = hooks.get(request.path_params["system"])
        if hook is None:
            return Response(status_code=404)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        if not _is_signed(request, hook.secret, body, clock()):
            return Response(status_code=401)
        told, _ = json_text.parse(body)
        event, resource = (told.get("id"), told.get("resource")) if isinstance(told, dict) else (None, None)
        if not isinstance(event, str) or not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
            return Response(status_code=400)
        if seen.is_new((request.path_params["system"], event)):
            hook.notify(resource)
        return Response(status_code=202)

    return Starlette(routes=[Route("/{system}", take, methods=["POST"])])


class _Seen:
    """The events of late, so that one that comes twice is not acted on twice."""

    def __init__(self) -> None:
        self._events: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, event: tuple[str, str]) -> bool:
        with self._lock:
            if event in self._events:
                return False
            self._events[event] = None
            if len(self._events) > _REMEMBERED:
                self._events.popitem(last=False)
            return True


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            return None
    return bytes(body)


def _is_signed(request: Request, secret: str, body: bytes, now: float) -> bool:
    """True for a signature of ours that is not old: an old notification that is played again is refused."""
    timestamp, shown = request.headers.get("X-Timestamp", ""), request.headers.get("X-Signature", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > _WINDOW:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), shown.encode())
