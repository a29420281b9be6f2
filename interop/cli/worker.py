"""`interop worker`: one more process that shares the exchange's work over a PostgreSQL database."""

from __future__ import annotations

from pathlib import Path

from interop.cli.serve import SettingsFile, loaded, work

__all__ = ["worker_command"]


def worker_command(settings: SettingsFile = Path("interop.toml")) -> None:
    """Run one worker of the exchange: as many as you like share a PostgreSQL database.

    Workers share the work, and the others take over what a worker that died had begun. With SQLite one process works
    at a time, and a second one is refused. SIGTERM or Ctrl-C lets what is under way end.

    \b
    INTEROP_DATABASE_URL=postgresql://interop@db.example/interop interop worker --settings interop.toml
    """
    work(loaded(settings))
