"""Copies of documents by mail: one sealed attachment a message, over TLS, with nothing personal outside the seal.

A mail cannot be read back. One whose answer was lost is left to a person, and never sent twice by itself. Its
Message-ID is drawn from the receiver and the document's OID and version: the same on every attempt, so that the
receiver's side can be asked for it, and can tell a second one from a new one.
Source: RFC 5322 (Date, Message-ID), RFC 5321 (SMTP; 4.1.1.4, nothing is taken before the final dot), RFC 4954 (login),
RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 6647 (greylisting).
"""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from hashlib import sha256
from urllib.parse import urlsplit

from interop.errors import Busy, Conflict, Forbidden, InteropError, NotFound, Unavailable, Unknown
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.copy_folder import copy_name
from interop.systems.sealing import Sealed, Sealer
from interop.systems.tls import Tls, context, distrust

__all__ = ["CopyMail", "CopyMailSettings"]

_SUBJECT = "Asiakirja / Handling / Document"
_TEXT = """\
Liitteenä on salattu asiakirjan jäljennös. Salasana tai avain on sovittu muuta tietä.
Bifogat finns en krypterad kopia av en handling. Lösenordet eller nyckeln har avtalats på annat sätt.
Attached is an encrypted copy of a document. The password or key was agreed upon by other means.
"""
_PORTS = {"smtp": 587, "smtps": 465}
_GO_ON, _DONE, _FORWARDED = 354, 250, 251
_TAKEN, _TEMPORARY, _FOR_GOOD = range(200, 300), range(400, 500), range(500, 600)
_SERVER = "The mail server"
_NO_WORD = "The mail server did not say whether it has taken the mail."


@dataclass(frozen=True, slots=True)
class CopyMailSettings:
    """Where mail is handed over and to whom. `url`: smtp:// goes on by STARTTLS, smtps:// is TLS from the start.

    Units: `patience` in seconds, of each answer but the last; `last_patience` of the answer to the whole mail, which a
    server may look at for long.
    """

    url: str
    sender: str
    receiver: str
    user: str = ""
    secret: str = field(default="", repr=False)
    tls: Tls = field(default_factory=Tls)
    patience: float = 60.0
    last_patience: float = 600.0


class _Refused(Exception):
    """The server has answered a command with a status that is not what was hoped for."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CopyMail:
    """The adapter; what it is handed is a PDF."""

    name = "mail"
    format = "pdf"

    def __init__(self, settings: CopyMailSettings, sealer: Sealer, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._sealer = sealer
        self._clock = clock

    def close(self) -> None:
        """Nothing; each mail has a connection of its own."""

    def capabilities(self) -> Capabilities:
        """It takes documents, and says nothing back."""
        return Capabilities(
            reads_plans=False, writes_structured=False, writes_documents=True, notifies=False, versions=False
        )

    def check(self) -> Sequence[Finding]:
        """Whether the server lets us in over TLS, and takes sender and receiver. Nothing is handed over."""
        needed = "TLS and our login"
        try:
            with self._session() as session:
                return [Finding("mail server", needed, "answers", ok=True), self._mailboxes(session)]
        except InteropError as error:
            return [Finding("mail server", needed, str(error), ok=False)]

    def arrivals(self) -> Sequence[Arrival]:
        """None: copies go one way."""
        return ()

    def fetch(self, arrival: Arrival) -> bytes:
        """Nothing ever. Raises: NotFound."""
        raise NotFound("Nothing arrives from a mail server.")

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Nothing ever. Raises: NotFound."""
        raise NotFound("Nothing arrives from a mail server.")

    def send(self, outgoing: Outgoing) -> Receipt:
        """Delivered, when the server has taken the mail upon itself; rejected, when it will not have it.

        Raises: Unavailable, Forbidden, Busy (nothing was taken); Unknown (the answer to the whole mail was lost);
        Fault when the payload is no PDF.
        """
        message = self._message(outgoing, self._sealer.seal(outgoing.payload))
        with self._session() as session:
            try:
                self._announced(session)
            except _Refused as refused:
                return _refusal(refused.status, "the sender or the receiver")
            return self._handed_over(session, message)

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """Nothing ever: a mail cannot be read back. Raises: Conflict, always; a person has to ask the receiver."""
        raise Conflict("It is not known whether the mail has left, and it cannot be read back. Ask the receiver.")

    def _mailboxes(self, session: smtplib.SMTP) -> Finding:
        """Whether the server takes sender and receiver; one that asks to come back later may take them then."""
        said = [status for status, _ in (session.mail(self._settings.sender), session.rcpt(self._settings.receiver))]
        session.rset()
        refused = next((status for status in said if status not in _TAKEN and status not in _TEMPORARY), None)
        found = "taken" if refused is None else f"refused (status {refused})"
        return Finding("mailboxes", "sender and receiver", found, ok=refused is None)

    def _message(self, outgoing: Outgoing, sealed: Sealed) -> EmailMessage:
        name, settings = copy_name(outgoing), self._settings
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = settings.sender, settings.receiver, _SUBJECT
        message["Date"], message["Message-ID"] = formatdate(self._clock()), self._message_id(outgoing)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_TEXT, cte="quoted-printable")
        main, _, sub = sealed.media.partition("/")
        message.add_attachment(sealed.data, maintype=main, subtype=sub, filename=name + sealed.ending)
        return message

    def _message_id(self, outgoing: Outgoing) -> str:
        told = f"mail:{self._settings.receiver}:{outgoing.document}:{outgoing.version}"
        return f"<{sha256(told.encode()).hexdigest()[:32]}@{self._settings.sender.rpartition('@')[2]}>"

    def _announced(self, session: smtplib.SMTP) -> None:
        """Nothing; the server awaits the mail. Raises: _Refused."""
        for status, _ in (session.mail(self._settings.sender), session.rcpt(self._settings.receiver)):
            if status not in (_DONE, _FORWARDED):
                raise _Refused(status)
        status, _ = session.docmd("DATA")
        if status != _GO_ON:
            raise _Refused(status)

    def _handed_over(self, session: smtplib.SMTP, message: EmailMessage) -> Receipt:
        """What the server says to the whole mail. Raises: Busy, Unknown.

        When the connection is lost before the final dot the mail was not taken, and the error says so by itself.
        """
        whole = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
        session.send(whole if whole.endswith(b"\r\n") else whole + b"\r\n")
        try:
            _wait_for(session, self._settings.last_patience)
            session.send(b".\r\n")
            status, _ = session.getreply()
            _wait_for(session, self._settings.patience)
        except (smtplib.SMTPException, OSError) as error:
            raise Unknown(_NO_WORD) from error
        if status in _TAKEN:
            return Receipt("delivered", str(message["Message-ID"]))
        if status not in _TEMPORARY and status not in _FOR_GOOD:
            raise Unknown(_NO_WORD)
        return _refusal(status, "the mail")

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection over TLS, logged in. Raises: Unavailable, Forbidden, Busy."""
        session = None
        try:
            session = self._connected()
            yield session
        except InteropError:
            raise
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code in _TEMPORARY:
                raise _out_of_reach(error) from error
            raise Forbidden(f"{_SERVER} did not take our login.") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Forbidden(f"{_SERVER} does not offer TLS or a login, and nothing is sent without them.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise distrust("the mail server", error) or _out_of_reach(error) from error
        finally:
            if session is not None:
                with suppress(smtplib.SMTPException, OSError):
                    session.quit()
                session.close()

    def _connected(self) -> smtplib.SMTP:
        settings, at = self._settings, urlsplit(self._settings.url)
        host, port, trust = at.hostname or "", at.port or _PORTS[at.scheme], context(self._settings.tls)
        if at.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=settings.patience, context=trust)
        else:
            session = smtplib.SMTP(host, port, timeout=settings.patience)
        try:
            if at.scheme == "smtp":
                session.starttls(context=trust)
            session.ehlo_or_helo_if_needed()
            if settings.user:
                session.login(settings.user, settings.secret)
        except BaseException:
            session.close()
            raise
        return session


def _wait_for(session: smtplib.SMTP, seconds: float) -> None:
    if session.sock is not None:
        session.sock.settimeout(seconds)


def _refusal(status: int, what: str) -> Receipt:
    """Rejected, for a refusal that stays. Raises: Busy for one that may pass, as a greylist's does; Unavailable."""
    if status in _TEMPORARY:
        raise Busy(f"{_SERVER} asks to come back later.")
    if status < 0:
        raise Unavailable(f"{_SERVER} broke off before the mail was handed over.")
    return Receipt("rejected", reason=f"The mail server has refused {what} (status {status}).")


def _out_of_reach(error: BaseException) -> InteropError:
    status = getattr(error, "smtp_code", 0)
    if status in _TEMPORARY:
        return Busy(f"{_SERVER} asks to come back later.")
    return Unavailable(f"{_SERVER} could not be reached, or broke off before the mail was handed over.")
