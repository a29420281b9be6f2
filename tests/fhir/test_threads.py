"""Definitions are read and compiled by whichever thread asks first, and every thread gets the same verdict."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from schemas.fhir_definitions import shipped_definitions
from tests.fhir.seeding import example, examples
from validators.fhir import validate


def test_threads_on_fresh_definitions_agree() -> None:
    wanted = [validate(example(name), shipped_definitions()) for name in examples()]
    for _ in range(3):
        fresh = shipped_definitions()
        with ThreadPoolExecutor(8) as pool:
            several = list(pool.map(lambda name, d=fresh: validate(example(name), d), examples() * 4))
        assert several == wanted * 4
