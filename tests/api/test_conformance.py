"""The API as a foreign judge sees it: the base pack of REST scenarios for R4 of pyrofile-validator."""

from __future__ import annotations

import pytest
from pyrofile_validator import ApiTestOptions, load_builtin_api_test_plan, run_api_tests
from pyrofile_validator.config import ValidatorConfig

from tests.api.conftest import Service
from tests.api.test_reading import first

_OURS_IS_NOT_LOADED = ValidatorConfig(allow_unknown_extensions=True)


@pytest.mark.parametrize("kind", ["Patient", "CarePlan", "Goal", "CareTeam"])
def test_the_scenarios_of_the_base_pack_pass(shared: Service, kind: str) -> None:
    one = first(shared, kind)
    inputs = {"resourceType": kind, "resourceId": one["id"], "versionId": one["meta"]["versionId"]}
    options = ApiTestOptions(headers={"Authorization": f"Bearer {shared.token()}"}, inputs=inputs)
    report = run_api_tests(
        shared.base, load_builtin_api_test_plan("base-r4"), config=_OURS_IS_NOT_LOADED, options=options
    )
    judged = {one.id: (str(one.status.value), one.skip_reason) for one in report.scenarios}
    assert {name: found for name, found in judged.items() if found[0] != "PASS"} == {}
