"""The numbers for the quality of alarms as a page: about the alarms, not about the people."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.alarm_numbers import recorded
from hdmonitor.alerts.numbers import MOST, SHIFTS, Frequent, Numbers
from hdmonitor.model import Priority
from hdmonitor.units import show_duration
from hdmonitor.web.desk import Desk
from hdmonitor.web.kept import Kept
from hdmonitor.web.visit import Visit, for_readers

DAYS = {"1": 1, "7": 7, "30": 30}
USUAL = "7"
LEAST = 30.0  # seconds: a month of a large site is many rows


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""

    def counted(days: int) -> Numbers:
        now = desk.now()
        with desk.reader() as journal:
            return recorded(journal, now - timedelta(days=days), now, desk.site.zone)

    kept = {word: Kept(partial(counted, days), LEAST) for word, days in DAYS.items()}

    async def on_page(visit: Visit) -> Response:
        span = visit.request.query_params.get("days", USUAL)
        if span not in kept:
            raise HTTPException(404)
        found = kept[span]()
        return visit.page(
            "figures.html",
            found=found,
            span=span,
            spans=list(DAYS),
            priorities=list(reversed(Priority)),
            shifts=SHIFTS,
            most=MOST,
            lasted=_lasted,
            named=lambda each: _named(desk, each),
        )

    return [for_readers(desk, "/alarms/numbers", on_page)]


def _lasted(seconds: float | None) -> str:
    return "none" if seconds is None else show_duration(timedelta(seconds=seconds))


def _named(desk: Desk, each: Frequent) -> str:
    point = desk.site.points.get(each.point)
    return f"{point.name if point else each.point}, {each.rule}"
