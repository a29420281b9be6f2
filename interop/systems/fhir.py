"""A FHIR R4 server as its client sees it: read, search by POST, create and update, with tokens and bounded paging.

Search parameters travel in the body, never in the address. A link to the next page is followed only on the same server.
Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/http.html; Kanta FHIR guides (POST _search only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from interop.errors import InteropError, Unavailable, Unknown
from interop.systems.http import Answer, Http, refusal
from interop.systems.oauth import Tokens
from interop.systems.statements import Statement
from schemas import json_text

__all__ = [
    "JSON",
    "FhirServer",
    "Found",
    "Judge",
    "Page",
    "Resource",
    "address",
    "dicts",
    "issue_codes",
    "outcome",
    "places",
    "reference_in",
    "references",
    "replaced",
]

Resource = dict[str, Any]
JSON = "application/fhir+json; charset=UTF-8"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": JSON}
_PLAIN_CODE = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_PLACE = re.compile(r"[A-Z][A-Za-z]{1,40}(?:\.[a-z][A-Za-z]{0,40}(?:\[[0-9]{1,2}\])?){1,8}")
_REFERENCE = re.compile(r"(?:^|/)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?$")
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as the server holds it, and the entity tag that an update must name."""

    resource: Resource
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a search gave: the matches, and the issue codes of what the server said beside them."""

    matches: tuple[Resource, ...]
    codes: tuple[str, ...]


class Judge(Protocol):
    """Turns an answer that is no success into an error."""

    def __call__(self, answer: Answer, *, repeatable: bool) -> InteropError:
        """The error; `repeatable` says whether doing the request twice is the same as doing it once."""
        ...


class FhirServer:
    """One server. `judge` reads that server's own error codes; without one the HTTP status decides."""

    def __init__(self, http: Http, tokens: Tokens, judge: Judge | None = None) -> None:
        self.http = http
        self._tokens = tokens
        self._judge = judge or self._by_status

    def statement(self) -> Statement:
        """What the server's public CapabilityStatement offers. Raises: Unavailable, Forbidden, Busy."""
        answer = self.http.call("GET", "metadata", headers={"Accept": JSON})
        return Statement.read(self._resource(answer, "CapabilityStatement", repeatable=True))

    def read(self, reference: str) -> Found:
        """The resource of a relative reference, `Type/id`. Raises: NotFound, Unavailable, Forbidden, Busy."""
        answer = self.call("GET", reference, headers={"Accept": JSON})
        resource = self._resource(answer, reference.partition("/")[0], repeatable=True)
        return Found(resource, answer.headers.get("ETag", ""))

    def search(self, kind: str, parameters: Sequence[tuple[str, str]]) -> Page:
        """Every match of a search, all pages of it. Raises: Unavailable, Forbidden, Busy, Unsupported."""
        matches: list[Resource] = []
        codes: list[str] = []
        for bundle in self._pages(kind, parameters):
            for resource, mode in _entries(bundle):
                if resource.get("resourceType") == "OperationOutcome" or mode == "outcome":
                    codes.extend(issue_codes(resource))
                elif resource.get("resourceType") == kind:
                    matches.append(resource)
        return Page(tuple(matches), tuple(codes))

    def create(self, resource: Resource, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a create that is carried out or refused. Raises: Unknown, Unavailable, Forbidden, Busy."""
        sent = {"Content-Type": JSON, "Accept": JSON, **(headers or {})}
        return self.call("POST", resource["resourceType"], json_text.dump(resource), sent, repeatable=False)

    def update(self, resource: Resource, etag: str) -> Answer:
        """The answer to an update of the version that `etag` names; repeating it does no harm."""
        headers = {"Content-Type": JSON, "Accept": JSON, "If-Match": etag}
        return self.call("PUT", f"{resource['resourceType']}/{resource['id']}", json_text.dump(resource), headers)

    def call(
        self, method: Literal["GET", "POST", "PUT"], target: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None, *, repeatable: bool = True,
    ) -> Answer:  # fmt: skip
        """The answer to an authorised call. A token that is refused is replaced once: a 401 means nothing was done."""
        for last in (False, True):
            token = self._tokens.token()
            sent = {**(headers or {}), "Authorization": f"Bearer {token.value}"}
            answer = self.http.call(method, target, body, sent, repeatable=repeatable)
            if answer.status != 401 or last:
                break
            self._tokens.forget(token)
        return answer

    def refuse(self, answer: Answer, *, repeatable: bool) -> InteropError:
        """The error that stands for an answer that is no success."""
        return self._judge(answer, repeatable=repeatable)

    def _by_status(self, answer: Answer, *, repeatable: bool) -> InteropError:
        return refusal(self.http.system, answer, repeatable=repeatable)

    def _pages(self, kind: str, parameters: Sequence[tuple[str, str]]) -> Iterator[Resource]:
        answer = self.call("POST", f"{kind}/_search", urlencode(parameters).encode(), _FORM)
        for _ in range(_MOST_PAGES):
            bundle = self._resource(answer, "Bundle", repeatable=True)
            yield bundle
            after = _next(bundle)
            if after is None:
                return
            answer = self.call("GET", after, headers={"Accept": JSON})
        raise Unavailable(f"{self.http.system} gave more than {_MOST_PAGES} pages for one search.")

    def _resource(self, answer: Answer, kind: str, *, repeatable: bool) -> Resource:
        if not answer.ok:
            raise self.refuse(answer, repeatable=repeatable)
        resource, _ = json_text.parse(answer.body)
        if not isinstance(resource, dict) or resource.get("resourceType") != kind:
            sentence = f"{self.http.system} did not answer with a {kind} (request {answer.request_id})."
            raise Unavailable(sentence) if repeatable else Unknown(sentence)
        return resource


def issue_codes(resource: object) -> tuple[str, ...]:
    """The codes of an OperationOutcome's issues: the system's own where there is one, else the FHIR issue type.

    A code that has another shape than codes have is left out, since it might hold something that was sent.
    """
    if not isinstance(resource, dict):
        return ()
    found: list[str] = []
    for issue in dicts(resource.get("issue")):
        details = issue.get("details")
        own = [c.get("code") for c in dicts(details.get("coding"))] if isinstance(details, dict) else []
        codes = own or [issue.get("code")]
        found.extend(code for code in codes if isinstance(code, str) and _PLAIN_CODE.fullmatch(code))
    return tuple(found)


def outcome(answer: Answer) -> tuple[str, ...]:
    """The issue codes that an answer's body holds; none when it is no OperationOutcome."""
    resource, _ = json_text.parse(answer.body)
    if isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome":
        return issue_codes(resource)
    return ()


def places(answer: Answer) -> tuple[str, ...]:
    """The elements that an answer's issues name, `DocumentReference.type`, each once; no text beside them."""
    resource, _ = json_text.parse(answer.body)
    issues = dicts(resource.get("issue")) if isinstance(resource, dict) else []
    named = (text for issue in issues for key in ("expression", "location") for text in _listed(issue.get(key)))
    return tuple(dict.fromkeys(text for text in named if _PLACE.fullmatch(text)))


def reference_in(answer: Answer, kind: str) -> str:
    """`Type/id` of what an answer says was made, by its Location or its body; empty when neither tells."""
    found = _REFERENCE.search(answer.headers.get("Location", ""))
    if found is None:
        resource, _ = json_text.parse(answer.body)
        found = _REFERENCE.search(address(resource)) if isinstance(resource, dict) else None
    return f"{kind}/{found['id']}" if found and found["type"] == kind else ""


def address(resource: Resource) -> str:
    """`Type/id` of a resource that a server showed; empty when its id is none: no odd address is ever called."""
    at = f"{resource.get('resourceType')}/{resource.get('id')}"
    return at if re.fullmatch(r"[A-Za-z]+/(?!\.+$)[A-Za-z0-9.-]{1,64}", at) and resource.get("id") is not None else ""


def references(value: Any, kind: str, base: str) -> Mapping[str, str]:
    """`Type/id` of every resource of one type on this server that a value points to, by the text that points there.

    In: `base` is the server's address; a reference may be relative or begin with it.
    """
    shape = re.compile(rf"(?:{re.escape(base)})?({kind}/[A-Za-z0-9.-]{{1,64}})")
    found = {text: shape.fullmatch(text) for text in _strings(value)}
    return {text: match[1] for text, match in found.items() if match}


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def replaced(value: Any, names: Mapping[str, str]) -> Any:
    """The value with every text that equals a name replaced by what the name stands for."""
    if isinstance(value, dict):
        return {key: replaced(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _entries(bundle: Resource) -> Iterator[tuple[Resource, str]]:
    for entry in dicts(bundle.get("entry")):
        resource, search = entry.get("resource"), entry.get("search")
        if isinstance(resource, dict):
            mode = search.get("mode") if isinstance(search, dict) else "match"
            yield resource, str(mode)


def _next(bundle: Resource) -> str | None:
    for link in dicts(bundle.get("link")):
        if link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None


def _listed(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
