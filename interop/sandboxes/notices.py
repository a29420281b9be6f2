"""Signed notices of what has happened in a sandbox: ids only, sent to whoever has asked for them.

Source: docs/systems.md (a provisional form); RFC 2104.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

__all__ = ["Notices"]

_TIMEOUT = 5


class Notices:
    """The address that notices go to, and the secret that signs them; `answers` holds the statuses they got."""

    def __init__(self, url: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        self.answers: list[int] = []
        self._url, self._secret, self._clock = url, secret, clock
        self._sent = 0

    def tell(self, reference: str, times: int = 1) -> None:
        """Nothing; the notice of one event has been sent so many times. One that nobody takes is lost."""
        self._sent += 1
        body = json.dumps({"id": f"N{self._sent:08d}", "resource": reference}).encode()
        for _ in range(times):
            self.answers.append(self._post(body))

    def _post(self, body: bytes) -> int:
        at, timestamp = urlsplit(self._url), str(int(self._clock()))
        signed = hmac.new(self._secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": f"sha256={signed}"}
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=_TIMEOUT)
        try:
            connection.request("POST", at.path, body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
