"""Security labels of a document's sections: which sectors may see each, on the Composition's sections and back.

A labelled section has the code of its field, and one inline label for each sector; the resources that it refers to
carry the same labels for servers that look at whole resources alone. Which fields of the structure hold the labels, the
table says in `[settings.section_labels]`. The code by which a resource announces inline labels is not in R4's list of
codes, so it is not written. Source: HL7 Data Segmentation for Privacy 1.0.0, inline security labels; FHIR R4 4.0.1
Meta.security.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from mappings.codecs import CODECS, Untranslatable
from schemas.issues import Issue, rules_in

__all__ = ["INLINE_LABEL", "contradicted", "label_sections", "labels_in"]

INLINE_LABEL = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
"""The extension that labels a part of a resource."""

_RULES = rules_in("mappings")
_Tree = dict[str, Any]
_Labels = list[tuple[int, _Tree]]


def label_sections(
    sections: Mapping[str, _Tree], body: Mapping[str, Any], names: Mapping[str, str], resources: Callable[[str], Any]
) -> None:
    """Labels the sections that the content limits, and their resources.

    In: `sections` by the key of their field; `names` is the table's setting; `resources` gives those of a section.
    Loses: the label of a section that shows nothing, which has no section to stand on.
    """
    for section, codes in _limits(body.get(names.get("group", "")), names):
        key = str(section["code"])
        code, labels = _written([section]), _written(codes)
        if key not in sections or not code or not labels:
            continue
        sections[key]["code"] = {"coding": code}
        _add(sections[key].setdefault("extension", []), [{"url": INLINE_LABEL, "valueCoding": one} for one in labels])
        for resource in resources(key):
            _add(resource.setdefault("meta", {}).setdefault("security", []), labels)


def _written(codes: Iterable[_Tree]) -> list[_Tree]:
    """The codes as Codings, without those that cannot be one."""
    made = []
    for one in codes:
        with suppress(Untranslatable):
            made.append(CODECS["coding"].write(one))
    return made


def _add(held: list[_Tree], new: Iterable[_Tree]) -> None:
    for one in new:
        if one not in held:
            held.append(one)


def labels_in(composition: Mapping[str, Any], names: Mapping[str, str]) -> _Labels:
    """The groups of the content that a Composition's sections tell, each with the number of its section."""
    sections = composition.get("section") if names else None
    numbered = enumerate(sections if isinstance(sections, list) else [])
    found = ((number, _group(section, names)) for number, section in numbered if isinstance(section, dict))
    return [(number, group) for number, group in found if group]


def contradicted(told: _Labels, whole: Mapping[str, Any], names: Mapping[str, str]) -> list[Issue]:
    """Where a section's labels are not those of the complete content, at JSON Pointers into the Composition."""
    known: dict[str, set[str]] = {}
    for section, codes in _limits(whole.get(names.get("group", "")), names):
        known.setdefault(section["code"], set()).update(one["code"] for one in _written(codes))
    rule = _RULES["semantic_part_agrees_with_response"]
    return [
        rule.at(f"/section/{number}/extension")
        for number, group in told
        for section, codes in _limits([group], names)
        if {one["code"] for one in codes} != known.get(section["code"])
    ]


def _limits(groups: Any, names: Mapping[str, str]) -> Iterator[tuple[_Tree, list[_Tree]]]:
    """Each section that the content limits, with the codes that may see it; what has another shape limits nothing."""
    for group in groups if isinstance(groups, list) else []:
        if not isinstance(group, dict):
            continue
        section, codes = group.get(names["section"]), group.get(names["label"])
        several = [one for one in codes if _is_code(one)] if isinstance(codes, list) else []
        if isinstance(section, dict) and _is_code(section) and several:
            yield section, several


def _is_code(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(part), str) for part in ("system", "code"))


def _group(section: Mapping[str, Any], names: Mapping[str, str]) -> _Tree:
    """The group of the content that a section tells; empty when it is not labelled."""
    code = section.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    fields = list(_read(codings if isinstance(codings, list) else []))
    extensions = section.get("extension")
    held = [one for one in extensions if isinstance(one, dict)] if isinstance(extensions, list) else []
    labels = list(_read(one.get("valueCoding") for one in held if one.get("url") == INLINE_LABEL))
    own = [one for one in fields if one.get("system") == names["system"]]
    return {names["section"]: own[0], names["label"]: labels} if own and labels else {}


def _read(codings: Iterable[Any]) -> Iterator[_Tree]:
    for coding in codings:
        with suppress(Untranslatable):
            value = CODECS["coding"].read(coding)
            if _is_code(value):
                yield value
