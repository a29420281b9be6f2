"""A process that ends right after a call to one of the three sandboxes, and a new one that takes over its database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interop.cli.demo import example_plan
from interop.cli.stand_ins import StandIns, start
from interop.documents import examine
from interop.exchange import Exchange, Pace, Participant, Parts, Written
from interop.store import KeyRing, Store
from mappings.formats import format_named
from schemas.record import Record

PLAN = example_plan("fi")
RING = KeyRing("k", {"k": bytes(32)})


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """A system after one of whose calls the process ends: the call is carried out, and nobody learns how it went."""

    def __init__(self, system: Any, last: str) -> None:
        self._system, self._last = system, last

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._system, name)
        if name != self._last:
            return found

        def last(*args: Any) -> Any:
            found(*args)
            raise Killed

        return last


def write(record: Record, form: str) -> Written:
    return format_named(form).write(record)


def exchange(url: str, stand_ins: StandIns, times: list[datetime], dying: tuple[str, str] = ("", "")) -> Exchange:
    participants = {
        name: Participant(
            Mortal(system, dying[1]) if name == dying[0] else system,
            "1.2.246.10.99999999.19.0",
            sends=name == "effica",
        )
        for name, system in stand_ins.systems.items()
    }
    pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
    return Exchange(Parts(Store(url, RING), participants, examine, write, lambda: times[-1], pace))


def go(one: Exchange, times: list[datetime], rounds: int = 6) -> None:
    try:
        one.resume()
        for _ in range(rounds):
            one.round()
            times.append(times[-1] + timedelta(minutes=2))
    finally:
        one.parts.store.close()


@pytest.mark.parametrize(
    "dying",
    [
        ("effica", "arrivals"),
        ("effica", "fetch"),
        ("effica", "acknowledge"),
        ("omni360", "send"),
        ("omni360", "settle"),
        ("apotti", "send"),
    ],
    ids="-".join,
)
def test_what_one_process_began_the_next_one_ends(tmp_path: Path, dying: tuple[str, str]) -> None:
    url, times = f"sqlite:///{tmp_path / 'interop.db'}", [datetime(2026, 3, 1, tzinfo=UTC)]
    record = examine(PLAN, "effica").record
    assert record is not None
    with start(record) as stand_ins:
        stand_ins.file(PLAN)
        with pytest.raises(Killed):
            go(exchange(url, stand_ins, times, dying), times)
        again = exchange(url, stand_ins, times)
        go(again, times)
        assert stand_ins.held() == {"omni360": 1, "apotti": 1}
        store = Store(url, RING)
        assert {one.receiver: one.state for one in store.deliveries()} == {
            "omni360": "delivered",
            "apotti": "delivered",
        }
        if dying[1] == "send":
            (killed,) = store.deliveries(receiver=dying[0])
            assert killed.attempts == 1
            assert [one.cause for one in store.history(killed.id)][2] == "interrupted"
        store.close()
