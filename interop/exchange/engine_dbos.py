"""Carries batches of turns durably with DBOS: what was handed over is done, also after process or machine have died.

DBOS drives and the ledger tells the truth: a workflow holds ids alone and can be run again, and all of DBOS's tables
can be lost without a loss, since the worker hands over again what the ledger shows as due. One workflow carries many
turns, because a workflow costs as much as the work on several documents. This is the one file that knows DBOS.
Source: DBOS Transact 3.4, https://docs.dbos.dev/python/reference/contexts
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, error

from interop.errors import Unavailable
from interop.exchange.turns import Act, Batch, Kind
from interop.store.database import translated

__all__ = ["ChunkEngine", "Engine", "EnginePlace"]

FORM = "2"
"""The form of the workflows; one of another form is left to the programs that know it."""

_POLLING = 0.1
_UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """Where the engine keeps its own tables. In: `engine` is a connection to a file; None where `url` is a server."""

    url: str
    engine: Any = None


@dataclass(frozen=True, slots=True)
class _Line:
    """One kind of work: its workflows, their queue and form, and the schema on a server that holds its tables.

    Each kind has a schema of its own, so that none takes over or forgets what is another's.
    """

    name: str
    workflow: str
    queue: str
    form: str
    schema: str


_BATCHES = _Line("sote-interop", "batch", "batches", FORM, "dbos")
_CHUNKS = _Line("sote-interop-bulk", "chunk", "chunks", "1", "dbos_bulk")


class _Engine:
    """What is the same for every kind of work."""

    _line: _Line

    def __init__(self, place: EnginePlace, worker: str, work: Callable[..., None], together: int) -> None:
        self._place, self._worker, self._work, self._together = place, worker, work, together

    def start(self) -> None:
        """Nothing; what is handed over is done from now on. Raises: Unavailable."""
        _quieten()
        config = DBOSConfig(
            name=self._line.name,
            system_database_url=self._place.url,
            dbos_system_schema=self._line.schema,
            application_version=self._line.form,
            executor_id=self._worker,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=2 * self._together + 8,
            enable_otlp=False,
            log_level="WARNING",
        )
        if self._place.engine is not None:
            config["system_database_engine"] = self._place.engine
        DBOS(config=config)
        # No step inside: a workflow that was cut short is run again as a whole, and that does no harm.
        self._workflow: Any = DBOS.workflow(name=self._line.workflow)(self._work)
        try:
            with _reachable():
                DBOS.launch()
                DBOS.register_queue(self._line.queue, worker_concurrency=self._together, polling_interval_sec=_POLLING)
        except Unavailable:
            self.stop(0)
            raise

    def stop(self, seconds: int) -> None:
        """Nothing; no work begins any more, and those that run have had so many seconds to end."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=seconds)

    def states(self, names: Collection[str]) -> dict[str, bool]:
        """Whether a piece of work is over, by its name, for those that the engine knows."""
        with _reachable():
            known = DBOS.list_workflows(workflow_ids=list(names), load_input=False, load_output=False) if names else []
        return {one.workflow_id: one.status not in _UNFINISHED for one in known}

    def take_over(self, alive: Collection[str]) -> int:
        """How many pieces of work of processes that are not alive any more have been put back into their queues."""
        with _reachable():
            running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
            orphans = [one.workflow_id for one in running if one.executor_id not in alive]
            for start in range(0, len(orphans), _AT_A_TIME):
                DBOS.resume_workflows(orphans[start : start + _AT_A_TIME])
        return len(orphans)

    def forget(self, before: datetime) -> int:
        """How many pieces of work that were over before then have been forgotten; a part of them at each call."""
        with _reachable():
            old = DBOS.list_workflows(
                status=_FINISHED, completed_before=before.isoformat(), limit=_AT_A_TIME,
                load_input=False, load_output=False,
            )  # fmt: skip
            DBOS.delete_workflows([one.workflow_id for one in old])
        return len(old)


class Engine(_Engine):
    """The exchange's engine in this process; there is one engine at a time.

    In: `worker` is a name that no other process has or had; `together` is how many batches are done at once.
    Raises, from every method: Unavailable.
    """

    _line = _BATCHES

    def __init__(self, place: EnginePlace, worker: str, act: Act, together: int) -> None:
        def carried(name: str, kind: Kind, system: str, rows: dict[str, int]) -> None:
            act(Batch(name, kind, system, rows))

        super().__init__(place, worker, carried, together)

    def carry(self, batch: Batch) -> None:
        """Nothing; the turns of the batch will be done. One that was handed over before stays as it is."""
        with _reachable(), SetWorkflowID(batch.id):
            DBOS.enqueue_workflow(
                self._line.queue, self._workflow, batch.id, batch.kind, batch.system, dict(batch.rows)
            )


class ChunkEngine(_Engine):
    """The engine of bulk runs, on a PostgreSQL database; otherwise as the exchange's.

    In: `do` does a chunk: the run's folder, the chunk's number and its place in the plan.
    """

    _line = _CHUNKS

    def __init__(self, place: EnginePlace, worker: str, do: Callable[[str, int, int], None], together: int) -> None:
        def done(folder: str, number: int, offset: int) -> None:
            do(folder, number, offset)

        super().__init__(place, worker, done, together)

    def carry(self, name: str, folder: str, number: int, offset: int) -> None:
        """Nothing; the chunk will be done. One that was handed over under the same name stays as it is."""
        with _reachable(), SetWorkflowID(name):
            DBOS.enqueue_workflow(self._line.queue, self._workflow, folder, number, offset)

    def drop(self, names: Collection[str]) -> None:
        """Nothing; chunks that are over are not known any more, and can be handed over again."""
        with _reachable():
            DBOS.delete_workflows(list(names))


@contextmanager
def _reachable() -> Iterator[None]:
    """The one seam where the library's exceptions become ours."""
    try:
        with translated():
            yield
    except error.DBOSException as failure:
        raise Unavailable("The engine did not carry out a request.") from failure


def _quieten() -> None:
    """Sends the library's messages our way, where only their place is written: they may quote values."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = True
