"""`interop demo --console` as a new user runs it: the demonstration, then the console at the address that it prints."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-c", "from interop.cli import main; main()", "demo", "--console", "--lang", "en"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "--keep", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_the_example_plan_is_seen_in_the_console(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    lines = iter(running.stdout.readline, "")
    printed = []
    for line in lines:
        printed.append(line)
        if "/enter?" in line:
            break
    assert "✓ The plan has reached every system" in "".join(printed)
    address = printed[-1].strip()
    assert address.startswith("http://127.0.0.1:")
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=30) as client:
        overview = client.get(address)
        assert overview.status_code == 200
        assert "Nothing. Everything goes by itself." in overview.text
        base = address.partition("/enter")[0]
        found = re.search(r'href="/console(/documents/[^"]+)"', client.get(f"{base}/deliveries").text)
        assert found
        assert "Väinö on asunut" in client.get(base + found[1]).text
    with httpx.Client(follow_redirects=True, trust_env=False) as another:
        assert another.get(address).status_code == 403
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert running.stderr is not None
    assert running.stderr.read() == ""


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [*COMMAND, "--keep", str(tmp_path), "--port", str(taken.getsockname()[1])]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "is taken" in done.stderr
