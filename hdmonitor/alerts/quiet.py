"""Quiet hours: what can wait until the morning does not ring at night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.model import Priority

A_DAY = timedelta(days=1)


def quiet_until(
    hours: tuple[time, time] | None, priority: Priority, zone: str, at: datetime
) -> tuple[datetime, str] | None:
    """Return when quiet hours that hold back a call at `at` end, UTC, and why it waits; None if it does not.

    `hours` are local and may pass midnight. Only low and medium priorities wait.
    An end that the clocks leave out moves on as they do; one that comes twice is the first.
    """
    if hours is None or priority > Priority.MEDIUM:
        return None
    start, end = hours
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    for day in (today - A_DAY, today):
        until = day if end > start else day + A_DAY
        begins, ends = (
            datetime.combine(date, moment, there).astimezone(UTC)
            for date, moment in ((day, start), (until, end))
        )
        if begins <= at < ends:
            return ends, f"quiet hours until {end:%H:%M}; {priority.name.lower()} priority waits"
    return None
