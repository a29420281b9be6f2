from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process ends here."""


class Wire:
    """Ends the process at the n-th crossing: before or after a call to the store or to a system."""

    def __init__(self, last: int) -> None:
        self.left = last

    def cross(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def around(self, thing: Any) -> Any:
        wire = self

        class Around:
            def __getattr__(self, name: str) -> Any:
                found = getattr(thing, name)
                return wire.guarded(found) if callable(found) else found

        return Around()

    def guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **named: Any) -> Any:
            self.cross()
            result = call(*args, **named)
            self.cross()
            return result

        return guarded


def test_a_crash_at_any_step_loses_nothing_and_sends_nothing_twice(world: Any) -> None:
    crashes = 0
    base = world.url
    for last in range(1, 500):
        world.url = base.replace("interop.db", f"{last}.db")
        for peer in (world.source, world.quick, world.slow):
            peer.__init__(peer.name, asks_later=peer.asks_later)
        world.source.file("m1", world.plan())
        wire = Wire(last)
        exchange = world.exchange(wire.around)
        try:
            exchange.resume()
            world.later(exchange, 3)
        except Killed:
            crashes += 1
        again = world.exchange()
        again.resume()
        world.later(again, 6)
        assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}, last
        assert (len(world.quick.filed), len(world.slow.filed)) == (1, 1), last
        assert world.source.answers["m1"][-1].type == "AA", last
        assert len(again.parts.store.documents()) == 1, last
        for store in world.opened:
            store.close()
        world.opened.clear()
        if wire.left > 0:
            break
    assert crashes > 60
    assert wire.left > 0
