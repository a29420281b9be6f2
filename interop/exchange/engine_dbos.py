"""Carries batches of turns durably with DBOS: what was handed over is done, also after process or machine have died.

DBOS drives and the ledger tells the truth: a workflow holds ids alone and can be run again, and all of DBOS's tables
can be lost without a loss, since the worker hands over again what the ledger shows as due. One workflow carries many
turns, because a workflow costs as much as the work on several documents. This is the one file that knows DBOS.
Source: DBOS Transact 3.4, https://docs.dbos.dev/python/reference/contexts
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, error

from interop.errors import Unavailable
from interop.exchange.turns import Act, Batch, Kind
from interop.store.database import translated

__all__ = ["Engine", "EnginePlace"]

FORM = "2"
"""The form of the workflows; one of another form is left to the programs that know it."""

_NAME = "sote-interop"
_WORKFLOW = "batch"
_QUEUE = "batches"
_POLLING = 0.1
_UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """Where the engine keeps its own tables. In: `engine` is a connection to a file; None where `url` is a server."""

    url: str
    engine: Any = None


class Engine:
    """The engine of this process; there is one at a time. `worker` is a name that no other process has or had.

    In: `together` is how many batches are done at once. Raises, from every method: Unavailable.
    """

    def __init__(self, place: EnginePlace, worker: str, act: Act, together: int) -> None:
        self._place, self._worker, self._act, self._together = place, worker, act, together

    def start(self) -> None:
        """Nothing; batches are carried from now on. Raises: Unavailable."""
        _quieten()
        config = DBOSConfig(
            name=_NAME,
            system_database_url=self._place.url,
            application_version=FORM,
            executor_id=self._worker,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=2 * self._together + 8,
            enable_otlp=False,
            log_level="WARNING",
        )
        if self._place.engine is not None:
            config["system_database_engine"] = self._place.engine
        DBOS(config=config)

        def carried(name: str, kind: Kind, system: str, rows: dict[str, int]) -> None:
            # No step inside: a workflow that was cut short is run again as a whole, and that does no harm.
            self._act(Batch(name, kind, system, rows))

        self._workflow: Any = DBOS.workflow(name=_WORKFLOW)(carried)
        try:
            with _reachable():
                DBOS.launch()
                DBOS.register_queue(_QUEUE, worker_concurrency=self._together, polling_interval_sec=_POLLING)
        except Unavailable:
            self.stop(0)
            raise

    def stop(self, seconds: int) -> None:
        """Nothing; no batch begins any more, and those that run have had so many seconds to end."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=seconds)

    def carry(self, batch: Batch) -> None:
        """Nothing; the turns of the batch will be done. One that was handed over before stays as it is."""
        with _reachable(), SetWorkflowID(batch.id):
            DBOS.enqueue_workflow(_QUEUE, self._workflow, batch.id, batch.kind, batch.system, dict(batch.rows))

    def states(self, names: Collection[str]) -> dict[str, bool]:
        """Whether a batch is over, by its name, for those that the engine knows."""
        with _reachable():
            known = DBOS.list_workflows(workflow_ids=list(names), load_input=False, load_output=False) if names else []
        return {one.workflow_id: one.status not in _UNFINISHED for one in known}

    def take_over(self, alive: Collection[str]) -> int:
        """How many batches of processes that are not alive any more have been put back into their queues."""
        with _reachable():
            running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
            orphans = [one.workflow_id for one in running if one.executor_id not in alive]
            for start in range(0, len(orphans), _AT_A_TIME):
                DBOS.resume_workflows(orphans[start : start + _AT_A_TIME])
        return len(orphans)

    def forget(self, before: datetime) -> int:
        """How many batches that were over before then have been forgotten; a part of them at each call."""
        with _reachable():
            old = DBOS.list_workflows(
                status=_FINISHED, completed_before=before.isoformat(), limit=_AT_A_TIME,
                load_input=False, load_output=False,
            )  # fmt: skip
            DBOS.delete_workflows([one.workflow_id for one in old])
        return len(old)


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
