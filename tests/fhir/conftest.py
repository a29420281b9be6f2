"""The definitions of R4, once for all tests of FHIR."""

from __future__ import annotations

import pytest

from schemas.fhir_definitions import Definitions, shipped_definitions


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    found = shipped_definitions()
    assert found.type("Patient") is not None, "The definitions of R4 are not installed: make setup"
    return found
