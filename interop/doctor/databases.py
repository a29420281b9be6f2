"""The database and the keys that open it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interop.config import Settings
from interop.doctor.diagnosis import Diagnosis, Level, diagnosis
from interop.errors import Invalid, Unavailable
from interop.store import KeyRing
from interop.store.condition import Condition, condition_of

__all__ = ["database", "judged"]

_GIGABYTE = 1_000_000_000
_LITTLE, _TOO_LITTLE = 2 * _GIGABYTE, _GIGABYTE // 5
_MOST_AHEAD = 60.0


def database(settings: Settings, patience: float) -> Sequence[Diagnosis]:
    """What was found of the database and of the key ring. Units: `patience` in seconds for one question."""
    ring = KeyRing(settings.active_key, settings.keys)
    try:
        condition = condition_of(settings.database_url, ring, patience)
    except Invalid as error:
        return [diagnosis("database", "reached", "fault", str(error), "database_url")]
    except Unavailable as error:
        return [diagnosis("database", "reached", "fault", str(error), "database_away"), *_ring(ring)]
    return [*judged(condition), *_ring(ring), *_keys(condition, ring)]


def judged(condition: Condition) -> Sequence[Diagnosis]:
    """What a database's condition means."""
    found = [diagnosis("database", "reached", "ok", "it answers"), _form(condition)]
    if condition.journal:
        level: Level = "ok" if condition.journal == "wal" else "warning"
        found.append(diagnosis("database", "write-ahead log", level, condition.journal, "not_wal"))
    if condition.free is not None:
        found.append(diagnosis("database", "free space", *_room(condition.free), "little_room"))
    if not condition.takes_writes:
        found.append(diagnosis("database", "takes writes", "fault", "it is a standby", "standby"))
    if condition.ahead is not None:
        apart = abs(condition.ahead)
        side = "ahead of" if condition.ahead > 0 else "behind"
        told: tuple[Level, str] = ("ok", "in step") if apart <= _MOST_AHEAD else ("fault", f"{apart:.0f} s {side} ours")
        found.append(diagnosis("database", "clock", *told, "database_clock"))
    return found


def _form(condition: Condition) -> Diagnosis:
    form, newest = condition.form, condition.newest
    if form is None:
        return diagnosis("database", "tables", "warning", "there are none yet", "no_tables")
    if form == newest:
        return diagnosis("database", "tables", "ok", f"form {form}")
    if form < newest:
        told = f"form {form}, older than {newest} of this program"
        return diagnosis("database", "tables", "warning", told, "not_migrated")
    return diagnosis("database", "tables", "fault", f"form {form}, later than {newest} of this program", "later_form")


def _room(free: int) -> tuple[Level, str]:
    level: Level = "fault" if free < _TOO_LITTLE else "warning" if free < _LITTLE else "ok"
    return level, f"{free / _GIGABYTE:.1f} GB"


def _ring(ring: KeyRing) -> Iterator[Diagnosis]:
    twice = len(set(ring.keys.values())) < len(ring.keys)
    told = "two ids have the same key" if twice else f"{len(ring.keys)} in the ring, active {ring.active}"
    yield diagnosis("keys", "ring", "warning" if twice else "ok", told, "same_key")


def _keys(condition: Condition, ring: KeyRing) -> Iterator[Diagnosis]:
    for key_id, use in sorted(condition.keys.items()):
        rows = f"{use.rows} row{'' if use.rows == 1 else 's'}"
        if use.opens is None:
            yield diagnosis("keys", key_id, "fault", f"not in the ring, {rows} under it", "key_missing")
        elif not use.opens:
            yield diagnosis(
                "keys", key_id, "fault", f"does not open what it is said to have closed, {rows}", "key_differs"
            )
        else:
            told = rows if key_id == ring.active else f"{rows} still under this older key"
            yield diagnosis("keys", key_id, "ok", f"opens, {told}")
