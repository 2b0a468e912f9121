"""The list of alarms, and a page for each: its whole life."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.binding import binding, rule_of
from hdmonitor.events import Alarm
from hdmonitor.reader import JournalRefused
from hdmonitor.web.cards import clock
from hdmonitor.web.desk import Desk
from hdmonitor.web.first import MOST_SHOWN, NEW_PAGE
from hdmonitor.web.look import Looks
from hdmonitor.web.timeline import timeline
from hdmonitor.web.visit import Visit, for_readers


def routes(desk: Desk, looks: Looks) -> list[Route]:
    """Return the routes of this module."""

    async def on_list(visit: Visit) -> Response:
        main = desk.fragment("alarms_main.html", **_listed(desk, looks))
        return visit.page("live.html", new_page=NEW_PAGE, shown=main, name="Alarms")

    async def on_alarm(visit: Visit) -> Response:
        values = told(desk, visit.request.path_params["alarm"])
        return visit.page("alarm.html", **values)

    return [for_readers(desk, "/alarms", on_list), for_readers(desk, "/alarms/{alarm}", on_alarm)]


def _listed(desk: Desk, looks: Looks) -> dict[str, Any]:
    look = looks()
    closed: list[Alarm] = []
    try:
        with desk.reader() as journal:
            closed = [each for each in journal.newest_alarms(MOST_SHOWN) if each.closed_at]
    except JournalRefused as refused:
        why = str(refused)
    else:
        why = look.refused
    running = [each for each in look.shown if each.active]
    left = [each for each in look.shown if not each.active]
    return {
        "troubles": look.health.troubles,
        "refused": why,
        "open": running[:MOST_SHOWN],
        "count": len(running),
        "undocumented": left[:MOST_SHOWN],
        "left": len(left),
        "closed": [_closed(desk, each) for each in closed],
        "new_page": NEW_PAGE,
        **desk.as_of(look.at),
    }


def _closed(desk: Desk, alarm: Alarm) -> dict[str, str]:
    people, now = desk.site.people, desk.now()
    by = alarm.closed_by or ""
    return {
        "id": alarm.id,
        "title": alarm.title,
        "opened": clock(alarm.opened_at, now, desk.zone),
        "closed": clock(alarm.closed_at, now, desk.zone) if alarm.closed_at else "",
        "by": people[by].name if by in people else by,
        "note": alarm.note,
    }


def told(desk: Desk, id_: str) -> dict[str, Any]:
    """Return everything about an alarm for `alarm.html` and `timeline`; raises 404 where there is none."""
    try:
        with desk.reader() as journal:
            found = journal.alarm(id_)
    except JournalRefused as refused:
        raise HTTPException(503, "The record cannot be read: nothing is known about this alarm.") from refused
    if found is None:
        raise HTTPException(404)
    alarm, events, notices = found
    site, now = desk.site, desk.now()
    point = site.points.get(alarm.point)
    rule = rule_of(point, alarm.rule)
    by = alarm.acknowledged_by
    return {
        "alarm": alarm,
        "level": alarm.level.name.lower(),
        "stands": "closed" if alarm.closed_at else "active" if alarm.active else "over, not documented",
        "answered": (site.people[by].name if by in site.people else by) if by else "",
        "point": point,
        "room": site.rooms.get(point.room) if point else None,
        "rule": rule,
        "binding": binding(rule, alarm.level) if rule else "",
        "began": clock(alarm.began_at, now, desk.zone),
        "opened": clock(alarm.opened_at, now, desk.zone),
        "over": clock(alarm.cleared_at, now, desk.zone) if alarm.cleared_at else "",
        "lines": timeline(site, point, events, notices, now),
    }
