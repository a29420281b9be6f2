"""The one place where the base of our own canonical URLs is written.

The domain is reserved for examples (RFC 2606) until the product has one of its own; it names things and is not fetched.
"""

from __future__ import annotations

__all__ = ["CANONICAL"]

CANONICAL = "https://sote-interop.example/fhir"
