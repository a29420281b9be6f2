"""Judges many inputs in their order: a few in this process, many over the cores, each core in a process of its own.

How many inputs are held at once is bounded, so that any number of them can stream through.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from interop.bulk.inputs import Input
from interop.documents import Examined, Options, Strictness, examine
from interop.errors import Fault, Invalid, why
from schemas import json_text
from schemas.codesystem_files import NotACodeSystem
from schemas.codesystems import CodeSystems, code_systems_in, shipped_code_systems, with_site
from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.fhir_packages import PackageUnreadable, read_package
from schemas.issues import LAYERS, Layer
from schemas.limits import DEFAULT_LIMITS, Limits
from schemas.site import lay_over

__all__ = ["Judged", "Recipe", "envelope_facts", "judged", "options_of"]

_FEW = 24
"""So many inputs are judged in this process: starting others would take longer."""
_CHUNK, _CHUNK_BYTES = 32, 1024**2
_WAITING = 3
"""How many chunks are under way for each process."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How inputs are judged, in a form that another process can be given: what is read from files stands as paths."""

    format: str | None = None
    envelope: Path | None = None
    layers: tuple[Layer, ...] = LAYERS
    code_systems: Path | None = None
    profiles: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    strictness: Strictness = "normal"
    limits: Limits = DEFAULT_LIMITS
    site: Path | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One input and what was found in it."""

    input: Input
    examined: Examined


def judged(inputs: Iterator[Input], recipe: Recipe, jobs: int = 0) -> Iterator[Judged]:
    """Every input with what was found in it, in order. In: `jobs` is how many processes, 0 one for each core.

    Raises: Invalid for a recipe that cannot be followed, Fault when a process ended without an answer.
    """
    options = options_of(recipe)
    first = list(islice(inputs, _FEW + 1))
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(first) <= _FEW:
        for one in chain(first, inputs):
            yield Judged(one, examine(one.data, recipe.format, options))
        return
    try:
        yield from _over_cores(chain(first, inputs), recipe, jobs)
    except BrokenProcessPool as error:
        raise Fault("A process that judged documents ended without an answer. Try again with --jobs 1.") from error


def _over_cores(inputs: Iterator[Input], recipe: Recipe, jobs: int) -> Iterator[Judged]:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    waiting: deque[tuple[list[Input], Future[list[Examined]]]] = deque()
    with ProcessPoolExecutor(jobs, context) as pool:
        for chunk in _chunks(inputs):
            waiting.append((chunk, pool.submit(_judge, chunk, recipe)))
            if len(waiting) >= jobs * _WAITING:
                yield from _answers(*waiting.popleft())
        while waiting:
            yield from _answers(*waiting.popleft())


def _answers(chunk: list[Input], answer: Future[list[Examined]]) -> Iterator[Judged]:
    return (Judged(one, examined) for one, examined in zip(chunk, answer.result(), strict=True))


def _chunks(inputs: Iterator[Input]) -> Iterator[list[Input]]:
    """The inputs in handy parts: so many, or so many bytes."""
    chunk: list[Input] = []
    size = 0
    for one in inputs:
        chunk.append(one)
        size += len(one.data)
        if len(chunk) >= _CHUNK or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _judge(chunk: list[Input], recipe: Recipe) -> list[Examined]:
    """What is found in some inputs. Runs in a process of its own."""
    options = options_of(recipe)
    return [examine(one.data, recipe.format, options) for one in chunk]


@cache
def options_of(recipe: Recipe) -> Options:
    """The options that a recipe names, with its files read. Raises: Invalid."""
    lay_over(recipe.site)
    return Options(
        envelope=envelope_facts(recipe.envelope),
        layers=recipe.layers,
        limits=recipe.limits,
        code_systems=_code_systems(recipe.code_systems),
        profiles=recipe.profiles,
        definitions=_definitions(recipe.packages) if recipe.packages else None,
        strictness=recipe.strictness,
    )


def _code_systems(folder: Path | None) -> CodeSystems:
    """The shipped fragments, with the site's own code systems laid over them."""
    if folder is None:
        return shipped_code_systems()
    try:
        return with_site(code_systems_in(folder))
    except NotACodeSystem as error:
        raise Invalid(f"The code systems in '{folder}' cannot be used: {error}") from error
    except OSError as error:
        raise Invalid(f"The folder '{folder}' cannot be read: {why(error)}.") from error


def _definitions(packages: tuple[Path, ...]) -> Definitions:
    """The definitions of this installation, with those of the packages laid over them."""
    found = []
    for path in packages:
        try:
            found += list(read_package(path).resources())
        except PackageUnreadable as error:
            raise Invalid(f"The package '{path}' cannot be used. {error}") from error
        except OSError as error:
            raise Invalid(f"The package '{path}' cannot be read: {why(error)}.") from error
    return shipped_definitions().with_resources(found)


def envelope_facts(file: Path | None) -> Mapping[str, Any]:
    """The facts of an envelope file; none without a file. Raises: Invalid."""
    if file is None:
        return {}
    try:
        facts, issues = json_text.parse(file.read_bytes())
    except OSError as error:
        raise Invalid(f"The envelope '{file}' cannot be read: {why(error)}.") from error
    if issues or not isinstance(facts, dict):
        raise Invalid(f"The envelope '{file}' is not a JSON object.")
    return facts
