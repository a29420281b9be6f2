"""What a profile adds to the definitions of R4, so that what has been judged by R4 itself is not judged again.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from schemas.fhir_definitions import Definitions
from validators.fhir.elements import Constraint, Element, element_tree

__all__ = ["profile_tree"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"


def profile_tree(definitions: Definitions, url: str) -> Element | None:
    """The root element of a profile, marked with what it adds; None when it is unknown. Made once."""
    key = ("profile", url.partition("|")[0])
    if key not in definitions.compiled:
        tree = element_tree(definitions, url)
        structure = definitions.structure(url)
        if tree is not None and structure is not None and structure.get("derivation") == "constraint":
            _Marking(definitions).mark(tree, element_tree(definitions, _CORE + tree.path.partition(".")[0]))
        definitions.compiled[key] = tree
    found: Element | None = definitions.compiled[key]
    return found


class _Marking:
    """Compares the elements of one profile with those of R4."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._by_type: dict[str, bool] = {}

    def mark(self, element: Element, base: Element | None) -> bool:
        """Marks an element and all below it. Out: True when something of it adds to R4."""
        element.constraints = tuple(one for one in element.constraints if self._is_added(one, base))
        element.judges_codes = element.binding is not None and (base is None or element.binding != base.binding)
        element.judges_types = base is None or element.types != base.types
        marked = [child for name, child in element.children.items() if self.mark(child, self._child(base, name))]
        for one in element.slices:
            self.mark(one, base)
        element.adding = tuple(marked)
        return bool(
            marked
            or element.slices
            or element.value
            or element.constraints
            or element.judges_codes
            or element.judges_types
            or base is None
            or (element.least, element.most) != (base.least, base.most)
            or (element.bounds, element.longest) != (base.bounds, base.longest)
        )

    def _child(self, base: Element | None, name: str) -> Element | None:
        """R4's own element of a name below an element, be it in the element's type."""
        if base is None:
            return None
        if name in base.children:
            return base.children[name]
        trees = (element_tree(self._definitions, _CORE + ref.code) for ref in base.types[:1])
        return next((tree.children[name] for tree in trees if tree is not None and name in tree.children), None)

    def _is_added(self, constraint: Constraint, base: Element | None) -> bool:
        if base is not None and any(constraint.expression == one.expression for one in base.constraints):
            return False
        source = constraint.source
        if source not in self._by_type:
            structure = self._definitions.structure(source)
            self._by_type[source] = structure is not None and structure.get("derivation") != "constraint"
        return not self._by_type[source]
