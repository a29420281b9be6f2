"""A decision of the gate, and known permits and prohibitions, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interop.exchange.resting import Resting
from interop.store import Delivery, KnownWill
from schemas.issues import Language
from schemas.wills import Permit
from validators.gate import Decision

__all__ = ["as_text", "here_lines", "left_lines", "will_lines"]

_WORDS: Mapping[str, Mapping[Language, str]] = {
    "permit": {"fi": "saa lähettää", "sv": "får sändas", "en": "may go"},
    "hold": {"fi": "odottaa ihmistä", "sv": "väntar på en människa", "en": "waits for a person"},
    "deny": {"fi": "ei saa lähettää", "sv": "får inte sändas", "en": "may not go"},
    "asked": {"fi": "Kysytyt perusteet:", "sv": "Grunder som prövades:", "en": "Grounds that were asked:"},
    "redactions": {"fi": "Jätetään pois:", "sv": "Utelämnas:", "en": "Left out:"},
    "suspects": {"fi": "Ihmisen luettavaksi:", "sv": "Att läsas av en människa:", "en": "For a person to read:"},
    "True": {"fi": "kyllä", "sv": "ja", "en": "yes"},
    "False": {"fi": "ei", "sv": "nej", "en": "no"},
}


def as_text(name: str, receiver: str, decision: Decision, language: Language) -> Iterator[str]:
    """The decision, its ground, every ground that was asked with the answer, and what is left out."""
    yield f"{name} → {receiver}: {_WORDS[decision.outcome][language]}"
    yield f"  {decision.basis.act} {decision.basis.section}: {decision.basis.message[language]}"
    yield ""
    yield _WORDS["asked"][language]
    for step in decision.steps:
        law = f"{step.ground.act} {step.ground.section}"
        yield f"  {_WORDS[str(step.holds)][language]:<6} {law:<20} {step.ground.message[language]}"
    for title, places in (("redactions", decision.redactions), ("suspects", decision.suspects)):
        if places:
            yield ""
            yield _WORDS[title][language]
            yield from (f"  {place}" for place in places)


def will_lines(one: KnownWill) -> Iterator[str]:
    """One will: a line that names it, and a line for each thing that it says."""
    yield f"{one.id}  client {one.client[:12]}  version {one.version}  from {one.source}"
    for permit in one.said.permits:
        yield f"    {_permit(permit)}"
    for ban in one.said.prohibitions:
        yield f"    prohibition of {ban.kind.replace('_', ' ')}: {', '.join(ban.targets)}"
    if one.said.non_disclosure is not None:
        yield f"    non-disclosure order: {'yes' if one.said.non_disclosure else 'no'}"
    if not one.said.permits and not one.said.prohibitions and one.said.non_disclosure is None:
        yield "    nothing any more"


def here_lines(here: Sequence[Resting]) -> Iterator[str]:
    """The deliveries that have not left, and what the gate says of each now."""
    yield (
        f"Rests on it and has not left: {len(here)}. The gate now says:" if here else "Nothing waits to leave on it."
    )
    for one in here:
        basis = one.decision.basis
        says = f"{_WORDS[one.decision.outcome]['en']}, {basis.act} {basis.section}: {basis.message['en']}"
        yield f"{_line(one.delivery)}  {says}"


def left_lines(left: Sequence[Delivery]) -> Iterator[str]:
    """The deliveries that have left, or may have."""
    yield f"Has left on it and cannot be called back: {len(left)}." if left else "Nothing has left on it."
    yield from map(_line, left)


def _line(one: Delivery) -> str:
    return f"{one.id:>8}  {one.state:<10}  {one.receiver:<16}  {one.document} v{one.version}"


def _permit(permit: Permit) -> str:
    parts = [f"permit {permit.kind.replace('_', ' ')}, given {permit.given}"]
    told = {
        "revoked": permit.revoked,
        "from": permit.starts,
        "until": permit.ends,
        "to": ", ".join(permit.receivers),
        "service tasks": ", ".join(permit.service_tasks),
        "content": ", ".join(permit.content),
        "data from": permit.data_from,
        "data until": permit.data_until,
    }
    return ", ".join([*parts, *(f"{name} {value}" for name, value in told.items() if value)])
