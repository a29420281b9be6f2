"""`interop disclosures`: what other controllers were given outside Kanta, and the notices of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.cli.acting import acting, asked_code, in_utc, moment
from interop.cli.deliveries import Form
from interop.cli.serve import SettingsFile
from interop.cli.writing import hand_over
from interop.config import load
from interop.exchange.notifying import notice
from interop.exchange.running import opened_store
from interop.store import Disclosed, Entry, SoughtDisclosures, Store, What
from schemas.json_text import dump

__all__ = ["disclosures"]

disclosures = typer.Typer(
    help="What other controllers were given outside Kanta, and its notices: list, show, export.",
    no_args_is_help=True, rich_markup_mode=None,
)  # fmt: skip

_DEFAULT = Path("interop.toml")

_Output = Annotated[Form, typer.Option("--output", help="text or json.")]
_Document = Annotated[str, typer.Option("--document", metavar="OID", help="Of this document version.")]
_Client = Annotated[
    bool, typer.Option("--client", help="Ask for an identity code, without showing it, and take that person's.")
]
_Since = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="From this day (UTC).")
]
_Until = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Before this day (UTC).")
]
_Waiting = Annotated[bool, typer.Option("--waiting", help="Those alone whose notice is not in the outbox yet.")]


@disclosures.command("list")
def list_command(
    settings: SettingsFile = _DEFAULT,
    document: _Document = "",
    client: _Client = False,
    since: _Since = None,
    until: _Until = None,
    waiting: _Waiting = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="The latest so many.")] = 100,
    output: _Output = Form.text,
) -> None:
    """List the latest disclosures, oldest first: when, which document, from which controller to which, on which law.

    There is one for each document version, receiver and person. The search is an entry of the audit.

    \b
    interop disclosures list --since 2026-01-01
    interop disclosures list --waiting
    """
    with _store(settings) as store:
        sought = _sought(store, document, since, until, client=client, waiting=waiting)
        found = store.disclosures.latest(sought, limit)
        _tell(store, "searched", sought)
    if output is Form.json:
        print(json.dumps([_facts(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        state = "written" if one.written_at else "waiting"
        print(
            f"{one.id}  {moment(one.at)}  {state}  {one.document} v{one.version}  {_controller(one.sender)} → "
            f"{_controller(one.receiver)} ({one.system})  {one.act}, {one.section}"
        )


@disclosures.command("show")
def show_command(
    disclosure_id: Annotated[str, typer.Argument(metavar="ID", help="The disclosure's id, or how it begins.")],
    settings: SettingsFile = _DEFAULT,
    output: _Output = Form.text,
) -> None:
    """Show one disclosure; with `--output json`, its notice: a FHIR R4 Bundle of AuditEvent and Provenance.

    The person stays the audit's keyed digest. The look at it is an entry of the audit.

    \b
    interop disclosures show 0b1c2d3e --output json
    """
    with _store(settings) as store:
        one = store.disclosures.one(disclosure_id)
        _tell(store, "viewed", SoughtDisclosures(one.document, one.client))
    if output is Form.json:
        hand_over(dump(notice(one), indent=True) + b"\n", None)
        return
    for name, value in _facts(one).items():
        print(f"{name:<14}{', '.join(value) if isinstance(value, list) else '' if value is None else value}")


@disclosures.command("export")
def export_command(
    to: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file; else it is printed.")
    ] = None,
    settings: SettingsFile = _DEFAULT,
    document: _Document = "",
    client: _Client = False,
    since: _Since = None,
    until: _Until = None,
    waiting: _Waiting = False,
) -> None:
    """Write notices as FHIR R4 Bundles, one a line (NDJSON), oldest first. The export is an entry of the audit.

    Persons stay the audit's keyed digests, and what waits for the outbox goes on waiting.

    \b
    interop disclosures export --since 2026-01-01 -o notices.ndjson
    """
    with _store(settings) as store:
        sought = _sought(store, document, since, until, client=client, waiting=waiting)
        lines = (dump(notice(one)) + b"\n" for one in store.disclosures.every(sought))
        try:
            hand_over(lines, to)
        finally:
            # Also what a reader took before it went away has been exported.
            _tell(store, "exported", sought)


@contextmanager
def _store(settings: Path) -> Iterator[Store]:
    with opened_store(load(settings, os.environ)) as store:
        yield store


def _sought(
    store: Store, document: str, since: datetime | None, until: datetime | None, *, client: bool, waiting: bool
) -> SoughtDisclosures:
    person = store.audit.pseudonym(asked_code()) if client else ""
    return SoughtDisclosures(document, person, in_utc(since), in_utc(until), waiting)


def _tell(store: Store, what: What, sought: SoughtDisclosures) -> None:
    store.audit.append(
        Entry(
            datetime.now(UTC), acting(), what, cause="disclosures_command", document=sought.document,
            purpose="supervision", clients=(sought.client,) if sought.client else (),
        )
    )  # fmt: skip


def _controller(oid: str) -> str:
    return oid or "not known"


def _facts(one: Disclosed) -> dict[str, Any]:
    return {
        **asdict(one), "at": moment(one.at), "permits": list(one.permits),
        "written_at": moment(one.written_at) if one.written_at else None,
    }  # fmt: skip
