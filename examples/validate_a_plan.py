"""Says what is wrong in a plan, and where. Run it from a checkout: `python examples/validate_a_plan.py`."""

from pathlib import Path

from interop import validate

plan = Path(__file__).with_name("plan-effica.xml").read_bytes()
found = validate(plan)
print(found.format, "valid" if found.valid else "not valid")

# A document that breaks a rule is no exception: each finding has its rule, its place and a sentence in fi, sv and en.
broken = plan.replace(b"<Versio>1</Versio>", b"<Versio>one</Versio>")
for issue in validate(broken).issues:
    if issue.rule.severity == "error":
        print(issue.rule.id, issue.path, issue.line)
