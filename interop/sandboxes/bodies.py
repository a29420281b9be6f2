"""Request bodies of bounded size."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["TooLarge", "read_body"]


class TooLarge(Exception):
    """The body is longer than its limit; how much longer was not read."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Units: `limit` in bytes. Raises: TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)
