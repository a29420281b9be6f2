"""When certificates begin and end: those in files, and the one that a server shows.

Source: RFC 5280 §4.1.2.5 (validity), RFC 7468 (textual encodings).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from interop.errors import Fault, Unavailable

__all__ = ["SHOWN", "Validity", "in_file", "self_signed", "shown_at"]


_Hello = Callable[[str, int | None, ssl.SSLContext, float], bytes | None]
"""Gives the certificate that the server of a host and a port shows, in DER. Units: seconds."""


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
    """The validity of the certificate that the server of an address shows, whoever has signed it.

    Nothing is said to the server but hello: whether it is to be trusted is for the calls to find out. In: an address of
    a scheme of `SHOWN`. Units: seconds. Raises: Unavailable.
    """
    at = urlsplit(url)
    hello = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    hello.check_hostname = False
    hello.verify_mode = ssl.CERT_NONE
    try:
        told = SHOWN[at.scheme](at.hostname or "", at.port, hello, patience)
        return _validity(x509.load_der_x509_certificate(told or b""))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise Unavailable("The server showed no certificate that can be read.") from error


def _at_once(default: int) -> _Hello:
    """Asks a server that speaks TLS from the start, at this port unless the address has another."""

    def hello(host: str, port: int | None, context: ssl.SSLContext, patience: float) -> bytes | None:
        with (
            socket.create_connection((host, port or default), patience) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return secured.getpeercert(binary_form=True)

    return hello


def _after_starttls(host: str, port: int | None, context: ssl.SSLContext, patience: float) -> bytes | None:
    """Asks a mail server that goes on to TLS when it is asked (RFC 3207)."""
    with smtplib.SMTP(host, port or 587, timeout=patience) as session:
        session.starttls(context=context)
        return session.sock.getpeercert(binary_form=True) if isinstance(session.sock, ssl.SSLSocket) else None


SHOWN: Mapping[str, _Hello] = {"https": _at_once(443), "smtps": _at_once(465), "smtp": _after_starttls}
"""How a server is asked for its certificate, by the scheme of its address."""


def self_signed(address: str, validity: Validity) -> tuple[bytes, bytes]:
    """A new certificate for a server at an IP address, which vouches for itself, and its key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begins)
        .not_valid_after(validity.ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(known, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), secret


def _validity(certificate: x509.Certificate) -> Validity:
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
