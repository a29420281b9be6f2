"""The cases of the gate: a folder each, with the facts of document and receiver, the clients' wills, and the decision.

`case.toml` holds `at`, `[document]`, `[receiver]`, `[[wills]]` and `[expected]`; what it leaves out is as in a client
plan of working-age services of the example county.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from schemas.wills import Client, ClientWills, Wills, merged, will_from_json
from validators.gate import Plan, PlanPermit, Receiver, Subject

__all__ = ["CASES", "OTHER", "OWN", "Case", "case_in", "plan_of", "receiver_of", "subject_of_facts"]

CASES = Path(__file__).parents[1] / "cases" / "gate"
OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
CLIENT: Client = ("urn:oid:1.2.246.21", "010181-900C")
SECOND: Client = ("urn:oid:1.2.246.21", "010280-952L")
_SETS = frozenset(
    (
        "tasks",
        "task_codes",
        "features",
        "units",
        "documents",
        "service_tasks",
        "services",
        "joint_units",
        "acts_for",
        "names",
    )
)


@dataclass(frozen=True)
class Case:
    subject: Subject
    receiver: Receiver
    wills: Wills
    at: datetime
    expected: dict[str, Any]


def case_in(folder: Path) -> Case:
    """The case of a folder."""
    said = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    wills: dict[Client, ClientWills] = {}
    for one in said.get("wills", []):
        client = SECOND if one.pop("client", 1) == 2 else CLIENT
        wills[client] = merged([wills.get(client, ClientWills()), will_from_json(_dates_as_text(one))])
    at = said.get("at", datetime(2026, 11, 25, 12, tzinfo=UTC))
    return Case(
        subject_of_facts(said.get("document", {})), receiver_of(said.get("receiver", {})), wills, at, said["expected"]
    )


def subject_of_facts(facts: dict[str, Any]) -> Subject:
    """A working-age client plan of the example county, with the given facts in place of its own."""
    usual: dict[str, Any] = {
        "controller": OWN, "sector": "social", "kind": "client_plan", "tasks": ["working_age"],
        "documents": ["1.2.246.10.99999999.11.2026.7"], "clients": 1, "non_disclosure": False,
        "created": date(2026, 5, 4),
    }  # fmt: skip
    facts = usual | facts
    facts["clients"] = (CLIENT, SECOND)[: facts["clients"]]
    if "plan" in facts:
        facts["plan"] = plan_of(facts["plan"])
    if facts.get("created") == "":
        facts["created"] = None
    if facts["non_disclosure"] == "not known":
        facts["non_disclosure"] = None
    return Subject(**_as_values(facts))


def receiver_of(facts: dict[str, Any]) -> Receiver:
    """A public register of social welfare of the same controller, with the given facts in place of its own."""
    usual = {"controller": OWN, "sector": "social", "ownership": "public"}
    return Receiver(**_as_values(usual | facts))


def plan_of(facts: dict[str, Any]) -> Plan:
    """The facts of a multidisciplinary plan."""
    facts = dict(facts)
    facts["participants"] = tuple(tuple(one) for one in facts.get("participants", []))
    facts["permits"] = tuple(PlanPermit(**{"given": None} | one) for one in facts.get("permits", []))
    facts["hidden"] = tuple((sector, tuple(places)) for sector, places in facts.get("hidden", {}).items())
    if facts.get("mediated") == "not known":
        facts["mediated"] = None
    return Plan(**facts)


def _as_values(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: frozenset(value) if name in _SETS else tuple(value) if isinstance(value, list) else value
        for name, value in facts.items()
    }


def _dates_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dates_as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
