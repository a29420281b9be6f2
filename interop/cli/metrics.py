"""`interop metrics`: the exchange's figures, as `/metrics` of a running service gives them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from interop.cli.serve import SettingsFile
from interop.config import load
from interop.exchange.metrics import Metrics
from interop.exchange.running import opened_store

__all__ = ["metrics_command"]


def metrics_command(settings: SettingsFile = Path("interop.toml")) -> None:
    """Print deliveries by system and state, the age of the oldest, attempts and durations; names of systems alone.

    \b
    interop metrics > /var/lib/node_exporter/interop.prom
    """
    with opened_store(load(settings, os.environ)) as store:
        sys.stdout.write(Metrics(store).text(datetime.now(UTC)).decode())
