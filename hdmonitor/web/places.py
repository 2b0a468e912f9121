"""A page for each room, and one for each point: now, its limits, its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.binding import binding
from hdmonitor.budget import budgets
from hdmonitor.events import Alarm, Excursion
from hdmonitor.model import Point, Room
from hdmonitor.reader import JournalRefused
from hdmonitor.reports.chart import Chart, chart
from hdmonitor.site_limits import limit_words
from hdmonitor.units import show_duration
from hdmonitor.vouched import situation
from hdmonitor.web.cards import clock, set_aside, shown
from hdmonitor.web.desk import Desk
from hdmonitor.web.first import MOST_SHOWN, NEW_PAGE, room_of, trends
from hdmonitor.web.look import Looks
from hdmonitor.web.visit import Visit, for_readers

MOST_DRAWN = 1_500  # readings of one picture
MOST_PAST = 50  # alarms and excursions of one point
SPANS = {  # of a picture, by the word in the address
    "6h": ("6 hours", timedelta(hours=6)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
}
USUAL = "24h"


def routes(desk: Desk, looks: Looks) -> list[Route]:
    """Return the routes of this module."""
    pages = _Pages(desk, looks)
    return [
        for_readers(desk, "/rooms/{room}", pages.on_room),
        for_readers(desk, "/points/{point}", pages.on_point),
    ]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of a point in words."""

    rule: str
    binding: str
    level: str
    outside: str
    lasts: str
    priority: str
    source: str


@dataclass(frozen=True, slots=True)
class PastRow:
    """One excursion in words."""

    began: str
    lasted: str
    level: str
    rule: str
    peak: str
    missing: str
    alarm: str


class _Pages:
    def __init__(self, desk: Desk, looks: Looks) -> None:
        self._desk, self._looks = desk, looks

    async def on_room(self, visit: Visit) -> Response:
        """Show a room with everything in it."""
        desk, room = self._desk, self._desk.site.rooms.get(visit.request.path_params["room"])
        if room is None:
            raise HTTPException(404)
        main = desk.fragment("room_main.html", **self._room(room))
        return visit.page("live.html", new_page=NEW_PAGE, shown=main, name=room.name)

    def _room(self, room: Room) -> dict[str, Any]:
        desk, look = self._desk, self._looks()
        inside = [card for card in look.cards if room_of(desk.site, card) == room.id]
        found = look.room(desk.site, room.id)
        rows = found.rows if found else ()
        out, shelved = set_aside(inside, look.titles, look.at, desk.zone)
        points = {row.point for row in rows}
        return {
            "room": room,
            "troubles": look.health.troubles,
            "refused": look.refused,
            "cards": [shown(card, room.id, look.at, desk.zone, MOST_SHOWN) for card in inside],
            "rows": rows[:MOST_SHOWN],
            "more": max(0, len(rows) - MOST_SHOWN),
            "reports": found.reports if found else (),
            "trends": trends(look),
            "out": out,
            "shelved": shelved,
            "alarms": [each for each in look.shown if each.point in points][:MOST_SHOWN],
            "new_page": NEW_PAGE,
            **desk.as_of(look.at),
        }

    async def on_point(self, visit: Visit) -> Response:
        """Show a point with its history."""
        desk, point = self._desk, self._desk.site.points.get(visit.request.path_params["point"])
        if point is None:
            raise HTTPException(404)
        span = visit.request.query_params.get("span", USUAL)
        if span not in SPANS:
            raise HTTPException(404)
        values = self._point(point, span)
        main = desk.fragment("point_main.html", **values)
        return visit.page("live.html", new_page=NEW_PAGE, shown=main, name=values["name"])

    def _point(self, point: Point, span: str) -> dict[str, Any]:
        desk, look = self._desk, self._looks()
        now = look.at
        return {
            "point": point,
            "name": _name(desk, point, now),
            "room": desk.site.rooms.get(point.room),
            "row": look.row(desk.site, point),
            "refused": look.refused,
            "troubles": look.health.troubles,
            "limits": _limits(point),
            "span": span,
            "spans": {word: text for word, (text, _) in SPANS.items()},
            "new_page": NEW_PAGE,
            **self._past(point, now, SPANS[span][1]),
            **desk.as_of(now),
        }

    def _past(self, point: Point, now: datetime, span: timedelta) -> dict[str, Any]:
        """Return the picture, the excursions and the alarms of a point, or nothing of them."""
        desk, start = self._desk, now - span
        nothing: dict[str, Any] = {"drawn": None, "excursions": [], "alarms": [], "budgets": []}
        try:
            with desk.reader() as journal:
                readings = journal.history(point.id, start, now, MOST_DRAWN)
                past = journal.excursions_of(point.id, MOST_PAST)
                alarms = journal.newest_alarms(MOST_PAST, point.id)
                adds_up = budgets(journal, point, self._looks().heard.get(point.id), now)
        except JournalRefused:
            return nothing
        seen = [each for each in past if each.end is None or each.end >= start]
        # Of a long span only the ends of each part are told: between two there is no gap.
        part = 4 * span / MOST_DRAWN
        drawn: Chart = chart(
            replace(point, name=_name(desk, point, now), valid_for=max(point.valid_for, part)),
            readings,
            seen,
            start,
            now,
            desk.site.zone,
        )
        return {
            "drawn": drawn,
            "budgets": adds_up,
            "excursions": [self._excursion(point, each, now) for each in past],
            "alarms": [self._alarm(each, now) for each in alarms],
        }

    def _excursion(self, point: Point, each: Excursion, now: datetime) -> PastRow:
        told, desk = situation(self._desk.site, point, now), self._desk
        lasted = show_duration((each.end or now) - each.start)
        return PastRow(
            began=clock(each.start, now, desk.zone),
            lasted=lasted if each.end else f"{lasted} so far",
            level=each.level.name.lower(),
            rule=f"{each.rule} version {each.version}",
            peak=told.shown(each.peak),
            missing=show_duration(each.missing) if each.missing else "",
            alarm=each.alarm or "",
        )

    def _alarm(self, alarm: Alarm, now: datetime) -> dict[str, str]:
        people = self._desk.site.people
        by = alarm.closed_by or alarm.acknowledged_by
        stands = "closed" if alarm.closed_at else "ACTIVE" if alarm.active else "over, not documented"
        return {
            "id": alarm.id,
            "title": alarm.title,
            "opened": clock(alarm.opened_at, now, self._desk.zone),
            "stands": stands,
            "by": people[by].name if by and by in people else by or "",
            "note": alarm.note,
        }


def _name(desk: Desk, point: Point, now: datetime) -> str:
    return situation(desk.site, point, now).name


def _limits(point: Point) -> list[LimitRow]:
    return [
        LimitRow(
            rule=f"{rule.id} version {rule.version}",
            binding=binding(rule, limit.level),
            level=limit.level.name.lower(),
            outside=f"{limit.name}: {limit_words(limit, rule, point.quantity)}",
            lasts=show_duration(limit.on_delay),
            priority=limit.priority.name.lower(),
            source=rule.source,
        )
        for rule in point.rules
        for limit in rule.thresholds
    ]
