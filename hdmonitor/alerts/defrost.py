"""A freezer that heats its own air to melt its ice, as the site has declared it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.model import Defrost

A_DAY = timedelta(days=1)


def running(defrost: Defrost, zone: str, at: datetime) -> tuple[datetime, datetime] | None:
    """Return from when until when the declared defrost that runs at `at` lasts, UTC; None if none does."""
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    for day in (today - A_DAY, today):  # one of the evening may last until after midnight
        for local in defrost.starts:
            start = datetime.combine(day, local, there).astimezone(UTC)
            if start <= at < start + defrost.lasts:
                return start, start + defrost.lasts
    return None
