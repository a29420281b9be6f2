"""`interop gate`: whether a document may go to a system, and why; the permits and prohibitions that are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.bulk.inputs import one_document
from interop.cli.acting import acting
from interop.cli.deliveries import Form, Lang
from interop.cli.gate_text import as_text, here_lines, left_lines, will_lines
from interop.cli.serve import SettingsFile, loaded
from interop.config import receivers
from interop.documents import examine, record_of
from interop.errors import Invalid, NotFound
from interop.exchange.resting import Resting, resting
from interop.exchange.running import opened_store
from interop.store import Delivery, Entry, KnownWill
from mappings.wills import NotUnderstood, wills_in, wills_in_consent
from schemas import json_text
from schemas.issues import Language
from schemas.record import Record
from schemas.wills import Client, ClientWills, Will, Wills, merged, narrowed, will_as_json
from validators.gate import Decision, Receiver, decide_on, subject_of

__all__ = ["gate"]

gate = typer.Typer(
    help="May a document go to a system, and why; permits and prohibitions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
permits = typer.Typer(help="Permits and prohibitions: add, list, revoke.", no_args_is_help=True, rich_markup_mode=None)
gate.add_typer(permits, name="permits")

_DEFAULT = Path("interop.toml")
_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}
_WILL_FILES = "THL permit, prohibition or relationship documents in any format, or FHIR Consents."

_Output = Annotated[Form, typer.Option("--output", help="text or json.")]
_Language = Annotated[Lang, typer.Option("--lang", help="Language of the grounds: fi, sv or en.")]


@gate.command("explain")
def explain_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A document in any format, or - for standard input.")],
    to: Annotated[str, typer.Option("--to", metavar="SYSTEM", help="The receiver's name in the settings.")],
    settings: SettingsFile = _DEFAULT,
    wills: Annotated[list[str] | None, typer.Option("--wills", metavar="FILE", help=_WILL_FILES)] = None,
    stored: Annotated[
        bool, typer.Option("--stored/--files-only", help="Count in what the exchange knows; needs its keys.")
    ] = False,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The moment, ISO 8601; now when left out.")] = "",
    output: _Output = Form.text,
    language: _Language = Lang.fi,
) -> None:
    """Show whether the document may go to the system, and each ground that was asked, with the law it rests on.

    Nothing is sent or stored. Exit code 0: it may go. 1: it is held or denied. 2: the input could not be used.

    \b
    interop gate explain examples/plan-effica.xml --to omni360 --lang sv
    interop gate explain plan.json --to terveys --wills permit.json --at 2026-11-25
    """
    receiver, record = _receiver(settings, to), _record(file)
    moment = _moment(at)
    told = _newest(will for name in wills or () for will in _wills_of_file(name))
    if stored:
        with opened_store(loaded(settings)) as store:
            decision = decide_on(record, receiver, lambda of: _together(store.wills.of(of), told), moment)
    else:
        decision = decide_on(record, receiver, lambda _: told, moment)
    if output is Form.json:
        print(json_text.dump(_as_json(file, to, decision), indent=True).decode())
    else:
        print("\n".join(as_text(file, to, decision, _LANGUAGES[language])))
    raise typer.Exit(0 if decision.outcome == "permit" else 1)


@permits.command("add")
def add_command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help=_WILL_FILES)], settings: SettingsFile = _DEFAULT
) -> None:
    """Make permits and prohibitions known to the exchange. Of a document's versions the newest counts.

    \b
    interop gate permits add permit.xml consent.json
    """
    told = [will for name in files for will in _wills_of_file(name)]
    with opened_store(loaded(settings)) as store:
        now = datetime.now(UTC)
        new = store.wills.learn(told, "command", now)
        store.audit.append_all(
            [
                Entry(
                    now, acting(), "permits_told", document=one.chain, version=one.version,
                    clients=(store.audit.pseudonym(one.client[1]),),
                )
                for one in told
            ]
        )  # fmt: skip
    print(f"{new} new, {len(told) - new} known before.")


@permits.command("list")
def list_command(
    settings: SettingsFile = _DEFAULT,
    of: Annotated[str, typer.Option("--of", metavar="FILE", help="Those of the clients of this document alone.")] = "",
    output: _Output = Form.text,
) -> None:
    """List the newest version of each permit and prohibition. Clients stand as pseudonyms, never by identity code.

    \b
    interop gate permits list --of examples/plan.json
    """
    clients = subject_of(_record(of)).clients if of else None
    with opened_store(loaded(settings)) as store:
        known = store.wills.known(clients)
    if output is Form.json:
        print(json.dumps([_facts(one) for one in known], ensure_ascii=False, indent=2))
        return
    print("\n".join(line for one in known for line in will_lines(one)) or "Nothing is known.")


@permits.command("revoke")
def revoke_command(
    will_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows, or its beginning.")],
    settings: SettingsFile = _DEFAULT,
    on: Annotated[
        str, typer.Option("--on", metavar="YYYY-MM-DD", help="The day of revocation; today when left out.")
    ] = "",
    output: _Output = Form.text,
) -> None:
    """Revoke a permit, or take a prohibition back, and list what rested on it.

    What has not left is judged anew before it goes: what the gate says of it now is told. What has left cannot be
    called back.

    \b
    interop gate permits revoke 3f2a
    """
    now, found = datetime.now(UTC), loaded(settings)
    receivers = {one.name: one.receiver for one in found.systems}
    with opened_store(found) as store:
        before = list(resting(store, receivers, now))
        known = store.wills.revoke(will_id, _moment(on).date() if on else now.date(), now)
        store.audit.append(
            Entry(now, acting(), "permits_revoked", cause=known.id, document=known.chain, version=known.version)
        )
        permits = {permit.id for permit in known.said.permits}
        left = store.wills.relying_on(permits)
        concerned = {one.delivery.id for one in before if permits.intersection(one.decision.permits)}
        here = list(resting(store, receivers, now, concerned))
    if output is Form.json:
        told = {**_facts(known), "here": [_here(one) for one in here], "left": [_left(one) for one in left]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print("\n".join([*will_lines(known), *here_lines(here), *left_lines(left)]))


def _receiver(settings: Path, name: str) -> Receiver:
    known = receivers(settings)
    if name not in known:
        raise NotFound(f"The settings name no system '{name}'; they name {', '.join(known) or 'none'}.")
    return known[name]


def _record(name: str) -> Record:
    return record_of(examine(_data(name)), f"The file '{name}'")


def _wills_of_file(name: str) -> list[Will]:
    """The wills that a file tells. Raises: Invalid, also for a document that tells none."""
    data = _data(name)
    resource, _ = json_text.parse(data) if data.lstrip()[:1] == b"{" else (None, None)
    if isinstance(resource, dict) and resource.get("resourceType") == "Consent":
        try:
            return wills_in_consent(resource)
        except NotUnderstood as error:
            raise Invalid(f"The file '{name}' cannot be taken for a permit or prohibition. {error}") from error
    found = wills_in(_record(name))
    if not found:
        raise Invalid(f"The file '{name}' tells no permit, prohibition or non-disclosure order.")
    return found


def _data(name: str) -> bytes:
    return one_document(name).data


def _moment(text: str) -> datetime:
    """The moment that is meant; of a day its noon. Raises: Invalid."""
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("A time is written as 2026-11-25 or 2026-11-25T12:00:00+02:00.") from error
    if found.tzinfo is not None:
        return found
    if len(text) > len("2026-11-25"):
        raise Invalid("A time of day needs an offset, as in 2026-11-25T12:00:00+02:00.")
    return datetime.combine(date(found.year, found.month, found.day), time(12), UTC)


def _newest(wills: Iterable[Will]) -> Wills:
    """What the newest version of each chain says, together for each client; told in two ways, what closes more."""
    newest: dict[tuple[Client, str], Will] = {}
    for one in wills:
        other = newest.get((one.client, one.chain))
        if other is None or other.version < one.version:
            newest[one.client, one.chain] = one
        elif other.version == one.version:
            newest[one.client, one.chain] = replace(one, said=narrowed(other.said, one.said))
    said: dict[Client, list[ClientWills]] = {}
    for (client, _), one in newest.items():
        said.setdefault(client, []).append(one.said)
    return {client: merged(several) for client, several in said.items()}


def _together(one: Wills, other: Wills) -> Wills:
    empty = ClientWills()
    return {client: merged([one.get(client, empty), other.get(client, empty)]) for client in {*one, *other}}


def _as_json(name: str, receiver: str, decision: Decision) -> dict[str, Any]:
    """Out: the stored form of a decision, with the input, every step in words, and what a person has to read."""
    return {
        "input": name,
        "receiver": receiver,
        **decision.as_json(),
        "message": dict(decision.basis.message),
        "suspects": list(decision.suspects),
        "steps": [step.as_json() for step in decision.steps],
    }


def _facts(one: KnownWill) -> dict[str, Any]:
    return {
        "id": one.id, "client": one.client, "chain": one.chain, "version": one.version, "source": one.source,
        "learned": one.learned_at.isoformat(), **will_as_json(one.said),
    }  # fmt: skip


def _here(one: Resting) -> dict[str, Any]:
    return {**_left(one.delivery), "outcome": one.decision.outcome, "ground": one.decision.basis.id}


def _left(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id, "document": one.document, "version": one.version, "receiver": one.receiver, "state": one.state,
    }  # fmt: skip
