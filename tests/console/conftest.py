"""The console over a store with a past, served over real sockets, and a real browser that looks at it."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount

from interop.config import Settings, parse
from interop.console import MOUNT, application
from interop.console.passwords import hashed
from interop.exchange import Parts
from interop.sandboxes.running import Running
from interop.store import StoredDocument
from tests.console.seeding import empty_parts, fill

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PASSWORD = "kolme punaista mökkiä"
TOKEN = "one-time-token"
ROLES = {"oiva": "operator", "vilja": "viewer", "auli": "auditor"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_HASH = hashed(PASSWORD)


def settings_with(text: str = "", **environment: str) -> Settings:
    people = ",".join(f"{name}:{role}:{_HASH}" for name, role in ROLES.items())
    key = base64.b64encode(bytes(32)).decode()
    known = {"INTEROP_KEYS": f"k:{key}", "INTEROP_ACTIVE_KEY": "k", "INTEROP_CONSOLE_USERS": people}
    return parse(text, known | environment)


def mounted(parts: Parts, settings: Settings, token: str = "") -> Starlette:
    return Starlette(routes=[Mount(MOUNT, application(parts, settings, token=token))])


@dataclass(frozen=True)
class Seeded:
    """The exchange, the newest document in it, and the address of its database."""

    parts: Parts
    newest: StoredDocument
    url: str


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    url = f"sqlite:///{tmp_path_factory.mktemp('console') / 'interop.db'}"
    parts = empty_parts(url)
    yield Seeded(parts, fill(parts), url)
    parts.store.close()


@dataclass
class Visitor:
    """A client that speaks HTTP to the console in one person's name, and fills in its forms as a browser does."""

    client: httpx.Client
    address: str

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(self.address + path, **more)

    def token(self, path: str = "/sign-in") -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert found
        return found[1]

    def post(
        self, path: str, form: dict[str, str] | None = None, *, files: Any = None, seen: str = "/sign-in"
    ) -> httpx.Response:
        data = {"form_token": self.token(seen)} | (form or {})
        return self.client.post(self.address + path, data=data, files=files)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", {"name": name, "password": password})


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(seeded: Seeded, address: str) -> Iterator[Visit]:
    """Makes a visitor, signed in when a name is given; other settings or a token make a console of their own."""
    with ExitStack() as stack:

        def begin(name: str = "", *, settings: Settings | None = None, token: str = "") -> Visitor:
            where = address
            if settings is not None or token:
                app = mounted(seeded.parts, settings or settings_with(), token)
                where = stack.enter_context(Running(app)).url + MOUNT
            client = stack.enter_context(httpx.Client(follow_redirects=True, trust_env=False, timeout=30))
            visitor = Visitor(client, where)
            if name:
                assert visitor.sign_in(name).status_code == 200
            return visitor

        yield begin


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"There is no browser at {CHROMIUM}; apt-get install chromium.")
        pytest.skip(f"NO BROWSER at {CHROMIUM}: the pages are not looked at. apt-get install chromium.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    """Where the console answers."""
    with Running(mounted(seeded.parts, settings_with())) as running:
        yield running.url + MOUNT


@dataclass
class Looker:
    """A person at a real browser. `forgiven` is what the browser may complain of: a status that the test provokes."""

    page: Page
    address: str
    width: str
    shots: Path
    forgiven: str = ""

    def open(self, path: str) -> None:
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status == 200, path

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_url(f"{self.address}/")

    def shoot(self, name: str) -> None:
        self.page.screenshot(path=self.shots / f"{name}-{self.width}.png", full_page=True)

    def judge(self, name: str) -> None:
        """Takes the picture, and has the page checked: accessible, and no wider than the screen."""
        self.shoot(name)
        found = Axe().run(self.page, options={**RULES})
        assert found.violations_count == 0, found.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the screen"


SIZES = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("INTEROP_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=["desktop", "phone"])
def looker(request: pytest.FixtureRequest, browser: Browser, address: str, shots: Path) -> Iterator[Looker]:
    """A browser at desktop and at phone width; whatever a page complains about in its console fails the test."""
    width: Any = SIZES[request.param]
    context: BrowserContext = browser.new_context(viewport=width, locale="fi-FI")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    made = Looker(page, address, request.param, shots)
    yield made
    context.close()
    assert not [one for one in complaints if not (made.forgiven and made.forgiven in one)]
