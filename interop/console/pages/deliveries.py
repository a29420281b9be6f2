"""Deliveries: the list with its filters, one delivery with its timeline, and a person's acts."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

from starlette.responses import Response

from interop.console.asking import Ask
from interop.console.filters import day, page_number
from interop.errors import Invalid, NotFound
from interop.service.deliveries import ACTS, REASONED, Act, followed, possible
from interop.service.deliveries import act as act_on
from interop.store import STATES, Wanted
from schemas.identity import is_oid

__all__ = ["act", "index", "show"]

_PAGE = 50


def index(ask: Ask) -> Response:
    """The deliveries that the filters in the address let through."""
    wanted, mistakes = _wanted(ask)
    number = page_number(ask.asked("page"))
    found = ask.parts.store.figures.find(wanted, limit=_PAGE, offset=(number - 1) * _PAGE)
    return ask.page(
        "deliveries.html",
        found=found,
        wanted=wanted,
        mistakes=mistakes,
        states=STATES,
        systems=tuple(ask.parts.participants),
        number=number,
        pages=max(1, -(-found.count // _PAGE)),
        filtered=wanted != Wanted(),
    )


def show(ask: Ask) -> Response:
    """One delivery: how it stands, what happened to it and why, and what can be done about it."""
    return _page(ask, ask.request.path_params["delivery"])


def act(ask: Ask) -> Response:
    """The act that the form asks for; the browser goes back to the delivery."""
    what, delivery = ask.request.path_params["act"], ask.request.path_params["delivery"]
    if what not in ACTS:
        raise NotFound(ask.say("error.not_found"))
    if what in REASONED and not ask.filled("reason").strip():
        return _page(ask, delivery, status=400, missing="reason")
    try:
        act_on(ask.parts, cast("Act", what), delivery, ask.name, ask.filled("reason"))
    except Invalid as error:
        raise Invalid(ask.say("delivery.not_possible")) from error
    return ask.goto(f"/deliveries/{delivery}", notice=ask.say(f"delivery.done.{what}"))


def _page(ask: Ask, delivery_id: int, *, status: int = 200, missing: str = "") -> Response:
    found = followed(ask.parts, delivery_id)
    acts = possible(found) if ask.may("act") else ()
    return ask.page("delivery.html", status=status, found=found, acts=acts, missing=missing, spans=_spans(found.steps))


def _spans(steps: Any) -> list[timedelta | None]:
    """How long after the step before it each step came."""
    return [None, *(after.at - before.at for before, after in pairwise(steps))]


def _wanted(ask: Ask) -> tuple[Wanted, tuple[str, ...]]:
    """What the filters ask for, and the names of the filters that could not be understood and so filter nothing."""
    mistakes: list[str] = []
    states = tuple(state for state in STATES if state in ask.request.query_params.getlist("state"))
    document = ask.asked("document")
    if document and not is_oid(document):
        mistakes.append("document")
        document = ""
    since, until = (day(ask.asked(name), name, mistakes) for name in ("since", "until"))
    return Wanted(
        states=states,
        source=ask.asked("source"),
        receiver=ask.asked("receiver"),
        document=document,
        since=since,
        until=until + timedelta(days=1) if until else None,
    ), tuple(mistakes)
