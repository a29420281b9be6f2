"""SosiaaliEffica: XML document messages over SOAP 1.1 with two-step acknowledgement; the one home of the SOAP library.

The vendor publishes no interface; the profile is provisional and stands in `schemas/effica/effica.wsdl`.
Source: HL7 V3 acknowledgement types (AA, AE, AR, CA); SOAP 1.1, https://www.w3.org/TR/2000/NOTE-SOAP-20000508/
"""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree

from interop.errors import Conflict, Fault, InteropError, NotFound, Unavailable, Unknown, Unsupported
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.effica_messages import checked, receipt_of, wire_id
from interop.systems.http import Answer, Bounds, Http, refusal
from interop.systems.statements import timed, tried
from interop.systems.tls import Tls
from schemas import xml_text

__all__ = ["Effica", "EfficaSettings"]

_WS = "urn:sote-interop:effica:ws:1"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_WSDL = files("schemas").joinpath("effica", "effica.wsdl")
_BINDING = f"{{{_WS}}}DocumentsSoap"
_ONCE = frozenset({"SendDocument"})
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class EfficaSettings:
    """Where the service is and who we are. `url` is the address of the SOAP port."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = field(default_factory=Tls)
    bounds: Bounds = field(default_factory=Bounds)


class Effica:
    """The adapter; `format` is the XML document message."""

    name = "effica"
    format = "effica"

    def __init__(self, settings: EfficaSettings) -> None:
        self._http = Http("SosiaaliEffica", settings.url, settings.bounds, settings.tls)
        self._port = _Port(self._http, settings)
        settled = zeep.Settings(forbid_dtd=True, forbid_external=True)
        description = io.BytesIO(_WSDL.read_bytes())
        client: Any = zeep.Client(description, transport=self._port, settings=settled)  # type: ignore[no-untyped-call]
        self._service = client.create_service(_BINDING, settings.url)

    def capabilities(self) -> Capabilities:
        """What the profile offers; the service has no way to be asked."""
        return Capabilities(
            reads_plans=True,
            writes_structured=True,
            writes_documents=True,
            notifies=False,
            versions=True,
            attaches=True,
        )

    def check(self) -> Sequence[Finding]:
        """Whether the service answers us: its inbox is listed and left as it is."""
        return [*tried("ListInbox", "an answer", self._inbox_answers), *timed(self._http.ahead)]

    def _inbox_answers(self) -> Sequence[Finding]:
        self._call("ListInbox")
        return (Finding("ListInbox", "an answer", "an answer", ok=True),)

    def arrivals(self) -> Sequence[Arrival]:
        """The messages that nobody has acknowledged, oldest first. Raises: Unavailable, Forbidden, Busy."""
        found: list[Arrival] = []
        for _ in range(_MOST_PAGES):
            said = self._call("ListInbox", **({"after": found[-1].id} if found else {}))
            found.extend(Arrival(entry.id, entry.messageId) for entry in said.entry)
            if not said.more or not said.entry:
                break
        return tuple(found)

    def fetch(self, arrival: Arrival) -> bytes:
        """The message. Raises: NotFound, Unavailable, Forbidden, Busy."""
        message = self._call("FetchDocument", id=arrival.id)
        if not isinstance(message, bytes):
            raise Unavailable("SosiaaliEffica answered a fetch without a message.")
        return message

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Tells what became of a message; telling the same twice does no harm.

        Raises: NotFound, Conflict (it was told otherwise before), Unavailable, Forbidden, Busy.
        """
        code, text = acknowledgement.code or None, acknowledgement.text or None
        said = {"type": acknowledgement.type, "code": code, "text": text}
        self._call("Acknowledge", id=arrival.id, acknowledgement=said)

    def send(self, outgoing: Outgoing) -> Receipt:
        """Accepted, or refused at the door; whether it was filed is for the application acknowledgement to say.

        A service may say AA at the door and AE later, so the door's word is never taken for a delivery. A repeated
        message is recognised by its id and content, yet a lost answer is told as such: the ledger decides.
        Raises: Unavailable, Unknown, Forbidden, Busy; Fault when the message carries another identity than it is sent
        under.
        """
        rejection = checked(outgoing)
        if rejection is not None:
            return rejection
        try:
            said = self._call("SendDocument", message=outgoing.payload).acknowledgement
        except Unsupported as error:
            return Receipt("rejected", reason=str(error))
        told = receipt_of(said.type, said.code, said.reference)
        return told if told.state == "rejected" else Receipt("accepted", told.reference)

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What the service says of a message sent earlier. Raises: Unavailable, Forbidden, Busy."""
        told = self._call("FetchAcknowledgement", messageId=wire_id(outgoing))
        if told is None or told.acknowledgement is None:
            return None
        if told.messageId not in (None, wire_id(outgoing)):
            raise Unavailable("SosiaaliEffica answered with the acknowledgement of another message.")
        said = told.acknowledgement
        return receipt_of(said.type, said.code, said.reference)

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._http.close()

    def _call(self, operation: str, **arguments: Any) -> Any:
        """The operation's answer."""
        repeatable = operation not in _ONCE
        try:
            return self._service[operation](**arguments)
        except zeep.exceptions.Fault as error:
            # The library's own texts quote the answer, and a traceback would show them.
            raise _refused(error, repeatable) from None
        except zeep.exceptions.ValidationError:
            raise Fault(f"The arguments of {operation} do not fit the service's description.") from None
        except (zeep.exceptions.Error, etree.LxmlError, ValueError, TypeError, LookupError):
            # The library meets an answer that it cannot read with any of these.
            raise _unreadable(repeatable) from None


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the SOAP library wants to know of an HTTP answer."""

    status_code: int
    content: bytes
    encoding: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml; charset=utf-8"})


class _Port:
    """The SOAP library's transport over our own connections: bounded, safe against hostile XML, loads nothing."""

    def __init__(self, http: Http, settings: EfficaSettings) -> None:
        self._http = http
        self._url = settings.url
        self._schema = _answer_schema()
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}
        if settings.user:
            pair = base64.b64encode(f"{settings.user}:{settings.password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    def load(self, _: str) -> bytes:
        """Nothing is loaded: the description is one packaged file."""
        raise Fault("The description of the SosiaaliEffica service points to another file; it must stand alone.")

    def post_xml(self, _: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Reply:
        """The answer to one envelope, when it is SOAP. Raises: what its HTTP status says, when it is not."""
        operation = etree.QName(envelope[-1][0]).localname
        repeatable = operation not in _ONCE
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        answer = self._http.call("POST", self._url, body, {**headers, **self._headers}, repeatable=repeatable)
        if answer.status not in (200, 500):
            raise refusal(self._http.system, answer, repeatable=repeatable)
        if not self._fits(answer, operation):
            raise _unreadable(repeatable)
        return _Reply(answer.status, answer.body)

    def _fits(self, answer: Answer, operation: str) -> bool:
        """True for a SOAP Fault, and for the operation's answer as described: the SOAP library checks too little."""
        root, _ = xml_text.parse(answer.body)
        body = None if root is None else root.find(f"{{{_SOAP}}}Body")
        if root is None or root.tag != f"{{{_SOAP}}}Envelope" or body is None or len(body) != 1:
            return False
        if body[0].tag == f"{{{_SOAP}}}Fault":
            return True
        named = body[0].tag == f"{{{_WS}}}{operation}Response"
        with self._lock:  # one compiled schema is no good to two threads at once: it keeps its errors in itself
            return answer.status == 200 and named and self._schema.validate(body[0])


def _answer_schema() -> etree.XMLSchema:
    """The schema of the operations' elements, out of the service's description."""
    (schema,) = etree.fromstring(_WSDL.read_bytes()).iter("{http://www.w3.org/2001/XMLSchema}schema")
    return etree.XMLSchema(schema)


def _refused(error: zeep.exceptions.Fault, repeatable: bool) -> InteropError:
    """The error that a SOAP Fault stands for: by our profile's own code, else by whose mistake it names."""
    detail = error.detail
    code = detail.findtext(f"{{{_WS}}}Refusal/{{{_WS}}}code") if isinstance(detail, etree._Element) else None
    if code == "unknown-id":
        return NotFound("SosiaaliEffica knows no message by this id.")
    if code == "already-acknowledged":
        return Conflict("SosiaaliEffica has another acknowledgement of this message already.")
    if code == "malformed" or str(error.code).endswith("Client"):
        return Unsupported("SosiaaliEffica does not take the request in this form.")
    sentence = "SosiaaliEffica answered with a fault of its own."
    return Unavailable(sentence) if repeatable else Unknown(sentence)


def _unreadable(repeatable: bool) -> InteropError:
    sentence = "SosiaaliEffica answered with something that its service description does not allow."
    return Unavailable(sentence) if repeatable else Unknown(sentence)
