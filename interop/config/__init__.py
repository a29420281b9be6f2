"""The service's settings: one TOML file for what may be read by anybody, environment variables for secrets.

All mistakes are told at once, by name and never by value. Every setting stands in `docs/settings.md`.
"""

from __future__ import annotations

from interop.config.reading import load, mistakes_in, parse, receivers
from interop.config.settings import (
    CLIENT_SETTINGS,
    LOOPBACK,
    NEEDED,
    SETTINGS,
    SYSTEM_SETTINGS,
    ClientSettings,
    Setting,
    Settings,
    SystemSettings,
)

__all__ = [
    "CLIENT_SETTINGS",
    "LOOPBACK",
    "NEEDED",
    "SETTINGS",
    "SYSTEM_SETTINGS",
    "ClientSettings",
    "Setting",
    "Settings",
    "SystemSettings",
    "load",
    "mistakes_in",
    "parse",
    "receivers",
]
