"""Shows where one value of a FHIR document came from: `python examples/explain_a_value.py`."""

from pathlib import Path

from interop import explain

explained = explain(Path(__file__).with_name("plan-effica.xml"), to="fhir")
for way in explained.ways:
    if way.record.endswith("/paivamaara_ja_kellonaika"):
        print(way.label)
        print("  output", way.output.path)
        print("  record", way.record)
        print("  source", way.source.path, "line", way.source.line)
        for copy in way.copies:
            print("  also  ", copy.place.path, "by", copy.codec)
