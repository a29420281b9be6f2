"""Coming in and going out: the password, the one-time token, the sign-in service."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.responses import Response

from interop.console.access import Who
from interop.console.asking import Ask, local_path
from interop.errors import Forbidden, NotFound, Unavailable

__all__ = ["back_from_provider", "enter", "leave_for_provider", "sign_in", "sign_in_page", "sign_out"]

_NEXT = "next"


def sign_in_page(ask: Ask) -> Response:
    """The form to sign in with."""
    return ask.page("sign_in.html", failed=False, next=local_path(ask.asked(_NEXT)))


def sign_in(ask: Ask) -> Response:
    """The page that was wanted, for one whose name and password are right."""
    who = ask.desk.passwords.who(ask.filled("name").strip().lower(), ask.filled("password"), ask.now)
    wanted = local_path(ask.filled(_NEXT))
    if who is None:
        return ask.page("sign_in.html", status=403, failed=True, next=wanted)
    return _welcome(ask, who, wanted, local=True)


def sign_out(ask: Ask) -> Response:
    """The sign-in page; the visit is over."""
    ask.desk.visits.end(ask.request.session, ask.now)
    return ask.goto("/sign-in", notice=ask.say("sign_in.out"))


def enter(ask: Ask) -> Response:
    """The first page, for the one who started the console on this machine and brings its one-time token."""
    if not _is_here(ask):
        raise NotFound(ask.say("error.not_found"))
    who = ask.desk.door.who(ask.asked("token"))
    if who is None:
        raise Forbidden(ask.say("sign_in.used_token"))
    return _welcome(ask, who, local_path(ask.asked(_NEXT)), local=False)


async def leave_for_provider(ask: Ask) -> Response:
    """The way to the sign-in service."""
    if ask.desk.provider is None:
        raise NotFound(ask.say("error.not_found"))
    ask.request.session[_NEXT] = local_path(ask.asked(_NEXT))
    try:
        return await ask.desk.provider.leave_for(ask.request)
    except Unavailable as error:
        raise Unavailable(ask.say("sign_in.provider_away")) from error


async def back_from_provider(ask: Ask) -> Response:
    """The page that was wanted, for one whom the sign-in service has confirmed and who has a role here."""
    if ask.desk.provider is None:
        raise NotFound(ask.say("error.not_found"))
    try:
        claims = await ask.desk.provider.claims(ask.request, ask.now)
    except Forbidden as error:
        raise Forbidden(ask.say("sign_in.not_confirmed")) from error
    except Unavailable as error:
        raise Unavailable(ask.say("sign_in.provider_away")) from error
    who = ask.desk.provider.who(claims)
    if who is None:
        raise Forbidden(ask.say("sign_in.no_role"))
    return _welcome(ask, who, local_path(ask.request.session.get(_NEXT, "/")), local=False)


def _welcome(ask: Ask, who: Who, wanted: str, *, local: bool) -> Response:
    ask.desk.visits.begin(ask.request.session, who, ask.now, local=local)
    return ask.goto(wanted)


def _is_here(ask: Ask) -> bool:
    """True when the browser runs on this machine and calls it by its own name: no other site can stand in for it."""
    client = ask.request.client
    try:
        near = client is not None and ip_address(client.host).is_loopback
    except ValueError:
        return False
    return near and ask.request.url.hostname in ("127.0.0.1", "localhost", "::1")
