"""Makes a new version of a plan from data and writes it for Apotti: `python examples/write_a_record.py`."""

from dataclasses import replace
from pathlib import Path

from interop import read, validate, write

plan = read(Path(__file__).with_name("plan.json"))
newer = replace(plan, envelope={**plan.envelope, "version": plan.version + 1, "replaces": plan.document})
note = write(newer, "apotti")
found = validate(note.data)
print(found.format, "version", found.record.version if found.record else None)
