"""The ASGI application: all routes, what every answer carries, and how a failure is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hdmonitor.compliance.obligation import Programme
from hdmonitor.inbox import Item
from hdmonitor.model import Site
from hdmonitor.reader import JournalRefused, Reader
from hdmonitor.seals import Seals
from hdmonitor.status import Status
from hdmonitor.web import (
    alarms,
    answer,
    api,
    compliance,
    deeds,
    drill,
    figures,
    first,
    hazards,
    incidents,
    login,
    machine,
    places,
)
from hdmonitor.web.desk import Desk, Outside
from hdmonitor.web.live import Live
from hdmonitor.web.look import Looks
from hdmonitor.web.openapi import BASE
from hdmonitor.web.visit import Visit, Visitor, visitor_of

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Links from messages are in the address: no other site may see it. "no-referrer" would also
    # take the origin from our own forms, by which one that another site sends is known.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
INSIDE = Outside()


class Pages:
    """The ASGI application. All of it runs in the one thread of the web server.

    `status` gives the core's newest status and `waiting` the length of its
    inbox, both without waiting. `copies` tells whether an InfluxDB is
    configured. `put` hands an act to the core and may wait for room there.
    """

    def __init__(
        self,
        site: Site,
        reader: Callable[[], Reader],
        *,
        now: Callable[[], datetime],
        status: Callable[[], Status],
        waiting: Callable[[], int],
        copies: bool,
        put: Callable[[Item], None],
        seals: Seals,
        outside: Outside = INSIDE,
        programme: Programme | None = None,
    ) -> None:
        self.desk = Desk(
            site,
            reader,
            now=now,
            status=status,
            waiting=waiting,
            copies=copies,
            put=put,
            seals=seals,
            outside=outside,
            programme=programme,
        )
        # Each module of pages gives its routes; a new one is added here.
        looks = Looks(self.desk)
        self._live = Live(self.desk, looks)
        self.routes = [
            *machine.routes(self.desk),
            *login.routes(self.desk),
            *answer.routes(self.desk),
            *first.routes(self.desk, looks),
            *places.routes(self.desk, looks),
            *figures.routes(self.desk),
            *alarms.routes(self.desk, looks),
            *deeds.routes(self.desk, looks),
            *self._live.routes(),
            *api.routes(self.desk, looks),
            *compliance.routes(self.desk),
            *hazards.routes(self.desk),
            *incidents.routes(self.desk),
            *drill.routes(self.desk),
        ]
        handlers = {HTTPException: self._on_refusal, JournalRefused: self._on_unread}
        self._app: ASGIApp = Guarded(Starlette(routes=self.routes, exception_handlers=handlers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def leave(self) -> None:
        """End what would keep the server from stopping; from any thread."""
        self._live.leave()

    async def _on_refusal(self, request: Request, error: Exception) -> Response:
        """Tell a person in a page, and a program in a line, why there is nothing else."""
        assert isinstance(error, HTTPException)  # noqa: S101  # the handler of these
        headers = dict(error.headers or {})
        if request.url.path.startswith(BASE):
            return JSONResponse({"error": error.detail}, error.status_code, headers)
        if request.method == "POST" or "text/html" not in request.headers.get("accept", ""):
            # Nothing is read from the record: this is also the answer to whoever has no business here.
            headers["Connection"] = "close"  # the rest of a form that is too long is not read
            return PlainTextResponse(f"{error.detail}\n", error.status_code, headers)
        visit = Visit(self.desk, request, visitor_of(self.desk, request))
        says = {404: "There is no such page."}.get(error.status_code, error.detail)
        return visit.refused(says, error.status_code)

    async def _on_unread(self, request: Request, error: Exception) -> Response:
        """Tell that the record cannot be read: then nothing is known, and nothing was done."""
        visit = Visit(self.desk, request, Visitor())
        return visit.refused(f"The record cannot be read, nothing was done: {error}", 503)


class Guarded:
    """Sends the headers that keep a page from being stored, framed or made to load anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, guarded)
