"""`interop audit`: who did what to which document and why; and the proof that nobody has changed that afterwards."""

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
from interop.errors import Invalid, Unavailable, why
from interop.exchange.running import opened_store
from interop.service.auditing import event_of, facts_of
from interop.store import WHATS, Anchor, Entry, Problem, Sought, Store, Verdict
from schemas.json_text import dump

__all__ = ["audit"]

audit = typer.Typer(help="The audit: list, show, verify, anchor, export.", no_args_is_help=True, rich_markup_mode=None)

_DEFAULT = Path("interop.toml")
_PROBLEMS = {
    "altered": "has been altered",
    "removed": "has been removed",
    "reordered": "does not follow the entry before it: it was moved, or what it followed was replaced",
    "inserted": "was added past the end of the chain, or before its beginning",
    "rewound": "is not what the anchor says: the chain was put back to an earlier state and continued",
    "ends_altered": "a mark of the chain's ends has been altered or removed",
    "index_altered": "is not found by its clients: the index has been altered",
}

_Output = Annotated[Form, typer.Option("--output", help="text or json.")]
_Document = Annotated[str, typer.Option("--document", metavar="OID", help="Entries about this document version.")]
_Client = Annotated[
    bool, typer.Option("--client", help="Ask for an identity code, without showing it, and take that person's entries.")
]
_What = Annotated[str, typer.Option("--what", metavar="WHAT", help=f"One of {', '.join(WHATS)}.")]
_Since = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="From this day (UTC).")
]
_Until = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Before this day (UTC).")
]


@audit.command("list")
def list_command(
    settings: SettingsFile = _DEFAULT,
    document: _Document = "",
    client: _Client = False,
    what: _What = "",
    since: _Since = None,
    until: _Until = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="The latest so many.")] = 100,
    output: _Output = Form.text,
) -> None:
    """List the latest entries, oldest first. The search itself is an entry too.

    An identity code is asked for, or read from standard input, so that it stands in no list of processes and no
    history of commands. It is not stored.

    \b
    interop audit list --document 1.2.246.10.99999999.11.2026.7
    interop audit list --client --since 2026-01-01 < code.txt
    """
    with _store(settings) as store:
        sought = _sought(store, document, client, what, since, until)
        found = store.audit.entries(sought, limit=limit)
        _tell(store, "searched", sought)
    if output is Form.json:
        print(json.dumps([facts_of(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        about = f"{one.document} v{one.version}" if one.document else one.document_id
        to = f" → {one.receiver}" if one.receiver else ""
        law = f"  ({one.act}, {one.section})" if one.act else ""
        print(f"{moment(one.at)}  {one.what:<16}  {one.who:<24}  {about}{to}{law}  {one.cause}")


@audit.command("show")
def show_command(
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="The entry's id, as `list --output json` shows it.")],
    settings: SettingsFile = _DEFAULT,
    output: _Output = Form.text,
) -> None:
    """Show one entry whole.

    \b
    interop audit show 0b6f2c1e-6a0e-4d3a-9b56-1f0f3f1c2a77
    """
    with _store(settings) as store:
        facts = facts_of(store.audit.entry(entry_id))
    if output is Form.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        print(f"{name:<14}{', '.join(value) if isinstance(value, list) else '' if value is None else value}")


@audit.command("verify")
def verify_command(
    settings: SettingsFile = _DEFAULT,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="Ends of the chain that were kept elsewhere.")
    ] = None,
    output: _Output = Form.text,
) -> None:
    """Prove that no entry was altered, removed, moved or added. Exit 0 when all is whole, 1 when something is wrong.

    An earlier copy of the whole database shows only against an anchor that was kept elsewhere: see `interop audit
    anchor`. Entries of the last second may still wait for their place in the chain; they are counted apart.

    \b
    interop audit verify --anchor /mnt/elsewhere/interop-audit.ndjson
    """
    with _store(settings) as store:
        verdict = store.audit.verify(_anchors(anchor))
    if output is Form.json:
        print(json.dumps(_verdict(verdict), indent=2))
    else:
        _print_verdict(verdict)
    if verdict.problems:
        raise typer.Exit(1)


@audit.command("anchor")
def anchor_command(
    settings: SettingsFile = _DEFAULT,
    to: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Add the line to this file, kept elsewhere.")
    ] = None,
) -> None:
    """Print the end of the chain as one line, to be kept where nobody who can write to the database can.

    \b
    interop audit anchor -o /mnt/elsewhere/interop-audit.ndjson      # every night, say
    """
    with _store(settings) as store:
        found = store.audit.anchor(datetime.now(UTC))
    line = json.dumps({"sequence": found.sequence, "link": found.link, "at": found.at.isoformat()})
    if to is None:
        print(line)
        return
    try:
        with to.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise Unavailable(f"The file '{to}' cannot be written: {why(error)}.") from error


@audit.command("export")
def export_command(
    to: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file; else it is printed.")
    ] = None,
    settings: SettingsFile = _DEFAULT,
    document: _Document = "",
    client: _Client = False,
    what: _What = "",
    since: _Since = None,
    until: _Until = None,
) -> None:
    """Write entries as FHIR R4 AuditEvent, one resource a line (NDJSON), oldest first. The export is an entry too.

    \b
    interop audit export --since 2026-01-01 -o audit.ndjson
    """
    with _store(settings) as store:
        sought = _sought(store, document, client, what, since, until)
        lines = (dump(event_of(one)) + b"\n" for one in store.audit.every(sought))
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
    store: Store, document: str, client: bool, what: str, since: datetime | None, until: datetime | None
) -> Sought:
    word = next((one for one in WHATS if one == what), None)
    if what and word is None:
        raise Invalid(f"--what takes one of {', '.join(WHATS)}.")
    person = store.audit.pseudonym(asked_code()) if client else ""
    return Sought(client=person, document=document, what=word, since=in_utc(since), until=in_utc(until))


def _tell(store: Store, what: Any, sought: Sought) -> None:
    clients = (sought.client,) if sought.client else ()
    store.audit.append(
        Entry(
            datetime.now(UTC), acting(), what, cause="audit_command", document=sought.document,
            purpose="supervision", clients=clients,
        )
    )  # fmt: skip


def _anchors(path: Path | None) -> list[Anchor]:
    if path is None:
        return []
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        found = [Anchor(int(one["sequence"]), str(one["link"]), datetime.fromisoformat(one["at"])) for one in lines]
    except OSError as error:
        raise Invalid(f"The file of anchors '{path}' cannot be read: {why(error)}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"A line of the file '{path}' is no anchor, as `interop audit anchor` writes them.") from error
    if not found:
        raise Invalid(f"The file '{path}' holds no anchor, so that nothing can be held against it.")
    return found


def _print_verdict(verdict: Verdict) -> None:
    for one in verdict.problems:
        where = f"Entry {one.sequence}" if one.sequence else "An entry outside the chain"
        print(f"{where}{f' ({one.entry})' if one.entry else ''}: {_PROBLEMS[one.kind]}.")
    head = verdict.head.sequence if verdict.head else 0
    print(f"{verdict.checked} sealed entries checked, up to {head}; {verdict.unsealed} wait to be sealed.")
    if verdict.unverifiable_anchors:
        print(f"{verdict.unverifiable_anchors} anchors are older than the entries that are kept.")
    print(f"{len(verdict.problems)} problems." if verdict.problems else "The chain is whole.")


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "whole": not verdict.problems, "checked": verdict.checked, "unsealed": verdict.unsealed,
        "head": verdict.head.sequence if verdict.head else 0, "problems": [_problem(one) for one in verdict.problems],
        "unverifiable_anchors": verdict.unverifiable_anchors,
    }  # fmt: skip


def _problem(one: Problem) -> dict[str, Any]:
    return asdict(one)
