"""What other programs ask for: whether the monitor works, and its figures. And the style sheet."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import resources

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hdmonitor.alarm_numbers import recorded
from hdmonitor.alerts.numbers import Numbers
from hdmonitor.events import Alarm
from hdmonitor.reader import JournalRefused
from hdmonitor.rows import Owing
from hdmonitor.web.desk import Desk
from hdmonitor.web.health import Health, health
from hdmonitor.web.kept import Kept
from hdmonitor.web.metrics import Figures, exposition
from hdmonitor.web.visit import Visit, for_anybody

A_MINUTE = 60.0  # seconds; a scrape need not count the alarms of a day each time


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""
    machine = _Machine(desk)
    style = (resources.files("hdmonitor.web") / "templates" / "style.css").read_bytes()

    async def on_style(_: Visit) -> Response:
        return Response(style, media_type="text/css")

    return [
        for_anybody(desk, "/healthz", machine.on_health),
        for_anybody(desk, "/metrics", machine.on_metrics),
        for_anybody(desk, "/style.css", on_style),
    ]


class _Machine:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._look = Kept(self._looked)
        self._figures = Kept(self._figured)
        self._day = Kept(self._counted, A_MINUTE)

    async def on_health(self, visit: Visit) -> Response:
        """Answer 200 or 503; the reasons only to whoever may read pages."""
        found = health_now(self._desk, self._owing())
        body: dict[str, object] = {"working": found.works}
        if visit.visitor.reads:
            body["checks"] = {
                name: {"works": check.works, "vital": check.vital, "says": check.says}
                for name, check in found.checks.items()
            }
        return JSONResponse(body, 200 if found.works else 503)

    async def on_metrics(self, visit: Visit) -> Response:
        """Answer with the figures, to whoever may read pages."""
        if not visit.visitor.reads:
            return Response("a token is needed: hdmonitor people token\n", 401, media_type="text/plain")
        return Response(self._figures(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _looked(self) -> tuple[Owing, list[Alarm]] | str:
        try:
            with self._desk.reader() as journal:
                return journal.owing(self._desk.site.destinations), journal.alarms()
        except JournalRefused as refused:
            return str(refused)

    def _owing(self) -> Owing | str:
        look = self._look()
        return look if isinstance(look, str) else look[0]

    def _figured(self) -> bytes:
        look, desk = self._look(), self._desk
        return exposition(
            Figures(
                status=desk.status(),
                steady=time.monotonic(),
                now=desk.now(),
                waiting=desk.waiting(),
                points=len(desk.site.points),
                working=health_now(desk, self._owing()).works,
                owing=None if isinstance(look, str) else look[0],
                alarms=None if isinstance(look, str) else look[1],
                day=None if isinstance(look, str) else self._day(),
            )
        )

    def _counted(self) -> Numbers | None:
        """Return the numbers of the alarms of the last 24 hours."""
        now = self._desk.now()
        try:
            with self._desk.reader() as journal:
                return recorded(journal, now - timedelta(hours=24), now, self._desk.site.zone)
        except JournalRefused:
            return None


def health_now(desk: Desk, owing: Owing | str) -> Health:
    """Judge whether the monitor does its work; `owing` says why instead, where the journal cannot be read."""
    return health(desk.status(), owing, steady=time.monotonic(), now=desk.now(), copies=desk.copies)
