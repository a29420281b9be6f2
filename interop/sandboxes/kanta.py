"""Kanta's folders on this machine, and the work of the connector behind them.

Source: docs/systems.md.
"""

from __future__ import annotations

from pathlib import Path

from interop.sandboxes.faults import Switchboard

__all__ = ["KantaSandbox"]

_FOLDERS = ("outbox", "archived", "refused", "inbox", "done", "rejected")
_SUFFIX = ".xhtml"


class KantaSandbox:
    """The folders, made when they are missing; `work` does what the connector does from time to time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults = Switchboard("kanta")
        self._filed = 0
        for folder in _FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)

    @property
    def received(self) -> dict[str, bytes]:
        """What Kanta has filed, by the files' names."""
        return {path.name: path.read_bytes() for path in sorted((self.root / "archived").iterdir())}

    def file(self, document: bytes) -> str:
        """Puts a document into the inbox, whole at once. Out: its name there."""
        self._filed += 1
        name = f"K{self._filed:06}{_SUFFIX}"
        data = document[: len(document) // 2] if self.faults.met("truncated_document") else document
        part = self.root / "inbox" / f"{name}.part"
        part.write_bytes(data)
        part.rename(part.with_name(name))
        return name

    def work(self) -> None:
        """Takes what stands whole in the outbox to Kanta: it is filed or refused."""
        if self.faults.met("connector_stands_still"):
            return
        for path in sorted((self.root / "outbox").glob(f"*{_SUFFIX}")):
            folder = "refused" if self.faults.met("refused") else "archived"
            path.rename(self.root / folder / path.name)
