"""`interop documents`: what has been received, and a person's word on what waits in quarantine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from interop.cli.acting import acting
from interop.cli.deliveries import Form
from interop.cli.serve import SettingsFile
from interop.config import Settings, load
from interop.documents import examine
from interop.errors import Conflict, Invalid
from interop.exchange.joining import receivers_of
from interop.exchange.receiving import TAKEN_CARE_OF, identity_of
from interop.exchange.running import opened_store
from interop.logs import without_identity_codes
from interop.store import Answer, Status, Store, StoredDocument
from mappings.wills import wills_in

__all__ = ["documents"]

documents = typer.Typer(
    help="Documents received: list, show, admit, refuse.", no_args_is_help=True, rich_markup_mode=None
)

_DEFAULT = Path("interop.toml")
_STATUSES: tuple[Status, ...] = get_args(Status)

_Id = Annotated[str, typer.Argument(metavar="ID", help="The document's id, as `list` shows it.")]
_Output = Annotated[Form, typer.Option("--output", help="text or json.")]
_Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Told to the sender with the refusal; name no person in it.")
]


@documents.command("list")
def list_command(
    settings: SettingsFile = _DEFAULT,
    statuses: Annotated[
        list[str] | None, typer.Option("--status", metavar="STATUS", help=f"One of {', '.join(_STATUSES)}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="At most so many.")] = 100,
    output: _Output = Form.text,
) -> None:
    """List documents, the latest first; without --status those in quarantine.

    \b
    interop documents list
    interop documents list --status rejected --output json
    """
    wanted = tuple(one for one in _STATUSES if one in (statuses or ["quarantined"]))
    if len(wanted) != len(set(statuses or ["quarantined"])):
        raise Invalid(f"--status takes one of {', '.join(_STATUSES)}.")
    with _store(settings) as (store, _):
        found = store.documents(*wanted, limit=limit)
    if output is Form.json:
        print(_json([_facts(one) for one in found]))
        return
    print(f"{'id':<36}  {'status':<11}  {'source':<16}  {'received':<20}  findings")
    for one in found:
        received = _time(one.received_at)
        print(f"{one.id:<36}  {one.status:<11}  {one.source:<16}  {received:<20}  {_first(one.findings)}")


@documents.command("show")
def show_command(document_id: _Id, settings: SettingsFile = _DEFAULT, output: _Output = Form.text) -> None:
    """Show one document: where it came from, what was answered, which rules it breaks. Its content is not shown.

    \b
    interop documents show 0b6f2c1e-6a0e-4d3a-9b56-1f0f3f1c2a77
    """
    with _store(settings) as (store, _):
        facts = _facts(store.document(document_id))
    if output is Form.json:
        print(_json(facts))
        return
    for name, value in facts.items():
        print(f"{name:<14}{', '.join(value) if isinstance(value, list) else value}")


@documents.command("admit")
def admit_command(document_id: _Id, settings: SettingsFile = _DEFAULT) -> None:
    """Take a document out of quarantine and into the exchange: its deliveries begin, and its sender is told AA.

    The document is read in this process. If it is one that stops the program, it stops this command and no worker.

    \b
    interop documents admit 0b6f2c1e-6a0e-4d3a-9b56-1f0f3f1c2a77
    """
    with _store(settings) as (store, found):
        document = store.document(document_id)
        record = examine(store.payload(document_id), document.format).record
        identity = identity_of(record) if record is not None else None
        if record is None or identity is None:
            raise Conflict("The document does not say which document it is, and cannot be exchanged. Refuse it.")
        receivers = receivers_of(found, document.source, record)
        store.wills.learn(wills_in(record), document.source, datetime.now(UTC))
        after = store.admit(document_id, identity, TAKEN_CARE_OF, receivers, datetime.now(UTC), acting())
    print(f"{after.id} {after.status}")


@documents.command("refuse")
def refuse_command(document_id: _Id, settings: SettingsFile = _DEFAULT, reason: _Reason = "") -> None:
    """Refuse a document in quarantine: its sender is told AE, and the document stays here as evidence.

    \b
    interop documents refuse 0b6f2c1e-6a0e-4d3a-9b56-1f0f3f1c2a77 --reason "Not one of ours"
    """
    answer = Answer("AE", "refused_by_a_person", without_identity_codes(reason))
    with _store(settings) as (store, _):
        after = store.refuse(document_id, answer, datetime.now(UTC), acting())
    print(f"{after.id} {after.status}")


@contextmanager
def _store(settings: Path) -> Iterator[tuple[Store, Settings]]:
    found = load(settings, os.environ)
    with opened_store(found) as store:
        yield store, found


def _facts(one: StoredDocument) -> dict[str, Any]:
    return {
        "id": one.id, "status": one.status, "source": one.source, "format": one.format, "document": one.document,
        "version": one.version, "structure": one.structure, "answer": one.answer.type, "code": one.answer.code,
        "received": _time(one.received_at), "acknowledged": _time(one.acknowledged_at), "findings": list(one.findings),
    }  # fmt: skip


def _first(findings: Sequence[str]) -> str:
    more = f" and {len(findings) - 2} more" if len(findings) > 2 else ""
    return ", ".join(findings[:2]) + more or "-"


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else "-"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
