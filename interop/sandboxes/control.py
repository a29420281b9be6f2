"""A door beside the sandboxes through which another process throws their switches, files documents and counts.

It stands on the loopback interface and opens with a token, so that nobody else on the machine comes in by chance.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from interop.errors import InteropError
from interop.sandboxes.bodies import TooLarge, read_body
from interop.sandboxes.faults import Switchboard

__all__ = ["Control", "control_app"]

_LIMIT = 5 * 1024 * 1024
_MOST_TIMES = 10_000


@dataclass(frozen=True, slots=True)
class Control:
    """What may be asked for: the switchboards by system, how a document is filed, and what each system holds."""

    switchboards: Mapping[str, Switchboard]
    file: Callable[[bytes], str]
    held: Callable[[], Mapping[str, int]]


def control_app(control: Control, token: str) -> Starlette:
    """The door as an application; a call without the token in `Authorization: Bearer` is refused."""

    def allowed(request: Request) -> bool:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(shown.encode(), token.encode())

    async def fault(request: Request) -> Response:
        board = control.switchboards.get(request.path_params["system"])
        name, times = request.path_params["name"], request.query_params.get("times", "1")
        if not allowed(request):
            return Response(status_code=401)
        if board is None or name not in board.switches:
            return Response(status_code=404)
        if not times.isdecimal() or not 0 < int(times) <= _MOST_TIMES:
            return Response(status_code=400)
        board.on(name, int(times))
        return Response(status_code=204)

    async def file(request: Request) -> Response:
        if not allowed(request):
            return Response(status_code=401)
        try:
            name = await run_in_threadpool(control.file, await read_body(request, _LIMIT))
        except TooLarge:
            return Response(status_code=413)
        except InteropError as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse({"id": name}, 201)

    async def held(request: Request) -> Response:
        return JSONResponse(dict(control.held())) if allowed(request) else Response(status_code=401)

    return Starlette(
        routes=[
            Route("/faults/{system}/{name}", fault, methods=["POST"]),
            Route("/documents", file, methods=["POST"]),
            Route("/held", held, methods=["GET"]),
        ]
    )
