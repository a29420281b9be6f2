"""The steps of a delivery, and how a worker process is made to die at one: it kills itself there with SIGKILL.

The exchange knows nothing of it: the functions that the steps end with are wrapped in the process that is to die. That
a process dies at a step means that nothing after the step has been done, nor anything been tidied up.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

from interop.faults.watching import Phase

__all__ = ["STEPS", "Step", "die_at"]


@dataclass(frozen=True, slots=True)
class Step:
    """A place where a process can die: before or after the call of a function, `module:name` or `module:Class.name`.

    In: `moves` names the states before and after, for the one function that all changes of deliveries go through;
    `source` is the system that has to send a document for this step to be met.
    """

    place: str
    phase: Phase = "after"
    moves: tuple[str, str] | None = None
    source: str = "effica"

    @property
    def name(self) -> str:
        """What the step is called in a report."""
        moved = f" {' to '.join(self.moves)}" if self.moves else ""
        return f"{self.phase} {self.place.partition(':')[2]}{moved}"


_INBOX, _STORE = "interop.store.inbox:Inbox.", "interop.store:Store."
_CHANGED = "interop.store.batches:Batches.advance"
_EFFICA, _SFTP = "interop.systems.effica:Effica.", "interop.systems.effica_sftp:EfficaSftp."
_OMNI360, _APOTTI = "interop.systems.omni360:Omni360.", "interop.systems.apotti:Apotti."

STEPS: Sequence[Step] = (
    # receive
    Step(_INBOX + "listed", "before"),
    Step(_INBOX + "listed"),
    Step("interop.exchange.engine_dbos:Engine.carry", "before"),
    Step("interop.exchange.engine_dbos:Engine.carry"),
    Step(_INBOX + "take"),
    Step(_EFFICA + "fetch"),
    Step(_SFTP + "fetch", source="effica_sftp"),
    Step(_OMNI360 + "fetch", source="omni360"),
    # validate, decide
    Step("interop.faults.crew:examine"),
    Step("interop.exchange.receiving:learn"),
    Step(_STORE + "take_in", "before"),
    Step(_STORE + "take_in"),
    # answer the sender
    Step(_EFFICA + "acknowledge"),
    Step(_SFTP + "acknowledge", source="effica_sftp"),
    Step(_OMNI360 + "acknowledge", source="omni360"),
    Step(_STORE + "answered"),
    Step(_INBOX + "end"),
    # gate, map
    Step(_STORE + "take"),
    Step("interop.exchange.delivering:decide_on"),
    Step("interop.faults.crew:write"),
    # begun
    Step(_CHANGED, "before", ("pending", "sent")),
    Step(_CHANGED, "after", ("pending", "sent")),
    # deliver
    Step(_EFFICA + "send", source="effica_sftp"),
    Step(_SFTP + "send"),
    Step(_OMNI360 + "send"),
    Step(_APOTTI + "send"),
    # acknowledged
    Step(_CHANGED, "before", ("sent", "delivered")),
    Step(_CHANGED, "after", ("sent", "delivered")),
    Step(_CHANGED, "before", ("sent", "accepted"), source="effica_sftp"),
    Step(_CHANGED, "after", ("sent", "accepted"), source="effica_sftp"),
    Step(_EFFICA + "settle", source="effica_sftp"),
    Step(_SFTP + "settle"),
    Step(_CHANGED, "before", ("accepted", "delivered"), source="effica_sftp"),
    Step(_CHANGED, "after", ("accepted", "delivered"), source="effica_sftp"),
)
"""Where one step of a delivery ends and the next begins, in the order of the steps."""


def die_at(step: Step) -> None:
    """Nothing; this process will kill itself as soon as it comes to the step."""
    module_name, _, path = step.place.partition(":")
    owner: Any = import_module(module_name)
    *above, name = path.split(".")
    for part in above:
        owner = getattr(owner, part)
    setattr(owner, name, _deadly(getattr(owner, name), step))


def _deadly(call: Callable[..., Any], step: Step) -> Callable[..., Any]:
    @wraps(call)
    def deadly(*values: Any, **named: Any) -> Any:
        is_here = step.moves is None or any(_moves(one, step.moves) for one in values[1])
        if is_here and step.phase == "before":
            _die()
        result = call(*values, **named)
        if is_here:
            _die()
        return result

    return deadly


def _moves(change: Any, moves: tuple[str, str]) -> bool:
    return change.step is not None and (change.delivery.state, change.step.after) == moves


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
