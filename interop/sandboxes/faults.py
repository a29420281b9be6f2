"""Things that go wrong on the way, made to go wrong on purpose: lost answers, silence, refusals, rubbish.

A fault is laid for calls to come and is used up by them; what the fault does not touch behaves as ever.
"""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Fault", "Faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `cut`: the work is done, and the connection breaks before the answer. `hang`: the work is done, and no answer comes
    until the caller gives up. `answer`: no work is done, and the answer is `status`, `headers` and `body`.
    `replace`: the work is done, and that answer is given in place of the true one.
    """

    kind: Literal["cut", "hang", "answer", "replace"]
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Faults:
    """An application with faults laid around it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._laid: list[tuple[str, str, Fault]] = []

    def lay(self, fault: Fault, times: int = 1, method: str = "", path: str = "") -> None:
        """Nothing; the next calls of this method whose path ends in `path` meet the fault, each laid fault once."""
        with self._lock:
            self._laid.extend([(method, path, fault)] * times)

    def clear(self) -> None:
        """Nothing; no fault is laid any more."""
        with self._lock:
            self._laid.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call, or lets it meet the fault that is laid for it."""
        fault = self._take(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.kind != "answer":
            await self._app(scope, receive, _swallow)
        if fault.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
        elif fault.kind == "cut":
            # A head that promises a body which never comes makes the server break the connection.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        else:
            headers = [(k.lower().encode(), v.encode()) for k, v in fault.headers.items()]
            await send({"type": "http.response.start", "status": fault.status, "headers": headers})
            await send({"type": "http.response.body", "body": fault.body})

    def _take(self, scope: Scope) -> Fault | None:
        if scope["type"] != "http":
            return None
        with self._lock:
            for index, (method, path, fault) in enumerate(self._laid):
                if method in ("", scope["method"]) and scope["path"].endswith(path):
                    del self._laid[index]
                    return fault
        return None


async def _swallow(_: MutableMapping[str, Any]) -> None:
    """The application's answer goes nowhere."""
