"""`interop serve`: runs the exchange with the systems of the settings file until it is told to stop."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from interop.config import Settings, load
from interop.documents import examine, write
from interop.errors import Invalid
from interop.exchange import Exchange, Pace, Parts
from interop.exchange.joining import participants
from interop.logs import configure
from interop.store import KeyRing, Store

__all__ = ["serve_command"]


def serve_command(
    settings: Annotated[
        Path, typer.Option("--settings", metavar="FILE", envvar="INTEROP_SETTINGS", help="The settings, as TOML.")
    ] = Path("interop.toml"),
    once: Annotated[bool, typer.Option("--once", help="Do one round and stop.")] = False,
) -> None:
    """Run the exchange: fetch what waits in the systems, deliver it, read back what is in doubt.

    The settings are described in docs/settings.md; secrets come from the environment. SIGTERM or Ctrl-C ends the
    round that is under way and then the service; nothing is lost between two rounds.

    \b
    INTEROP_KEYS=2026-01:... interop serve --settings interop.toml
    """
    loaded = load(settings, os.environ)
    configure(loaded.log_level)
    if not loaded.systems:
        raise Invalid("The settings name no system; add a table [systems.<name>].")
    exchange = Exchange(_parts(loaded))
    if once:
        exchange.resume()
        exchange.round()
        return
    stop = Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    exchange.run(stop)


def _parts(settings: Settings) -> Parts:
    store = Store(settings.database_url, KeyRing(settings.active_key, settings.keys))
    pace = Pace(settings.first_retry, settings.longest_retry)
    return Parts(store, participants(settings), examine, write, lambda: datetime.now(UTC), pace)
