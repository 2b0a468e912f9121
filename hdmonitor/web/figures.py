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


class Counts:
    """The numbers by the days they are of, one of `DAYS`; counted once for pages and programs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept = {word: Kept(partial(self._counted, days), LEAST) for word, days in DAYS.items()}

    def __call__(self, span: str) -> Numbers:
        """Return the numbers of a span."""
        return self._kept[span]()

    def _counted(self, days: int) -> Numbers:
        now = self._desk.now()
        with self._desk.reader() as journal:
            return recorded(journal, now - timedelta(days=days), now, self._desk.site.zone)


def routes(desk: Desk, counts: Counts) -> list[Route]:
    """Return the routes of this module."""

    async def on_page(visit: Visit) -> Response:
        span = visit.request.query_params.get("days", USUAL)
        if span not in DAYS:
            raise HTTPException(404)
        found = counts(span)
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
