"""The page that documents the gate, made from its tables: `python -m interop.cli.gate_pages > docs/gate.md`.

Source: the grounds, the access matrix, the kinds of documents and the places of `validators/gate`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

from schemas.structures import shipped
from validators.gate import GROUNDS, duties, kinds
from validators.gate.documents import kind_of
from validators.gate.places import stripped_fields

__all__ = ["gate_page"]

_INTRODUCTION = """\
# The gate

Before each attempt to send a document to a system, also before each retry, the gate decides anew whether it may go:
**permit**, **hold** for a person, or **deny**. Nothing goes unless a ground of the law permits it. The decision's id,
its ground with act and section, every ground that held, the permits relied on, what was left out and the time are
stored with the attempt. This page is made from the gate's tables (`validators/gate`) by `python -m
interop.cli.gate_pages > docs/gate.md`.

`interop gate explain FILE --to SYSTEM` shows the reasoning for one document and one system of the settings, in text
or as JSON, in Finnish, Swedish or English; exit code 0 means that it may go, 1 that it is held or denied, 2 that the
input could not be used. `--wills FILE` counts in permits and prohibitions from files, `--stored` those that the
exchange knows. It asks the gate by the same call as the exchange, so that the two never differ. The guide
[decide who may see](how-to/decide-who-may-see.md) goes through it all.

## What it judges by

- **The document**: controller, kind, service tasks, service, producer, unit, clients, time of drafting,
  non-disclosure, and of a multidisciplinary plan its participants, term, way of working, permits and visibility
  labels. A placeholder is no fact.
- **The receiver**: the settings `controller`, `sector`, `ownership`, `duty` and what follows them, see
  [settings](settings.md). Systems are taken for public registers of social welfare unless their settings say
  otherwise; a receiver of another controller or sector, or a private one, needs its `duty`.
- **The clients' wills**: permits and prohibitions from THL's documents 1505.8 and 1505.9, non-disclosure orders from
  1505.1, and FHIR Consents. Those that pass through the exchange are learned before anything else is done with them;
  `interop gate permits add | list | revoke` does the rest by hand. Of each chain of versions the newest counts. Every
  client of a document must have permitted, and one prohibition stops it. Clients are kept as keyed pseudonyms.
- **The moment**, by Finland's calendar: a permit counts when it is in force whichever way the clock is set.

A fact that is not known never opens the gate between controllers: it holds the document, or there is no ground. A
person's release (`interop deliveries release`) lets past what held a delivery when it was released; what comes up
later holds it anew, and what is denied stays denied. The law's exceptions to permits (act 703/2023 § 55-56: a client
who cannot judge, an authority's own right, indispensable interests) are for people to apply, by other means than this
exchange.

**What cannot be read closes the gate; it never opens it.** A prohibition whose target cannot be read holds every
document of its client. A permit that is narrowed by something we do not know is no permit, and a permit document that
does not clearly permit revokes. A joint clienthood whose end is recorded and cannot be read, a visibility label that
cannot be read and a way of working that nobody knows hold the plan. A non-disclosure flag of any other value than
false is an order. One version that has been told in two ways counts as the one that closes more.

A revoked permit stops what has not left. `interop gate permits revoke ID` lists both: what rested on the permit and
has not left, with what the gate says of it now, and what has left and cannot be called back.

## The grounds

In the order in which they are asked; the first that holds decides, and all that hold are told. Denials come first,
since no person can let them past.
"""

_CONSENT = """\
## A permit as a FHIR Consent

A permit between social and health care has no THL document yet. It is given as a Consent (R4): `identifier` (its
chain), `meta.versionId`, `status`, `patient.identifier`, `dateTime` (given), `category` with a code of
`https://sote-interop.example/fhir/CodeSystem/will` (`inside_social_care`, `between_sectors` or `prohibition`), and
`provision`: `type` (`permit`, or `deny` for a prohibition), `period` (days of use), `dataPeriod` (days of the data),
`actor.reference.identifier` (OIDs; without any, public health care), `code` (service tasks, 1221), `class` (kinds of
documents, `https://sote-interop.example/fhir/CodeSystem/document-kind`), and for a prohibition `data` (OIDs of
documents). A Consent that narrows a permit by anything else is refused whole: it is never read as a wider one.
"""

_PLACES = """\
## Non-disclosure

Under a non-disclosure order, of the document or known from a relationship document, home municipality, addresses,
contact data other than phone and contact address, meeting places, and units and organisations whose name tells a
place are left out of the record, together with whatever the document brought beyond it. All that is written is
written from that record: structured parts, narrative, XHTML, attachments. Free text that may tell a place holds the
document until a person has read it; names of persons are not read. The controller's name stays, since the law wants
it on every document, and so does the producer's identifier. What is left out and what is read stands in
`validators/gate/places.toml` and `municipalities.toml`, which a site can lay its own over.

What a free text is searched for:
"""


def gate_page() -> str:
    """The whole page as Markdown."""
    parts = (
        _INTRODUCTION, *_grounds(), "", "## The access matrix", "", *_matrix(), "", "## Kinds of documents", "",
        *_kinds(), "", _CONSENT, _PLACES, *_patterns(), "", "Fields left out, and in how many structures:", "",
        *_fields(),
    )  # fmt: skip
    return "\n".join(parts) + "\n"


def _grounds() -> Iterator[str]:
    yield from _head("ground", "outcome", "act", "what it says")
    for one in GROUNDS.values():
        words = f"{one.message['en']}<br>{one.message['fi']}<br>{one.message['sv']}"
        yield _row(f"`{one.id}`", one.outcome, f"{one.act} {one.section}", words)


def _matrix() -> Iterator[str]:
    yield "The most that each duty may see (decree 457/2024). `own`: the tasks or services of the receiver's duty."
    yield "Data of mediation and shelters, and entries of therapy and examinations, are excluded from every row."
    yield ""
    yield from _head("duty", "section", "who", "kinds of documents", "service tasks", "besides")
    for name, duty in duties().items():
        for row in duty["allows"]:
            besides = ", ".join(f"{key}: {row[key]}" for key in ("services", "producer") if key in row)
            who = f"{duty['sector']}, {' or '.join(duty['ownership'])}"
            yield _row(f"`{name}`", duty["section"], who, ", ".join(row["kinds"]), ", ".join(row["tasks"]), besides)


def _kinds() -> Iterator[str]:
    codes: dict[str, list[str]] = {name: [] for name in kinds()}
    for structure in shipped():
        codes[kind_of(structure)].append(structure.code)
    yield from _head("kind", "structures")
    for name, found in codes.items():
        yield _row(f"`{name}`", ", ".join(sorted(found, key=lambda code: (len(code), code))))


def _patterns() -> Iterator[str]:
    table = tomllib.loads(files("validators").joinpath("gate/places.toml").read_text("utf-8"))
    yield from _head("pattern", "what it finds")
    yield from (_row(f"`{one['id']}`", one["en"]) for one in table["text"])


def _fields() -> Iterator[str]:
    count: Counter[tuple[str, str]] = Counter()
    for structure in shipped():
        count.update({(path.rsplit("/", 1)[-1], role) for path, role in stripped_fields(structure).items()})
    yield from _head("field", "left out", "structures")
    for (key, role), number in sorted(count.items()):
        yield _row(f"`{key}`", "always" if role == "strip" else "when its name tells a place", str(number))


def _head(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield "|" + "---|" * len(titles)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(gate_page(), end="")
