"""Nothing is looked up over the network: validating and converting open no socket."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from interop.documents import Options, convert, examine, outcome_of
from schemas.codesystems import shipped_code_systems
from tests.fuzz.mutations import seeds

_WATCHING: list[list[str]] = []


def _notice(event: str, _: tuple[Any, ...]) -> None:
    if _WATCHING and event.startswith("socket."):
        _WATCHING[-1].append(event)


sys.addaudithook(_notice)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What the interpreter tells of sockets meanwhile: an audit hook sees every one, whoever opens it."""
    _WATCHING.append([])
    try:
        yield _WATCHING[-1]
    finally:
        _WATCHING.pop()


def test_the_hook_sees_a_socket() -> None:
    import socket  # noqa: PLC0415

    with watched() as seen, socket.socket():
        pass
    assert seen


def test_validating_and_converting_open_no_socket() -> None:
    with watched() as seen:
        for documents in seeds().values():
            for data in documents:
                examine(data, None, Options(code_systems=shipped_code_systems()))
                convert(data, "fhir")
        outcome_of(
            b'<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            b'xsi:schemaLocation="http://127.0.0.1:9/x http://127.0.0.1:9/x.xsd"><active value="true"/></Patient>',
            ["http://127.0.0.1:9/StructureDefinition/x"],
        )
    assert not seen
