"""Files on a server over SSH, with a pinned host key and our own login key; the one home of the SSH library.

One connection is kept and used by one thread at a time; a broken one is replaced. A file is written under a temporary
name and renamed when it is whole, so that nobody reads half of it.
Source: RFC 4252 §7 (publickey), RFC 4253 §7 (host keys), draft-ietf-secsh-filexfer-02 (SFTP version 3).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paramiko
from paramiko.pkey import UnknownKeyType

from interop.errors import Fault, Forbidden, NotFound, Unavailable, Unknown

__all__ = ["Entry", "HostKey", "Sftp", "SftpPlace"]

# The library's own log lines quote names and addresses of the other side.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
_SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
_CONNECT = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key as it stands in a `known_hosts` file, without the host's name."""

    kind: str
    data: bytes

    @classmethod
    def read(cls, text: str) -> HostKey:
        """The key that a line `ssh-ed25519 AAAA...` holds. Raises: Fault."""
        kind, _, rest = text.strip().partition(" ")
        try:
            data = base64.b64decode(rest.split(" ")[0], validate=True)
        except binascii.Error as error:
            raise Fault("The host key that is set is none; write it as in known_hosts, without the name.") from error
        if len(data) < 32 or kind not in _SIGNATURES:
            raise Fault("The host key that is set is none; write it as in known_hosts, without the name.")
        return cls(kind, data)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The algorithms by which a server proves that it holds this key."""
        return _SIGNATURES[self.kind]


@dataclass(frozen=True, slots=True)
class SftpPlace:
    """Where the server is and who we are. Units: `timeout` in seconds for one exchange of words."""

    host: str
    port: int
    user: str
    key: Path
    host_key: HostKey
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a folder. Units: `modified` in whole seconds since 1970."""

    name: str
    size: int
    modified: int


class _Failed(Unavailable):
    """The server answered that it could not; the connection stands."""


class Sftp:
    """One server's files. `system` is what its owner is called in words. Safe to share between threads."""

    def __init__(self, system: str, place: SftpPlace) -> None:
        self._system = system
        self._place = place
        self._key = _login_key(place.key)
        self._lock = threading.RLock()
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None

    def close(self) -> None:
        """Nothing; the connection is closed."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
            self._transport = self._client = None

    def files(self, folder: str) -> Sequence[Entry]:
        """The files of a folder. Raises: NotFound, Forbidden, Unavailable."""
        found = self._done(lambda client: client.listdir_attr(folder))
        return [Entry(one.filename, one.st_size or 0, int(one.st_mtime or 0)) for one in found]

    def size(self, path: str) -> int | None:
        """A file's size, None when there is none. Raises: Forbidden, Unavailable."""
        try:
            return self._done(lambda client: client.stat(path).st_size or 0)
        except NotFound:
            return None

    def read(self, path: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes. Raises: NotFound, Forbidden, Unavailable."""

        def act(client: paramiko.SFTPClient) -> bytes:
            with client.open(path, "rb") as file:
                file.prefetch(min(file.stat().st_size or 0, limit + 1))
                return file.read(limit + 1)

        data = self._done(act)
        if len(data) > limit:
            raise Unavailable(f"A file of {self._system} is longer than {limit} bytes; it was not read.")
        return data

    def write(self, path: str, data: bytes) -> None:
        """Nothing; the file is there, whole. An earlier file of that name is left as it is, and the call fails.

        Raises: Unavailable (the file is not there), Unknown (the connection broke while it got its name), Forbidden.
        """
        part = path + ".part"

        def act(client: paramiko.SFTPClient) -> None:
            with client.open(part, "wb") as file:
                file.write(data)
            if client.stat(part).st_size != len(data):
                raise OSError

        with self._lock:
            try:
                self._done(act)
            except _Failed as error:
                with contextlib.suppress(Forbidden, Unavailable):
                    self.remove(part)
                sentence = f"{self._system} did not take the whole file; its disk or our quota may be full."
                raise Unavailable(sentence) from error
            self._renamed(part, path)

    def probe(self, path: str) -> float:
        """The time that the server gives to a file written now; the file, of a temporary name, is gone again.

        Units: seconds since 1970. Raises: Forbidden, NotFound, Unavailable.
        """
        part = path + ".part"

        def act(client: paramiko.SFTPClient) -> float:
            with client.open(part, "wb") as file:
                file.write(b".")
            try:
                return float(client.stat(part).st_mtime or 0)
            finally:
                client.remove(part)

        return self._done(act)

    def remove(self, path: str) -> None:
        """Nothing; there is no such file. Raises: Forbidden, Unavailable."""
        with contextlib.suppress(NotFound):
            self._done(lambda client: client.remove(path))

    def _renamed(self, part: str, path: str) -> None:
        try:
            self._client_now().rename(part, path)
        except (paramiko.SSHException, EOFError, TimeoutError, ConnectionError) as error:
            self.close()
            raise Unknown(f"The connection to {self._system} broke while a file was given its name.") from error
        except OSError as error:
            raise self._failure(error) from error

    def _done(self, act: Callable[[paramiko.SFTPClient], _T]) -> _T:
        with self._lock, self._translated():
            return act(self._client_now())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (paramiko.SSHException, EOFError, TimeoutError, ConnectionError) as error:
            self.close()
            raise Unavailable(f"The connection to {self._system} broke.") from error
        except OSError as error:
            if not self._is_open():
                self.close()
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> Exception:
        if isinstance(error, FileNotFoundError):
            return NotFound(f"{self._system} does not have the file or folder.")
        if isinstance(error, PermissionError):
            return Forbidden(f"{self._system} does not let us at the file or folder.")
        return _Failed(f"{self._system} could not do what was asked of a file.")

    def _is_open(self) -> bool:
        return self._transport is not None and self._transport.is_active()

    def _client_now(self) -> paramiko.SFTPClient:
        """The open connection, or a new one. Raises: Unavailable, Forbidden."""
        if self._client is None or not self._is_open():
            self.close()
            self._transport = self._connected()
            client = paramiko.SFTPClient.from_transport(self._transport)
            if client is None:
                raise Unavailable(f"{self._system} offers no files over SSH.")
            channel = client.get_channel()
            if channel is not None:
                channel.settimeout(self._place.timeout)
            self._client = client
        return self._client

    def _connected(self) -> paramiko.Transport:
        place = self._place
        try:
            transport = paramiko.Transport(
                socket.create_connection((place.host, place.port), min(place.timeout, _CONNECT))
            )
        except OSError as error:
            raise Unavailable(f"{self._system} could not be reached.") from error
        try:
            transport.get_security_options().key_types = place.host_key.signatures
            transport.start_client(timeout=place.timeout)
            if transport.get_remote_server_key().asbytes() != place.host_key.data:
                raise Unavailable(f"{self._system} showed another host key than the one that is set. Nothing was sent.")
            transport.auth_publickey(place.user, self._key)
        except paramiko.AuthenticationException as error:
            transport.close()
            raise Forbidden(f"{self._system} did not accept our login key.") from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            transport.close()
            raise Unavailable(f"{self._system} and we agree on no secure connection with the host key set.") from error
        except Unavailable:
            transport.close()
            raise
        return transport


def _login_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException, UnknownKeyType) as error:
        raise Fault("The login key that is set cannot be read as a private key without a password.") from error
