"""The ASGI application: all routes, what every answer carries, and how a failure is told."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hdmonitor.reader import JournalRefused
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
from hdmonitor.web.desk import Desk
from hdmonitor.web.live import Live
from hdmonitor.web.look import Looks
from hdmonitor.web.openapi import BASE
from hdmonitor.web.visit import Visit, Visitor, visitor_of

log = logging.getLogger(__name__)

FAILED = "This page could not be made; nothing is known from it and nothing was done. Look at the board."
UNSURE = "This failed by a fault of the monitor. It may still be done: look at the page again."

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


class Pages:
    """The ASGI application. All of it runs in the one thread of the web server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        # Each module of pages gives its routes; a new one is added here.
        looks, counts = Looks(desk), figures.Counts(desk)
        self._live = Live(desk, looks)
        self.routes = [
            *machine.routes(desk),
            *login.routes(desk),
            *answer.routes(desk),
            *first.routes(desk, looks),
            *places.routes(desk, looks),
            *figures.routes(desk, counts),
            *alarms.routes(desk, looks),
            *deeds.routes(desk, looks),
            *self._live.routes(),
            *api.routes(desk, looks, counts),
            *compliance.routes(desk),
            *hazards.routes(desk),
            *incidents.routes(desk),
            *drill.routes(desk),
        ]
        handlers = {
            HTTPException: self._on_refusal,
            JournalRefused: self._on_unread,
            Exception: self._on_failure,
        }
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

    async def _on_failure(self, request: Request, error: Exception) -> Response:
        """Tell that a page has failed by a fault of ours; the server writes the fault into the log."""
        path = request.url.path
        log.error("%s %.100s failed: %s", request.method, path, type(error).__name__)
        says = FAILED if request.method in {"GET", "HEAD"} else UNSURE
        if path.startswith(BASE):
            return JSONResponse({"error": says}, 500)
        if says is UNSURE:
            return PlainTextResponse(f"{says}\n", 500)
        return Visit(self.desk, request, Visitor()).refused(FAILED, 500)


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
