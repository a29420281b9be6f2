"""The four sandboxes as a site to connect to: what a vendor would hand out stands in a folder, one file a system."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from interop.cli.stand_ins import introduce
from interop.cli.writing import write_file
from interop.documents import examine, record_of, write
from interop.errors import Conflict, Invalid, NotFound, Unavailable, why
from interop.sandboxes.apotti import ApottiSandbox
from interop.sandboxes.control import Control, control_app
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_sftp import EfficaSftpSandbox, new_login
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.oauth import SigningKey, jwks_app
from schemas.identity import is_artificial
from schemas.record import Record

__all__ = ["Door", "RecordSystems", "Site", "Table", "door_of", "opened", "secret_file"]

_CONTROLLER = "1.2.246.10.99999999.19.0"
_OWNER = "1.2.246.10.99999999.10.3"
_CLIENT = "interop"
_KEY_BITS = 2048
_DOOR = "door.json"
Table = Mapping[str, str | bool]
"""The settings of one system."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the running sandboxes are told what to do, and the token that opens it."""

    url: str
    token: str


def door_of(folder: Path) -> Door:
    """The door of the sandboxes that run over a folder. Raises: NotFound when none run there."""
    try:
        told = json.loads((folder / _DOOR).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotFound(f"No sandboxes run over '{folder}'; begin with interop sandbox run {folder}.") from error
    return Door(told["url"], told["token"])


class Site(Protocol):
    """Sandboxes that run over a folder. `tables` are the settings by which each is connected to, by its name."""

    tables: Mapping[str, Table]

    def control(self) -> Control:
        """What the door lets be done."""
        ...


@contextmanager
def opened(folder: Path, begin: Callable[[Path, ExitStack], Site]) -> Iterator[tuple[str, ...]]:
    """Sandboxes, running over a folder; the names of the settings files that stand in it now.

    In: `begin` starts them: the class of the site. Raises: Conflict when the folder holds something already,
    Unavailable when one does not start.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise Conflict(f"The folder '{folder}' holds something already; name another, or empty it.")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(f"The folder '{folder}' cannot be made: {why(error)}. Name another.") from error
    with ExitStack() as stack:
        site = begin(folder, stack)
        for name, table in site.tables.items():
            lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            (folder / f"{name}.toml").write_text(f"[systems.{name}]\n{lines}", "utf-8")
        token = secrets.token_urlsafe(24)
        door = stack.enter_context(Running(control_app(site.control(), token))).url
        secret_file(folder / _DOOR, json.dumps({"url": door, "token": token}))
        stack.callback((folder / _DOOR).unlink)
        yield tuple(f"{name}.toml" for name in site.tables)


class RecordSystems:
    """The four record systems' sandboxes, and the secrets that open them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        secret = secrets.token_urlsafe(18)
        self._effica, self._omni360, self._apotti = EfficaSandbox(), Omni360Sandbox((_CLIENT, secret)), ApottiSandbox()
        login = folder / "login"
        self._drop = stack.enter_context(EfficaSftpSandbox(folder / "drop", new_login(login)))
        login.chmod(0o600)
        self.tables: Mapping[str, Table] = {
            "effica": self._soap(),
            "drop": self._sftp(login),
            "omni360": self._rest(),
            "apotti": self._epic(),
        }
        secret_file(folder / "secrets.env", f"INTEROP_OMNI360_SECRET={secret}\n")

    def control(self) -> Control:
        """What the door lets be done."""
        boards = {
            "effica": self._effica.faults,
            "effica_sftp": self._drop.faults,
            "omni360": self._omni360.faults,
            "apotti": self._apotti.faults,
        }
        return Control(boards, self._filed, self._held)

    def _filed(self, document: bytes) -> str:
        """The id of a document that now waits in SosiaaliEffica; Apotti knows its client. Raises: Invalid."""
        record = record_of(examine(document), "The document")
        if not all(is_artificial(code) for code in _codes(record)):
            raise Invalid(
                "The sandboxes take documents of made-up persons alone, with identity codes of the 900 series."
            )
        introduce(self._apotti, record)
        return self._effica.file(write(record, "effica").data)

    def _held(self) -> Mapping[str, int]:
        return {
            "effica": len(self._effica.received),
            "drop": len(self._drop.received),
            "omni360": len(self._omni360.held("CarePlan")),
            "apotti": len(self._apotti.held("DocumentReference")),
        }

    def _soap(self) -> Table:
        url = self._stack.enter_context(Running(self._effica)).url
        return {"kind": "effica", "url": url + self._effica.path, "controller": _CONTROLLER, "receives": False}

    def _sftp(self, login: Path) -> Table:
        box = self._drop
        return {
            "kind": "effica_sftp", "url": box.url, "controller": _CONTROLLER, "user": box.user,
            "key_file": str(login.absolute()), "host_key": box.host_key,
        }  # fmt: skip

    def _rest(self) -> Table:
        url, box = self._stack.enter_context(Running(self._omni360)).url, self._omni360
        return {
            "kind": "omni360", "url": url + box.path, "controller": _CONTROLLER, "user": _CLIENT,
            "token_url": url + box.token_path, "owner": _OWNER,
        }  # fmt: skip

    def _epic(self) -> Table:
        key, path = SigningKey.generate("2026-01", _KEY_BITS), self._folder / "apotti.pem"
        secret_file(path, key.private_pem().decode())
        keys = self._stack.enter_context(Running(jwks_app([key]))).url
        self._apotti.register(_CLIENT, f"{keys}/jwks.json")
        url = self._stack.enter_context(Running(self._apotti)).url
        return {
            "kind": "apotti", "url": url + self._apotti.path, "controller": _CONTROLLER, "user": _CLIENT,
            "key_file": str(path.absolute()), "key_id": key.kid,
        }  # fmt: skip


def _codes(record: Record) -> list[str]:
    return [str(client["identifier"]["value"]) for client in record.envelope.get("clients", ())]


def secret_file(path: Path, text: str) -> None:
    """Nothing; the text stands in a file that its owner alone may read."""
    write_file(path, text.encode(), 0o600)
