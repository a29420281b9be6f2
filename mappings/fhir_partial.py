"""A record read from FHIR resources alone, without the complete content: what they tell, and every gap declared.

Source: FHIR R4 4.0.1 CarePlan, Goal, CareTeam; Bundle of type collection or searchset.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import replace
from functools import cache
from typing import Any

from mappings.engine import Mapping
from mappings.fhir_document import Resources, placed
from mappings.fhir_graph import Graph
from mappings.formats.base import Decoded
from mappings.places import write_place
from mappings.report import Entry, Report
from mappings.shipped import mapping_of
from schemas.issues import Issue, rules_in
from schemas.record import Record, filled_envelope
from schemas.structures import Field, Structure

__all__ = ["dangling", "partial_record"]

_RULES = rules_in("mappings")
_GAPS = rules_in("mappings", "fhir_rules")
_UNKNOWN_TIME = "1970-01-01T00:00:00Z"
_ANYWHERE = frozenset({"resourceType", "id", "meta", "implicitRules", "text", "contained", "title"})
_Tree = dict[str, Any]


@cache
def _reading(format_name: str, structure: str) -> Mapping | None:
    """The mapping of a format that reads its copies too: with the complete content away they are all there is."""
    mapping = mapping_of(format_name, structure)
    if mapping is None:
        return None
    rows = tuple(
        row if row.codec.lossy or row.record == ("envelope", "structure") else replace(row, copy=False)
        for row in mapping.table.rows
    )
    return Mapping(replace(mapping.table, rows=rows))


def partial_record(format_name: str, structure: Structure, resources: Resources, *, traced: bool = False) -> Decoded:
    """The record that resources tell in part. Its envelope's missing parts are marked placeholders.

    In: `format_name` is the format whose table for the structure tells where values stand.
    Issues: complete_content_is_present, envelope_is_complete, reference_leads_to_a_resource,
    element_has_a_place_in_the_record, resource_has_a_place_in_the_record, field_can_stand_in_the_source, those of the
    codecs.
    """
    mapping = _reading(format_name, structure.oid)
    if mapping is None:
        return Decoded(None, [_RULES["document_structure_is_known"].at()])
    graph = Graph(mapping.table.settings)
    tree, found = graph.gather(resources.by_url, resources.names)
    places = {role: resources.places[url] for role, url in found.items()}
    outcome = mapping.read(tree, traced=True)
    content = {structure.root: outcome.tree.get("content", {})}
    envelope = filled_envelope(_named(outcome.tree.get("envelope", {})), structure, content, _UNKNOWN_TIME)
    issues = [_RULES["complete_content_is_present"].at("/entry")]
    if missing := envelope.get("placeholders"):
        issues.append(_RULES["envelope_is_complete"].at("/entry", missing=", ".join(missing)))
    issues += [issue.moved(placed(issue.path, places)) for issue in outcome.issues]
    issues += dangling(graph, tree, resources, places)
    issues += _unread(graph, mapping, places, resources)
    gaps = list(_gaps(mapping, structure))
    issues += [_GAPS["field_can_stand_in_the_source"].at("", field=field.label) for field in gaps]
    lost = tuple(Entry("/content/" + "/".join(field.path), "The source cannot hold this field.") for field in gaps)
    sources = {link.target: placed(link.source, places) for link in outcome.report.links} if traced else {}
    return Decoded(Record(envelope, content), issues, sources, Report(lost=lost))


def _named(envelope: _Tree) -> _Tree:
    """The envelope without an author or controller of whom the resources do not tell what every record must."""
    whole = {"author": ("family", "given"), "controller": ("identifier",)}
    return {
        name: value
        for name, value in envelope.items()
        if name not in whole or (isinstance(value, dict) and all(part in value for part in whole[name]))
    }


def dangling(graph: Graph, tree: _Tree, resources: Resources, places: Dict[str, str]) -> list[Issue]:
    """The references that a reader follows and that lead nowhere. Issues: reference_leads_to_a_resource"""
    issues = []
    for role, index, resource in graph.resources(tree):
        at = places.get(f"/{role.name}/{index}" if role.many else f"/{role.name}", "")
        for where, url in graph.followed(role.name, resource):
            if resources.names.get(url, url) not in resources.by_url:
                issues.append(_GAPS["reference_leads_to_a_resource"].at(f"{at}/{where}"))
    return issues


def _unread(graph: Graph, mapping: Mapping, places: Dict[str, str], resources: Resources) -> Iterator[Issue]:
    """What stands in the resources and is no one's to read."""
    known = {
        role: _ANYWHERE | graph.linked(role) | {str(row.format[int(graph.roles[role].many) + 1]) for row in rows}
        for role, rows in _rows_by_role(graph, mapping).items()
    }
    read = {at: role.split("/")[1] for role, at in places.items()}
    for url, resource in resources.by_url.items():
        at = resources.places[url]
        if at not in read:
            yield _GAPS["resource_has_a_place_in_the_record"].at(at)
            continue
        role = graph.roles[read[at]]
        for name, value in resource.items():
            if name not in known[role.name] and role.elements.get(name) != value:
                yield _GAPS["element_has_a_place_in_the_record"].at(f"{at}/{name}")


def _rows_by_role(graph: Graph, mapping: Mapping) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {role: [] for role in graph.roles}
    for row in mapping.table.rows:
        if row.format and row.format[0] in rows and len(row.format) > 1 + graph.roles[str(row.format[0])].many:
            rows[str(row.format[0])].append(row)
    return rows


def _gaps(mapping: Mapping, structure: Structure) -> Iterator[Field]:
    """The fields that the table says the format does not hold."""
    for row in mapping.table.rows:
        if row.record and row.omit and row.record[0] == "content":
            path = write_place(row.record).replace("[]", "").split(".")[1:]
            if field := structure.by_path.get("/".join(path)):
                yield field
