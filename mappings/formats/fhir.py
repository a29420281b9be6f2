"""A record as a FHIR R4 document Bundle: Composition first, the semantic resources, and the complete response.

The QuestionnaireResponse holds every leaf of the content and gives it back exactly, for every structure; the semantic
resources are mapped by table and must agree with it. Source: FHIR R4 4.0.1 Bundle (document), Composition.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from mappings.fhir_absent import completed
from mappings.fhir_document import (
    Resources,
    add_narratives,
    checked,
    document_sections,
    placed_issues,
    response_resource,
    structure_named_in,
)
from mappings.fhir_graph import Graph, pruned
from mappings.fhir_labels import contradicted, labels_in
from mappings.fhir_residue import carried_in, carrier, restored, surplus
from mappings.formats.base import Decoded, Parsed, Place, WriteResult, no_table
from mappings.formats.fhir_reading import is_document_xml, parse_fhir, place_in_fhir
from mappings.formats.json_format import JsonFormat
from mappings.questionnaire_response import content_of
from mappings.report import Report
from mappings.shipped import mapping_of, mapping_without_structure
from mappings.surplus import Surplus, carried, divided
from schemas.canonical import CANONICAL
from schemas.issues import Issue, rules_in
from schemas.json_text import dump
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.record import Record
from schemas.structures import Structure, shipped

__all__ = ["Fhir"]

_RULES = rules_in("mappings")
_Tree = dict[str, Any]


class Fhir(JsonFormat):
    """FHIR R4 document Bundles: written as JSON, read as JSON or XML."""

    name = "fhir"
    media_type = "application/fhir+json"

    def parse(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Parsed:
        """The Bundle as its JSON. Issues: those of reading JSON, or XML."""
        return parse_fhir(data, limits)

    def place(self, parsed: Parsed, pointer: str) -> Place:
        """The pointer in JSON, the XPath in XML, with line and column."""
        return place_in_fhir(parsed.data, pointer)

    def recognises(self, data: bytes, value: Any) -> bool:
        """True for a Bundle of type document, in JSON or XML."""
        if value is None:
            return is_document_xml(data)
        return isinstance(value, dict) and value.get("resourceType") == "Bundle" and value.get("type") == "document"

    def write(self, record: Record, *, traced: bool = False) -> WriteResult:
        """The document Bundle. What the semantic resources cannot hold stands in the response all the same."""
        if record.structure not in shipped():
            return no_table(self.name)
        structure = shipped()[record.structure]
        mapping = mapping_of(self.name, structure.oid) or mapping_without_structure(self.name)
        graph = Graph(mapping.table.settings)
        tree: _Tree = {"bundle": {}, "response": response_resource(record, structure)}
        outcome = mapping.write({"envelope": record.envelope, "content": record.body}, tree, traced=traced)
        urls = graph.urls(tree, f"{record.document}/{record.version}")
        graph.connect(tree, urls)
        add_narratives(tree, record, structure)
        tree["composition"]["section"] = document_sections(record, structure, urls, mapping.table, tree)
        bundle = _bundle(tree, graph, urls, record.language)
        issues = [issue for issue in outcome.issues if not issue.path.startswith("/content")]
        report = outcome.report.without("/content") + _with_residue(bundle, graph, record)
        return WriteResult(dump(bundle, indent=True), report, issues)

    def decode(self, parsed: Parsed, *, traced: bool = False) -> Decoded:
        """The record: its content from the response, or from the semantic resources when there is none.

        Issues: document_has_a_record, document_structure_is_known, complete_content_is_present,
        semantic_part_agrees_with_response, residue_can_be_read, those of the codecs and of the response.
        """
        resources = Resources.of_bundle(parsed.tree)
        composition = resources.first("Composition")
        if composition is None:
            return self._refused("document_has_a_record", parsed, "/entry")
        structure = structure_named_in(composition[1].get("type"))
        if structure is None:
            return self._refused("document_structure_is_known", parsed, resources.places[composition[0]] + "/type")
        body, issues, sources = self._response(resources, structure)
        mapping = mapping_of(self.name, structure.oid) or mapping_without_structure(self.name)
        graph = Graph(mapping.table.settings)
        bundle = mapping.read({"bundle": parsed.tree}, traced=traced)
        told = checked(mapping, graph, resources, body)
        inner = {f"/content{to}": at for to, at in sources.items()}
        outer = {link.target: link.source.removeprefix("/bundle") for link in bundle.report.links}
        envelope = bundle.tree.get("envelope", {}) | told.tree.get("envelope", {})
        names = mapping.table.settings.get("section_labels", {})
        labels = labels_in(composition[1], names)
        content = told.tree.get("content", {}) if body is None else body
        if body is None and labels:
            content = content | {names["group"]: [group for _, group in labels]}
        at = resources.places[composition[0]]
        found = [issue.moved(at + issue.path) for issue in (contradicted(labels, body, names) if body else ())]
        residue, unread = carried_in(resources)
        return Decoded(
            Record(envelope, {structure.root: content}, residue),
            placed_issues(self, parsed, issues + told.issues + found + unread),
            {**told.links, **outer, **inner} if traced else {},
            roles={**told.roles, "/bundle": ""} if traced else {},
        )

    def surplus(self, parsed: Parsed, record: Record) -> Surplus:
        """What the Bundle holds beyond our own writing of its record."""
        mapping = mapping_of(self.name, record.structure) or mapping_without_structure(self.name)
        ours = self.parse(self.write(record).data).tree
        return surplus(self.name, Graph(mapping.table.settings), parsed.tree, ours)

    def _response(self, resources: Resources, structure: Structure) -> tuple[_Tree | None, list[Issue], dict[str, str]]:
        """The complete content, when the document has a response; its issues and sources lead into the document."""
        response = resources.first("QuestionnaireResponse")
        if response is None:
            return None, [_RULES["complete_content_is_present"].at("/entry")], {}
        at = resources.places[response[0]]
        body, issues, sources = content_of(structure, response[1])
        return body, [issue.moved(at + issue.path) for issue in issues], {to: at + here for to, here in sources.items()}

    def _refused(self, rule: str, parsed: Parsed, at: str) -> Decoded:
        place = self.place(parsed, at)
        reason = {"fi": "Composition puuttuu.", "sv": "Composition saknas.", "en": "there is no Composition."}
        return Decoded(None, [_RULES[rule].at(place.path, line=place.line, column=place.column, reason=reason)])


def _with_residue(bundle: _Tree, graph: Graph, record: Record) -> Report:
    """Puts the residue of FHIR back into a Bundle, and adds the entry that carries all other residue."""
    structured = bundle["entry"][0]["resource"]["section"][-1]
    along, back = divided(record.residue, Fhir.name, lambda own: restored(bundle, graph, own))
    if along:
        url = f"urn:uuid:{uuid5(NAMESPACE_OID, f'{record.document}/{record.version}/residue')}"
        bundle["entry"].append(carrier(along, url))
        structured.setdefault("entry", []).append({"reference": url})
    return carried(along, back)


def _bundle(tree: _Tree, graph: Graph, urls: dict[tuple[str, int], str], language: str) -> _Tree:
    """The document Bundle of a tree whose references are written."""
    head = {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{CANONICAL}/StructureDefinition/sote-document"]},
        "identifier": tree["bundle"].get("identifier"),
        "type": "document",
        "timestamp": tree.get("provenance", {}).get("recorded"),
    }
    entries = [
        {
            "fullUrl": urls[role.name, index],
            "resource": completed(graph.typed(tree, role.name, index, language)),
        }
        for role, index, _ in graph.resources(tree)
    ]
    return {**pruned(head), "entry": pruned(entries)}
