"""Every setting, declared once: its name in the file, its variable in the environment, its check and its default.

A new setting is one field here and one row in `docs/settings.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from interop.config import checks
from interop.config.people import Person, Role, people, role_words
from validators.gate import Ownership, Receiver, Sector, duties, tasks

__all__ = [
    "CLIENT_SETTINGS",
    "LOOPBACK",
    "NEEDED",
    "SCHEMES",
    "SETTINGS",
    "SYSTEM_SETTINGS",
    "ClientSettings",
    "Setting",
    "Settings",
    "SystemSettings",
]

_HERE = "sote_interop_setting"

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""The hosts of `http.listen` that only this machine reaches."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "effica": (),
    "effica_sftp": ("user", "key_file", "host_key"),
    "omni360": ("user", "secret", "token_url", "owner"),
    "apotti": ("user", "key_file", "key_id"),
    "kanta": (),
    "folder": ("role", "structures"),
    "mail": ("role", "structures", "mail_from", "mail_to"),
}
"""The kinds of system, and the settings that a system of each kind cannot do without."""

SCHEMES: Mapping[str, tuple[str, ...]] = {
    "effica_sftp": ("sftp://",),
    "kanta": ("file:///",),
    "folder": ("file:///",),
    "mail": ("smtp://", "smtps://"),
}
"""What a system's address begins with, for the kinds that are not reached over HTTP."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its field, its name in the file and its variable in the environment (either may be empty).

    `check` gives the value, or raises ValueError with what was expected. `default` is MISSING when it must be given.
    """

    field: str
    name: str
    variable: str
    check: Callable[[Any], Any]
    default: Any


def _setting(
    name: str, variable: str, check: Callable[[Any], Any], default: Any = MISSING, *, secret: bool = False
) -> Any:
    """A field with what is known of its setting. In: a `secret` one never shows in a printed object."""
    return field(default=default, repr=not secret, metadata={_HERE: (name, variable, check)})


@dataclass(frozen=True, slots=True)
class SystemSettings:
    """One record system in the exchange; which settings are used depends on the kind.

    `secret` is a password or client secret; `key_file` a private key in PEM: published under `key_id`, or that of the
    client certificate `cert_file`, or our login over SSH; `host_key` the public key of an SSH server; `ca_file` the
    authorities to trust in place of the machine's own; `owner` the OID by which the system names us as the one who is
    to act; `clients_file` names the clients whose records are polled, `encounter_classes` and `encounter_types` what
    may carry a note; `webhook_secret` signs the system's notifications, which are refused without it. What the gate
    judges the system by stands from `sector` on. Of who gets copies, `role` says whose they are, `structures` and
    `agreed_by` of which documents, `copy_password` or `copy_age_key` how they are sealed.
    """

    name: str
    kind: str = _setting("kind", "", checks.one_of(*NEEDED))
    url: str = _setting("url", "", checks.system_address)
    controller: str = _setting("controller", "", checks.oid, "")
    sends: bool = _setting("sends", "", checks.flag, default=True)
    receives: bool = _setting("receives", "", checks.flag, default=True)
    findings: str = _setting("findings", "", checks.admission, "reject")
    user: str = _setting("user", "INTEROP_{NAME}_USER", checks.text, "")
    secret: str = _setting("", "INTEROP_{NAME}_SECRET", checks.text, "", secret=True)
    token_url: str = _setting("token_url", "", checks.address, "")
    owner: str = _setting("owner", "", checks.oid, "")
    key_file: Path | None = _setting("key_file", "INTEROP_{NAME}_KEY_FILE", checks.file, None)
    key_id: str = _setting("key_id", "", checks.key_id, "")
    cert_file: Path | None = _setting("cert_file", "", checks.file, None)
    ca_file: Path | None = _setting("ca_file", "", checks.file, None)
    host_key: str = _setting("host_key", "", checks.text, "")
    clients_file: Path | None = _setting("clients_file", "", checks.file, None)
    looks_per_day: int = _setting("looks_per_day", "", checks.count, 2000)
    encounter_classes: tuple[str, ...] = _setting("encounter_classes", "", checks.codes, ("AMB", "HH", "VR"))
    encounter_types: tuple[str, ...] = _setting("encounter_types", "", checks.codes, ())
    calls_per_second: float | None = _setting("calls_per_second", "", checks.rate, None)
    webhook_secret: str = _setting("", "INTEROP_{NAME}_WEBHOOK_SECRET", checks.text, "", secret=True)
    sector: Sector = _setting("sector", "", checks.one_of(*get_args(Sector)[1:]), "social")
    ownership: Ownership = _setting("ownership", "", checks.one_of("public", "private"), "public")
    duty: str = _setting("duty", "", checks.one_of(*duties()), "")
    service_tasks: tuple[str, ...] = _setting("service_tasks", "", checks.some_of(tasks), ())
    services: tuple[str, ...] = _setting("services", "", checks.texts, ())
    joint_units: tuple[str, ...] = _setting("joint_units", "", checks.oids, ())
    acts_for: tuple[str, ...] = _setting("acts_for", "", checks.oids, ())
    provider: str = _setting("provider", "", checks.oid, "")
    names: tuple[str, ...] = _setting("names", "", checks.texts, ())
    role: str = _setting("role", "", checks.one_of("client", "provider"), "")
    structures: tuple[str, ...] = _setting("structures", "", checks.structures, ())
    agreed_by: str = _setting("agreed_by", "", checks.one_of("document", "setting"), "document")
    language: str = _setting("language", "", checks.one_of("fi", "sv"), "")
    mail_from: str = _setting("mail_from", "", checks.mailbox, "")
    mail_to: str = _setting("mail_to", "", checks.mailbox, "")
    copy_password: str = _setting("", "INTEROP_{NAME}_COPY_PASSWORD", checks.password, "", secret=True)
    copy_age_key: str = _setting("copy_age_key", "", checks.text, "")

    @property
    def receiver(self) -> Receiver:
        """The system as the gate sees it."""
        return Receiver(
            controller=self.controller,
            sector=self.sector,
            ownership=self.ownership,
            duty=self.duty,
            service_tasks=frozenset(self.service_tasks),
            services=frozenset(self.services),
            joint_units=frozenset(self.joint_units),
            acts_for=frozenset(self.acts_for),
            provider=self.provider,
            names=frozenset(self.names),
            is_client=self.role == "client",
            through_kanta=self.kind == "kanta",
        )


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """One client of the FHIR API: how it proves who it is, what it may ask for, and whose register it acts for.

    It proves itself by a signed assertion (`jwks_file` or `jwks_url`) or by a TLS certificate (`certificate`). `system`
    names the record system that the client belongs to: what it sends is not delivered back there.
    """

    name: str
    controller: str = _setting("controller", "", checks.oid, "")
    sector: Sector = _setting("sector", "", checks.one_of(*get_args(Sector)[1:]), "social")
    ownership: Ownership = _setting("ownership", "", checks.one_of("public", "private"), "public")
    duty: str = _setting("duty", "", checks.one_of(*duties()), "")
    service_tasks: tuple[str, ...] = _setting("service_tasks", "", checks.some_of(tasks), ())
    acts_for: tuple[str, ...] = _setting("acts_for", "", checks.oids, ())
    scopes: str = _setting("scopes", "", checks.text, "")
    jwks_file: Path | None = _setting("jwks_file", "", checks.file, None)
    jwks_url: str = _setting("jwks_url", "", checks.address, "")
    certificate: str = _setting("certificate", "", checks.fingerprint, "")
    requests_per_minute: int = _setting("requests_per_minute", "", checks.count, 600)
    system: str = _setting("system", "", checks.text, "")

    @property
    def receiver(self) -> Receiver:
        """The client as the gate sees it."""
        return Receiver(
            controller=self.controller,
            sector=self.sector,
            ownership=self.ownership,
            duty=self.duty,
            service_tasks=frozenset(self.service_tasks),
            acts_for=frozenset(self.acts_for),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process."""

    database_url: str = _setting(
        "database.url", "INTEROP_DATABASE_URL", checks.text, "sqlite:///var/interop.db", secret=True
    )
    active_key: str = _setting("keys.active", "INTEROP_ACTIVE_KEY", checks.key_id)
    keys: Mapping[str, bytes] = _setting("", "INTEROP_KEYS", checks.keys, secret=True)
    log_level: str = _setting("log.level", "INTEROP_LOG_LEVEL", checks.level, "info")
    first_retry: timedelta = _setting("exchange.first_retry", "", checks.seconds, timedelta(seconds=5))
    longest_retry: timedelta = _setting("exchange.longest_retry", "", checks.seconds, timedelta(hours=1))
    attempts: int = _setting("exchange.attempts", "", checks.count, 100)
    failures_to_rest: int = _setting("exchange.failures_to_rest", "", checks.count, 5)
    look_every: timedelta = _setting("exchange.look_every", "", checks.seconds, timedelta(seconds=5))
    together: int = _setting("exchange.together", "", checks.together, 8)
    worker_grace: timedelta = _setting("exchange.worker_grace", "", checks.seconds, timedelta(seconds=30))
    console_people: tuple[Person, ...] = _setting("", "INTEROP_CONSOLE_USERS", people, (), secret=True)
    console_url: str = _setting("console.url", "INTEROP_CONSOLE_URL", checks.address, "")
    console_issuer: str = _setting("console.oidc_issuer", "", checks.address, "")
    console_client: str = _setting("console.oidc_client", "", checks.text, "")
    console_secret: str = _setting("", "INTEROP_CONSOLE_OIDC_SECRET", checks.text, "", secret=True)
    console_roles_claim: str = _setting("console.oidc_roles_claim", "", checks.text, "roles")
    console_roles: tuple[tuple[str, Role], ...] = _setting("console.oidc_roles", "", role_words, ())
    begins: int = _setting("exchange.begins", "", checks.count, 3)
    backlog: int = _setting("exchange.backlog", "", checks.backlog, 10_000)
    audit_years: int = _setting("audit.keep_years", "", checks.years, 12)
    disclosures_folder: Path | None = _setting("disclosures.folder", "", checks.folder, None)
    disclosures_persons: str = _setting("disclosures.persons", "", checks.one_of("digest", "identifier"), "digest")
    traces: str = _setting("telemetry.traces", "INTEROP_TRACES", checks.address, "")
    http_listen: tuple[str, int] | None = _setting("http.listen", "INTEROP_HTTP_LISTEN", checks.listening, None)
    http_base_url: str = _setting("http.base_url", "INTEROP_HTTP_BASE_URL", checks.address, "")
    http_tls_cert: Path | None = _setting("http.tls_cert", "", checks.file, None)
    http_tls_key: Path | None = _setting("http.tls_key", "", checks.file, None)
    http_client_ca: Path | None = _setting("http.client_ca", "", checks.file, None)
    http_max_body: int = _setting("http.max_body", "", checks.size, 16 * 1024 * 1024)
    http_patience: timedelta = _setting("http.patience", "", checks.seconds, timedelta(seconds=20))
    http_token_life: timedelta = _setting("http.token_life", "", checks.token_life, timedelta(minutes=5))
    http_development: bool = _setting("http.development", "", checks.flag, default=False)
    systems: tuple[SystemSettings, ...] = ()
    clients: tuple[ClientSettings, ...] = ()

    @property
    def console_address(self) -> str:
        """Where browsers reach the console, by its own setting or that of the whole service; empty without either."""
        base = self.http_base_url.rstrip("/")
        return self.console_url or (f"{base}/console" if base else "")


def _declared(settings: type) -> tuple[Setting, ...]:
    declared = []
    for one in fields(settings):
        if _HERE in one.metadata:
            name, variable, check = one.metadata[_HERE]
            declared.append(Setting(one.name, name, variable, check, one.default))
    return tuple(declared)


SETTINGS = _declared(Settings)
"""The settings outside `[systems]` and `[clients]`."""

SYSTEM_SETTINGS = _declared(SystemSettings)
"""The settings of each table `[systems.<name>]`."""

CLIENT_SETTINGS = _declared(ClientSettings)
"""The settings of each table `[clients.<name>]`."""
