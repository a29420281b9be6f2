"""`interop sandbox`: stand-ins of the record systems and of a mail server, with switches for what goes wrong there."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Annotated, Literal

import typer

from interop.cli.mail_site import MailSite
from interop.cli.sandbox_site import RecordSystems, Site, door_of, opened
from interop.errors import Invalid, NotFound, why
from interop.sandboxes.faults import SWITCHES
from interop.systems.http import Answer, Http
from schemas import json_text

__all__ = ["sandbox"]

sandbox = typer.Typer(
    help="Stand-ins of the record systems and of a mail server: run them, file a document, throw a fault.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Folder = Annotated[Path, typer.Option("--in", metavar="DIR", help="The folder that the sandboxes run over.")]
_HERE, _MAIL = Path("sandbox"), Path("mailbox")


@sandbox.command("run")
def run_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder: the settings files go there.")] = _HERE,
) -> None:
    """Run a stand-in of each system on this machine until SIGTERM or Ctrl-C.

    DIR gets what a vendor would hand out: effica.toml, drop.toml (SosiaaliEffica's drop folder), omni360.toml and
    apotti.toml, each a table [systems.<name>] for the settings file; the keys that they name; and secrets.env. What the
    stand-ins hold is gone when they stop. They answer on the loopback interface, and take made-up persons alone.

    \b
    interop sandbox run sandbox &
    cat sandbox/*.toml > interop.toml
    """
    _run(folder, RecordSystems)


@sandbox.command("mail")
def mail_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder: settings and mails go there.")] = _MAIL,
) -> None:
    """Run a stand-in of a mail server on this machine until SIGTERM or Ctrl-C; it sends nothing on.

    DIR gets mail.toml, the beginning of a table [systems.mail] for the settings file; the server's certificate; and
    secrets.env. Each mail that is taken stands as a file in DIR/mails. It speaks TLS and takes our login alone.

    \b
    interop sandbox mail mailbox &
    interop sandbox fault mail.greylisted --in mailbox
    """
    _run(folder, MailSite)


def _run(folder: Path, begin: Callable[[Path, ExitStack], Site]) -> None:
    stop = Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    with opened(folder, begin) as files:
        print(f"ready: {', '.join(files)} and secrets.env stand in {folder}", flush=True)
        stop.wait()


@sandbox.command("file")
def file_command(
    document: Annotated[Path, typer.Argument(metavar="FILE", help="A document in any format.")],
    folder: _Folder = _HERE,
) -> None:
    """Save a document in the SosiaaliEffica stand-in, as a professional does; the exchange finds it there.

    \b
    interop sandbox file examples/plan-effica.xml
    """
    try:
        data = document.read_bytes()
    except OSError as error:
        raise NotFound(f"'{document}' cannot be read: {why(error)}.") from error
    answer = _asked(folder, "POST", "documents", data)
    told, _ = json_text.parse(answer.body)
    if answer.status != 201 or not isinstance(told, dict):
        raise Invalid(str(told.get("error")) if isinstance(told, dict) else "The stand-in did not take the document.")
    print(f"{told.get('id')} waits in SosiaaliEffica")


@sandbox.command("fault")
def fault_command(
    name: Annotated[
        str, typer.Argument(metavar="SYSTEM.FAULT", help="As `interop sandbox faults` lists them.", show_default=False)
    ],
    times: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How often it is met.")] = 1,
    folder: _Folder = _HERE,
) -> None:
    """Throw a fault's switch: the next calls that can meet the fault do.

    \b
    interop sandbox fault omni360.busy --times 3
    """
    system, _, fault = name.partition(".")
    if fault not in SWITCHES.get(system, {}):
        raise NotFound("There is no such fault; interop sandbox faults lists them.")
    answer = _asked(folder, "POST", f"faults/{system}/{fault}?times={times}")
    if not answer.ok:
        raise Invalid("The stand-ins did not take the fault.")
    print(f"{name}: {SWITCHES[system][fault].meaning}")


@sandbox.command("faults")
def faults_command() -> None:
    """List the faults that each system is known or expected to have.

    \b
    interop sandbox faults
    """
    for system, switches in SWITCHES.items():
        for fault, switch in switches.items():
            print(f"{f'{system}.{fault}':<45}{switch.meaning}")


@sandbox.command("held")
def held_command(folder: _Folder = _HERE) -> None:
    """Count the documents that each stand-in has received.

    \b
    interop sandbox held
    """
    told, _ = json_text.parse(_asked(folder, "GET", "held").body)
    for name, number in (told if isinstance(told, dict) else {}).items():
        print(f"{name:<10}{number}")


def _asked(folder: Path, method: Literal["GET", "POST"], target: str, body: bytes | None = None) -> Answer:
    door = door_of(folder)
    headers = {"Authorization": f"Bearer {door.token}"}
    with Http("The sandbox", door.url) as http:
        return http.call(method, target, body, headers)
