"""The digest of each local day: when it is owed, and what it says.

Which day was told last is the only thing there is to remember. So a moment
that was slept through, looked at twice or left out by the clocks changes
nothing: there is one digest for each local day, and never two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.alerts import fitting
from hdmonitor.alerts.wording import Text

DAILY = "daily"  # stands where other notices have the id of their alarm
DUE = "due "  # the same of what is due, before its day: "due 2026-03-05"
A_DAY = timedelta(days=1)
LISTED = 5  # ids in one list
NAMED = 2  # names in one list
WHERE = "See: hdmonitor alarms list"


def is_digest(alarm: str) -> bool:
    """Tell whether a notice is about no alarm, but a message of the day."""
    return alarm == DAILY or alarm.startswith(DUE)


@dataclass(frozen=True, slots=True)
class Daily:
    """A local time at which some destinations are told, once a day, how things stand."""

    at: time
    notify: tuple[str, ...]

    def day(self, told: date | None, zone: str, now: datetime) -> date:
        """Return the next local day that is owed a digest, `told` being the newest that had one.

        Of several that were missed only the newest is owed; before the first
        one none was missed. A day beyond tomorrow was told by a clock that was wrong.
        """
        today = now.astimezone(ZoneInfo(zone)).date()
        if told is None or told > today + A_DAY:
            return today if now <= self.moment(today, zone) else today + A_DAY
        newest = today if self.moment(today, zone) <= now else today - A_DAY
        return max(told + A_DAY, newest)

    def moment(self, day: date, zone: str) -> datetime:
        """Return when `day` is told, UTC.

        A time that comes twice means the first; one that is skipped moves on by
        as much as the clocks do.
        """
        return datetime.combine(day, self.at, ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to tell: ids of alarms, names of points and devices."""

    site: str
    points: int
    open: Sequence[str]
    undocumented: Sequence[str]
    new: Sequence[str]  # of both, opened within a day
    blind: Sequence[str]  # points without a value that can be relied on
    batteries: Sequence[str]  # low


def text(s: Standing) -> Text:
    """Return the digest; it counts everything, and names as much as fits."""
    counts = f"{len(s.open)} open, {len(s.undocumented)} to document"
    title = fitting.title(s.site, (f"{{name}}: {counts}", f"Daily: {counts}"))
    parts = (
        (0, f"Open: {_some(s.open, LISTED, ' ')}." if s.open else "No alarm open."),
        (0, f"Blind: {_some(s.blind, NAMED, ', ')}." if s.blind else f"{s.points} points heard."),
        (1, f"Battery low: {_some(s.batteries, NAMED, ', ')}." if s.batteries else ""),
        (2, f"New in 24 h: {_some(s.new, LISTED, ' ')}." if s.new else "Nothing new in 24 h."),
        (3, f"To document: {_some(s.undocumented, LISTED, ' ')}." if s.undocumented else ""),
    )
    return Text(title, fitting.body(WHERE, parts))


def _some(things: Sequence[str], most: int, between: str) -> str:
    shown = between.join(things[:most])
    return shown if len(things) <= most else f"{shown} and {len(things) - most} more"
