"""The service's settings: one TOML file for what may be read by anybody, environment variables for secrets.

All mistakes are told at once, by name and never by value. Every setting stands in `docs/settings.md`.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from interop.errors import Invalid
from schemas.identity import is_oid

__all__ = ["SETTINGS", "SYSTEM_SETTINGS", "Setting", "Settings", "SystemSettings", "load", "parse"]

Kind = Literal["effica", "omni360", "apotti"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the file, its variable in the environment (either may be empty), and its check.

    `check` gives the value, or raises ValueError with what was expected. `default` None means that it must be given.
    """

    name: str
    variable: str
    check: Callable[[Any], Any]
    default: Any


@dataclass(frozen=True, slots=True)
class SystemSettings:
    """One record system in the exchange; which of the last six are used depends on the kind.

    `secret` is a password or client secret; `key_file` a private key in PEM, published under `key_id`; `owner` the OID
    by which the system names us as the one who is to act.
    """

    name: str
    kind: Kind
    url: str
    controller: str = ""
    sends: bool = True
    receives: bool = True
    user: str = ""
    secret: str = field(default="", repr=False)
    token_url: str = ""
    owner: str = ""
    key_file: Path | None = None
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process."""

    database_url: str = field(repr=False)
    active_key: str
    keys: Mapping[str, bytes] = field(repr=False)
    log_level: str
    first_retry: timedelta
    longest_retry: timedelta
    attempts: int = 100
    failures_to_rest: int = 5
    look_every: timedelta = timedelta(seconds=5)
    together: int = 8
    worker_grace: timedelta = timedelta(seconds=30)
    systems: tuple[SystemSettings, ...] = ()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _seconds(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise ValueError("a number of seconds above 0 and up to 86400")
    return timedelta(seconds=value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10_000:
        raise ValueError("a whole number from 1 to 10000")
    return value


def _together(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 64:
        raise ValueError("a whole number from 1 to 64")
    return value


def _level(value: Any) -> str:
    if value not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error")
    return str(value)


def _kind(value: Any) -> str:
    if value not in ("effica", "omni360", "apotti"):
        raise ValueError("effica, omni360 or apotti")
    return str(value)


def _address(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s@]+", value):
        raise ValueError("an address that begins with https:// or http:// and holds no user name")
    return value


def _oid(value: Any) -> str:
    if not isinstance(value, str) or not is_oid(value):
        raise ValueError("an OID in dotted form")
    return value


def _key_id(value: Any) -> str:
    if not isinstance(value, str) or not _KEY_ID.fullmatch(value):
        raise ValueError("a key id of letters, digits, '.', '_' and '-'")
    return value


def _file(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_file():
        raise ValueError("the path of a file that is there")
    return path


def _keys(value: Any) -> Mapping[str, bytes]:
    keys: dict[str, bytes] = {}
    expected = "pairs of a key id and 32 bytes in Base64, written id:key and parted by commas, each id once"
    for pair in _text(value).split(","):
        key_id, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(expected) from None
        if not _KEY_ID.fullmatch(key_id) or key_id in keys or len(key) != _KEY_BYTES:
            raise ValueError(expected)
        keys[key_id] = key
    return keys


SETTINGS: tuple[Setting, ...] = (
    Setting("database.url", "INTEROP_DATABASE_URL", _text, "sqlite:///var/interop.db"),
    Setting("keys.active", "INTEROP_ACTIVE_KEY", _key_id, None),
    Setting("", "INTEROP_KEYS", _keys, None),
    Setting("log.level", "INTEROP_LOG_LEVEL", _level, "info"),
    Setting("exchange.first_retry", "", _seconds, timedelta(seconds=5)),
    Setting("exchange.longest_retry", "", _seconds, timedelta(hours=1)),
    Setting("exchange.attempts", "", _count, 100),
    Setting("exchange.failures_to_rest", "", _count, 5),
    Setting("exchange.look_every", "", _seconds, timedelta(seconds=5)),
    Setting("exchange.together", "", _together, 8),
    Setting("exchange.worker_grace", "", _seconds, timedelta(seconds=30)),
)
"""The settings outside `[systems]`, in the order of the fields of `Settings`."""

SYSTEM_SETTINGS: tuple[Setting, ...] = (
    Setting("kind", "", _kind, None),
    Setting("url", "", _address, None),
    Setting("controller", "", _oid, ""),
    Setting("sends", "", _flag, default=True),
    Setting("receives", "", _flag, default=True),
    Setting("user", "INTEROP_{NAME}_USER", _text, ""),
    Setting("", "INTEROP_{NAME}_SECRET", _text, ""),
    Setting("token_url", "", _address, ""),
    Setting("owner", "", _oid, ""),
    Setting("key_file", "INTEROP_{NAME}_KEY_FILE", _file, ()),
    Setting("key_id", "", _key_id, ""),
)
"""The settings of each table `[systems.<name>]`, in the order of the fields of `SystemSettings` after its name."""

_SYSTEM_FIELDS = tuple(one.name for one in fields(SystemSettings))[1:]
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "effica": (),
    "omni360": ("user", "secret", "token_url", "owner"),
    "apotti": ("user", "key_file", "key_id"),
}


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file, or of the environment alone. Raises: Invalid with every mistake."""
    if path is None:
        return parse("", environment)
    try:
        return parse(path.read_text("utf-8"), environment)
    except OSError as error:
        raise Invalid("The settings file cannot be read.") from error
    except UnicodeDecodeError as error:
        raise Invalid("The settings file is not in UTF-8.") from error


def parse(text: str, environment: Mapping[str, str]) -> Settings:
    """The settings that a TOML text and an environment give together; the environment wins.

    Raises: Invalid with every mistake, each with the setting's name and what was expected.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("The settings file is not well-formed TOML.") from error
    mistakes: list[str] = []
    systems = _systems(tables.pop("systems", {}), environment, mistakes)
    values = _read(SETTINGS, _flat(tables, mistakes), environment, mistakes)
    mistakes += _contradictions(Settings(*values)) if not mistakes else []
    if mistakes:
        raise Invalid("\n".join(["The settings cannot be used:", *(f"- {mistake}" for mistake in mistakes)]))
    return replace(Settings(*values), systems=systems)


def _contradictions(settings: Settings) -> list[str]:
    """What each setting alone does not show."""
    found = []
    if settings.active_key not in settings.keys:
        found.append("keys.active names a key that INTEROP_KEYS does not hold.")
    if settings.first_retry > settings.longest_retry:
        found.append("exchange.first_retry is longer than exchange.longest_retry.")
    return found


def _systems(tables: Any, environment: Mapping[str, str], mistakes: list[str]) -> tuple[SystemSettings, ...]:
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        mistakes.append("systems: expected one table for each system, [systems.<name>].")
        return ()
    systems = []
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            mistakes.append("systems: expected names of small letters a-z, digits and '_', 31 at most.")
            continue
        found: list[str] = []
        values = _read(SYSTEM_SETTINGS, table, environment, found, name)
        if not found:
            named = dict(zip(_SYSTEM_FIELDS, values, strict=True))
            found += [
                f"{field}: a system of this kind needs it." for field in _NEEDED[named["kind"]] if not named[field]
            ]
        mistakes += [f"systems.{name}.{mistake}" for mistake in found]
        if not found:
            systems.append(SystemSettings(name, **{**named, "key_file": named["key_file"] or None}))
    return tuple(systems)


def _flat(tables: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    """The tables' entries by dotted name, one level deep."""
    flat: dict[str, Any] = {}
    for name, table in tables.items():
        if isinstance(table, dict):
            flat |= {f"{name}.{key}": value for key, value in table.items()}
        else:
            mistakes.append(f"{name}: expected a table, [{name}].")
    return flat


def _read(
    settings: tuple[Setting, ...], given: Mapping[str, Any], environment: Mapping[str, str], mistakes: list[str],
    system: str = "",
) -> list[Any]:  # fmt: skip
    """The values in the order of the settings, None for those that are wrong; what is wrong is added to `mistakes`."""
    known = {setting.name for setting in settings if setting.name}
    mistakes += [f"{name}: there is no such setting." for name in given if name not in known]
    values = []
    for setting in settings:
        variable = setting.variable.format(NAME=system.upper())
        called = " or ".join(filter(None, (setting.name, variable)))
        value = environment.get(variable) if variable else None
        value = given.get(setting.name) if value is None else value
        try:
            values.append(setting.default if value is None else setting.check(value))
        except ValueError as error:
            mistakes.append(f"{called}: expected {error}.")
            values.append(None)
            continue
        if values[-1] is None:
            mistakes.append(f"{called}: it has to be given.")
    return values
