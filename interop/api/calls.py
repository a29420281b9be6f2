"""One request and one answer, free of the web framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop.api.clients import Client
from interop.api.outcomes import Refused
from schemas.issues import Language

__all__ = ["Call", "Reply"]

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed the edge: who asks, for what, and with which body.

    `path` holds the variable parts of the address; `query` the parameters in their order, those of a form's body among
    them; `base` is the address of the service as its clients know it.
    `seen` fills up with the ids of the documents that are shown.
    """

    client: Client
    method: str
    base: str
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    language: Language = "en"
    request_id: str = ""
    seen: set[str] = field(default_factory=set, repr=False, compare=False)

    def one(self, name: str, default: str = "") -> str:
        """The value of a parameter that is given once. Raises: Refused when it is given several times."""
        values = [value for key, value in self.query if key == name]
        if len(values) > 1:
            raise Refused("parameter_has_no_sound_value", slots={"parameter": name})
        return values[0] if values else default

    @property
    def media_type(self) -> str:
        """The media type of the body, in small letters and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a resource (written as the client asks for it), or bytes of a media type, or nothing but headers."""

    status: int = 200
    resource: Resource | None = None
    data: bytes = b""
    media_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
