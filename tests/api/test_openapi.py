"""The API against its own OpenAPI description: whatever is sent to it, it answers as it says that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from interop.api.routes import Route, routes
from tests.api.conftest import Service, fill, running

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_SOME = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that the requests of this module may change."""
    with running(tmp_path_factory.mktemp("described"), unlimited=True) as made:
        fill(made)
        yield made


@pytest.fixture(scope="module")
def described(filled: Service) -> schemathesis.schemas.BaseSchema:
    """The description as the service gives it."""
    return schemathesis.openapi.from_url(f"{filled.base}/openapi.json")


def test_the_description_names_every_route(filled: Service) -> None:
    paths = httpx.get(f"{filled.base}/openapi.json", trust_env=False).json()["paths"]
    named = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert named == {(route.method, route.path) for route in routes()}


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.method} {route.path}")
def test_each_route_answers_as_it_is_described(
    route: Route, filled: Service, described: schemathesis.schemas.BaseSchema
) -> None:
    own = {"Authorization": f"Bearer {filled.token()}"}

    operation = described[route.path][route.method]
    as_described, otherwise = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @_SOME
    @given(as_described | otherwise)
    def holds(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=own, checks=_CHECKS)

    holds()


def test_an_answer_that_is_not_described_is_noticed(
    filled: Service, described: schemathesis.schemas.BaseSchema
) -> None:
    case = described["/metadata"]["GET"].Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(base_url=f"{filled.url}/health", checks=_CHECKS)
