"""Prints documents per second and milliseconds per step for the example plan, on one core.

Validation is measured layer by layer, each alone, and together. Each step is compared with the floor: parsing the same
document with lxml and dumping the same record with orjson.
Figures on shared machines are noisy: compare the ratios of one run.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import orjson
from lxml import etree

from interop.documents import Options, examine, write
from interop.documents.resources import resource_issues
from mappings.formats import FORMATS, format_named
from schemas.codesystems import shipped_code_systems
from schemas.record import Record
from schemas.structures import shipped
from validators.conditions import check_conditions
from validators.content import check_content, check_envelope
from validators.terminology import check_codes
from validators.xml import check_xml

EXAMPLE = Path(__file__).parents[1] / "examples" / "plan-effica.xml"
ROUNDS, SECONDS = 5, 0.3
ALL = Options(code_systems=shipped_code_systems())
SMALL = ("Patient", "Organization", "Observation", "ServiceRequest", "Task", "Goal", "CareTeam", "Encounter")


def milliseconds(step: Callable[[], object]) -> float:
    """The median over rounds of the CPU time that one call of a step takes."""
    step()
    times = []
    gc.disable()
    for _ in range(ROUNDS):
        calls, start = 0, time.process_time()
        while time.process_time() - start < SECONDS:
            step()
            calls += 1
        times.append((time.process_time() - start) / calls * 1000)
    gc.enable()
    return median(times)


def steps() -> list[tuple[str, Callable[[], object]]]:
    data = EXAMPLE.read_bytes()
    effica = format_named("effica")
    parsed = effica.parse(data)
    record = _example()
    assert effica.schema is not None
    schema, structure = effica.schema, shipped()[record.structure]
    rows: list[tuple[str, Callable[[], object]]] = [
        ("floor: lxml parse + orjson dump", lambda: (etree.fromstring(data), orjson.dumps(record.content))),
        ("read   effica: parse", lambda: effica.parse(data)),
        ("check  XSD", lambda: check_xml(schema, parsed.tree)),
        ("map    effica to record", lambda: effica.decode(parsed)),
        (
            "check  content and envelope",
            lambda: (check_content(structure, record.content), check_envelope(record.envelope)),
        ),
        ("check  conditional rules", lambda: check_conditions(structure, record.content)),
    ]
    rows += [(f"write  {form.name}", lambda form=form: form.write(record)) for form in FORMATS]  # type: ignore[misc]
    written = {form.name: form.write(record).data for form in FORMATS}
    bundle = small_bundle(written["fhir"])
    rows += [(f"read   {form.name}", lambda form=form: form.read(written[form.name])) for form in FORMATS]  # type: ignore[misc]
    rows += [
        *layers(effica.name, data),
        *layers("fhir", written["fhir"]),
        *((f"whole  validate {name}", lambda one=one: examine(one, None, ALL)) for name, one in written.items()),
        ("whole  validate a FHIR Bundle of 5 KB", lambda: examine(bundle, None, ALL)),
        ("whole  effica to omni360 and apotti", lambda: _both(data)),
    ]
    return rows


def layers(form: str, data: bytes) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each layer of the validation alone, on what the layers before it have made. FHIR's three are one walk."""
    known = format_named(form)
    parsed = known.parse(data)
    record = known.decode(parsed).record
    assert record is not None
    structure, code_systems = shipped()[record.structure], shipped_code_systems()
    yield f"layer  {form} bytes, syntax", lambda: known.parse(data)
    if (schema := known.schema) is not None:
        yield f"layer  {form} schema (XSD)", lambda: check_xml(schema, parsed.tree)
    else:
        yield f"layer  {form} base, profile, terms", lambda: resource_issues(parsed.tree, ALL)
    yield f"layer  {form} schema (structure)", lambda: check_content(structure, record.content)
    yield (
        f"layer  {form} terminology",
        lambda: list(check_codes(structure, record.content, code_systems, record.language)),
    )
    yield f"layer  {form} rules", lambda: check_conditions(structure, record.content)
    yield f"layer  {form} references (reading)", lambda: known.decode(parsed)


def _example() -> Record:
    record = examine(EXAMPLE.read_bytes()).record
    assert record is not None
    return record


def small_bundle(document: bytes) -> bytes:
    """Resources of a FHIR document in a collection of about 5 KB, as systems send them."""
    entries: list[object] = []
    for entry in orjson.loads(document)["entry"]:
        more = [*entries, entry]
        if entry["resource"]["resourceType"] in SMALL and len(orjson.dumps(more)) < 5_100:
            entries = more
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _both(data: bytes) -> None:
    record = examine(data).record
    if record is not None:
        write(record, "omni360")
        write(record, "apotti")


_MEASURED = """\
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command from a small process: what a child is said to need at most is never less than what its parent has."""


def start_up() -> None:
    """Prints how long imports and whole one-shot commands take from the shell's point of view, and their memory."""
    bundle = small_bundle(format_named("fhir").write(_example()).data)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.json"
        file.write_bytes(bundle)
        run = "from interop.cli import main; main()"
        for name, code, arguments in (
            ("python alone", "pass", []),
            ("import of the commands", "import interop.cli, interop.cli.validate", []),
            ("interop --help", run, ["--help"]),
            (f"interop validate {EXAMPLE.name}", run, ["validate", str(EXAMPLE)]),
            ("interop validate a Bundle of 5 KB", run, ["validate", str(file)]),
        ):
            command = [sys.executable, "-c", _MEASURED, sys.executable, "-c", code, *arguments]
            said = [subprocess.run(command, capture_output=True, check=True).stdout.split() for _ in range(ROUNDS)]
            wall, memory = (median(float(one[part]) for one in said) for part in (0, 1))
            print(f"{'start  ' + name:<43}{wall * 1000:>6.0f} ms wall{memory / 1024:>8.0f} MB at most")


def main() -> None:
    print(f"{EXAMPLE.name}, {len(EXAMPLE.read_bytes())} bytes, one core, CPU time, median of {ROUNDS} rounds\n")
    print(f"{'step':<38}{'ms':>10}{'documents/s':>14}{'x floor':>10}")
    floor = 0.0
    for name, step in steps():
        cost = milliseconds(step)
        floor = floor or cost
        print(f"{name:<38}{cost:>10.3f}{1000 / cost:>14.0f}{cost / floor:>10.1f}")
    print()
    start_up()


main()
