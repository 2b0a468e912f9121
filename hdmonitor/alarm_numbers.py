"""Numbers for the quality of alarms, from the record: of the last days, and of a local day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.alerts.numbers import SHIFTS, Frequent, Numbers, numbers
from hdmonitor.model import Priority, Site
from hdmonitor.reader import Reader

A_DAY = timedelta(days=1)


def recorded(reader: Reader, since: datetime, until: datetime, zone: str) -> Numbers:
    """Count what the record holds of a span."""
    return numbers(reader.alarms_between(since, until), reader.first_answers(since), since, until, zone)


def of_day(reader: Reader, day: date, zone: str) -> Numbers:
    """Count a local day of the site, which has 23 to 25 hours."""
    start, end = (
        datetime.combine(each, time(), ZoneInfo(zone)).astimezone(UTC) for each in (day, day + A_DAY)
    )
    return recorded(reader, start, end, zone)


def as_lines(n: Numbers, site: Site | None = None) -> Iterator[str]:
    """Tell the numbers to people."""
    days = (n.until - n.since) / A_DAY
    yield f"{n.total} alarms in {days:g} days"
    for priority in reversed(Priority):
        yield f"  {priority.name.lower():10} {n.opened[priority]:5}   {n.per_day[priority]:.1f} a day"
    yield "time to a human, by the shift in which the alarm opened (low priority left out)"
    for name, (start, end) in SHIFTS.items():
        each = n.answers[name]
        times = (
            f"median {_minutes(each.median_s)}, longest {_minutes(each.longest_s)}"
            if each.median_s is not None
            else "nobody answered"
            if each.alarms
            else "none"
        )
        yield f"  {name:8} {start:02}-{end:02}   {each.alarms} alarms, {each.unanswered} unanswered; {times}"
    yield f"standing for more than 24 h: {' '.join(n.stale) or 'none'}"
    yield f"time in flood (more than 10 alarms in 10 minutes): {n.flood_share:.1%}"
    yield "chattering (three times within an hour):" + ("" if n.chattering else " none")
    yield from (_line(each, site) for each in n.chattering)
    yield "most frequent:" + ("" if n.top else " none")
    yield from (_line(each, site) for each in n.top)


def _line(each: Frequent, site: Site | None) -> str:
    point = site.points.get(each.point) if site is not None else None
    name = f"{point.name} ({point.id})" if point else each.point
    return f"  {each.alarms:5}  {name}, {each.rule}"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.1f} min"
