"""A running service over a real socket, with two clients of two controllers, and requests to it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from interop.cli.serving import HttpServer
from interop.config import Settings, parse
from interop.documents import examine, write
from interop.exchange import Participant, Parts
from interop.service.posting import post
from interop.store import KeyRing, Store
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
ENVIRONMENT = {"INTEROP_KEYS": "k:" + "A" * 43 + "="}
ALL = "system/*.cruds system/AuditEvent.rs"
CLIENTS = (
    ("own", OWN, ALL, ""),
    ("foreign", OTHER, "system/*.cruds", ""),
    ("reader", OWN, "system/CarePlan.rs system/Patient.r", "requests_per_minute = 5\n"),
)
UNLIMITED = (("own", OWN, ALL, "requests_per_minute = 10000\n"), *CLIENTS[1:])


class Quiet:
    """A system that takes whatever it is sent."""

    def __init__(self, name: str) -> None:
        self.name, self.format = name, "effica"

    def capabilities(self) -> Capabilities:
        return Capabilities(
            reads_plans=True, writes_structured=True, writes_documents=True, notifies=False, versions=True
        )

    def check(self) -> list[Finding]:
        return []

    def arrivals(self) -> list[Arrival]:
        return []

    def fetch(self, arrival: Arrival) -> bytes:
        return b""

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        return None

    def send(self, outgoing: Outgoing) -> Receipt:
        return Receipt("delivered")

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        return None


@dataclass
class Service:
    """A running service with two clients of two controllers, and the clock that it goes by."""

    store: Store
    parts: Parts
    settings: Settings
    key: ECKey
    url: str = ""
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"{self.url}/fhir"

    def assertion(self, client: str = "own", **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": client, "sub": client, "aud": f"{self.base}/auth/token", "exp": now + 240, "jti": str(uuid4())
        } | changes  # fmt: skip
        return jwt.encode({"alg": "ES384", "kid": "client"}, claims, self.key, algorithms=["ES384"])

    def own_token(self, **changes: Any) -> str:
        """A token signed by the service's own key, but with other claims."""
        claims = self.claims_of(self.token()) | changes
        kept = self.store.access.keys(datetime.now(UTC), timedelta(days=7), timedelta(days=1), _never)[0]
        key = ECKey.import_key(kept.data, {"kid": kept.id, "use": "sig", "alg": "ES384"})
        return jwt.encode({"alg": "ES384", "kid": kept.id}, claims, key, algorithms=["ES384"])

    def claims_of(self, token: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self.published_keys(), algorithms=["ES384"]).claims)

    def published_keys(self) -> KeySet:
        return KeySet.import_key_set(self.get("/auth/jwks", token="").json())

    def ask_token(self, assertion: str, scope: str = "") -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        return self._http.post(f"{self.base}/auth/token", data=form | ({"scope": scope} if scope else {}))

    def token(self, client: str = "own", scope: str = "") -> str:
        if (client, scope) not in self._tokens:
            self._tokens[client, scope] = self.ask_token(self.assertion(client), scope).json()["access_token"]
        return self._tokens[client, scope]

    def call(
        self, method: str, path: str, content: bytes | None = None, *, client: str = "own", scope: str = "",
        token: str | None = None, headers: Mapping[str, str] | None = None, data: Mapping[str, str] | None = None,
    ) -> httpx.Response:  # fmt: skip
        token = self.token(client, scope) if token is None else token
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        url = path if path.startswith("http") else f"{self.base}{path}"
        return self._http.request(
            method, url, content=content, data=data, headers=httpx.Headers(sent, encoding="utf-8")
        )

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.call("GET", path, **more)

    def close(self) -> None:
        self._http.close()


def _never(_: str) -> bytes:
    raise AssertionError("The service has a key already.")


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status of a refusal and the rule that its OperationOutcome names."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return answer.status_code, outcome["issue"][0]["details"]["coding"][0]["code"]


def plan(version: int = 1, **envelope: Any) -> dict[str, Any]:
    """The example plan in our own form, in a version of it and with changes to its envelope."""
    value: dict[str, Any] = json.loads((EXAMPLES / "plan.json").read_bytes())
    first = value["envelope"]["document"]
    named = {"document": first if version == 1 else f"{first}{version}", "original": first, "version": version}
    value["envelope"] |= named | envelope
    return value


def as_fhir(value: Mapping[str, Any]) -> bytes:
    record = examine(json.dumps(value).encode(), "thl").record
    assert record is not None
    return write(record, "fhir").data


def foreign_plan() -> dict[str, Any]:
    """A plan of the other controller, of another document."""
    value = plan(document="1.2.246.10.88888888.11.2026.5", original="1.2.246.10.88888888.11.2026.5")
    value["envelope"]["controller"] = {"identifier": {"value": OTHER}}
    return value


@contextmanager
def running(folder: Path, more: str = "", *, unlimited: bool = False) -> Iterator[Service]:
    """A service of its own in a folder. In: `more` lines of its settings; `unlimited` is for many requests."""
    key = ECKey.generate_key("P-384", {"kid": "client", "use": "sig", "alg": "ES384"})
    public = folder / "jwks.json"
    public.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    listed = "".join(
        f'[clients.{name}]\ncontroller = "{controller}"\nscopes = "{scopes}"\njwks_file = "{public}"\n{limits}'
        for name, controller, scopes, limits in (UNLIMITED if unlimited else CLIENTS)
    )
    text = f'[database]\nurl = "sqlite:///{folder / "i.db"}"\n[keys]\nactive = "k"\n[http]\nlisten = "127.0.0.1:0"\n'
    settings = parse(f"{text}{more}\n{listed}", ENVIRONMENT)
    store = Store(settings.database_url, KeyRing("k", settings.keys))
    participants = {"quiet": Participant(Quiet("quiet"), OWN)}
    parts = Parts(store, participants, examine, write, lambda: datetime.now(UTC))
    made = Service(store, parts, settings, key)
    with HttpServer(parts, settings) as server:
        made.url = f"http://127.0.0.1:{server.port}"
        made.settings = replace(settings, http_listen=("127.0.0.1", server.port))
        yield made
    made.close()
    store.close()


def fill(service: Service) -> None:
    """The example plan of its own controller, and a plan of the other, are in the service."""
    for source, value in (("quiet", plan()), ("other", foreign_plan())):
        received = post(service.parts, source, "thl", json.dumps(value).encode())
        assert received.answer.type == "AA", received.issues


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service without any document, for one test alone."""
    with running(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A filled service for all tests of a module, which leave it as it is."""
    with running(tmp_path_factory.mktemp("shared")) as made:
        fill(made)
        yield made
