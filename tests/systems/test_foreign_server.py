"""A FHIR server that we did not write, in OMNI360's place, installed from the npm registry.

It is Medplum's router and in-memory repository, which validate what they are given. Without Node, npm or a registry the
test is left out aloud; in CI it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from interop.cli.demo import example_plan
from interop.documents import examine, write
from interop.systems.base import Acknowledgement, Outgoing, Receipt
from interop.systems.omni360 import Omni360, Omni360Settings
from schemas.record import Record

HERE = Path(__file__).parent / "foreign"
CLIENT = ("interop", "salainen")
US, THEM = "urn:oid:1.2.246.10.99999999.10.3", "urn:oid:1.2.246.10.99999999.10.4"


def left_out(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Foreign:
    url: str

    @contextmanager
    def adapter(self, owner: str) -> Iterator[Omni360]:
        # The server does not know the modifier `:identifier`, so tasks are picked by their owner after the search.
        settings = Omni360Settings(f"{self.url}/fhir", f"{self.url}/token", *CLIENT, owner, owner_search=False)
        adapter = Omni360(settings)
        try:
            yield adapter
        finally:
            adapter.close()

    def call(self, method: str, path: str, *, etag: str = "", **options: Any) -> httpx.Response:
        token = httpx.post(f"{self.url}/token", auth=CLIENT, trust_env=False).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        headers |= {"If-Match": etag} if etag else {}
        return httpx.request(method, f"{self.url}/fhir/{path}", headers=headers, trust_env=False, **options)

    def held(self, kind: str) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self.call("GET", kind).json().get("entry", [])]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        left_out("Node and npm are not there, so the foreign FHIR server cannot be installed.")
        raise AssertionError
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(HERE / name, folder)
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    try:
        done = subprocess.run([npm, "ci", *quietly], cwd=folder, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        left_out("The npm registry cannot be reached, so the foreign FHIR server cannot be installed.")
    return folder


@pytest.fixture
def foreign(installed: Path) -> Iterator[Foreign]:
    command = ["node", "server.mjs", *CLIENT]
    with subprocess.Popen(command, cwd=installed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Foreign(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


def record_of(version: int = 1, **changes: Any) -> Record:
    record = examine(example_plan("fi"), "effica").record
    assert record is not None
    first = record.document
    named = {"document": first if version == 1 else f"{first}.{version}", "original": first, "version": version}
    if version > 1:
        named["replaces"] = first if version == 2 else f"{first}.{version - 1}"
    return replace(record, envelope={**record.envelope, **named, **changes})


def outgoing(record: Record) -> Outgoing:
    return Outgoing(
        f"{record.document}:{record.version}", record.document, record.version, write(record, "omni360").data
    )


def test_a_plan_goes_in_is_replaced_and_is_taken(foreign: Foreign) -> None:
    first, second = outgoing(record_of()), outgoing(record_of(2))
    with foreign.adapter(US) as omni:
        assert omni.settle(first) is None
        receipt = omni.send(first)
        assert receipt.state == "accepted"
        assert omni.send(first) == omni.settle(first) == receipt
        assert omni.send(second) == receipt
        (plan,) = foreign.held("CarePlan")
        assert {one["resourceType"] for one in plan["contained"]} >= {"Goal"}
        named = (one for one in foreign.held("Task") if one["identifier"][0]["value"].endswith(second.document))
        task = next(named)
        foreign.call("PUT", f"Task/{task['id']}", json={**task, "status": "completed"})
        assert omni.settle(second) == Receipt("delivered", receipt.reference)


def test_a_plan_comes_out_as_it_went_in_and_the_task_is_closed(foreign: Foreign) -> None:
    record = record_of()
    with foreign.adapter(THEM) as them, foreign.adapter(US) as us:
        them.send(outgoing(record))
        (task,) = foreign.held("Task")
        owner = {"identifier": {"system": "urn:ietf:rfc:3986", "value": US}}
        foreign.call("PUT", f"Task/{task['id']}", json={**task, "owner": owner})
        assert them.arrivals() == ()
        (arrival,) = us.arrivals()
        assert examine(us.fetch(arrival), "omni360").record == record
        us.acknowledge(arrival, Acknowledgement("AA"))
        assert us.arrivals() == ()
    assert foreign.held("Task")[0]["status"] == "completed"


def test_it_refuses_what_is_no_fhir_and_a_stale_version(foreign: Foreign) -> None:
    assert foreign.call("POST", "CarePlan", json={"resourceType": "CarePlan", "status": 7}).status_code == 400
    with foreign.adapter(US) as omni:
        omni.send(outgoing(record_of()))
    (plan,) = foreign.held("CarePlan")
    tag = f'W/"{plan["meta"]["versionId"]}"'
    assert foreign.call("PUT", f"CarePlan/{plan['id']}", json=plan, etag=tag).status_code == 200
    assert foreign.call("PUT", f"CarePlan/{plan['id']}", json=plan, etag=tag).status_code == 412
