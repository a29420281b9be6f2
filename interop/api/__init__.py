"""The FHIR R4 API: an ASGI application over the service, with its own access control."""

from __future__ import annotations

from interop.api.application import application
from interop.api.development import development_token
from interop.api.tokens import key_set

__all__ = ["application", "development_token", "key_set"]
