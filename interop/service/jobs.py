"""Carries jobs out in one thread of the process: documents converted line by line, resources written down.

A job that a restart has cut off is begun anew when its client next asks for it.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Any

from interop.documents import convert
from interop.documents.outcomes import as_outcome
from interop.exchange.parts import Parts
from interop.logs import log
from interop.service.finding import Search, find
from interop.service.library import Library
from interop.service.served import TYPES
from interop.service.traces import leave
from interop.service.viewing import Viewer
from interop.store.jobs import Job
from mappings.formats import format_named
from schemas import json_text
from validators.gate import Receiver

__all__ = ["CONVERT", "EXPORT", "Made", "Runner"]

CONVERT, EXPORT = "convert", "export"

_LOG = logging.getLogger(__name__)
_STALE = timedelta(minutes=2)
_IDLE = 5.0
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Made:
    """What a job has made: lines by the name of their file."""

    output: dict[str, list[str]] = field(default_factory=dict)
    error: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str, value: Any) -> None:
        """One more line."""
        into = self.output if kind == "output" else self.error
        into.setdefault(name, []).append(json_text.dump(value).decode())

    def written(self) -> bytes:
        """The bytes that `read` reads."""
        return json_text.dump({"output": self.output, "error": self.error})

    @classmethod
    def read(cls, data: bytes) -> Made:
        """What was written."""
        value, _ = json_text.parse(data)
        return cls(value["output"], value["error"])


class Runner:
    """The thread that carries jobs out. In: `receivers` are the clients as the gate sees them."""

    def __init__(self, parts: Parts, library: Library, receivers: Mapping[str, Receiver]) -> None:
        self._parts, self._library, self._receivers = parts, library, receivers
        self._asked, self._lock = Event(), Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Nothing; the jobs that wait are being looked at."""
        with self._lock:
            self._asked.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        """Works until nothing has been asked for a while: then the thread ends, and the next wake starts another."""
        while self._asked.wait(_IDLE):
            self._asked.clear()
            try:
                while (job := self._take()) is not None:
                    self._carry_out(job)
            except Exception:  # noqa: BLE001 - the outermost loop: the job is taken up again when it is asked for
                log(_LOG, logging.ERROR, "jobs_stopped", error=True)

    def _take(self) -> Job | None:
        now = self._parts.clock()
        return self._parts.store.jobs.take(now, now - _STALE)

    def _carry_out(self, job: Job) -> None:
        jobs, clock = self._parts.store.jobs, self._parts.clock
        try:
            payload = jobs.payload(job)
            made = Made()
            steps = self._export(job, payload, made) if job.kind == EXPORT else _converted(job, payload, made)
            for done, total in steps:
                if not jobs.progress(job, done, total, clock()):
                    return
            jobs.end(job, "done", made.written(), clock())
        except Exception:  # noqa: BLE001 - one job's trouble is its own end
            log(_LOG, logging.ERROR, "job_failed", error=True, job=job.id)
            jobs.end(job, "failed", b"", clock())

    def _export(self, job: Job, payload: bytes, made: Made) -> Iterator[tuple[int, int]]:
        asked, _ = json_text.parse(payload)
        chosen = [kind for kind in str(asked["types"]).split(",") if kind] or list(TYPES)
        viewer = Viewer(self._receivers.get(job.client, Receiver()), self._parts.store.wills.of, self._parts.clock)
        for done, kind in enumerate(chosen):
            yield done, len(chosen)
            after = None
            while kind in TYPES:
                page = find(self._parts.store, self._library, Search(kind, (), _PAGE, after), viewer)
                for one in page.found:
                    made.add("output", kind, one.body)
                after = page.after
                if after is None:
                    break
                yield done, len(chosen)
        leave(self._parts, "viewed", f"app:{job.client}", sorted(viewer.seen))


def _converted(job: Job, payload: bytes, made: Made) -> Iterator[tuple[int, int]]:
    _, to, source = job.kind.split(":")
    lines = [line for line in payload.split(b"\n") if line.strip()]
    form = format_named(to)
    for done, line in enumerate(lines):
        if done % 20 == 0:
            yield done, len(lines)
        found = convert(line, to, source or None)
        written = found.written
        if written is None or not written.data:
            issues = [*found.examined.issues, *(written.issues if written else ())]
            made.add("error", "OperationOutcome", as_outcome(replace(found.examined, issues=issues), "en"))
            continue
        value = json_text.parse(written.data)[0] if "json" in form.media_type else None
        if value is None:
            data = b64encode(written.data).decode()
            value = {"resourceType": "Binary", "contentType": form.media_type, "data": data}
        name = value.get("resourceType", "Binary") if isinstance(value, dict) else "Binary"
        made.add("output", str(name), value)
