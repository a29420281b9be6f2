"""Trouble on the way to a sandbox: lost answers, refusals, delays; and a word before and after each call's work."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import MutableMapping
from random import Random
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from interop.faults.watching import Watching

__all__ = ["Chaos", "Trouble"]

Trouble = Literal["none", "drop_before", "drop_after", "delay", "busy", "fault"]

_CUT = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]}
"""A head that promises a body which never comes makes the server break the connection."""
_OPERATION = re.compile(rb"Body[^<]*>\s*<(?:\w+:)?(\w+)")
_ASKING = "ListInbox"


class Chaos:
    """An application with trouble laid around it: a share of the calls meets it, chosen by the seed."""

    def __init__(self, app: ASGIApp, system: str, random: Random, share: float, watching: Watching) -> None:
        self._app, self._system, self._random, self._share, self._watching = app, system, random, share, watching
        self._lock = threading.Lock()

    def calm(self) -> None:
        """Nothing; no call meets any trouble from now on."""
        self._share = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call, or lets it meet some trouble."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        what = _what(scope, body)
        trouble = self._trouble()
        # Looking whether anything is there goes on all the time, and is no step of any delivery.
        call = self._watching.before(self._system, what) if what != _ASKING else None
        if call is not None and call.pause:
            await asyncio.sleep(call.pause)
        if trouble == "delay":
            await asyncio.sleep(self._random.uniform(0.05, 0.4))
        if trouble == "drop_before":
            await send(_CUT)
        elif trouble in ("busy", "fault"):
            status, headers = (503, [(b"retry-after", b"1")]) if trouble == "busy" else (500, [])
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            said: list[MutableMapping[str, Any]] = []
            await self._app(scope, _again(body), _kept(said))
            if call is not None:
                self._watching.after(call)
            for message in [_CUT] if trouble == "drop_after" else said:
                await send(message)

    def _trouble(self) -> Trouble:
        with self._lock:
            if self._random.random() >= self._share:
                return "none"
            return self._random.choice(["drop_before", "drop_after", "drop_after", "delay", "busy", "fault"])


def _what(scope: Scope, body: bytes) -> str:
    operation = _OPERATION.search(body[:2000])
    return operation[1].decode() if operation else f"{scope['method']} {scope['path']}"


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _kept(said: list[MutableMapping[str, Any]]) -> Send:
    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    return send
