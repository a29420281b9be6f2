"""`interop serve`: runs the exchange with the systems of the settings file until it is told to stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from interop.config import Settings, load
from interop.documents import take_in, write
from interop.errors import Invalid
from interop.exchange import Exchange
from interop.exchange.running import opened_parts, opened_worker, worker_over
from interop.logs import configure

__all__ = ["SettingsFile", "loaded", "serve_command", "work"]

SettingsFile = Annotated[
    Path, typer.Option("--settings", metavar="FILE", envvar="INTEROP_SETTINGS", help="The settings, as TOML.")
]
"""The option that names the settings file."""


def serve_command(
    settings: SettingsFile = Path("interop.toml"),
    once: Annotated[bool, typer.Option("--once", help="Do one round and stop.")] = False,
) -> None:
    """Run the exchange and the HTTP faces: fetch, deliver, read back what is in doubt, and answer.

    With http.listen in the settings the FHIR API stands at /fhir, the console at /console, figures at /metrics.
    On a loopback address the console's own address, which opens it once, is printed while no people are set up;
    and with http.development a token for the API, good until the service stops.

    The settings are described in docs/settings.md; secrets come from the environment. SIGTERM or Ctrl-C lets what is
    under way end, and then stops the service; nothing is lost however it ends.

    \b
    INTEROP_KEYS=2026-01:... interop serve --settings interop.toml
    """
    found = loaded(settings)
    if not once:
        _serve(found)
        return
    with opened_parts(found, take_in, write) as parts:
        exchange = Exchange(parts)
        if not parts.store.is_shared:
            exchange.resume()
        exchange.round()


def loaded(path: Path) -> Settings:
    """The settings of a file that names at least one system; the log speaks from now on. Raises: Invalid."""
    found = load(path, os.environ)
    configure(found.log_level)
    if not found.systems:
        raise Invalid("The settings name no system; add a table [systems.<name>].")
    return found


def work(settings: Settings) -> None:
    """Nothing; a worker has worked until the process was told to stop. Raises: as `opened_worker`."""
    stop = _told_to_stop()
    with opened_worker(settings, take_in, write) as worker:
        worker.run(stop)


def _serve(settings: Settings) -> None:
    """Nothing; a worker has worked, and the faces have answered, until the process was told to stop."""
    if settings.http_listen is None:
        work(settings)
        return
    from interop.cli.serving import HttpServer, Tokens, announcement

    stop = _told_to_stop()
    tokens = Tokens.of(settings)
    with (
        opened_parts(settings, take_in, write) as parts,
        worker_over(parts, settings) as worker,
        HttpServer(parts, settings, tokens) as server,
    ):
        print(announcement(settings, server.port, tokens), flush=True)
        worker.run(stop)


def _told_to_stop() -> Event:
    stop = Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    return stop
