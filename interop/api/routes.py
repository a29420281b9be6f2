"""Every route of the API, made of the tables of what is served: path, method, the scope it needs, what carries it out.

Source: FHIR R4 4.0.1 http.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from interop.api import auditing, bulk, operations, reading, searching, system, writing
from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.service.served import OPERATIONS, TYPES, ServedType

__all__ = ["Body", "Route", "routes"]

Carried = Callable[[Host, Call], Reply]
Body = Literal["", "resource", "document", "form", "ndjson"]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `needs` is a type and a letter of `cruds`, or None for any client; `is_open` is for everybody.

    `answers` names the type of resource in the answer; `says` is one line for people.
    """

    method: str
    path: str
    carried: Carried
    says: str
    needs: tuple[str, str] | None = None
    body: Body = ""
    answers: str = "Resource"
    is_open: bool = False
    statuses: tuple[int, ...] = (200,)


def routes() -> tuple[Route, ...]:
    """The routes in the order in which they are tried."""
    return (*_SYSTEM, *(route for one in TYPES.values() for route in _of_type(one)))


_SYSTEM: tuple[Route, ...] = (
    Route("GET", "/metadata", system.metadata, "What the service offers.", answers="CapabilityStatement", is_open=True),
    Route("GET", "/.well-known/smart-configuration", system.smart, "How a client gets a token.", answers="",
          is_open=True),
    Route("POST", "/auth/token", system.token, "An access token for a signed assertion.", body="form", answers="",
          is_open=True, statuses=(200, 400, 401)),
    Route("GET", "/auth/jwks", system.keys, "The keys that sign access tokens.", answers="", is_open=True),
    Route("POST", "/", writing.transaction, "Take a document, or the transaction of one.", ("Bundle", "c"), "resource",
          "Bundle", statuses=(200, 201)),
    Route("POST", "/$validate", operations.validate, "Judge a resource or a document.", None, "document",
          "OperationOutcome"),
    Route("POST", "/$convert", operations.convert, "Write a document in another form.", None, "document", "Resource",
          statuses=(200, 202)),
    Route("GET", "/$export", bulk.export, "Everything that the client may see, as NDJSON.", ("*", "r"), "", "",
          statuses=(202,)),
    Route("GET", "/jobs/{job}", bulk.status, "How far a job has come.", None, "", "", statuses=(200, 202)),
    Route("GET", "/jobs/{job}/{part}", bulk.part, "One file that a job has made, as NDJSON.", None, "", ""),
    Route("DELETE", "/jobs/{job}", bulk.cancel, "Call a job off, or throw away what it has made.", None, "", "",
          statuses=(202,)),
)  # fmt: skip

_CARRIED: dict[str, Carried] = {
    "document": operations.document,
    "everything": searching.everything,
    "populate": operations.populate,
    "extract": operations.extract,
}


_SEARCHES: dict[str, Carried] = {"Questionnaire": searching.questionnaires, "AuditEvent": auditing.search}
_READERS: dict[str, Carried] = {"AuditEvent": auditing.read}


def _of_type(one: ServedType) -> Iterator[Route]:
    name, can = one.name, set(one.interactions)
    if "search-type" in can:
        search = _SEARCHES.get(name, searching.search)
        yield Route("GET", f"/{name}", search, f"Search for {name}.", (name, "s"), "", "Bundle")
        yield Route("POST", f"/{name}/_search", search, f"Search for {name}.", (name, "s"), "form", "Bundle")
    yield Route(
        "POST", f"/{name}/$validate", operations.validate, f"Judge a {name}.", None, "document", "OperationOutcome"
    )
    for operation in OPERATIONS:
        if name in operation.types:
            at = f"/{name}/{{id}}/${operation.name}" if operation.at == "instance" else f"/{name}/${operation.name}"
            carried = _CARRIED[operation.name]
            for method in operation.methods:
                body: Body = "resource" if method == "POST" else ""
                yield Route(method, at, carried, operation.says, (name, "r"), body)
    if "create" in can:
        yield Route("POST", f"/{name}", writing.create, f"Take a document as a {name}.", (name, "c"), "document", name,
                    statuses=(200, 201))  # fmt: skip
    if "update" in can:
        yield Route("PUT", f"/{name}/{{id}}", writing.update, f"A new version of a {name}.", (name, "u"), "resource",
                    name)  # fmt: skip
    yield Route(
        "GET", f"/{name}/{{id}}", _READERS.get(name, reading.reader(name)), f"Read a {name}.", (name, "r"), "", name
    )
    if "history-instance" in can:
        yield Route("GET", f"/{name}/{{id}}/_history", reading.history, f"The versions of a {name}.", (name, "r"), "",
                    "Bundle")  # fmt: skip
    if "vread" in can:
        yield Route("GET", f"/{name}/{{id}}/_history/{{version}}", reading.reader(name),
                    f"Read a version of a {name}.", (name, "r"), "", name)  # fmt: skip
