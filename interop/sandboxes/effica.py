"""SosiaaliEffica's stand-in: a SOAP 1.1 service with an inbox, an outbox and two-step acknowledgement.

It follows `schemas/effica/effica.wsdl` by hand, without the client's SOAP library, so that a mistake in one is seen in
the other. Source: SOAP 1.1 §4; HL7 V3 acknowledgement types.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import threading

from lxml import etree
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from interop.sandboxes.bodies import TooLarge, read_body
from interop.sandboxes.effica_messages import Said, judged, message_id, refused, spoilt
from interop.sandboxes.faults import Faults
from schemas import xml_text

__all__ = ["EfficaSandbox"]

_BODY_LIMIT = 8 * 1024 * 1024
_PAGE = 100
_WS = "urn:sote-interop:effica:ws:1"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class _Refused(Exception):
    """A request that is answered with a SOAP Fault; the argument is the profile's code."""


class EfficaSandbox:
    """An ASGI application; give it to `Running`. The port's path is `/documents`.

    In: `schema` checks what is sent; `automatic` acknowledges a message by its content as soon as it has been taken,
    otherwise `settle` does. `credentials` is the user and password that must be shown.
    """

    path = "/documents"

    def __init__(
        self, schema: etree.XMLSchema | None = None, *, automatic: bool = True,
        credentials: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.received: dict[str, bytes] = {}
        self.acknowledgements: dict[str, Said] = {}
        self.requests: list[str] = []
        self._schema = schema
        self._automatic = automatic
        self._credentials = credentials
        self._replies: dict[str, Said] = {}
        self._outbox: dict[str, tuple[str, bytes]] = {}
        self._lock = threading.RLock()
        self._silent: set[str] = set()
        self.faults = Faults(Starlette(routes=[Route(self.path, self._serve, methods=["POST"])]), "effica")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call, or lets it meet the fault that is laid for it."""
        await self.faults(scope, receive, send)

    def file(self, message: bytes) -> str:
        """The inbox id of a document that is now there to be fetched, as after a professional's save.

        Raises: ValueError when the message carries no identity.
        """
        named = message_id(message)
        if not named:
            raise ValueError("A message needs Sanoma/Otsake/Tunnus with juuri and paate.")
        with self._lock:
            inbox_id = f"S{len(self._outbox) + 1:08d}"
            self._outbox[inbox_id] = (named, message)
        return inbox_id

    def settle(self, named: str | None = None, said: Said | None = None) -> None:
        """Nothing; what was taken (all of it, or one message) now has its application acknowledgement."""
        with self._lock:
            for waiting in [named] if named else list(self.received):
                if self._replies[waiting].type == "CA" and waiting not in self._silent:
                    self._replies[waiting] = said or self._judged(waiting)

    async def _serve(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="documents"'})
        try:
            body = await read_body(request, _BODY_LIMIT)
        except TooLarge:
            return Response(status_code=413)
        try:
            content, status = await run_in_threadpool(self._answer, body), 200
        except _Refused as refused:
            content, status = _fault(str(refused)), 500
        headers = {"X-Request-Id": request.headers.get("X-Request-Id", "")}
        envelope = etree.tostring(_soap("Envelope", _soap("Body", content)), xml_declaration=True, encoding="utf-8")
        return Response(envelope, status, headers, "text/xml; charset=utf-8")

    def _known(self, request: Request) -> bool:
        if self._credentials is None:
            return True
        expected = base64.b64encode(":".join(self._credentials).encode())
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Basic" and secrets.compare_digest(shown.encode(), expected)

    def _answer(self, body: bytes) -> etree._Element:
        envelope, _ = xml_text.parse(body)
        if envelope is None or envelope.tag != f"{{{_SOAP}}}Envelope":
            raise _Refused("malformed")
        asked = envelope.find(f"{{{_SOAP}}}Body/*")
        operation = etree.QName(asked).localname if asked is not None else ""
        operations = {
            "SendDocument": self._send, "FetchAcknowledgement": self._status, "ListInbox": self._list,
            "FetchDocument": self._fetch, "Acknowledge": self._acknowledge,
        }  # fmt: skip
        if asked is None or operation not in operations or etree.QName(asked).namespace != _WS:
            raise _Refused("malformed")
        with self._lock:
            self.requests.append(operation)
            return operations[operation](asked)

    def _send(self, asked: etree._Element) -> etree._Element:
        try:
            message = base64.b64decode(_text(asked, "message"), validate=True)
        except binascii.Error as error:
            raise _Refused("malformed") from error
        named = message_id(message)
        said = self._taken(named, message)
        names = [_ws("messageId", named)] if named else []
        return _ws("SendDocumentResponse", *names, _acknowledgement(said))

    def _taken(self, named: str, message: bytes) -> Said:
        refusal = refused(message)
        if refusal:
            return refusal
        earlier = self.received.get(named)
        if earlier is None:
            self.received[named] = message
            self._replies[named] = said = Said("CA")
            if self.faults.met("acknowledgement_never_comes"):
                self._silent.add(named)
            elif self.faults.met("late_error"):
                self._replies[named], said = Said("AE", "late"), Said("AA")
            elif self._automatic:
                self._replies[named] = self._judged(named)
            return said
        if earlier != message:
            return Said("AE", "other-content", "Samalla asiakirjaversiolla on jo toinen sisältö.")
        return self._replies[named]

    def _judged(self, named: str) -> Said:
        return judged(self.received[named], self._schema, f"E{list(self.received).index(named) + 1:06d}")

    def _status(self, asked: etree._Element) -> etree._Element:
        named = _text(asked, "messageId")
        said = self._replies.get(named)
        if said is None:
            return _ws("FetchAcknowledgementResponse")
        told = "1.2.3:1" if self.faults.met("acknowledgement_of_unknown_id") else named
        return _ws("FetchAcknowledgementResponse", _ws("messageId", told), _acknowledgement(said))

    def _list(self, asked: etree._Element) -> etree._Element:
        after = _text(asked, "after")
        waiting = [i for i in self._outbox if i not in self.acknowledgements and i > after]
        if self.faults.met("out_of_order"):
            waiting.reverse()
        entries = [_ws("entry", _ws("id", i), _ws("messageId", self._outbox[i][0])) for i in waiting[:_PAGE]]
        return _ws("ListInboxResponse", *entries, _ws("more", "true" if len(waiting) > _PAGE else "false"))

    def _fetch(self, asked: etree._Element) -> etree._Element:
        inbox_id = _text(asked, "id")
        taken = self.acknowledgements.get(inbox_id)
        if inbox_id not in self._outbox or (taken and taken.type == "AA"):
            raise _Refused("unknown-id")
        message = spoilt(self._outbox[inbox_id][1], self.faults)
        return _ws("FetchDocumentResponse", _ws("message", base64.b64encode(message).decode()))

    def _acknowledge(self, asked: etree._Element) -> etree._Element:
        inbox_id, said = _text(asked, "id"), _said(asked)
        if inbox_id not in self._outbox:
            raise _Refused("unknown-id")
        earlier = self.acknowledgements.get(inbox_id)
        if earlier and earlier.type == "AA" and said.type != "AA":
            raise _Refused("already-acknowledged")
        self.acknowledgements[inbox_id] = said
        return _ws("AcknowledgeResponse")


def _said(asked: etree._Element) -> Said:
    kind = _text(asked, "acknowledgement", "type")
    if kind not in ("AA", "AE", "AR"):
        raise _Refused("malformed")
    code, text = _text(asked, "acknowledgement", "code"), _text(asked, "acknowledgement", "text")
    return Said(kind, code, text)  # type: ignore[arg-type]


def _text(asked: etree._Element, *path: str) -> str:
    return (asked.findtext("/".join(f"{{{_WS}}}{step}" for step in path)) or "").strip()


def _acknowledgement(said: Said) -> etree._Element:
    parts = [_ws(name, value) for name in ("code", "text", "reference") if (value := getattr(said, name))]
    return _ws("acknowledgement", _ws("type", said.type), *parts)


def _fault(code: str) -> etree._Element:
    fault = _soap("Fault")
    for name, text in (("faultcode", "soap:Client"), ("faultstring", "Pyyntöä ei voi toteuttaa.")):
        etree.SubElement(fault, name).text = text
    etree.SubElement(fault, "detail").append(_ws("Refusal", _ws("code", code)))
    return fault


def _ws(name: str, *content: etree._Element | str) -> etree._Element:
    return _element(etree.Element(f"{{{_WS}}}{name}", nsmap={"d": _WS}), content)


def _soap(name: str, *content: etree._Element | str) -> etree._Element:
    return _element(etree.Element(f"{{{_SOAP}}}{name}", nsmap={"soap": _SOAP}), content)


def _element(element: etree._Element, content: tuple[etree._Element | str, ...]) -> etree._Element:
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element
