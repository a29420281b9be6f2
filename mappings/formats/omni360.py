"""A record as OMNI360 takes it: a CarePlan with contained Goals and CareTeam, a Binary with the record, a Task.

Provisional: CGI publishes the resources that exist, not the operations nor how social-care plans stand in them. One
Bundle of type collection holds the resources; the adapter creates them one by one. Source: CGI's entries in HL7
Finland's showcase, 2024-2025; FHIR R4 4.0.1 CarePlan, Binary, Task.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import replace
from typing import Any

from mappings.fhir_absent import completed
from mappings.fhir_document import Resources, add_narratives, checked, placed_issues, structure_named_in
from mappings.fhir_graph import Graph, pruned
from mappings.fhir_partial import dangling, partial_record
from mappings.fhir_residue import restored, surplus
from mappings.formats.base import Decoded, Parsed, WriteResult, no_table
from mappings.formats.json_format import JsonFormat
from mappings.formats.thl import Thl
from mappings.shipped import mapping_of
from mappings.surplus import Surplus, carried, divided
from schemas.issues import rules_in
from schemas.json_text import dump
from schemas.record import Record
from schemas.structures import shipped

__all__ = ["Omni360"]

_RULES = rules_in("mappings")
_THL = Thl()
_NOT_LISTED = ("Goal", "CareTeam", "DocumentReference", "Composition")
_NO_RECORD = {
    "fi": "Binary, jossa tietue on, puuttuu tai sitä ei voi lukea.",
    "sv": "Binary med posten saknas eller kan inte läsas.",
    "en": "the Binary with the record is missing or cannot be read.",
}
_Tree = dict[str, Any]


class Omni360(JsonFormat):
    """FHIR R4 restricted to the resources that CGI lists."""

    name = "omni360"
    media_type = "application/fhir+json"

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for a Bundle of type collection that holds a CarePlan, and no resource that OMNI360 does not list."""
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle" or value.get("type") != "collection":
            return False
        entries = Resources.of_bundle(value, contained=False)
        return entries.first("CarePlan") is not None and not any(map(entries.first, _NOT_LISTED))

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The collection of a record. What the CarePlan cannot hold stands in the Binary all the same."""
        mapping = mapping_of(self.name, record.structure)
        if mapping is None:
            return no_table(self.name)
        graph = Graph(mapping.table.settings)
        tree: _Tree = {"binary": {"data": "-"}, "task": {}, "plan": {}}
        outcome = mapping.write({"envelope": record.envelope, "content": record.body}, tree, traced=traced)
        urls = graph.urls(tree, f"{record.document}/{record.version}/omni360")
        local = graph.urls(tree, "", style="#")
        graph.connect(
            tree, {key: url if key[0] in ("binary", "plan", "task") else local[key] for key, url in urls.items()}
        )
        tree["plan"].setdefault("supportingInfo", []).append({"reference": urls["binary", 0]})
        add_narratives(tree, record, shipped()[record.structure])
        tree["plan"]["contained"] = _contained(tree, graph, local)
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": urls[role, 0], "resource": completed(graph.typed(tree, role, profiled=False))}
                for role in ("binary", "plan", "task")
            ],
        }
        bundle = pruned(bundle)
        along, back = divided(record.residue, self.name, lambda own: restored(bundle, graph, own))
        whole = _THL.write(replace(record, residue=along)).data
        bundle["entry"][0]["resource"]["data"] = b64encode(whole).decode()
        return WriteResult(dump(bundle, indent=True), outcome.report.without("/") + carried(along, back))

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record that the Binary holds, checked against the CarePlan; without it what the CarePlan itself tells.

        Issues: document_has_a_record, semantic_part_agrees_with_response, reference_leads_to_a_resource, those of a
        record in part and of the codecs.
        """
        resources = Resources.of_bundle(parsed.tree)
        inner = _record_in(resources)
        if inner is None or inner.record is None:
            return self._partial(parsed, resources, traced=traced)
        record = inner.record
        mapping = mapping_of(self.name, record.structure)
        if mapping is None:
            return Decoded(record, inner.issues)
        graph = Graph(mapping.table.settings)
        told = checked(mapping, graph, resources, record.body)
        found = told.issues + dangling(graph, told.gathered, resources, told.roles)
        binary = resources.places[(resources.first("Binary") or ("", {}))[0]]
        sources = {"/content": binary, "/envelope": binary} if traced else {}
        roles = told.roles if traced else {}
        return Decoded(record, inner.issues + placed_issues(self, parsed, found), sources, roles=roles)

    def surplus(self, parsed: Parsed, record: Record) -> Surplus:
        """What the collection holds beyond our own writing of its record."""
        mapping = mapping_of(self.name, record.structure)
        if mapping is None:
            return Surplus()
        ours = self.parse(self.write(record).data).tree
        return surplus(self.name, Graph(mapping.table.settings), parsed.tree, ours)

    def _partial(self, parsed: Parsed, resources: Resources, *, traced: bool) -> Decoded:
        """The record in part, when the CarePlan names its structure."""
        plan = resources.first("CarePlan")
        categories = plan[1].get("category") if plan else None
        named = map(structure_named_in, categories if isinstance(categories, list) else ())
        structure = next((structure for structure in named if structure), None)
        if structure is None:
            return Decoded(None, [_RULES["document_has_a_record"].at("/entry", reason=_NO_RECORD)])
        decoded = partial_record(self.name, structure, resources, traced=traced)
        return replace(decoded, issues=placed_issues(self, parsed, decoded.issues))


def _contained(tree: _Tree, graph: Graph, local: dict[tuple[str, int], str]) -> list[_Tree]:
    """The goals and the team inside the CarePlan. Each has the plan's subject, as R4 wants one in each."""
    contained = []
    for role, index, resource in graph.resources(tree):
        if role.name not in ("binary", "plan", "task"):
            resource["subject"] = tree["plan"].get("subject")
            inner = graph.typed(tree, role.name, index, profiled=False)
            contained.append({"resourceType": role.type, "id": local[role.name, index][1:], **inner})
    return contained


def _record_in(resources: Resources) -> Decoded | None:
    """The record in the Binary."""
    binary = resources.first("Binary")
    data = binary[1].get("data") if binary else None
    try:
        text = b64decode(data, validate=True) if isinstance(data, str) else b""
    except (Base64Error, ValueError):
        return None
    parsed = _THL.parse(text) if text else None
    return _THL.decode(parsed) if parsed and parsed.tree is not None else None
