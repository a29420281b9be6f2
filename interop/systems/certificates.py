"""When certificates begin and end: those in files, and the one that a server shows.

Source: RFC 5280 §4.1.2.5 (validity), RFC 7468 (textual encodings).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from interop.errors import Fault, Unavailable

__all__ = ["Validity", "in_file", "shown_at"]


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate is good, both in UTC."""

    begins: datetime
    ends: datetime


def in_file(path: Path) -> Sequence[Validity]:
    """The validity of each certificate of a PEM file, in order. Raises: Fault when it holds none."""
    try:
        return [_validity(one) for one in x509.load_pem_x509_certificates(path.read_bytes())]
    except (OSError, ValueError) as error:
        raise Fault("The file cannot be read as certificates in PEM.") from error


def shown_at(url: str, patience: float) -> Validity:
    """The validity of the certificate that the server of an https address shows, whoever has signed it.

    Nothing is said to the server but hello: whether it is to be trusted is for the calls to find out. Units: seconds.
    Raises: Unavailable.
    """
    at = urlsplit(url)
    hello = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    hello.check_hostname = False
    hello.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((at.hostname or "", at.port or 443), patience) as plain,
            hello.wrap_socket(plain, server_hostname=at.hostname) as secured,
        ):
            told = secured.getpeercert(binary_form=True)
        return _validity(x509.load_der_x509_certificate(told or b""))
    except (OSError, ValueError) as error:
        raise Unavailable("The server showed no certificate that can be read.") from error


def _validity(certificate: x509.Certificate) -> Validity:
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
