"""A document that a browser carries from one page to the next, since nothing of it is kept here.

It is packed, and sealed for one visit: of no use to anybody else, and nothing can be read in a saved copy of the page.
"""

from __future__ import annotations

import base64
import zlib

from interop.errors import Fault, Invalid
from interop.store import KeyRing
from interop.store.encryption import Sealed, WrappedKey, open_sealed, seal

__all__ = ["opened", "sealed"]


def sealed(ring: KeyRing, visit: str, format_name: str, data: bytes) -> str:
    """The capsule of a document and of the format that it is said to have (empty: to be recognised)."""
    packed = zlib.compress(format_name.encode() + b"\n" + data)
    kept = seal(ring, _owner(visit), packed)
    return ".".join((_text(kept.key.data), _text(kept.payload), kept.key.key_id))


def opened(ring: KeyRing, visit: str, capsule: str) -> tuple[str, bytes]:
    """The format and the document. Raises: Invalid for what was not sealed here for this visit."""
    try:
        key, payload, key_id = capsule.split(".", 2)
        kept = Sealed(WrappedKey(key_id, base64.urlsafe_b64decode(key)), base64.urlsafe_b64decode(payload))
        format_name, _, data = zlib.decompress(open_sealed(ring, _owner(visit), kept)).partition(b"\n")
    except (ValueError, Fault) as error:
        raise Invalid("This is no document that was given on this visit.") from error
    return format_name.decode(), data


def _owner(visit: str) -> str:
    return f"visit:{visit}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
