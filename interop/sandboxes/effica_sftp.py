"""SosiaaliEffica's drop folder: a real SFTP server over a folder of this machine, and Effica's work behind it.

It knows one user by the public half of a login key. What is put into `in/` is acknowledged in `ack/` and then taken
away; what we acknowledge in `ack/` leaves `out/`, for good or into `error/`.
Source: docs/systems.md; draft-ietf-secsh-filexfer-02.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Self

import paramiko
from lxml import etree
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_FAILURE, SFTP_OK, SFTP_PERMISSION_DENIED

from interop.sandboxes.effica_messages import NAMESPACE, Said, judged, message_id, refused, spoilt, written
from interop.sandboxes.faults import Switchboard
from schemas import xml_text

__all__ = ["EfficaSftpSandbox", "new_login"]

# The library writes what the other side says wrong to standard error, unless it is told not to.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
_GLANCE = 0.2
_LONGEST_STOP = 10.0


class EfficaSftpSandbox:
    """A server on the loopback interface while the context lasts.

    In: `root` is the folder that it serves; `authorized` the login key's public half as in `authorized_keys`;
    `automatic` acknowledges a message as soon as it is there, otherwise `work` does.
    """

    user = "vaihto"

    def __init__(
        self, root: Path, authorized: str, schema: etree.XMLSchema | None = None, *, automatic: bool = True
    ) -> None:
        self.root = root
        self.faults = Switchboard("effica_sftp")
        self.received: dict[str, bytes] = {}
        self.acknowledgements: dict[str, str] = {}
        self._authorized = authorized.split()[1]
        self._schema = schema
        self._automatic = automatic
        self._silent: set[str] = set()
        self._late: set[str] = set()
        self._filed = 0
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._key = paramiko.ECDSAKey.generate(bits=256)
        for folder in ("in", "out", "ack", "error"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(_GLANCE)
        self._thread = threading.Thread(target=self._accept, name="sandbox-sftp", daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"sftp://127.0.0.1:{self.port}"

    @property
    def host_key(self) -> str:
        """The server's key as it stands in a `known_hosts` file, without the host's name."""
        return f"{self._key.get_name()} {self._key.get_base64()}"

    def change_host_key(self) -> None:
        """Nothing; from now on the server shows another key, as an impostor would."""
        self._key = paramiko.ECDSAKey.generate(bits=256)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(_LONGEST_STOP)
        self._socket.close()

    def file(self, message: bytes) -> str:
        """The name of a document that now stands in `out/`, as after a professional's save."""
        with self._lock:
            self._filed += 1
            name = f"S{self._filed:08d}"
            (self.root / "out" / f"{name}.xml").write_bytes(spoilt(message, self.faults))
            return name

    def work(self) -> None:
        """Nothing; Effica has looked into its folders once."""
        with self._lock:
            for late in sorted(self._late):
                self._acknowledge(late, Said("AE", "late"), message_id(self.received[late]))
            self._late.clear()
            for path in sorted((self.root / "in").glob("*.xml")):
                self._take(path)
            for path in sorted((self.root / "ack").glob("S*.ack.xml")):
                self._hear(path)

    def _take(self, path: Path) -> None:
        """Acknowledges a message and takes it away, unless a fault keeps it."""
        name, message = path.stem, path.read_bytes()
        if name in self._silent or self.faults.met("acknowledgement_never_comes"):
            self._silent.add(name)
            return
        refusal = refused(message)
        if refusal:
            self._acknowledge(name, refusal, message_id(message) or name)
            path.rename(self.root / "error" / path.name)
            return
        self.received.setdefault(name, message)
        said = judged(message, self._schema, f"E{list(self.received).index(name) + 1:06d}")
        if self.received[name] != message:
            said = Said("AE", "other-content")
        elif self.faults.met("late_error"):
            self._late.add(name)
            said = Said("CA")
        named = "1.2.3:1" if self.faults.met("acknowledgement_of_unknown_id") else message_id(message)
        self._acknowledge(name, said, named)
        path.unlink()

    def _acknowledge(self, name: str, said: Said, named: str) -> None:
        root = etree.Element(f"{{{NAMESPACE}}}Kuittaus", nsmap={"e": NAMESPACE})
        parts = {"Sanomatunnus": named, "Laji": said.type, "Koodi": said.code, "Teksti": said.text}
        for part, text in (parts | {"Viite": said.reference}).items():
            if text:
                etree.SubElement(root, f"{{{NAMESPACE}}}{part}").text = text
        whole = self.root / "ack" / f"{name}.ack.xml"
        unfinished = whole.with_name(whole.name + ".part")
        unfinished.write_bytes(written(root))
        unfinished.rename(whole)

    def _hear(self, path: Path) -> None:
        """Does what our acknowledgement of a message in `out/` asks for."""
        name = path.name.removesuffix(".ack.xml")
        root, _ = xml_text.parse(path.read_bytes())
        kind = (root.findtext(f"{{{NAMESPACE}}}Laji") or "") if root is not None else ""
        self.acknowledgements[name] = kind
        message = self.root / "out" / f"{name}.xml"
        if not message.is_file():
            return
        if kind == "AA":
            message.unlink()
        else:
            message.rename(self.root / "error" / message.name)

    def renamed(self) -> None:
        """Nothing; a file has been given its name, and Effica looks when it works by itself."""
        if self._automatic:
            self.work()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        transport = paramiko.Transport(client)
        transport.add_server_key(self._key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self, transport)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Door(self.user, self._authorized))
            while transport.is_active() and not self._stop.wait(_GLANCE):
                pass
        transport.close()


def new_login(path: Path) -> str:
    """The public half of a new login key, as in `authorized_keys`; the private half now stands in the file."""
    key = paramiko.ECDSAKey.generate(bits=256)
    key.write_private_key_file(str(path))
    return f"{key.get_name()} {key.get_base64()}"


class _Door(paramiko.ServerInterface):
    """Lets one user in by one key."""

    def __init__(self, user: str, authorized: str) -> None:
        self._user, self._authorized = user, authorized

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == self._user and key.get_base64() == self._authorized
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    """The files under one folder and nothing else of the machine."""

    def __init__(self, server: paramiko.ServerInterface, box: EfficaSftpSandbox, transport: paramiko.Transport) -> None:
        super().__init__(server)
        self._box, self._transport = box, transport

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            found = [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in self._at(path).iterdir()]
        except OSError as error:
            return _code(error)
        if path.endswith("out") and self._box.faults.met("out_of_order"):
            for index, one in enumerate(sorted(found, key=lambda one: one.filename)):
                one.st_mtime = 1_000_000 - index
        return found

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._at(path).stat())
        except OSError as error:
            return _code(error)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self.stat(path)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        writing = flags & (os.O_WRONLY | os.O_RDWR)
        if writing and self._box.faults.met("write_refused"):
            return SFTP_PERMISSION_DENIED
        try:
            file = self._at(path).open("wb" if writing else "rb")
        except OSError as error:
            return _code(error)
        return _File(file, bool(writing), is_full=bool(writing) and self._box.faults.met("disk_full"))

    def remove(self, path: str) -> int:
        try:
            self._at(path).unlink()
        except OSError as error:
            return _code(error)
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = self._at(oldpath), self._at(newpath)
        if self._box.faults.met("connection_lost_before_rename"):
            self._transport.close()
            return SFTP_FAILURE
        if new.exists():
            return SFTP_FAILURE
        try:
            old.rename(new)
        except OSError as error:
            return _code(error)
        self._box.renamed()
        if self._box.faults.met("connection_lost_after_rename"):
            self._transport.close()
        return SFTP_OK

    def _at(self, path: str) -> Path:
        steps = [step for step in PurePosixPath("/", path).parts[1:] if step not in ("..", ".")]
        return self._box.root.joinpath(*steps)


class _File(paramiko.SFTPHandle):
    """An open file; with a full disk only a half of what comes is taken."""

    def __init__(self, file: BinaryIO, writing: bool, *, is_full: bool) -> None:
        super().__init__()
        setattr(self, "writefile" if writing else "readfile", file)
        self._file = file
        self._is_full = is_full

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def write(self, offset: int, data: Any) -> int:
        if self._is_full:
            super().write(offset, bytes(data)[: len(data) // 2])
            return SFTP_FAILURE
        return super().write(offset, data)


def _code(error: OSError) -> int:
    return paramiko.SFTPServer.convert_errno(error.errno or 0)
