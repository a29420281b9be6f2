"""`interop serve` as a process of its own: the faces, development mode, mutual TLS, and its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import ENVIRONMENT, OWN, as_fhir, plan

SERVE = [sys.executable, "-c", "from interop.cli import main; main()", "serve"]


@contextmanager
def served(folder: Path, more: str, last: str) -> Iterator[dict[str, str]]:
    """The lines that a service says of itself, by their first word, while it runs."""
    text = (
        f'[database]\nurl = "sqlite:///{folder / "i.db"}"\n[keys]\nactive = "k"\n[http]\nlisten = "127.0.0.1:0"\n{more}'
        f'[systems.effica]\nkind = "effica"\nurl = "http://127.0.0.1:9"\ncontroller = "{OWN}"\nsends = false\n'
    )
    (folder / "interop.toml").write_text(text)
    command = [*SERVE, "--settings", str(folder / "interop.toml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **ENVIRONMENT})  # fmt: skip
    assert process.stdout is not None
    said: dict[str, str] = {}
    try:
        while last not in said:
            line = process.stdout.readline()
            if not line:
                break
            key, _, value = line.strip().partition(" ")
            said[key] = value.strip()
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_the_faces_stand_where_the_service_says(tmp_path: Path) -> None:
    with (
        served(tmp_path, "development = true\n", "Development") as said,
        httpx.Client(trust_env=False, timeout=30) as http,
    ):
        token = re.search(r"Bearer (\S+)", said.get("Development", ""))
        assert token
        own = {"Authorization": f"Bearer {token[1]}"}
        assert http.get(f"{said['/fhir']}/CarePlan").status_code == 401
        assert http.get(f"{said['/fhir']}/CarePlan", headers=own).json()["type"] == "searchset"
        sent = http.post(f"{said['/fhir']}/", content=as_fhir(plan()),
                         headers=own | {"Content-Type": "application/fhir+json"})  # fmt: skip
        assert sent.status_code == 201, sent.text
        assert "interop_" in http.get(said["/metrics"]).text
        assert http.get(said["/jwks"]).json() == {"keys": []}
        assert http.post(f"{said['/hooks']}/effica", content=b"{}").status_code == 404
        assert http.get(said["/health"]).text == "ok\n"
        assert http.get(said["/health"].replace("/health", "/elsewhere")).status_code == 404
        entrance = said["The"].rpartition(" ")[2]
        assert http.get(f"{said['/console']}/", follow_redirects=True).url.path == "/console/sign-in"
        assert http.get(entrance, follow_redirects=True).status_code == 200
        assert http.get(f"{said['/console']}/").status_code == 200


def test_without_people_and_development_nobody_gets_a_token(tmp_path: Path) -> None:
    with served(tmp_path, "", "The") as said, httpx.Client(trust_env=False, timeout=30) as http:
        assert "Development" not in said
        assert (
            http.get(f"{said['/fhir']}/CarePlan", headers={"Authorization": "Bearer development-"}).status_code == 401
        )


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_development_is_for_a_loopback_address_alone(tmp_path: Path, listen: str) -> None:
    settings = tmp_path / "interop.toml"
    settings.write_text(f'[keys]\nactive = "k"\n[http]\nlisten = "{listen}"\ndevelopment = true\n')
    command = [*SERVE, "--settings", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}, check=False)
    assert done.returncode == 2
    assert "http.development is for a loopback address" in done.stderr
    assert "http.listen: another address than loopback needs http.tls_cert" in done.stderr
