"""What the FHIR forms of a record have in common: writing its graph and response, and reading them back in agreement.

Source: FHIR R4 4.0.1 Bundle, Composition, CarePlan; HL7 Finland base profiles 2.0.0-rc2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from mappings.agreement import disagreements
from mappings.codecs import CODECS, Untranslatable
from mappings.engine import Mapping
from mappings.fhir_graph import Graph
from mappings.fhir_labels import label_sections
from mappings.formats.base import Format, Parsed
from mappings.narrative import narrative, sections
from mappings.outline import outline
from mappings.places import Where
from mappings.questionnaire_response import response_of
from mappings.tables import Table
from schemas.dates import exists
from schemas.issues import Issue, rules_in
from schemas.questionnaire import questionnaire_url
from schemas.record import Record
from schemas.structures import Structure, shipped

__all__ = [
    "Checked",
    "Resources",
    "add_narratives",
    "checked",
    "document_sections",
    "placed_issues",
    "response_resource",
    "structure_named_in",
]

_RULES = rules_in("mappings")
_TURVAKIELTO = {
    "system": "https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs",
    "code": "TURVAKIELTO",
}
_Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a Bundle by URL, their other names, and the JSON Pointer at which each stands."""

    by_url: Dict[str, _Tree]
    names: Dict[str, str]
    places: Dict[str, str]

    @classmethod
    def of_bundle(cls, bundle: Any, *, contained: bool = True) -> Resources:
        """Every entry's resource, and the contained ones under `#id` when they are asked for."""
        by_url: dict[str, _Tree] = {}
        names: dict[str, str] = {}
        places: dict[str, str] = {}
        entries = bundle.get("entry") if isinstance(bundle, dict) else None
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                continue
            url = entry.get("fullUrl") if isinstance(entry.get("fullUrl"), str) else f"/entry/{index}"
            by_url[url], places[url] = resource, f"/entry/{index}/resource"
            names[f"{resource.get('resourceType')}/{resource.get('id')}"] = url
            held = resource.get("contained") if contained else None
            for number, inner in enumerate(held if isinstance(held, list) else []):
                if isinstance(inner, dict):
                    by_url[f"#{inner.get('id')}"] = inner
                    places[f"#{inner.get('id')}"] = f"/entry/{index}/resource/contained/{number}"
        return cls(by_url, names, places)

    def first(self, resource_type: str) -> tuple[str, _Tree] | None:
        """The URL and resource of the first of a type."""
        return next(((u, r) for u, r in self.by_url.items() if r.get("resourceType") == resource_type), None)


def response_resource(record: Record, structure: Structure) -> _Tree:
    """The QuestionnaireResponse that holds every leaf of the content, without what links add."""
    response: _Tree = {
        "language": record.language,
        "questionnaire": questionnaire_url(structure.oid),
        "item": response_of(structure, record.body, record.language),
    }
    created = record.envelope.get("created")
    if isinstance(created, str) and exists(created):
        response["authored"] = created
    return response


def document_sections(
    record: Record, structure: Structure, urls: Dict[tuple[str, int], str], table: Table, tree: _Tree
) -> list[_Tree]:
    """The Composition's sections with text and labels, and the resources that belong to each.

    In: `section_entries` of the table's settings names, for a top field of the structure, the roles whose resources its
    section refers to; the roles under `""` go to the last section, that of the structured data.
    """
    made = sections(record, structure)
    entries = table.settings.get("section_entries", {})
    label_sections(
        made,
        record.body,
        table.settings.get("section_labels", {}),
        lambda key: [*_of_roles(tree, entries.get(key, ())), *_parts(tree, table, key)],
    )
    for key, section in made.items():
        _refer(section, urls, entries.get(key, []))
    whole = {
        "title": {"sv": "Strukturerade uppgifter", "en": "Structured data"}.get(record.language, "Rakenteiset tiedot"),
        "text": narrative([]),
    }
    _refer(whole, urls, entries.get("", []))
    return [*made.values(), whole]


def _of_roles(tree: _Tree, roles: Iterable[str]) -> Iterator[_Tree]:
    for role in roles:
        held = tree.get(role, [])
        yield from held if isinstance(held, list) else [held]


def _parts(tree: _Tree, table: Table, key: str) -> Iterator[_Tree]:
    """The resources of a kind that the rows tell apart by their codes, those of one top field of the content."""
    rows = [row for row in table.rows if row.record and row.format and row.record[1:2] == (key,)]
    chosen = {row.format[:2] for row in rows if row.format and isinstance(row.format[1], Where)}
    for role, where in chosen:
        for one in _of_roles(tree, [role] if isinstance(role, str) else []):
            if isinstance(where, Where) and where.key == "code" and _code_of(one) == where.value:
                yield one


def _code_of(resource: _Tree) -> Any:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    return codings[0].get("code") if codings else code


def _refer(section: _Tree, urls: Dict[tuple[str, int], str], roles: list[str]) -> None:
    references = [{"reference": url} for (role, _), url in urls.items() if role in roles]
    if references:
        section["entry"] = references


def add_narratives(tree: _Tree, record: Record, structure: Structure) -> None:
    """Adds what a person reads: names in one piece, the plan's narrative, and the label of a non-disclosure order."""
    people = [*tree.get("patient", ()), *([tree["person"]] if "person" in tree else [])]
    for person in people:
        for name in person.get("name", ()):
            parts = [*name.get("given", ()), name.get("family", "")]
            name["text"] = " ".join(part for part in parts if part)
    if record.non_disclosure:
        for patient in tree.get("patient", ()):
            patient["meta"] = {"security": [_TURVAKIELTO]}
    title = structure.label.get(record.language) or structure.label["fi"]
    for role in ("plan", "composition"):
        if role in tree:
            tree[role]["title"] = title
    if "plan" in tree:
        tree["plan"]["text"] = narrative(outline(structure, record.body, record.language))


def structure_named_in(concept: Any) -> Structure | None:
    """The structure that a CodeableConcept names by document type code and version."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        try:
            oid = CODECS["structure_coding"].read(coding)
        except Untranslatable:
            continue
        if oid in shipped():
            return shipped()[oid]
    return None


@dataclass(frozen=True, slots=True)
class Checked:
    """The record's tree as the semantic resources tell it.

    `issues` stand at JSON Pointers into the document, and `links` give those of the tree's places. `gathered` is the
    tree of the roles, and `roles` where each of its resources stands in the document.
    """

    tree: _Tree
    issues: list[Issue]
    links: Dict[str, str]
    gathered: _Tree
    roles: Dict[str, str]


def checked(mapping: Mapping, graph: Graph, resources: Resources, whole: _Tree | None) -> Checked:
    """What the semantic resources tell, checked against the complete content.

    Issues: semantic_part_agrees_with_response, and those of the codecs.
    """
    tree, found = graph.gather(resources.by_url, resources.names)
    roles = {role: resources.places[url] for role, url in found.items()}
    outcome = mapping.read(tree, traced=True)
    issues = [issue.moved(placed(issue.path, roles)) for issue in outcome.issues]
    links = {link.target: placed(link.source, roles) for link in outcome.report.links}
    for at in disagreements(outcome.tree.get("content", {}), whole) if whole is not None else ():
        source = next((links[to] for to in links if to.startswith(f"/content{at}")), "")
        issues.append(_RULES["semantic_part_agrees_with_response"].at(source))
    return Checked(outcome.tree, issues, links, tree, roles)


def placed_issues(form: Format, parsed: Parsed, issues: list[Issue]) -> list[Issue]:
    """The issues with the line and column of their places."""
    placed_ = [(issue, form.place(parsed, issue.path)) for issue in issues]
    return [issue.moved(place.path, place.line, place.column) for issue, place in placed_]


def placed(path: str, places: Dict[str, str]) -> str:
    """The document's place of a place in the tree of roles: `/goal/1/description` → `/entry/7/resource/description`."""
    role, _, rest = path[1:].partition("/")
    index, _, inner = rest.partition("/")
    if f"/{role}/{index}" in places:
        return f"{places[f'/{role}/{index}']}/{inner}".rstrip("/")
    return f"{places[f'/{role}']}/{rest}".rstrip("/") if f"/{role}" in places else ""
