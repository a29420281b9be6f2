"""`interop keys`: the keys that encrypt what is stored, and the change from one to another meanwhile."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Annotated

import typer

from interop.cli.serve import SettingsFile
from interop.config import Settings, load
from interop.config.checks import key_id as checked_id
from interop.errors import Conflict, Invalid
from interop.exchange.running import opened_store
from interop.store import Store
from interop.store.encryption import KEY_BYTES

__all__ = ["keys"]

keys = typer.Typer(
    help="Keys of what is stored: list, new, rotate, retire.", no_args_is_help=True, rich_markup_mode=None
)

_DEFAULT = Path("interop.toml")
_Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id.")]


@keys.command("list")
def list_command(settings: SettingsFile = _DEFAULT) -> None:
    """List the keys of the ring, and how many stored things need each. No key itself is shown.

    Exit code 1: a key that something needs is missing from INTEROP_KEYS.

    \b
    interop keys list
    """
    with _store(settings) as (store, found):
        in_use = store.keys.in_use()
    missing = sorted(set(in_use) - set(found.keys))
    print(f"{'key':<24}  {'state':<8}  opens")
    for name in [*sorted(found.keys), *missing]:
        state = "active" if name == found.active_key else "MISSING" if name in missing else "old"
        print(f"{name:<24}  {state:<8}  {in_use.get(name, 0)}")
    raise typer.Exit(int(bool(missing)))


@keys.command("new")
def new_command(key_id: _Id) -> None:
    """Make a key: the entry for INTEROP_KEYS, whose entries are parted by commas. It is kept nowhere.

    \b
    interop keys new 2027-01
    """
    try:
        name = checked_id(key_id)
    except ValueError as error:
        raise Invalid(f"The key's id cannot be used; expected {error}.") from error
    print(f"{name}:{b64encode(token_bytes(KEY_BYTES)).decode()}")


@keys.command("rotate")
def rotate_command(settings: SettingsFile = _DEFAULT) -> None:
    """Wrap everything that is stored by the active key. The exchange can go on meanwhile, and the command can be ended.

    \b
    interop keys rotate --settings interop.toml
    """
    count = 0
    with _store(settings) as (store, found):
        while wrapped := store.keys.rewrap():
            count += wrapped
        others = {name for name in store.keys.in_use() if name != found.active_key}
    print(f"{count} wrapped by {found.active_key}")
    if others:
        raise Conflict(
            "Meanwhile something was stored under another key: a process has another active key. Restart it with the "
            "new one, and give this command again."
        )


@keys.command("retire")
def retire_command(key_id: _Id, settings: SettingsFile = _DEFAULT) -> None:
    """Say whether a key can be taken out of INTEROP_KEYS: nothing that is stored needs it any more.

    Backups that were made before the rotation need it still: keep it as long as you keep them.

    Exit code 0: it can. 2: something needs it still.

    \b
    interop keys retire 2026-01
    """
    with _store(settings) as (store, _):
        store.keys.check_unused(key_id)
    print(f"{key_id} is not needed here any more: take it out of INTEROP_KEYS. Keep it where older backups are kept.")


@contextmanager
def _store(path: Path) -> Iterator[tuple[Store, Settings]]:
    found = load(path, os.environ)
    with opened_store(found) as store:
        yield store, found
