"""The page that documents every rule, made from the catalogues: `python -m interop.cli.rule_pages > docs/rules.md`.

Source: FHIR R4 IssueType for the codes, https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from interop.cli.rule_examples import rule_examples
from schemas.issues import LANGUAGES, LAYERS, Rule, rules_in
from validators.rules import CATALOGUES, condition_rules, places

__all__ = ["FILES", "all_rules", "rules_page"]

FILES = (
    ("schemas", "rules"),
    ("schemas", "fhir_xml"),
    ("mappings", "rules"),
    ("mappings", "kanta"),
    ("mappings", "fhir_rules"),
    ("validators", "rules"),
    ("validators", "terminology"),
    ("validators", "fhir"),
)
"""The catalogues, by package and file name. The conditional rules stand in `validators/rules` beside them."""

_INTRODUCTION = """\
# Rules

Every finding about a document names one of these rules. A rule's id is its assertion; it is permanent and never reused.
This page is made from the catalogues (`{packages}`, `validators/rules/*.toml`) by
`python -m interop.cli.rule_pages > docs/rules.md`.

An **error** makes a document invalid. A **warning** tells of what should be otherwise, and **information** of what a
reader may want to know. In a message, `{{field}}`, `{{group}}` and the like stand for the official names of fields; no
message ever holds a value of the document.

The conditional rules are THL's notes of when a field is recorded or mandatory, written as data; the language is
described in `validators/rules/__init__.py`. Each judges the structures named; `*` is every structure that has the
fields. What the law asks of a client plan, and of every client document, is told as warnings and information.

Some of THL's conditions cannot be judged from a document. Either the code is not public: home care and home service for
families (hours of a decision and long-term care in 11000, 11001 and 11052), a shelter (1505.1), a closed case (1505.2),
another referrer (1008), the leaf classes of 1251 and 1292. Or the circumstance is not in the document: old data being
archived, a relationship no longer active, another unit that carries a service out (1505.1), a document made in a client
record system (1505.8, 1505.9). Two notes contradict their own structure, which makes the question of an own worker
mandatory (1008, 1013).
"""


def all_rules() -> Mapping[str, Rule]:
    """Every rule of every catalogue, by id. Raises: ValueError when two catalogues hold the same id."""
    rules: dict[str, Rule] = {}
    for catalogue in (*(rules_in(*file) for file in FILES), condition_rules()):
        if twice := rules.keys() & catalogue.keys():
            raise ValueError(f"These rules stand in two catalogues: {', '.join(sorted(twice))}.")
        rules |= catalogue
    return rules


def rules_page() -> str:
    """The whole page as Markdown: an overview by layer, then each rule with its messages, places and source."""
    rules = all_rules()
    packages = "`, `".join(f"{package}/{name}.toml" for package, name in FILES)
    parts = [_INTRODUCTION.format(packages=packages), *_overview(rules.values())]
    for layer in LAYERS:
        mine = [rule for rule in rules.values() if rule.layer == layer]
        parts += [f"\n## {layer.capitalize()}\n", *(_section(rule) for rule in mine)] if mine else []
    return "\n".join(parts)


def _overview(rules: Iterable[Rule]) -> Iterator[str]:
    rules = tuple(rules)
    yield f"There are {len(rules)} rules. {len(condition_rules())} are conditional, in {len(CATALOGUES)} catalogues.\n"
    yield "| layer | errors | warnings | information |"
    yield "|---|---:|---:|---:|"
    for layer in LAYERS:
        counts = [
            sum(1 for rule in rules if (rule.layer, rule.severity) == (layer, severity))
            for severity in ("error", "warning", "information")
        ]
        if any(counts):
            yield f"| {layer} | {' | '.join(map(str, counts))} |"


def _section(rule: Rule) -> str:
    lines = [f"### {rule.id}\n", f"{rule.severity}, `{rule.code}`. Source: {rule.source}.\n"]
    lines += [f"- {language}: {rule.message[language]}" for language in LANGUAGES]
    lines.append(f"- passes: `` {rule_examples()[rule.id]} ``")
    if judged := _judged(rule):
        lines.append(f"- structures: {judged}")
    return "\n".join(lines) + "\n"


def _judged(rule: Rule) -> str:
    """The structures that a conditional rule names; nothing for another rule."""
    named = dict.fromkeys(name for place in places() if place.rule.id == rule.id for name in place.structures)
    return ", ".join(f"`{name}`" for name in named)


if __name__ == "__main__":
    print(rules_page(), end="")
