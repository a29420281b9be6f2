"""The next plan, begun from the previous one: what THL's notes say that moves into the evaluation.

The same table language says what is taken over; methods are gathered from all services, as the plan lists them there
and the evaluation by themselves. Source: THL Sosmeta 15020.2024.11.28, notes of "Suunnitelman arviointi" and of the two
views of needs; the implementation notes of the other client plans name no field that a previous plan fills in.
"""

from __future__ import annotations

from typing import Any

from mappings.shipped import mapping_of
from schemas.record import Record, filled_envelope
from schemas.structures import shipped

__all__ = ["next_plan", "takes_nothing_over"]

_MEANS = "menetelmat_ja_palvelut_joilla_tavoitteet_pyritaan_saavuttamaan"


def takes_nothing_over(structure: str) -> bool:
    """True when no note of THL's lets the next plan of a structure take over more than whom the plan is about."""
    mapping = mapping_of("next", structure)
    return mapping is not None and bool(mapping.table.settings.get("nothing_by_notes"))


def next_plan(previous: Record, created: str) -> Record | None:
    """A draft of the plan that follows a plan; None when nothing says what its structure takes over.

    In: `created` is the time of drafting, an instant. Out: a draft without author and without document OID of its own,
    which are marked as placeholders; it replaces nothing, as it is a new document.
    """
    mapping = mapping_of("next", previous.structure)
    if mapping is None or previous.structure not in shipped():
        return None
    structure = shipped()[previous.structure]
    body: dict[str, Any] = mapping.write({"envelope": previous.envelope, "content": previous.body}).tree.get(
        "content", {}
    )
    methods = _methods(previous.body)
    if methods:
        body.setdefault("suunnitelman_arviointi", {})["menetelmien_arviointi"] = [{"menetelma": one} for one in methods]
    content = {structure.root: body}
    kept = ("language", "clients", "controller", "register", "organiser", "producer", "service_task", "service", "case",
            "relationship", "non_disclosure")  # fmt: skip
    known = {name: previous.envelope[name] for name in kept if name in previous.envelope}
    envelope = filled_envelope(
        known | {"version": 1, "status": "draft", "created": created}, structure, content, created
    )
    return Record(envelope, content)


def _methods(body: dict[str, Any]) -> list[Any]:
    """Each method of any planned service, once, in the order of the plan."""
    means = body.get(_MEANS)
    services = means.get("palvelut") if isinstance(means, dict) else None
    methods: list[Any] = []
    for service in services if isinstance(services, list) else []:
        found = service.get("menetelma") if isinstance(service, dict) else None
        methods += [one for one in (found if isinstance(found, list) else []) if one not in methods]
    return methods
