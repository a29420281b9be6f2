"""Whom a connection trusts, how it proves who we are, and what it means when either side's certificate is not accepted.

Source: RFC 8446 §4.4.2, §6.2 (certificates, alerts); RFC 5280 §6 (path validation); RFC 9525 (names).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from interop.errors import Fault, Forbidden, InteropError, Unavailable

__all__ = ["Tls", "context", "distrust"]

_DISTRUST: Mapping[int, str] = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "an authority that we do not trust has signed it",
    20: "an authority that we do not trust has signed it",
    21: "an authority that we do not trust has signed it",
    23: "it has been revoked",
    62: "it is for another server's name",
    64: "it is for another server's address",
}
"""What OpenSSL's verification codes say of a server's certificate (X509_V_ERR_*, x509_vfy.h)."""

_ALERTS: Mapping[str, str] = {
    "ALERT_CERTIFICATE_REQUIRED": "it demands a client certificate, and none is set",
    "ALERT_HANDSHAKE_FAILURE": "it accepts neither our certificate nor a connection without one",
    "ALERT_UNKNOWN_CA": "it does not trust the authority of our certificate",
    "ALERT_CERTIFICATE_EXPIRED": "our certificate has expired",
    "ALERT_CERTIFICATE_REVOKED": "our certificate has been revoked",
    "ALERT_CERTIFICATE_UNKNOWN": "it does not accept our certificate",
    "ALERT_BAD_CERTIFICATE": "it does not accept our certificate",
    "ALERT_UNSUPPORTED_CERTIFICATE": "it does not accept our certificate",
    "ALERT_ACCESS_DENIED": "it does not accept our certificate",
}
"""What a server's alerts say of us. With TLS 1.3 they come after the handshake, in place of the first answer."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom to trust and how to prove who we are; the files are PEM. The default trusts the system's authorities.

    `key` may stand in the same file as the `certificate`.
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@cache
def context(tls: Tls) -> ssl.SSLContext:
    """The connection's rules. Reading the authorities takes longer than a call, so each setting is read once.

    Raises: Fault when a file cannot be read, or a key is not its certificate's.
    """
    try:
        found = ssl.create_default_context(cafile=tls.authorities)
        if tls.certificate:
            found.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise Fault("The TLS certificate, key or authorities that are set cannot be read.") from error
    return found


def distrust(system: str, error: BaseException) -> InteropError | None:
    """What a failed connection says of either side's certificate; None when it failed for another reason.

    In both cases nothing was handed over: a server that refuses a certificate reads no request.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = _DISTRUST.get(cause.verify_code, "it cannot be verified")
            return Unavailable(f"The certificate of {system} was not accepted: {why}. Nothing was sent.")
        if isinstance(cause, ssl.SSLError):
            why = next((text for alert, text in _ALERTS.items() if (cause.reason or "").endswith(alert)), "")
            if why:
                return Forbidden(f"{system} did not take our connection: {why}.")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
