"""Builds the exchange's systems from the settings; the registry of the kinds of system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from interop.config import Settings, SystemSettings
from interop.errors import Invalid
from interop.exchange.copies import Copies
from interop.exchange.notifying import Outbox
from interop.exchange.parts import Admission, Participant
from interop.systems.apotti import Apotti, ApottiSettings
from interop.systems.apotti_clients import EnrolledClients
from interop.systems.apotti_polling import PollingSettings
from interop.systems.base import System
from interop.systems.copy_folder import CopyFolder
from interop.systems.copy_mail import CopyMail, CopyMailSettings
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.effica_sftp import EfficaSftp, EfficaSftpSettings
from interop.systems.kanta import KantaFolder
from interop.systems.notice_folder import NoticeFolder
from interop.systems.oauth import SigningKey
from interop.systems.omni360 import Omni360, Omni360Settings
from interop.systems.omni360_webhook import Hook
from interop.systems.sealing import Sealer
from interop.systems.sftp import HostKey, SftpPlace
from interop.systems.tls import Tls
from schemas.record import Record

__all__ = ["KINDS", "hooks", "outbox", "participants", "receivers_of", "signing_keys"]


_RATES: Mapping[str, float] = {"omni360": 5.0, "apotti": 1.0}
"""How many calls a second a kind of system gets at most, unless its settings say another number."""


def participants(settings: Settings) -> Mapping[str, Participant]:
    """The systems of the settings, by their names there. Raises: Invalid for a key that cannot be read, Fault."""
    return {
        one.name: Participant(
            KINDS[one.kind](one),
            one.controller,
            one.sends and not one.role,
            one.receives,
            cast("Admission", one.findings),
            facts=one.receiver,
            copies=_copies(one) if one.role else None,
        )
        for one in settings.systems
    }


def receivers_of(settings: Settings, source: str, record: Record) -> list[str]:
    """The names of the systems that a document from the source is meant for, as `Parts.receivers`. Raises: Fault."""
    others = [one for one in settings.systems if one.receives and one.name != source]
    return [one.name for one in others if not one.role or _copies(one).wants(record)]


def outbox(settings: Settings) -> Outbox | None:
    """Where disclosure notices go; None when no folder is named, so that they wait in the database."""
    if settings.disclosures_folder is None:
        return None
    return Outbox(NoticeFolder(settings.disclosures_folder), settings.disclosures_persons == "identifier")


def hooks(settings: Settings, joined: Mapping[str, Participant]) -> Mapping[str, Hook]:
    """Who may notify us, by the systems' names: those whose settings hold a secret for it. Give it to `webhook_app`."""
    found = {one.name: (one.webhook_secret, joined[one.name].system) for one in settings.systems if one.webhook_secret}
    return {
        name: Hook(secret, system.notified) for name, (secret, system) in found.items() if isinstance(system, Omni360)
    }


def signing_keys(settings: Settings) -> Sequence[SigningKey]:
    """The keys that sign our token requests; give them to `jwks`, which makes the document that publishes them."""
    return [_signing_key(one) for one in settings.systems if one.kind == "apotti"]


def _effica(one: SystemSettings) -> System:
    return Effica(EfficaSettings(one.url, one.user, one.secret, _tls(one)))


def _effica_sftp(one: SystemSettings) -> System:
    if one.key_file is None:
        raise Invalid("A system of the kind effica_sftp needs the setting key_file.")
    at = urlsplit(one.url)
    place = SftpPlace(at.hostname or "", at.port or 22, one.user, one.key_file, HostKey.read(one.host_key))
    return EfficaSftp(EfficaSftpSettings(place, at.path))


def _omni360(one: SystemSettings) -> System:
    owner = f"urn:oid:{one.owner}"
    rate = one.calls_per_second or _RATES["omni360"]
    settings = Omni360Settings(one.url, one.token_url, one.user, one.secret, owner, _tls(one), rate=rate)
    return Omni360(settings)


def _apotti(one: SystemSettings) -> System:
    polling = PollingSettings(EnrolledClients(one.clients_file) if one.clients_file else tuple, a_day=one.looks_per_day)
    settings = ApottiSettings(
        one.url, one.user, _signing_key(one), encounter_classes=one.encounter_classes,
        encounter_types=one.encounter_types, tls=Tls(one.ca_file), rate=one.calls_per_second or _RATES["apotti"],
        polling=polling,
    )  # fmt: skip
    return Apotti(settings)


def _kanta(one: SystemSettings) -> System:
    return KantaFolder(Path(unquote(urlsplit(one.url).path)))


def _folder(one: SystemSettings) -> System:
    return CopyFolder(Path(unquote(urlsplit(one.url).path)), _sealer(one))


def _mail(one: SystemSettings) -> System:
    settings = CopyMailSettings(one.url, one.mail_from, one.mail_to, one.user, one.secret, _tls(one))
    return CopyMail(settings, _sealer(one))


def _sealer(one: SystemSettings) -> Sealer:
    return Sealer(one.copy_password, one.copy_age_key)


def _copies(one: SystemSettings) -> Copies:
    return Copies(
        frozenset(one.structures),
        frozenset(one.names),
        frozenset(filter(None, (one.provider, one.controller))) if one.role == "provider" else frozenset(),
        always=one.agreed_by == "setting",
        clients=EnrolledClients(one.clients_file) if one.clients_file else None,
        language=one.language,
        for_client=one.role == "client",
    )


def _signing_key(one: SystemSettings) -> SigningKey:
    if one.key_file is None:
        raise Invalid("A system of the kind apotti needs the setting key_file.")
    try:
        pem = one.key_file.read_bytes()
    except OSError as error:
        raise Invalid("The file that the setting key_file names cannot be read.") from error
    return SigningKey.from_pem(pem, one.key_id)


def _tls(one: SystemSettings) -> Tls:
    """What the settings say of certificates; a key without a certificate is not of TLS."""
    return Tls(one.ca_file, one.cert_file, one.key_file if one.cert_file else None)


KINDS: Mapping[str, Callable[[SystemSettings], System]] = {
    "effica": _effica,
    "effica_sftp": _effica_sftp,
    "omni360": _omni360,
    "apotti": _apotti,
    "kanta": _kanta,
    "folder": _folder,
    "mail": _mail,
}
