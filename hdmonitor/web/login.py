"""Logging in and out, and what people change of their own account."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.accounts import changed, ended, logged_in, weak_password, weak_pin
from hdmonitor.seals import BOARD_LIVES, SESSION_LIVES
from hdmonitor.web import proof
from hdmonitor.web.desk import Desk
from hdmonitor.web.visit import (
    BOARD,
    SESSION,
    VISITOR,
    Visit,
    Visitor,
    acts,
    address_of,
    for_anybody,
    for_people,
    take_form,
    visitor_of,
)


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""

    async def on_login(request: Request) -> Response:
        # A form of its own for each browser: one that another site makes logs nobody in as somebody else.
        stranger = request.cookies.get(VISITOR, "")
        if not stranger:
            return _page(Visit(desk, request, visitor_of(desk, request)))
        return await take_form(desk, request, Visitor(proof=stranger), _log_in)

    return [
        for_anybody(desk, "/login", _page_of_login),
        Route("/login", on_login, methods=["POST"]),
        acts(desk, "/logout", _log_out),
        for_people(desk, "/me", _me),
        acts(desk, "/me/password", _set_password),
        acts(desk, "/me/pin", _set_pin),
    ]


async def _page_of_login(visit: Visit) -> Response:
    return _page(visit)


def _page(visit: Visit, says: str = "", status: int = 200) -> Response:
    stranger = visit.request.cookies.get(VISITOR, "") or secrets.token_urlsafe(16)
    form = visit.desk.seals.form(stranger)
    onward = _onward(visit.text("next", 500) or visit.request.query_params.get("next", ""))
    nobody = not visit.desk.anybody
    answer = visit.page("login.html", status, says=says, form=form, onward=onward, nobody=nobody)
    answer.set_cookie(
        VISITOR, stranger, httponly=True, samesite="lax", secure=visit.desk.outside.secure, max_age=3600
    )
    return answer


def _onward(path: str) -> str:
    """Return where to go after a login: a page of ours, whatever was asked for."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and "\\" not in path else "/"


async def _log_in(visit: Visit) -> Response:
    address = address_of(visit.request)
    name, secret = visit.text("name", 100), str(visit.form.get("password", ""))[:400]
    person, refusal = await proof.login(visit.desk, name, secret, address)
    if person is None:
        return _page(visit, refusal, 403)
    if refusal := await visit.desk.ask(logged_in(person.id, address)):
        return _page(visit, refusal, 503)
    account = visit.desk.account(person.id)
    answer = visit.done(_onward(visit.text("next", 500)))
    board = person.role == BOARD
    answer.set_cookie(
        SESSION,
        visit.desk.seals.session(person.id, account.stamp if account else "", board=board),
        httponly=True,
        samesite="lax",  # strict would ask for a new login behind every link of a message
        secure=visit.desk.outside.secure,
        max_age=int((BOARD_LIVES if board else SESSION_LIVES).total_seconds()),
    )
    answer.delete_cookie(VISITOR)
    return answer


async def _log_out(visit: Visit) -> Response:
    if refusal := await visit.ask(ended(visit.by)):
        return visit.refused(refusal)
    answer = visit.done("/login")
    answer.delete_cookie(SESSION)
    return answer


# --- one's own account ------------------------------------------------------------


async def _me(visit: Visit) -> Response:
    account = visit.desk.account(visit.by)
    return visit.page("me.html", has_pin=bool(account and account.pin), says="")


async def _set_password(visit: Visit) -> Response:
    new, again = str(visit.form.get("new", "")), str(visit.form.get("again", ""))
    return await _set(visit, "password", new, weak_password(new) or _unlike(new, again))


async def _set_pin(visit: Visit) -> Response:
    new, again = visit.text("new", 40), visit.text("again", 40)
    return await _set(visit, "pin", new, weak_pin(new) or _unlike(new, again))


def _unlike(new: str, again: str) -> str:
    return "" if new == again else "the two are not the same"


async def _set(visit: Visit, what: str, new: str, wrong: str) -> Response:
    """Change a secret of one's own; the password proves that it is not just somebody at this screen."""
    person = visit.visitor.person
    assert person is not None  # noqa: S101  # `acts` lets nobody else in
    if wrong:
        return visit.refused(f"Nothing was changed: {wrong}.", 422, back="/me")
    secret = str(visit.form.get("password", ""))[:400]
    proven, refusal = await proof.login(visit.desk, person.id, secret, address_of(visit.request))
    if proven is None:
        return visit.refused(f"{refusal} Nothing was changed.", 403, back="/me")
    value = await proof.hash_of(new)
    if refusal := await visit.ask(changed(person.id, person.id, what, value)):
        return visit.refused(refusal, back="/me")
    return visit.done("/login")
