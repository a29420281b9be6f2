"""Options and settings for every test: `--thorough`, and how many examples Hypothesis makes."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.originals import folder_of_originals

_IN_CI = bool(os.environ.get("CI"))

for name, examples in (("normal", 20), ("thorough", 500), ("fuzz", 20_000)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        derandomize=_IN_CI and name != "fuzz",
        database=None if _IN_CI else settings().database,
        print_blob=True,
        # A busy machine is no fault of a test.
        suppress_health_check=[HealthCheck.too_slow],
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="make many more generated examples")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", default=None):
        settings.load_profile("thorough" if config.getoption("--thorough") else "normal")


def pytest_report_header() -> str:
    folder = folder_of_originals()
    if folder is None:
        return "THL's original structures: NOT FOUND, so the comparison with them is left out (set INTEROP_SOSMETA)"
    return f"THL's original structures: {sum(1 for _ in folder.glob('*.json'))} found"


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """True when the run was asked to make many more examples."""
    return bool(pytestconfig.getoption("--thorough"))
