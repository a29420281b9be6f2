"""One record system: its settings, its certificates, and what its adapter needs of it beside what it finds there."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from interop.config import LOOPBACK, Settings, SystemSettings
from interop.doctor.certificates import of_server, of_system
from interop.doctor.diagnosis import ADVICE, Diagnosis, diagnosis
from interop.errors import InteropError
from interop.exchange.joining import KINDS
from interop.systems.base import Finding

__all__ = ["offline", "online", "own_files"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def offline(one: SystemSettings, now: datetime, ahead: timedelta) -> Sequence[Diagnosis]:
    """What is found of a system without calling it."""
    found = list(of_system(one, now, ahead))
    if one.receives and not one.controller:
        found.append(diagnosis(one.name, "controller", "warning", "not known", "no_controller"))
    for name in ("url", "token_url"):
        at = urlsplit(getattr(one, name))
        if at.scheme == "http" and at.hostname not in LOOPBACK:
            found.append(diagnosis(one.name, name, "warning", "not encrypted", "plain_http"))
    files = {"key_file": one.key_file, "clients_file": one.clients_file}
    found += [*_folder(one), *_seal(one)]
    return [*found, *(told for name, path in files.items() if path for told in _rights(one.name, name, path))]


def online(one: SystemSettings, now: datetime, ahead: timedelta, patience: float) -> Sequence[Diagnosis]:
    """What is found of a system by asking it. Units: `patience` in seconds, for the first hello."""
    found = list(of_server(one, now, ahead, patience))
    try:
        system = KINDS[one.kind](one)
    except InteropError as error:
        return [*found, diagnosis(one.name, "settings", "fault", str(error), "cannot_be_built")]
    with closing(system):  # type: ignore[type-var]
        return [*found, *(_told(one, finding) for finding in system.check())]


def own_files(settings: Settings) -> Sequence[Diagnosis]:
    """Whether the service's own secret file is closed to others."""
    path = settings.http_tls_key
    return list(_rights("service", "http.tls_key", path)) if path else []


def _rights(place: str, what: str, path: Path) -> Iterator[Diagnosis]:
    if path.stat().st_mode & _OTHERS:
        yield diagnosis(place, what, "warning", "other users may read or write the file", "open_file")


def _folder(one: SystemSettings) -> Iterator[Diagnosis]:
    """Whether a folder of this machine, in which documents lie, is closed to others."""
    at = urlsplit(one.url)
    path = Path(unquote(at.path))
    if at.scheme == "file" and path.is_dir() and path.stat().st_mode & stat.S_IRWXO:
        yield diagnosis(one.name, "url", "warning", "other users may reach what is in the folder", "open_folder")


def _seal(one: SystemSettings) -> Iterator[Diagnosis]:
    """How copies are sealed. Mail is never sent unsealed: settings without a seal are refused before."""
    if one.role:
        seal = "age key" if one.copy_age_key else "password" if one.copy_password else ""
        yield diagnosis(one.name, "seal", "ok" if seal else "warning", seal or "none", "unsealed")


def _told(one: SystemSettings, finding: Finding) -> Diagnosis:
    if finding.ok:
        return diagnosis(one.name, finding.what, "ok", finding.found)
    told = f"needed {finding.needed}: {finding.found}"
    return diagnosis(one.name, finding.what, "fault", told, _advice(one.kind, finding.what))


def _advice(kind: str, what: str) -> str:
    """The name of the advice on what an adapter has looked at: that of its kind before that of every kind."""
    folder = "folder written to" if what.endswith("/ written to") else "folder" if what.endswith("/") else what
    for name in (f"{kind}.{folder}", f"system.{folder}"):
        if name in ADVICE:
            return name
    return "system.resource" if what[:1].isupper() and what.isalpha() else "system.other"
