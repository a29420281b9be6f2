"""What Epic's numeric codes mean for a caller: each code has one reaction, and each reaction one error.

The codes and their reactions are data, `epic_errors.toml`.
Source: public tables of Epic's OperationOutcome codes, coding system urn:oid:1.2.840.114350.1.13.0.1.7.2.657369.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files

from interop.errors import Busy, Conflict, Forbidden, InteropError, NotFound, Unavailable, Unknown, Unsupported
from interop.systems.fhir import outcome, places, reference_in
from interop.systems.http import Answer, refusal

__all__ = ["SYSTEM", "TOO_MANY", "Merged", "Narrow", "NotTaken", "Restart", "judged", "reactions", "stopped"]

_TABLE = tomllib.loads(files("interop.systems").joinpath("epic_errors.toml").read_text("utf-8"))
_REACTIONS: dict[str, str] = {code: entry["reaction"] for code, entry in _TABLE["codes"].items()}
SYSTEM: str = _TABLE["system"]
"""The coding system of Epic's codes."""

_STOPPING = frozenset({"forbidden", "person", "refused", "tomorrow"})
_SILENT = frozenset({"ignored", "merged", "none", "partial"})

TOO_MANY = tuple(code for code, reaction in _REACTIONS.items() if reaction == "narrow")
"""The codes that say a search has more results than the server gives."""


class Merged(Conflict):
    """The patient lives on under another id, `Patient/id`."""

    def __init__(self, patient: str) -> None:
        super().__init__("The client's patient in Apotti has been merged into another; a person must look at it.")
        self.patient = patient


class Restart(Busy):
    """The pages of a search have expired."""


class Narrow(Conflict):
    """A search has more results than the server gives."""


class NotTaken(Unsupported):
    """The server refuses the note for its content."""


_ERRORS: dict[str, tuple[type[InteropError], str]] = {
    "duplicate": (Unknown, "Apotti says that it has this already; read back before sending again"),
    "forbidden": (Forbidden, "Apotti says that our user is not authorised"),
    "gone": (NotFound, "Apotti says that it has been deleted"),
    "narrow": (Narrow, "Apotti has too many results for one search"),
    "person": (Conflict, "The client's record in Apotti is restricted; a person must act"),
    "restart": (Restart, "The pages of a search in Apotti expired before they were read"),
}


def reactions(codes: Iterable[str]) -> set[str]:
    """The reactions that some codes call for; codes that the table does not hold call for none."""
    return {_REACTIONS[code] for code in codes if code in _REACTIONS}


def stopped(codes: Iterable[str]) -> InteropError | None:
    """The error that the codes beside a search's results demand, or None when the results may be used."""
    for code in codes:
        if _REACTIONS.get(code) in _STOPPING:
            return _error(code, f"code {code}", repeatable=True)
    return None


def judged(answer: Answer, *, repeatable: bool) -> InteropError:
    """The error that an answer stands for: by Epic's own code when it names one we know, else by its status."""
    place = f"status {answer.status}, request {answer.request_id}"
    if 300 <= answer.status < 400:
        patient = reference_in(answer, "Patient")
        return Merged(patient) if patient else Unsupported(f"Apotti redirected the call, {place}.")
    if answer.status in (404, 410):
        return refusal("Apotti", answer)
    elements = "".join(f", element {element}" for element in places(answer))
    for code in outcome(answer):
        if _REACTIONS.get(code, "none") not in _SILENT:
            return _error(code, f"code {code}{elements}, {place}", repeatable=repeatable)
    if answer.status in (400, 413, 422) and not repeatable:
        return NotTaken(f"Apotti did not take the note: {place}{elements}.")
    return refusal("Apotti", answer, repeatable=repeatable)


def _error(code: str, place: str, *, repeatable: bool) -> InteropError:
    reaction = _REACTIONS[code]
    if reaction in _ERRORS:
        kind, sentence = _ERRORS[reaction]
        return kind(f"{sentence} ({place}).")
    if reaction == "tomorrow":
        return Busy(f"The day's quota of queries in Apotti is used up ({place}).", _until_tomorrow())
    if reaction == "unknown":
        sentence = f"Apotti had an internal error ({place})."
        return Unavailable(sentence) if repeatable else Unknown(sentence)
    sentence = f"Apotti did not take the {'request' if repeatable else 'note'}: {place}."
    return Unsupported(sentence) if repeatable else NotTaken(sentence)


def _until_tomorrow() -> float:
    """The seconds until an hour after the next midnight of UTC: by then it is the next day in Finland too."""
    now = datetime.now(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(1), UTC)
    return (tomorrow - now).total_seconds()
