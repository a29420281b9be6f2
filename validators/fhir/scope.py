"""What surrounds a place while a resource is walked: its resource, the resource that contains it, and the Bundle.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/bundle.html#references, references.html#contained
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.fhir_definitions import Definitions
from validators.fhir.findings import Findings, Place

__all__ = ["Options", "Pending", "Run", "Scope", "bundle_scope", "entries_of", "type_in"]

_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?(?:#.*)?")

_MOST_OF_ONE_ADDRESS = 50
"""How many resources of one address are told apart, so that a hostile Bundle costs no more than an honest one."""


@dataclass(frozen=True, slots=True)
class Options:
    """How strictly what is not known is judged.

    `closed`: an extension or a profile that is not known is an error, as HL7's own validator has it; otherwise it is
    told as a warning, for R4 forbids to refuse a resource for an extension that is not known.
    """

    closed: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """One resource being walked. `root` is the outermost resource below an entry of a Bundle.

    `inner`: the resources that the root contains, by id. Of a Bundle itself: `by_url` has its resources by every
    address that leads to them, and `full_urls` the address of each, by the identity of the object.
    """

    resource: Mapping[str, Any]
    root: Mapping[str, Any]
    full_url: str | None = None
    bundle: Scope | None = None
    inner: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    by_url: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    full_urls: dict[int, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.inner and self.resource is self.root and "contained" in self.root:
            for one in _list(self.root["contained"]):
                if isinstance(one, dict) and isinstance(one.get("id"), str):
                    self.inner.setdefault(one["id"], one)

    def contained(self, identity: str) -> Mapping[str, Any] | None:
        """The contained resource of this id; the container itself for an empty id."""
        return self.inner.get(identity) if identity else self.root

    def within(self, node: Mapping[str, Any]) -> Scope:
        """The scope of a resource that the root contains."""
        return Scope(node, self.root, self.full_url, self.bundle, self.inner)

    def of(self, node: Mapping[str, Any]) -> Scope:
        """The scope of a resource that stands in this Bundle, in this resource, or by itself."""
        if node is self.resource:
            return self
        if node is self.inner.get(str(node.get("id"))):
            return self.within(node)
        bundle = self if self.resource.get("resourceType") == "Bundle" else self.bundle
        return Scope(node, node, bundle.full_urls.get(id(node)) if bundle is not None else None, bundle)

    def found(self, reference: Any) -> list[Mapping[str, Any]]:
        """The resources in this document that a literal reference leads to; usually one or none."""
        if not isinstance(reference, str):
            return []
        if reference.startswith("#"):
            own = self.contained(reference[1:])
            return [own] if own is not None else []
        if self.bundle is None:
            return []
        address, _, fragment = reference.partition("#")
        found = self.bundle.by_url.get(address, [])
        if not found and ":" not in address and self.full_url and (base := _base(self.full_url)):
            found = self.bundle.by_url.get(base + address, [])
        if not found and "/_history/" in address:
            plain, _, version = address.partition("/_history/")
            same = self.found(plain)
            found = [one for one in same if _version(one) == version]
        if not found and ":" not in address and self.full_url is None:
            found = self.bundle.by_url.get(address, [])
        if not found and self.bundle.bundle is not None:
            found = self.bundle.found(address)
        if fragment:
            return [inner for one in found if (inner := Scope(one, one).contained(fragment)) is not None]
        return found


@dataclass(slots=True)
class Pending:
    """A reference that is judged when the whole document is known."""

    node: Mapping[str, Any]
    targets: tuple[str, ...]
    aggregation: tuple[str, ...]
    place: Place
    scope: Scope


@dataclass(slots=True, eq=False)
class Run:
    """One validation. `applied` holds the pairs of node and profile that have been judged or are being judged.

    `settle` judges the references that are pending; trials need it, too.
    """

    definitions: Definitions
    options: Options
    scope: Scope
    settle: Callable[[Run], None]
    findings: Findings = field(default_factory=Findings)
    pending: list[Pending] = field(default_factory=list)
    applied: set[tuple[int, str]] = field(default_factory=set)

    def trial(self) -> Run:
        """A run whose findings do not count, to see whether something conforms."""
        return Run(self.definitions, self.options, self.scope, self.settle, applied=set(self.applied))

    @property
    def failed(self) -> bool:
        """True when an error has been found."""
        return any(issue.rule.severity == "error" for issue in self.findings.issues.values())


def entries_of(bundle: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The entries of a Bundle that are objects, with their indexes."""
    for index, entry in enumerate(_list(bundle.get("entry"))):
        if isinstance(entry, dict):
            yield index, entry


def bundle_scope(bundle: Mapping[str, Any], outer: Scope | None = None) -> Scope:
    """The scope of a Bundle, with its resources by all addresses that lead to them."""
    scope = Scope(bundle, bundle, bundle=outer)
    for _, entry in entries_of(bundle):
        resource, full_url = entry.get("resource"), entry.get("fullUrl")
        if not isinstance(resource, dict):
            continue
        scope.full_urls[id(resource)] = full_url if isinstance(full_url, str) else None
        if isinstance(full_url, str):
            address = full_url
        elif isinstance(resource.get("id"), str):
            address = f"{resource.get('resourceType')}/{resource['id']}"
        else:
            continue
        same = scope.by_url.setdefault(address, [])
        if len(same) < _MOST_OF_ONE_ADDRESS:
            same.append(resource)
    return scope


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def type_in(reference: str) -> str | None:
    """The resource type that a literal reference names, or None."""
    match = _LITERAL.fullmatch(reference)
    return match[1] if match else None


def _base(full_url: str) -> str | None:
    """What stands before `Type/id` in a RESTful address."""
    match = re.fullmatch(r"(.*/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}", full_url)
    return match[1] if match else None


def _version(resource: Mapping[str, Any]) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None
