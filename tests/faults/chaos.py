"""Trouble on the way to a sandbox: lost answers, refusals, delays; and a word before and after each call's work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import MutableMapping
from random import Random
from typing import Any, Literal, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

Trouble = Literal["none", "drop_before", "drop_after", "delay", "busy", "fault"]
Phase = Literal["before", "after"]

CUT = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]}
"""A head that promises a body which never comes makes the server break the connection."""


class Watch(Protocol):
    """Is told of each call before and after its work; gives the call's number, and is given it back."""

    def __call__(self, phase: Phase, number: int = 0) -> int: ...


class Chaos:
    """An application with trouble laid around it: a share of the calls meets it, chosen by the seed."""

    def __init__(self, app: ASGIApp, random: Random, share: float, watch: Watch) -> None:
        self._app, self._random, self._share, self._watch = app, random, share, watch
        self._lock = threading.Lock()

    def calm(self) -> None:
        """Nothing; no call meets any trouble from now on."""
        self._share = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        counts = b"ListInbox" not in body
        trouble = self._trouble()
        number = self._watch("before") if counts else 0
        if trouble == "delay":
            await asyncio.sleep(self._random.uniform(0.05, 0.4))
        if trouble == "drop_before":
            await send(CUT)
        elif trouble in ("busy", "fault"):
            status, headers = (503, [(b"retry-after", b"1")]) if trouble == "busy" else (500, [])
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            said: list[MutableMapping[str, Any]] = []
            await self._app(scope, _again(body), _kept(said))
            if counts:
                self._watch("after", number)
            for message in [CUT] if trouble == "drop_after" else said:
                await send(message)

    def _trouble(self) -> Trouble:
        with self._lock:
            if self._random.random() >= self._share:
                return "none"
            return self._random.choice(["drop_before", "drop_after", "drop_after", "delay", "busy", "fault"])


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
