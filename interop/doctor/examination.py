"""The whole examination in bounded time: settings first, then database, certificates and systems all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from interop.config import Settings, mistakes_in
from interop.doctor.certificates import of_service
from interop.doctor.connections import offline, online, own_files
from interop.doctor.databases import database
from interop.doctor.diagnosis import Diagnosis, diagnosis
from interop.errors import InteropError

__all__ = ["Bounds", "examined"]

_Look = Callable[[], Sequence[Diagnosis]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long the whole examination may take, and how long before its end a certificate is warned of."""

    whole: timedelta = timedelta(seconds=20)
    ahead: timedelta = timedelta(days=30)


def examined(path: Path | None, environment: Mapping[str, str], now: datetime, bounds: Bounds) -> Sequence[Diagnosis]:
    """What was found, place by place in the order of the settings. It ends with `bounds.whole`, whoever sleeps."""
    settings, mistakes = mistakes_in(path, environment)
    if settings is None:
        return [diagnosis("settings", "settings", "fault", mistake, "settings") for mistake in mistakes]
    if settings.systems:
        told = diagnosis("settings", "settings", "ok", f"sound, systems: {len(settings.systems)}")
    else:
        told = diagnosis("settings", "systems", "warning", "none is named", "no_system")
    return [told, *_all_at_once(_looks(settings, now, bounds), bounds.whole.total_seconds())]


def _looks(settings: Settings, now: datetime, bounds: Bounds) -> Sequence[tuple[str, _Look]]:
    """What is looked at, each with the place it is about."""
    patience = bounds.whole.total_seconds() / 4
    looks: list[tuple[str, _Look]] = [("database", partial(database, settings, patience))]
    looks.append(("service", lambda: [*of_service(settings, now, bounds.ahead), *own_files(settings)]))
    for one in settings.systems:
        looks.append((one.name, partial(offline, one, now, bounds.ahead)))
        looks.append((one.name, partial(online, one, now, bounds.ahead, patience)))
    return looks


@dataclass(slots=True)
class _Answer:
    """What one look has found so far; None while it is under way."""

    found: Sequence[Diagnosis] | None = None
    done: threading.Event = field(default_factory=threading.Event)


def _all_at_once(looks: Sequence[tuple[str, _Look]], seconds: float) -> Sequence[Diagnosis]:
    """What the looks have found in the time given; threads that still wait then are left to end with the process."""
    until = time.monotonic() + seconds
    answers = [_begun(place, look) for place, look in looks]
    found: list[Diagnosis] = []
    for (place, _), answer in zip(looks, answers, strict=True):
        answer.done.wait(max(until - time.monotonic(), 0.0))
        told = answer.found
        found += (
            [diagnosis(place, "answer", "fault", "none in the time given", "out_of_time")] if told is None else told
        )
    return found


def _begun(place: str, look: _Look) -> _Answer:
    answer = _Answer()

    def run() -> None:
        try:
            answer.found = look()
        except InteropError as error:
            answer.found = [diagnosis(place, "settings", "fault", str(error), "cannot_be_built")]
        except Exception as error:  # noqa: BLE001  # the outermost call of the thread; the others' findings still count
            broke = f"it broke off ({type(error).__name__})"
            answer.found = [diagnosis(place, "examination", "fault", broke, "our_fault")]
        finally:
            answer.done.set()

    threading.Thread(target=run, name=f"doctor-{place}", daemon=True).start()
    return answer
