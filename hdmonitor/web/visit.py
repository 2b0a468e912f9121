"""Who asks for a page, what may be asked without a login, and how a form becomes an act.

Every route is made here, by one of `for_anybody`, `for_readers`, `for_people`
and `acts`; so none can forget to ask who is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message

from hdmonitor.events import Act, Entry
from hdmonitor.model import Person
from hdmonitor.reader import JournalRefused
from hdmonitor.rights import Role
from hdmonitor.rows import Account
from hdmonitor.web.desk import Desk

SESSION = "hdmonitor-session"
VISITOR = "hdmonitor-visitor"  # before a login: whose form it is
LONGEST_FORM = 64 * 1024  # bytes
MOST_FIELDS = 60
BODY_WITHIN = 10.0  # seconds for a browser to send its form
BOARD = Role.BOARD  # a wall display: it reads, it never acts


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. Nobody has a name unless a session, a link or a token proves it."""

    person: Person | None = None
    way: Literal["session", "link", "token", "unlocked", ""] = ""
    proof: str = ""  # the session or link: a form made for one is refused with another

    @property
    def reads(self) -> bool:
        """Whether pages are shown."""
        return self.way != ""

    @property
    def acts(self) -> bool:
        """Whether a person is there, who can act."""
        return self.person is not None and self.way in {"session", "link"} and self.person.role != BOARD


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, with who asks and, of a POST, the fields of its form."""

    desk: Desk
    request: Request
    visitor: Visitor
    form: FormData = field(default_factory=FormData)
    once: str = ""  # name of the form; goes with the act, so that a form sent twice acts once

    def text(self, name: str, longest: int = 200) -> str:
        """Return a field as one line of plain text, cut to `longest` characters; empty when it is missing."""
        value = self.form.get(name, "")
        line = " ".join(value.split()) if isinstance(value, str) else ""
        return "".join(each for each in line if each.isprintable())[:longest]

    @property
    def by(self) -> str:
        """Return the id of the person who acts."""
        assert self.visitor.person is not None  # noqa: S101  # `acts` lets nobody else in
        return self.visitor.person.id

    async def ask(self, act: Act | Entry) -> str:
        """Have the core decide an act of this form; return "" when it is done, else why not."""
        return await self.desk.ask(act, self.once)

    def new_form(self) -> str:
        """Return the hidden field `form` that every form needs."""
        return self.desk.seals.form(self.visitor.proof)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page; templates also get `site`, `visitor`, `form`, `time`, `day` and `zone`."""
        common = {"site": self.desk.site.name, "visitor": self.visitor, "form": self.new_form()}
        return self.desk.page(template, {**common, **self.desk.as_of(), **values}, status)

    def refused(self, says: str, status: int = 409, *, back: str = "/") -> Response:
        """Return a page that says why nothing was done, and leads back."""
        return self.page("refused.html", status, says=says, back=back)

    def done(self, address: str) -> Response:
        """Lead to the page that shows what was done; loading that again acts no second time."""
        return RedirectResponse(address, 303)


View = Callable[[Visit], Awaitable[Response]]


# --- routes -----------------------------------------------------------------


def for_anybody(desk: Desk, path: str, view: View) -> Route:
    """Return a page that needs no login: only what tells nothing and what asks who is there."""

    async def answer(request: Request) -> Response:
        return await view(Visit(desk, request, visitor_of(desk, request)))

    return Route(path, answer, methods=["GET"])


def for_readers(desk: Desk, path: str, view: View) -> Route:
    """Return a page for whoever is logged in, and for boards with their token."""

    async def answer(request: Request) -> Response:
        visit = Visit(desk, request, visitor_of(desk, request))
        return await view(visit) if visit.visitor.reads else _login(request)

    return Route(path, answer, methods=["GET"])


def for_people(desk: Desk, path: str, view: View) -> Route:
    """Return a page for people: not for boards, and not where nobody can log in."""

    async def answer(request: Request) -> Response:
        visit = Visit(desk, request, visitor_of(desk, request))
        return await view(visit) if visit.visitor.acts else _login(request)

    return Route(path, answer, methods=["GET"])


def for_programs(desk: Desk, path: str, view: View) -> Route:
    """Return an answer in JSON for whoever may read pages; nobody is led to a login."""

    async def answer(request: Request) -> Response:
        visitor = visitor_of(desk, request)
        return await view(Visit(desk, request, visitor)) if visitor.reads else no_token()

    return Route(path, answer, methods=["GET"])


def acts_of_programs(desk: Desk, path: str, view: View) -> Route:
    """Return the way by which programs act: with a token in a header, which no other site's page can send.

    `view` sees to it that a person is proven besides.
    """

    async def answer(request: Request) -> Response:
        visitor = visitor_of(desk, request)
        return await view(Visit(desk, request, visitor)) if visitor.way == "token" else no_token()

    return Route(path, answer, methods=["POST"])


def no_token() -> Response:
    """Return what a program hears that has no token."""
    says = "Send a token: 'Authorization: Bearer ...'; hdmonitor people token makes one."
    return JSONResponse({"error": says}, 401, {"WWW-Authenticate": "Bearer"})


def acts(desk: Desk, path: str, view: View, *, longest: int = LONGEST_FORM, files: int = 0) -> Route:
    """Return the way by which a logged-in person's form acts.

    A form of somebody else, of another page or of nobody is refused before
    `view` is called, as is one longer than `longest` bytes.
    """

    async def answer(request: Request) -> Response:
        visitor = visitor_of(desk, request)
        if not visitor.acts or visitor.way != "session":
            return _login(request, 401)
        return await take_form(desk, request, visitor, view, longest=longest, files=files)

    return Route(path, answer, methods=["POST"])


async def take_form(
    desk: Desk, request: Request, visitor: Visitor, view: View, *, longest: int = LONGEST_FORM, files: int = 0
) -> Response:
    """Read the form of a request, see that it is this visitor's, and hand it to `view`."""
    if foreign := _from_elsewhere(desk, request):
        raise HTTPException(403, foreign)
    form = await _form(request, longest, files)
    hidden = form.get("form", "")
    once, wrong = desk.seals.open_form(hidden if isinstance(hidden, str) else "", visitor.proof)
    if wrong:
        says = {
            "expired": "This form is too old. Nothing was done: open the page again.",
            "foreign": "This form was not made for you by this page. Nothing was done: open the page again.",
        }
        raise HTTPException(403, says[wrong])
    try:
        return await view(Visit(desk, request, visitor, form, once))
    finally:
        await form.close()  # with the files that came with it


def _login(request: Request, status: int = 303) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if status != 303:  # noqa: PLR2004  # a form sent without a session is no page to go back to
        raise HTTPException(status, "Log in first. Nothing was done.")
    return RedirectResponse(f"/login?next={quote(here, safe='')}", 303)


# --- who is there -----------------------------------------------------------


def visitor_of(desk: Desk, request: Request) -> Visitor:
    """Return who asks, by session, by a board's token, or because nobody can log in yet."""
    try:
        if found := _session(desk, request) or _token(desk, request):
            return found
        unlocked = desk.unlocked and _named_directly(request)
    except JournalRefused:
        # What cannot be looked up opens nothing, except where everything was open before.
        unlocked = not (desk.outside.elsewhere or desk.outside.public_url) and _named_directly(request)
    stranger = request.cookies.get(VISITOR, "")
    return Visitor(way="unlocked" if unlocked else "", proof=stranger)


def _session(desk: Desk, request: Request) -> Visitor | None:
    cookie = request.cookies.get(SESSION, "")
    opened = desk.seals.open_session(cookie) if cookie else None
    if opened is None:
        return None
    id_, stamp, board = opened
    account, person = desk.account(id_), desk.person(id_)
    if account is None or person is None or account.disabled or account.stamp != stamp:
        return None
    if board is not (person.role == BOARD):
        return None  # the role was changed since
    return Visitor(person, "session", cookie)


def _token(desk: Desk, request: Request) -> Visitor | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    hashed = hashlib.sha256(token.strip().encode()).hexdigest()
    with desk.reader() as journal:
        known: list[Account] = [each for each in journal.accounts().values() if each.token == hashed]
    for account in known:
        person = desk.person(account.person)
        if person is not None and not account.disabled:
            return Visitor(person, "token", hashed)
    return None


def address_of(request: Request) -> str:
    """Return where a request comes from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


def _named_directly(request: Request) -> bool:
    """Tell whether the page was asked for by an address of this machine.

    A name on somebody's own server that points here would let their page read ours.
    """
    host = (request.url.hostname or "").strip("[]")
    return host == "localhost" or host.replace(".", "").isdecimal() or ":" in host


def _from_elsewhere(desk: Desk, request: Request) -> str:
    """Say why a form is refused that a page of another site sent; nothing if it is ours."""
    says = "This form was sent by another site. Nothing was done: open the page again."
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return says
    origin = request.headers.get("origin")
    if origin is None:
        return ""
    ours = {request.headers.get("host", ""), urlsplit(desk.outside.public_url or "").netloc}
    return "" if urlsplit(origin).netloc in ours - {""} else says


# --- forms ------------------------------------------------------------------


async def body_of(request: Request, longest: int = LONGEST_FORM) -> bytes:
    """Return what a request brings: at most `longest` bytes, and only so long."""
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > longest:
        raise HTTPException(413, f"The form is longer than {longest} bytes. Nothing was done: shorten it.")
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for part in request.stream():
                body += part
                if len(body) > longest:
                    raise HTTPException(
                        413, f"The form is longer than {longest} bytes. Nothing was done: shorten it."
                    )
    except TimeoutError as error:
        raise HTTPException(408, "The form did not come in time. Nothing was done: send it again.") from error
    return body


async def _form(request: Request, longest: int, files: int) -> FormData:
    """Read a form, which is a body of its own kind."""
    body = await body_of(request, longest)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return await Request(request.scope, replay).form(
        max_fields=MOST_FIELDS, max_files=files, max_part_size=longest
    )
