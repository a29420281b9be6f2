"""`interop backup` and `interop restore`: the exchange's memory in one file, and a new database made of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from interop.cli.serve import SettingsFile
from interop.config import load
from interop.store import KeyRing, Store
from interop.store.backup import back_up, put_back

__all__ = ["backup_command", "restore_command"]


def backup_command(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write; never over another file.")],
    settings: SettingsFile = Path("interop.toml"),
) -> None:
    """Write the exchange's database to a file, as it is at one moment; the exchange goes on meanwhile.

    Documents stay encrypted in it, and no key is in it: keep INTEROP_KEYS elsewhere. A PostgreSQL database needs the
    program pg_dump, as new as the server.

    \b
    interop backup -o /mnt/elsewhere/interop-2026-03-04.backup
    """
    back_up(load(settings, os.environ).database_url, out)
    print(f"{out}: {out.stat().st_size} bytes")


def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `interop backup` wrote.")],
    settings: SettingsFile = Path("interop.toml"),
) -> None:
    """Make the database of the settings from a backup. There must be none yet: nothing is written over.

    What was under way at the backup may have been sent since: each receiver is asked before anything is sent to it
    again. What came in after the backup is not in it, and its sender has to send it again.

    \b
    interop restore /mnt/elsewhere/interop-2026-03-04.backup
    interop worker
    """
    found = load(settings, os.environ)
    counts: list[int] = []

    def begin(url: str) -> None:
        store = Store(url, KeyRing(found.active_key, found.keys))
        try:
            counts.append(store.doubt_restored(datetime.now(UTC)))
        finally:
            store.close()

    put_back(found.database_url, file, begin)
    print(f"Restored. {sum(counts)} deliveries are read back at their receivers before anything is sent again.")
