"""Calendar months, compounding days and the windows of accreditors.

Days are local days of the site. "Six months" are calendar months: 184 days from 2026-03-01, 181 from
2025-09-01. A day that a month does not have is its last: 2026-01-31 and a month is 2026-02-28.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

A_DAY = timedelta(days=1)
MONTHS_A_YEAR = 12
DAYS_A_WEEK = 7
FURTHEST = 4000  # days to look for the next compounding day


class Unit(StrEnum):
    """What an interval is counted in."""

    DAYS = "days"
    MONTHS = "months"
    COMPOUNDING_DAY = "compounding day"
    OPEN_DAY = "open day"
    ONCE = "once"


WORDS = {
    "day": (Unit.DAYS, 1),
    "week": (Unit.DAYS, DAYS_A_WEEK),
    "month": (Unit.MONTHS, 1),
    "year": (Unit.MONTHS, MONTHS_A_YEAR),
}
COUNTED = re.compile(r"(?:([0-9]{1,4}) )?(day|week|month|year)s?")
HOW = "write for instance '6 months', '1 week', '90 days', 'compounding day', 'open day' or 'once'"


@dataclass(frozen=True, slots=True)
class Every:
    """How often something is due."""

    unit: Unit
    count: int = 1

    def __str__(self) -> str:
        """Write it as `parse_every` reads it."""
        if self.unit not in (Unit.DAYS, Unit.MONTHS):
            return self.unit.value
        weeks, odd = divmod(self.count, DAYS_A_WEEK)
        whole_weeks = self.unit is Unit.DAYS and not odd
        count, word = (weeks, "week") if whole_weeks else (self.count, self.unit.value.removesuffix("s"))
        return f"{count} {word}{'s' if count != 1 else ''}"

    @property
    def is_daily(self) -> bool:
        """Tell whether it goes by the days of the site's calendar."""
        return self.unit in (Unit.COMPOUNDING_DAY, Unit.OPEN_DAY)

    @property
    def days(self) -> float:
        """Return about how long it is, for what needs no more than that."""
        match self.unit:
            case Unit.MONTHS:
                return self.count * 365.25 / MONTHS_A_YEAR
            case Unit.ONCE:
                return float("inf")
            case Unit.DAYS:
                return float(self.count)
            case _:
                return 1.0


def parse_every(text: str) -> Every:
    """Read an interval; raise ValueError with a sentence for what is none."""
    for unit in (Unit.COMPOUNDING_DAY, Unit.OPEN_DAY, Unit.ONCE):
        if text == unit.value:
            return Every(unit)
    found = COUNTED.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r:.40} is not an interval; {HOW}")
    unit, size = WORDS[found[2]]
    count = int(found[1] or 1) * size
    if not count:
        raise ValueError(f"{text!r:.40}: an interval of zero is never over; {HOW}")
    return Every(unit, count)


def later(day: date, every: Every, times: int = 1) -> date:
    """Return the day `times` intervals after `day`, counted from `day` itself, so that it does not drift."""
    if every.unit is Unit.MONTHS:
        months: date = day + relativedelta(months=every.count * times)
        return months
    if every.unit is Unit.DAYS:
        return day + timedelta(days=every.count * times)
    raise ValueError(f"{every} has no length")


class DayKind(StrEnum):
    """What a day is, as far as the site has said so."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # nobody has said; never taken for closed


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which local days the site compounds, as far as that is known, and on which it is open."""

    compounding: frozenset[int] = frozenset()  # weekdays, 0 is Monday
    closed: frozenset[date] = frozenset()  # no compounding, whatever the week says
    extra: frozenset[date] = frozenset()  # compounding, whatever the week says
    known_from: date | None = None
    known_until: date | None = None  # None: nobody has said anything
    opens: frozenset[int] = frozenset(range(DAYS_A_WEEK))
    shut: frozenset[date] = frozenset()  # not open, whatever the week says

    def compounds(self, day: date) -> DayKind:
        """Tell whether the site compounds on a day."""
        if day in self.extra:
            return DayKind.OPEN
        if day in self.closed:
            return DayKind.CLOSED
        if self.known_until is None or day > self.known_until or (self.known_from or day) > day:
            return DayKind.UNKNOWN
        return DayKind.OPEN if day.weekday() in self.compounding else DayKind.CLOSED

    def is_open(self, day: date) -> DayKind:
        """Tell whether the site is open on a day."""
        closed = day in self.shut or day.weekday() not in self.opens
        return DayKind.CLOSED if closed else DayKind.OPEN

    def next_day(self, unit: Unit, day: date) -> date:
        """Return the first day from `day` on that is not known to be closed."""
        kind = self.compounds if unit is Unit.COMPOUNDING_DAY else self.is_open
        for offset in range(FURTHEST):
            if kind(found := day + timedelta(days=offset)) is not DayKind.CLOSED:
                return found
        return day + timedelta(days=FURTHEST)
