"""Things that go wrong on the way, made to go wrong on purpose: lost answers, silence, refusals, rubbish.

A fault is laid for calls to come and is used up by them; what the fault does not touch behaves as ever. The faults that
a system is known for have names: they are the switches of its sandbox, and stand as data in `faults.toml`.
"""

from __future__ import annotations

import threading
import tomllib
from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["SWITCHES", "Fault", "Faults", "Switch", "Switchboard"]


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


@dataclass(frozen=True, slots=True)
class Switch:
    """A fault that a system is known for. Without a `fault` for the door the sandbox's own work meets it."""

    meaning: str
    fault: Fault | None = None
    method: str = ""
    path: str = ""


def _switch(row: Mapping[str, Any]) -> Switch:
    if "kind" not in row:
        return Switch(row["meaning"])
    fault = Fault(row["kind"], row.get("status", 503), row.get("headers", {}), row.get("body", "").encode())
    return Switch(row["meaning"], fault, row.get("method", ""), row.get("path", ""))


SWITCHES: Mapping[str, Mapping[str, Switch]] = {
    system: {name: _switch(row) for name, row in rows.items()}
    for system, rows in tomllib.loads(files("interop.sandboxes").joinpath("faults.toml").read_text("utf-8")).items()
}
"""The switches of each sandbox."""


class Switchboard:
    """The switches of one sandbox. Each is on for a number of times, and used up by what meets it."""

    def __init__(self, system: str = "") -> None:
        self.switches = SWITCHES.get(system, {})
        self._lock = threading.Lock()
        self._on: Counter[str] = Counter()

    def on(self, name: str, times: int = 1) -> None:
        """Nothing; the fault is met so many times more. Raises: KeyError for a fault that is none of the system's."""
        self.switches[name]
        with self._lock:
            self._on[name] += times

    def met(self, name: str) -> bool:
        """True when the fault is on; it has been met once by this."""
        with self._lock:
            if self._on[name] > 0:
                self._on[name] -= 1
                return True
        return False

    def clear(self) -> None:
        """Nothing; no fault is on any more."""
        with self._lock:
            self._on.clear()


class Faults(Switchboard):
    """An application with faults laid around it."""

    def __init__(self, app: ASGIApp, system: str = "") -> None:
        super().__init__(system)
        self._app = app
        self._laid: list[tuple[str, str, Fault]] = []

    def on(self, name: str, times: int = 1) -> None:
        """Nothing; the fault is met so many times more. Raises: KeyError for a fault that is none of the system's."""
        switch = self.switches[name]
        if switch.fault is None:
            super().on(name, times)
        else:
            self.lay(switch.fault, times, switch.method, switch.path)

    def lay(self, fault: Fault, times: int = 1, method: str = "", path: str = "") -> None:
        """Nothing; the next calls of this method whose path ends in `path` meet the fault, each laid fault once."""
        with self._lock:
            self._laid.extend([(method, path, fault)] * times)

    def clear(self) -> None:
        """Nothing; no fault is laid any more."""
        super().clear()
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
