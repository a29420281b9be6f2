"""`interop deliveries`: what is on its way, what has stopped, and the decisions that a person makes about it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.cli.acting import acting
from interop.cli.serve import SettingsFile
from interop.config import load
from interop.errors import Invalid
from interop.exchange import cause_in_words
from interop.logs import without_identity_codes
from interop.store import STATES, Circuit, Delivery, KeyRing, State, Store, Transition
from schemas.issues import Language

__all__ = ["deliveries"]

deliveries = typer.Typer(
    help="Deliveries: list, show, retry, release, confirm, cancel.", no_args_is_help=True, rich_markup_mode=None
)

_DEFAULT = Path("interop.toml")


class Lang(StrEnum):
    """The language of what is shown."""

    fi = "fi"
    sv = "sv"
    en = "en"


class Form(StrEnum):
    """How the answer is written."""

    text = "text"
    json = "json"


_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}

_Id = Annotated[int, typer.Argument(metavar="ID", help="The delivery's number, as `list` shows it.")]
_Output = Annotated[Form, typer.Option("--output", help="text or json.")]
_Language = Annotated[Lang, typer.Option("--lang", help="Language of causes: fi, sv or en.")]
_Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="A word on the decision, kept in the ledger; name no person in it."),
]


@deliveries.command("list")
def list_command(
    settings: SettingsFile = _DEFAULT,
    states: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help=f"One of {', '.join(STATES)}.")
    ] = None,
    receiver: Annotated[str, typer.Option(help="A system's name in the settings.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="At most so many.")] = 100,
    output: _Output = Form.text,
) -> None:
    """List deliveries, oldest first; without --state those that have not ended, and the rejected ones.

    \b
    interop deliveries list
    interop deliveries list --state held --receiver apotti
    """
    wanted = _states(states)
    with _store(settings) as store:
        found = store.deliveries(*wanted, receiver=receiver, limit=limit)
        circuits = [one for one in store.circuits.all() if one.open_until is not None]
    if output is Form.json:
        print(_json({"deliveries": [_facts(one) for one in found], "circuits": [_circuit(one) for one in circuits]}))
        return
    _print_list(found, circuits)


@deliveries.command("show")
def show_command(
    delivery_id: _Id, settings: SettingsFile = _DEFAULT, output: _Output = Form.text, language: _Language = Lang.fi
) -> None:
    """Show one delivery with every step it took, when and why.

    \b
    interop deliveries show 7 --lang en
    """
    with _store(settings) as store:
        delivery, steps = store.delivery(delivery_id), store.history(delivery_id)
    told = _LANGUAGES[language]
    if output is Form.json:
        print(_json({**_facts(delivery), "steps": [_step(one, told) for one in steps]}))
        return
    for name, value in _facts(delivery).items():
        print(f"{name:<12}{value}")
    print()
    for one in steps:
        print(f"{_time(one.at)}  {one.before or '-':<10} → {one.after:<10}  {cause_in_words(one.cause, told)}")
        if one.reason:
            print(f"{'':<36}{one.reason}")


@deliveries.command("retry")
def retry_command(delivery_id: _Id, settings: SettingsFile = _DEFAULT, reason: _Reason = "") -> None:
    """Try a delivery again: at once when it waits for its time; anew when it was held or rejected.

    The gate judges it again. A document is put right where it was written: the sender then sends a new version.

    \b
    interop deliveries retry 7
    """
    with _store(settings) as store:
        _print_state(store.resend(delivery_id, datetime.now(UTC), without_identity_codes(reason), acting()))


@deliveries.command("release")
def release_command(delivery_id: _Id, settings: SettingsFile = _DEFAULT, reason: _Reason = "") -> None:
    """Let a held delivery past the gate's hold, by a person's decision. What the gate denies stays denied.

    \b
    interop deliveries release 7 --reason "Duty confirmed by telephone"
    """
    with _store(settings) as store:
        _print_state(store.release(delivery_id, datetime.now(UTC), without_identity_codes(reason), acting()))


@deliveries.command("confirm")
def confirm_command(delivery_id: _Id, settings: SettingsFile = _DEFAULT, reason: _Reason = "") -> None:
    """Note that a delivery has arrived, when its answer was lost and its receiver has told a person so.

    A receiver that can be read back is asked by the exchange itself; a mail cannot be. One that has not arrived is sent
    again by `retry`, or called off by `cancel`.

    \b
    interop deliveries confirm 7 --reason "The receiver has it, told by telephone"
    """
    with _store(settings) as store:
        _print_state(store.confirm(delivery_id, datetime.now(UTC), without_identity_codes(reason), acting()))


@deliveries.command("cancel")
def cancel_command(delivery_id: _Id, settings: SettingsFile = _DEFAULT, reason: _Reason = "") -> None:
    """Call off a delivery that waits or is held. What may have arrived already cannot be called back.

    \b
    interop deliveries cancel 7 --reason "Sent by mistake"
    """
    with _store(settings) as store:
        _print_state(store.cancel(delivery_id, datetime.now(UTC), without_identity_codes(reason), acting()))


@contextmanager
def _store(settings: Path) -> Iterator[Store]:
    found = load(settings, os.environ)
    with closing(Store(found.database_url, KeyRing(found.active_key, found.keys))) as store:
        yield store


def _states(names: Sequence[str] | None) -> tuple[State, ...]:
    wanted = tuple(state for state in STATES if state in (names or ()))
    if len(wanted) != len(set(names or ())):
        raise Invalid(f"--state takes one of {', '.join(STATES)}.")
    return wanted or tuple(state for state in STATES if state not in ("delivered", "superseded"))


def _print_list(found: Sequence[Delivery], circuits: Sequence[Circuit]) -> None:
    print(f"{'id':>8}  {'state':<10}  {'receiver':<16}  {'attempts':>8}  {'next':<20}  document")
    for one in found:
        then = _time(one.next_at) if one.state in ("pending", "accepted", "unknown") else "-"
        document = f"{one.document} v{one.version}"
        print(f"{one.id:>8}  {one.state:<10}  {one.receiver:<16}  {one.attempts:>8}  {then:<20}  {document}")
    for circuit in circuits:
        until = _time(circuit.open_until) if circuit.open_until else "-"
        print(f"{circuit.system} is left alone until {until}, after {circuit.failures} failed calls.")


def _print_state(delivery: Delivery) -> None:
    print(f"Delivery {delivery.id} to {delivery.receiver} is {delivery.state}.")


def _facts(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id, "document": one.document, "version": one.version, "receiver": one.receiver, "state": one.state,
        "attempts": one.attempts, "checks": one.checks, "released": one.released, "created": _time(one.created_at),
        "next": _time(one.next_at), "reference": one.reference,
    }  # fmt: skip


def _step(one: Transition, language: Language) -> dict[str, Any]:
    return {
        "at": _time(one.at), "before": one.before, "after": one.after, "cause": one.cause,
        "words": cause_in_words(one.cause, language), "reason": one.reason, "attempt": one.attempt,
        "decision": one.decision,
    }  # fmt: skip


def _circuit(one: Circuit) -> dict[str, Any]:
    return {"system": one.system, "failures": one.failures, "until": _time(one.open_until) if one.open_until else None}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
