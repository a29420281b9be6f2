"""The console beside an exchange of this process, on the loopback interface alone, at an address that works once."""

from __future__ import annotations

import signal
from secrets import token_bytes, token_urlsafe
from threading import Event

from starlette.applications import Starlette
from starlette.routing import Mount

from interop.config import Settings
from interop.console import MOUNT, application
from interop.errors import Unavailable
from interop.exchange import Exchange
from interop.sandboxes.running import Running
from schemas.issues import Language

__all__ = ["show_console"]

_SAID = {
    "fi": "Konsoli on auki tässä osoitteessa, jonka voi avata kerran. Lopeta painamalla Ctrl-C.",
    "sv": "Konsolen finns på denna adress, som kan öppnas en gång. Avsluta med Ctrl-C.",
    "en": "The console is at this address, which can be opened once. Ctrl-C ends it.",
}


def show_console(exchange: Exchange, language: Language, port: int = 0) -> None:
    """Nothing; the console was served and the exchange went on until the process was told to stop.

    In: `port` 0 lets the operating system choose. Raises: Unavailable when the port is taken.
    """
    stop, token = Event(), token_urlsafe(24)
    settings = Settings(active_key="console", keys={"console": token_bytes(32)})
    app = Starlette(routes=[Mount(MOUNT, application(exchange.parts, settings, token=token))])
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with _running(app, port) as running:
            print(f"\n{_SAID[language]}\n{running.url}{MOUNT}/enter?token={token}&language={language}", flush=True)
            exchange.run(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _running(app: Starlette, port: int) -> Running:
    try:
        return Running(app, port=port)
    except OSError as error:
        raise Unavailable(f"The port {port} is taken. Choose another with --port, or leave it out.") from error
