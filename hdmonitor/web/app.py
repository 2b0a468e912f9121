"""Pages and figures. Nothing here changes anything, and nothing here makes the core wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hdmonitor.events import Alarm, LastHeard
from hdmonitor.model import Site
from hdmonitor.reader import JournalRefused, Reader
from hdmonitor.rows import Owing
from hdmonitor.rules.forecast import LOOKS_BACK
from hdmonitor.status import Status
from hdmonitor.web.health import Health, health
from hdmonitor.web.metrics import Figures, exposition
from hdmonitor.web.watched import warned, watched

# A scrape every 10 ms must cost the core nothing: the journal is asked, and a page made, once a second, and
# at most a tenth of the time is spent on that, however large the site.
KEPT = 1.0  # seconds
TENFOLD = 10
NEW_PAGE = 15  # seconds
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
T = TypeVar("T")


class Kept(Generic[T]):
    """What `make` returns, made anew once it is older than a second and than ten times its making."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: tuple[float, T] | None = None

    def __call__(self) -> T:
        """Return it."""
        now = time.monotonic()
        if self._made is None or now >= self._made[0]:
            made = self._make()
            took = time.monotonic() - now
            self._made = now + max(KEPT, TENFOLD * took), made
        return self._made[1]


@dataclass(frozen=True, slots=True)
class Look:
    """What the journal says at one moment; of the points only for the page, for there may be many."""

    alarms: list[Alarm]  # that nobody has closed
    owing: Owing
    heard: dict[str, LastHeard]
    recent: dict[str, list[tuple[datetime, float]]]  # of points that a warning stands for


class Pages:
    """The ASGI application. All of it runs in the one thread of the web server.

    `status` gives the core's newest status and `waiting` the length of its
    inbox, both without waiting. `copies` tells whether an InfluxDB is configured.
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
    ) -> None:
        self._site = site
        self._reader = reader
        self._now = now
        self._status = status
        self._waiting = waiting
        self._copies = copies
        self._look = Kept(self._looked)
        self._page = Kept(self._paged)
        self._figures = Kept(self._figured)
        templates = Environment(
            loader=PackageLoader("hdmonitor.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = templates.get_template("watched.html")
        style = (resources.files("hdmonitor.web") / "templates" / "style.css").read_bytes()
        self._app: ASGIApp = Starlette(
            routes=[
                Route("/", self._on_page),
                Route("/healthz", self._on_health),
                Route("/metrics", self._on_metrics),
                Route("/style.css", lambda _: Response(style, media_type="text/css")),
            ],
            middleware=[Middleware(Guarded)],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    # --- answers ------------------------------------------------------------

    async def _on_page(self, _: Request) -> Response:
        return Response(self._page(), media_type="text/html")

    async def _on_health(self, _: Request) -> Response:
        found = self._health()
        body = {
            "working": found.works,
            "checks": {
                name: {"works": check.works, "vital": check.vital, "says": check.says}
                for name, check in found.checks.items()
            },
        }
        return JSONResponse(body, 200 if found.works else 503)

    async def _on_metrics(self, _: Request) -> Response:
        return Response(self._figures(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    # --- what they say ------------------------------------------------------

    def _looked(self, *, points: bool = False) -> Look | str:
        """Look into the journal, or return why that is not possible."""
        try:
            with self._reader() as journal:
                alarms = journal.alarms()
                going = warned(self._site, alarms) if points else set()
                return Look(
                    alarms,
                    journal.owing(self._site.destinations),
                    journal.heard() if points else {},
                    journal.recent(going, self._now() - LOOKS_BACK) if going else {},
                )
        except JournalRefused as refused:
            return str(refused)

    def _health(self) -> Health:
        look = self._look()
        owing = look.owing if isinstance(look, Look) else look
        return health(self._status(), owing, steady=time.monotonic(), now=self._now(), copies=self._copies)

    def _paged(self) -> str:
        now, look = self._now(), self._looked(points=True)
        local = now.astimezone(ZoneInfo(self._site.zone))
        return self._template.render(
            site=self._site.name,
            time=f"{local:%H:%M:%S}",
            day=f"{local:%a} {local.day} {local:%b %Y}",
            zone=local.tzname(),
            new_page=NEW_PAGE,
            troubles=self._health().troubles,
            watched=watched(self._site, look.heard, look.alarms, now, look.recent)
            if isinstance(look, Look)
            else None,
        )

    def _figured(self) -> bytes:
        look = self._look()
        return exposition(
            Figures(
                status=self._status(),
                steady=time.monotonic(),
                now=self._now(),
                waiting=self._waiting(),
                points=len(self._site.points),
                working=self._health().works,
                owing=look.owing if isinstance(look, Look) else None,
                alarms=look.alarms if isinstance(look, Look) else None,
            )
        )


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
