"""The record systems of a run: stand-ins with trouble laid around them, running, and the settings that lead there.

SosiaaliEffica sends, over SOAP and by its drop folder; so does OMNI360. All of them and Apotti receive, and belong to
the plans' controller. `foreign` is another SosiaaliEffica of another controller, to which the gate lets nothing go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from starlette.types import ASGIApp

from interop.config import Settings, SystemSettings
from interop.faults.chaos import Chaos
from interop.faults.plans import BRANCH, OWNER, Plans
from interop.faults.watching import Watching
from interop.sandboxes.apotti import ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_sftp import EfficaSftpSandbox, new_login
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.apotti_notes import marks
from interop.systems.oauth import SigningKey, jwks_app

__all__ = ["KEYS", "Boxes", "Stage", "staged"]

KEYS: Mapping[str, bytes] = {"k": bytes(32)}
"""The keys of a run's database, which holds made-up persons alone."""
_OWN, _FOREIGN = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
_CLIENT, _SECRET = "interop", "salainen"


class _Drop(EfficaSftpSandbox):
    """A drop folder that tells of each message that is put into it, before Effica has taken it and after."""

    watching: Watching | None = None

    def renamed(self) -> None:
        call = self.watching.before("effica_sftp", "rename") if self.watching else None
        super().renamed()
        if self.watching and call is not None:
            self.watching.after(call)


@dataclass(frozen=True, slots=True)
class Boxes:
    """The stand-ins. Without a `drop` there is no drop folder among them."""

    effica: EfficaSandbox
    omni360: Omni360Sandbox
    apotti: ApottiSandbox
    foreign: EfficaSandbox
    drop: EfficaSftpSandbox | None = None

    def found(self) -> Mapping[str, Sequence[str]]:
        """The documents that each receiver holds, by its own word, in the order in which they came."""
        found = {
            "effica": [name.partition(":")[0] for name in self.effica.received],
            "omni360": _named(self.omni360, "CarePlan"),
            "omni360 task": _named(self.omni360, "Task"),
            "apotti": [mark[0] for mark in map(marks, self.apotti.texts()) if mark is not None],
            "foreign": [name.partition(":")[0] for name in self.foreign.received],
        }
        if self.drop is not None:
            found["effica_sftp"] = [name.partition("_")[0] for name in self.drop.received]
        return found

    def answered(self) -> Counter[str]:
        """How many of the documents that each sender has filed have been answered well."""
        counts = Counter({"effica": sum(said.type == "AA" for said in self.effica.acknowledgements.values())})
        counts["omni360"] = sum(
            task.get("status") == "completed" and _is_ours(task) for task in self.omni360.held("Task")
        )
        if self.drop is not None:
            counts["effica_sftp"] = sum(kind == "AA" for kind in self.drop.acknowledgements.values())
        return counts


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running: the stand-ins, the trouble around them, and the settings of the workers."""

    boxes: Boxes
    chaos: Sequence[Chaos]
    settings: Settings
    watching: Watching


@contextmanager
def staged(
    url: str, place: Path, plans: Plans, random: Random, share: float, *, drop: bool = False
) -> Iterator[Stage]:  # fmt: skip
    """The stage of a run over the database of the URL. In: `share` of calls meets trouble; `drop` for a drop folder.

    Raises: Unavailable when a stand-in does not start.
    """
    watching, key = Watching(), SigningKey.generate("run", 2048)
    signing, login = place / "signing.pem", place / "login.pem"
    signing.write_bytes(key.private_pem())
    with ExitStack() as stack:
        folder = stack.enter_context(_Drop(place / "drop", new_login(login))) if drop else None
        boxes = Boxes(
            EfficaSandbox(), Omni360Sandbox((_CLIENT, _SECRET)), ApottiSandbox(page_size=2), EfficaSandbox(), folder
        )
        for one in plans.identifiers():
            patient = boxes.apotti.add_patient(one["value"], "Mallikas", "Väinö", one["system"])
            boxes.apotti.add_encounter(patient)
        if folder is not None:
            folder.watching = watching
        named: dict[str, ASGIApp] = {
            "effica": boxes.effica,
            "omni360": boxes.omni360,
            "apotti": boxes.apotti,
            "foreign": boxes.foreign,
        }
        chaos = {name: Chaos(box, name, random, share, watching) for name, box in named.items()}
        urls = {name: stack.enter_context(Running(one)).url for name, one in chaos.items()}
        keys = stack.enter_context(Running(jwks_app([key]))).url
        boxes.apotti.register(_CLIENT, f"{keys}/jwks.json")
        systems = _systems(urls, boxes, signing)
        if folder is not None:
            systems += (_drop_folder(folder, login),)
        yield Stage(boxes, list(chaos.values()), _settings(url, systems), watching)


def _systems(urls: Mapping[str, str], boxes: Boxes, signing: Path) -> tuple[SystemSettings, ...]:
    return (
        SystemSettings("effica", "effica", urls["effica"] + boxes.effica.path, _OWN, receives=boxes.drop is not None),
        SystemSettings(
            "omni360", "omni360", urls["omni360"] + boxes.omni360.path, _OWN, sends=boxes.drop is not None,
            user=_CLIENT, secret=_SECRET, token_url=urls["omni360"] + boxes.omni360.token_path, owner=OWNER,
            calls_per_second=1000,
        ),
        SystemSettings(
            "apotti", "apotti", urls["apotti"] + boxes.apotti.path, _OWN, sends=False, user=_CLIENT,
            key_file=signing, key_id="run", calls_per_second=1000,
        ),
        SystemSettings("foreign", "effica", urls["foreign"] + boxes.foreign.path, _FOREIGN, sends=False),
    )  # fmt: skip


def _drop_folder(box: EfficaSftpSandbox, login: Path) -> SystemSettings:
    return SystemSettings(
        "effica_sftp", "effica_sftp", box.url, _OWN, user=box.user, key_file=login, host_key=box.host_key
    )


def _settings(url: str, systems: tuple[SystemSettings, ...]) -> Settings:
    """Settings that lose no time: whatever fails is tried again soon, and no number of tries is too many."""
    return Settings(
        database_url=url, active_key="k", keys=KEYS, log_level="info", first_retry=timedelta(seconds=0.3),
        longest_retry=timedelta(seconds=2), attempts=1000, begins=1000, failures_to_rest=4,
        look_every=timedelta(seconds=0.2), together=4, worker_grace=timedelta(seconds=4), systems=systems,
    )  # fmt: skip


def _named(box: Omni360Sandbox, kind: str) -> list[str]:
    """The documents that resources of a kind are about, but for those that OMNI360 has sent itself."""
    tasks = {task["focus"]["reference"] for task in box.held("Task") if _is_ours(task)}
    return [
        value.removeprefix("urn:oid:")
        for one in box.held(kind)
        if not _is_ours(one) and f"{kind}/{one['id']}" not in tasks
        for value in (str(i.get("value")) for i in one.get("identifier", []))
        if value.startswith(f"urn:oid:{BRANCH}")
    ]


def _is_ours(resource: Mapping[str, object]) -> bool:
    """True for a task that is asked of us."""
    owner = resource.get("owner")
    return isinstance(owner, dict) and owner.get("identifier", {}).get("value") == f"urn:oid:{OWNER}"
