"""The days on which certificates end: ours in files, and those that the systems' servers show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from interop.config import Settings, SystemSettings
from interop.doctor.diagnosis import Diagnosis, diagnosis
from interop.errors import Fault, Unavailable
from interop.systems.certificates import SHOWN, Validity, in_file, shown_at

__all__ = ["of_server", "of_service", "of_system"]


def of_service(settings: Settings, now: datetime, ahead: timedelta) -> Sequence[Diagnosis]:
    """The certificates that the service shows and trusts."""
    files = {"http.tls_cert": settings.http_tls_cert, "http.client_ca": settings.http_client_ca}
    return [found for name, path in files.items() if path for found in _file("service", name, path, now, ahead)]


def of_system(one: SystemSettings, now: datetime, ahead: timedelta) -> Sequence[Diagnosis]:
    """The certificates that stand in the files of a system's settings."""
    files = {"cert_file": one.cert_file, "ca_file": one.ca_file}
    return [found for name, path in files.items() if path for found in _file(one.name, name, path, now, ahead)]


def of_server(one: SystemSettings, now: datetime, ahead: timedelta, patience: float) -> Sequence[Diagnosis]:
    """The certificate that the system's own server shows; nothing for an address without TLS."""
    if urlsplit(one.url).scheme not in SHOWN:
        return ()
    try:
        shown = shown_at(one.url, patience)
    except Unavailable as error:
        told = diagnosis(one.name, "server's certificate", "fault", str(error), "server_certificate_hidden")
        return (told,)
    return (_judged(one.name, "server's certificate", shown, now, ahead, "server_certificate"),)


def _file(place: str, what: str, path: Path, now: datetime, ahead: timedelta) -> Iterator[Diagnosis]:
    try:
        first = min(in_file(path), key=lambda one: one.ends)
    except Fault as error:
        yield diagnosis(place, what, "fault", str(error), "unreadable_file")
    else:
        yield _judged(place, what, first, now, ahead, "certificate")


def _judged(place: str, what: str, found: Validity, now: datetime, ahead: timedelta, advice: str) -> Diagnosis:
    day = f"{found.ends:%Y-%m-%d}"
    if now < found.begins:
        return diagnosis(place, what, "fault", f"not good before {found.begins:%Y-%m-%d}", "certificate_early")
    if now > found.ends:
        return diagnosis(place, what, "fault", f"ended {day}", f"{advice}_ended")
    if now > found.ends - ahead:
        days = (found.ends - now).days
        return diagnosis(place, what, "warning", f"ends {day}, in {days} days", f"{advice}_ends")
    return diagnosis(place, what, "ok", f"good until {day}")
