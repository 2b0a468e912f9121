"""When somebody is there: what can wait is told at opening."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

A_DAY = timedelta(days=1)
A_YEAR = 366
HOLIDAY = 7


def opening(
    hours: Mapping[int, tuple[time, time]], holidays: Collection[date], zone: str, at: datetime
) -> datetime:
    """Return `at` while the site is open, else when it opens next, UTC.

    `hours` gives opening and closing by weekday, Monday being 0 and holidays 7;
    a day that is missing is closed. A site that does not open within a year, or
    has no hours, is always open: nothing waits for ever.
    """
    if not hours:
        return at
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    for ahead in range(A_YEAR):
        day = today + ahead * A_DAY
        if (span := hours.get(HOLIDAY if day in holidays else day.weekday())) is None:
            continue
        opens, closes = (datetime.combine(day, local, there).astimezone(UTC) for local in span)
        if at < closes:
            return max(at, opens)
    return at
