"""Judges the invariants of definitions: the common ones by functions, all others by FHIRPath.

The functions are kept by the text of the expression that they stand for; an expression that differs in one letter is
evaluated as FHIRPath. Source: FHIRPath N1 2.0.0, https://hl7.org/fhirpath/N1/; FHIR R4 4.0.1, fhirpath.html
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.issues import Slot
from validators.fhir.elements import Constraint
from validators.fhir.findings import Place
from validators.fhir.hand_invariants import Judge
from validators.fhir.patterns import finds, replaced
from validators.fhir.scope import Run, Scope, type_in

__all__ = ["check_constraints", "evaluated"]

_RULES = {"error": "fhir_invariant_holds", "warning": "fhir_invariant_should_hold"}
_BEST_PRACTICE = frozenset({"dom-6"})
"""Invariants that R4 marks as good practice: they are told as information."""


def check_constraints(
    run: Run, constraints: tuple[Constraint, ...], node: Any, place: Place, type_name: str = ""
) -> None:
    """Judges the invariants of one element. Issues: fhir_invariant_holds, fhir_invariant_should_hold,
    fhir_good_practice_is_followed, fhir_invariant_is_judged
    """
    for constraint in constraints:
        function = constraint.function
        if function is None:
            verdict = _as_evaluated(constraint, node, run, type_name)
        elif type(node) is not dict or ((keys := constraint.needs) and keys[0] not in node and keys[1] not in node):
            continue
        else:
            verdict = _as_by_hand(function, node, run)
        if verdict is not True:
            _tell(run, constraint, place, verdict)


def _tell(run: Run, constraint: Constraint, place: Place, verdict: bool | None) -> None:
    key = constraint.key
    if verdict is None:
        run.findings.add("fhir_invariant_is_judged", place, key=key)
        return
    rule = _RULES.get(constraint.severity, "fhir_invariant_holds")
    rule = "fhir_good_practice_is_followed" if key in _BEST_PRACTICE else rule
    run.findings.add(rule, place, key=key, human=_in_words(constraint))


def _in_words(constraint: Constraint) -> Slot:
    """What an invariant asks, in all languages when it is one of FHIR's own, else as its definition has it."""
    english = constraint.human or constraint.key
    known = _words().get(constraint.source.rpartition("/")[2], {}).get(constraint.key)
    return {**known, "en": english} if known else english


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The words for the invariants of R4, by type and key; read once, when they are needed."""
    return tomllib.loads(files("validators").joinpath("invariants.toml").read_text("utf-8"))


def _as_by_hand(function: Judge, node: Mapping[str, Any], run: Run) -> bool:
    try:
        return function(node, run.scope)
    except (TypeError, AttributeError, KeyError, ValueError):
        return True  # the node does not have its shape, which is told as such


def _as_evaluated(constraint: Constraint, node: Any, run: Run, type_name: str) -> bool | None:
    """True or False as the expression says of a node; None when it cannot be evaluated."""
    found = evaluated(constraint.expression, node, run, type_name)
    if found is None:
        return None
    return all(value is not False for value in found) if found else True


def evaluated(expression: str, node: Any, run: Run, type_name: str = "") -> list[Any] | None:
    """What an expression gives for a node, or None when it cannot be evaluated."""
    scope = run.scope
    compiled = _compiled(expression)
    if compiled is None:
        return None
    from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415

    create_node: Callable[[Any, str], Any] = ResourceNode.create_node

    def typed(one: Any, name: str) -> Any:
        name = str(one.get("resourceType", name)) if isinstance(one, dict) else name
        return create_node(one, name) if name else one

    variables = {"resource": typed(scope.resource, ""), "rootResource": typed(scope.root, ""), **_VARIABLES}
    # At the top of a resource the library finds `Patient.name` only when it is given the plain resource.
    root = node if isinstance(node, dict) and "resourceType" in node else typed(node, type_name)
    token = _RUN.set(run)
    try:
        found = compiled(root, {**variables, "context": typed(node, type_name)})
    except Exception:  # noqa: BLE001 - the library raises bare exceptions for what it cannot evaluate
        return None
    finally:
        _RUN.reset(token)
    return list(found) if isinstance(found, list) else [found]


_VARIABLES = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "vs-administrative-gender": "http://hl7.org/fhir/ValueSet/administrative-gender",
}


_RUN: ContextVar[Run] = ContextVar("run")
"""The run whose expression is being evaluated: the library gives our functions nothing to find it by."""


@cache
def _compiled(expression: str) -> Callable[[Any, Mapping[str, Any]], Any] | None:
    # The grammar of FHIRPath takes a fifth of a second to load, and most documents need none of it.
    import fhirpathpy  # noqa: PLC0415
    from fhirpathpy.models import models  # noqa: PLC0415

    # Without a function of ours, the library prints what `trace()` is given: values of the document.
    options = {"userInvocationTable": _FUNCTIONS, "traceFn": lambda *_: None}
    try:
        compiled: Callable[[Any, Mapping[str, Any]], Any] = fhirpathpy.compile(expression, models["r4"], options)
    except Exception:  # noqa: BLE001 - the library raises bare exceptions for what it cannot parse
        return None
    return compiled


def _raw(item: Any) -> Any:
    return getattr(item, "data", item)


def _has_value(inputs: list[Any]) -> list[bool]:
    return [len(inputs) == 1 and not isinstance(_raw(inputs[0]), (Mapping, list, type(None)))]


def _resolve(inputs: list[Any]) -> list[Any]:
    from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415

    scope: Scope = _RUN.get().scope
    create_node: Callable[[Any, str], Any] = ResourceNode.create_node
    found: list[Any] = []
    for item in inputs:
        value = _raw(item)
        reference = value.get("reference") if isinstance(value, dict) else value
        here = scope.found(reference)
        if here:
            found.append(create_node(here[0], str(here[0].get("resourceType"))))
        elif isinstance(reference, str) and (name := type_in(reference)):
            found.append(create_node({"resourceType": name}, name))
    return found


def _conforms_to(inputs: list[Any], url: Any) -> list[Any]:
    from validators.fhir.profiles import conforms  # noqa: PLC0415 - profiles are judged by invariants, too

    address = _raw(url[0] if isinstance(url, list) and url else url)
    run = _RUN.get()
    if run.definitions.structure(str(address)) is None:
        return []
    return [all(conforms(run, _raw(item), str(address)) for item in inputs)] if inputs else []


def _member_of(inputs: list[Any], url: Any) -> list[Any]:
    from validators.fhir.bindings import has_code  # noqa: PLC0415

    address = _raw(url[0] if isinstance(url, list) and url else url)
    codes = _RUN.get().definitions.codes(str(address))
    if codes is None or len(inputs) != 1:
        return []
    verdict = has_code(codes, _raw(inputs[0]))
    return [] if verdict is None else [verdict]


def _html_checks(_: list[Any]) -> list[bool]:
    return [True]  # narratives are judged by their own module


def _matches(inputs: list[Any], pattern: Any) -> list[Any]:
    if not inputs or not isinstance(pattern, str) or not pattern:
        return []
    return _judged(finds(pattern, _text(inputs)))


def _replace_matches(inputs: list[Any], pattern: Any, instead: Any) -> list[Any]:
    if not inputs or not isinstance(pattern, str) or not isinstance(instead, str):
        return []
    return _judged(replaced(pattern, instead, _text(inputs)))


def _text(inputs: list[Any]) -> str:
    """The one text that a function is called on. Raises: ValueError for anything else."""
    text = _raw(inputs[0])
    if len(inputs) > 1 or not isinstance(text, str):
        raise ValueError("FHIRPath calls this function on one text.")
    return text


def _judged(found: bool | str | None) -> list[Any]:
    """A collection of what was found. Raises: ValueError for a pattern that cannot be judged."""
    if found is None:
        raise ValueError("The pattern cannot be judged.")
    return [found]


_FUNCTIONS: Mapping[str, Any] = {
    # The library runs patterns that may take for ever.
    "matches": {"fn": _matches, "arity": {1: ["String"]}},
    "replaceMatches": {"fn": _replace_matches, "arity": {2: ["String", "String"]}},
    "hasValue": {"fn": _has_value, "arity": {0: []}},
    "resolve": {"fn": _resolve, "arity": {0: []}},
    "htmlChecks": {"fn": _html_checks, "arity": {0: []}},
    "conformsTo": {"fn": _conforms_to, "arity": {1: ["Any"]}},
    "memberOf": {"fn": _member_of, "arity": {1: ["Any"]}},
}
