"""Reads the settings of a TOML file and the environment together. All mistakes are told at once, by name alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from interop.config.settings import (
    CLIENT_SETTINGS,
    LOOPBACK,
    NEEDED,
    SCHEMES,
    SETTINGS,
    SYSTEM_SETTINGS,
    ClientSettings,
    Setting,
    Settings,
    SystemSettings,
)
from interop.errors import Invalid, why
from validators.gate import Receiver

__all__ = ["load", "mistakes_in", "parse", "receivers"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)", re.ASCII)
"""Where the reader of TOML stopped, the one part of its message that holds nothing of the file."""
_HTTP = ("https://", "http://")
_WHOSE_COPIES = "role"
"""The setting by which the gate knows a client, beside those that have the names of its own facts."""


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file, or of the environment alone. Raises: Invalid with every mistake."""
    return parse("" if path is None else _text(path), environment)


def mistakes_in(path: Path | None, environment: Mapping[str, str]) -> tuple[Settings | None, tuple[str, ...]]:
    """The settings as `load` gives them, or None and every mistake in them, each a sentence."""
    try:
        return _parsed("" if path is None else _text(path), environment)
    except Invalid as error:
        return None, (str(error),)


def receivers(path: Path) -> Mapping[str, Receiver]:
    """The systems of a settings file as the gate sees them, by name; no secret and no other setting is asked for.

    Raises: Invalid with every mistake in what the gate judges by.
    """
    wanted = {field.name for field in fields(Receiver)} | {_WHOSE_COPIES}
    settings = tuple(one for one in SYSTEM_SETTINGS if one.field in wanted)
    names = {one.name for one in settings}
    found: dict[str, Receiver] = {}
    mistakes: list[str] = []
    for name, table in _named("systems", "system", _tables(_text(path)).get("systems", {}), mistakes):
        given = {key: value for key, value in table.items() if key in names}
        wrong: list[str] = []
        values = _read(settings, given, {}, wrong)
        mistakes += [f"systems.{name}.{one}" for one in wrong]
        if not wrong:
            found[name] = SystemSettings(name=name, kind=str(table.get("kind", "")), url="", **values).receiver
    if mistakes:
        raise Invalid("\n".join(["The settings cannot be used:", *(f"- {mistake}" for mistake in mistakes)]))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise Invalid(
            f"There is no settings file '{path}'. Name one with --settings or INTEROP_SETTINGS; docs/settings.md "
            "describes what stands in it."
        ) from error
    except OSError as error:
        raise Invalid(f"The settings file '{path}' cannot be read: {why(error)}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"The settings file '{path}' is not in UTF-8.") from error


def _tables(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides its own error the reader lets through what it meets in numbers, dates and depth that nobody can use.
        place = _PLACE.search(str(error))
        raise Invalid(f"The settings file is not well-formed TOML{place[0] if place else ''}.") from error


def parse(text: str, environment: Mapping[str, str]) -> Settings:
    """The settings that a TOML text and an environment give together; the environment wins.

    Raises: Invalid with every mistake, each with the setting's name and what was expected.
    """
    settings, mistakes = _parsed(text, environment)
    if settings is None:
        raise Invalid("\n".join(["The settings cannot be used:", *(f"- {mistake}" for mistake in mistakes)]))
    return settings


def _parsed(text: str, environment: Mapping[str, str]) -> tuple[Settings | None, tuple[str, ...]]:
    """The settings, or None and every mistake. Raises: Invalid for a text that is no TOML."""
    tables = _tables(text)
    mistakes: list[str] = []
    systems = _systems(tables.pop("systems", {}), environment, mistakes)
    clients = _clients(tables.pop("clients", {}), environment, mistakes)
    values = _read(SETTINGS, _flat(tables, mistakes), environment, mistakes)
    settings = Settings(**values, systems=systems, clients=clients) if not mistakes else None
    mistakes += _contradictions(settings) if settings is not None else []
    return (None if mistakes else settings), tuple(mistakes)


def _contradictions(settings: Settings) -> list[str]:
    """What each setting alone does not show."""
    found = []
    if settings.active_key not in settings.keys:
        found.append("keys.active names a key that INTEROP_KEYS does not hold.")
    if settings.first_retry > settings.longest_retry:
        found.append("exchange.first_retry is longer than exchange.longest_retry.")
    if settings.console_issuer and not (
        settings.console_address and settings.console_client and settings.console_secret
    ):
        found.append(
            "console.oidc_issuer needs console.url or http.base_url, console.oidc_client and "
            "INTEROP_CONSOLE_OIDC_SECRET."
        )
    return [*found, *_http_contradictions(settings), *_client_contradictions(settings)]


def _http_contradictions(settings: Settings) -> list[str]:
    found = []
    if (settings.http_tls_cert is None) != (settings.http_tls_key is None):
        found.append("http.tls_cert and http.tls_key go together.")
    if settings.http_client_ca is not None and settings.http_tls_cert is None:
        found.append("http.client_ca needs http.tls_cert and http.tls_key.")
    if settings.http_listen is None:
        return found
    is_near = settings.http_listen[0] in LOOPBACK
    if settings.http_development and not is_near:
        found.append("http.development is for a loopback address of http.listen alone.")
    if not is_near and settings.http_tls_cert is None and not settings.http_base_url.startswith("https://"):
        found.append(
            "http.listen: another address than loopback needs http.tls_cert, or a proxy with an https base_url."
        )
    return found


def _client_contradictions(settings: Settings) -> list[str]:
    systems = {system.name for system in settings.systems}
    found = []
    for client in settings.clients:
        if client.system and client.system not in systems:
            found.append(f"clients.{client.name}.system names no system of the settings.")
        if client.name in systems and client.system != client.name:
            found.append(f"clients.{client.name} has the name of a system, and does not belong to it.")
        if client.certificate and settings.http_client_ca is None:
            found.append(f"clients.{client.name}.certificate needs http.client_ca.")
    return found


def _systems(tables: Any, environment: Mapping[str, str], mistakes: list[str]) -> tuple[SystemSettings, ...]:
    systems = []
    for name, table in _named("systems", "system", tables, mistakes):
        found: list[str] = []
        values = _read(SYSTEM_SETTINGS, table, environment, found, name)
        if not found:
            found += [
                f"{field}: a system of this kind needs it." for field in NEEDED[values["kind"]] if not values[field]
            ]
            schemes = SCHEMES.get(values["kind"], _HTTP)
            found += (
                [] if values["url"].startswith(schemes) else [f"url: expected an address {' or '.join(schemes)}..."]
            )
            found += _copy_contradictions(values)
        mistakes += [f"systems.{name}.{mistake}" for mistake in found]
        if not found:
            systems.append(SystemSettings(name=name, **values))
    return tuple(systems)


def _copy_contradictions(values: Mapping[str, Any]) -> list[str]:
    """What a receiver of copies must not be: mail leaves the house, and one mailbox is no place for every client."""
    kind, found = values["kind"], []
    if values["role"] and "role" not in NEEDED[kind]:
        found.append("role: a system of this kind gets no copies.")
    if kind == "mail" and not (values["copy_password"] or values["copy_age_key"]):
        found.append("copy_age_key: mail needs it, or a copy password, for nothing is mailed unsealed.")
    if kind == "mail" and values["role"] == "client" and not values["clients_file"]:
        found.append("clients_file: mail to a client needs it, and gets copies of that client's documents alone.")
    return found


def _clients(tables: Any, environment: Mapping[str, str], mistakes: list[str]) -> tuple[ClientSettings, ...]:
    clients = []
    for name, table in _named("clients", "client", tables, mistakes):
        found: list[str] = []
        values = _read(CLIENT_SETTINGS, table, environment, found, name)
        proofs = sum(bool(values.get(proof)) for proof in ("jwks_file", "jwks_url", "certificate"))
        if not found and not proofs:
            found.append("jwks_file: a client needs it, or jwks_url, or certificate, to prove who it is.")
        if values.get("jwks_file") and values.get("jwks_url"):
            found.append("jwks_url: a client has either this or jwks_file.")
        mistakes += [f"clients.{name}.{mistake}" for mistake in found]
        if not found:
            clients.append(ClientSettings(name=name, **values))
    return tuple(clients)


def _named(kind: str, one: str, tables: Any, mistakes: list[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables of a kind by their names."""
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        mistakes.append(f"{kind}: expected one table for each {one}, [{kind}.<name>].")
        return []
    if not all(_NAME.fullmatch(name) for name in tables):
        mistakes.append(f"{kind}: expected names of small letters a-z, digits and '_', 31 at most.")
    return [(name, table) for name, table in tables.items() if _NAME.fullmatch(name)]


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
) -> dict[str, Any]:  # fmt: skip
    """The values by the settings' fields; what is wrong or missing is added to `mistakes`."""
    known = {setting.name for setting in settings if setting.name}
    mistakes += [f"{name}: there is no such setting." for name in given if name not in known]
    values: dict[str, Any] = {}
    for setting in settings:
        variable = setting.variable.format(NAME=system.upper())
        called = " or ".join(filter(None, (setting.name, variable)))
        value = environment.get(variable) if variable else None
        value = given.get(setting.name) if value is None else value
        if value is None and setting.default is MISSING:
            mistakes.append(f"{called}: it has to be given.")
            continue
        try:
            values[setting.field] = setting.default if value is None else setting.check(value)
        except ValueError as error:
            mistakes.append(f"{called}: expected {error}.")
    return values
