"""Writes a plan in another format and says what the format could not hold: `python examples/convert_a_plan.py`."""

import json
from pathlib import Path

from interop import convert, read

plan = Path(__file__).with_name("plan-effica.xml")
result = convert(plan, to="fhir")
if result.written is None:
    raise SystemExit("The plan cannot be read; `validate` tells why.")
bundle = json.loads(result.written.data)
print(bundle["resourceType"], bundle["type"], sorted({entry["resource"]["resourceType"] for entry in bundle["entry"]}))
print("lost:", len(result.written.report.lost))

# One table serves both directions: reading what was written gives the same record back.
print("the same again:", read(result.written.data) == read(plan))
