"""Who has the duty now: weekly pattern, holidays and exceptions in the local time of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.model import DAY_NAMES, HOLIDAY, Duty, Shift

A_DAY = timedelta(days=1)
A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Roster:
    """Every duty of a site, and the days that are holidays in its zone."""

    zone: str  # IANA
    duties: Mapping[str, Duty]
    holidays: frozenset[date]
    everybody: tuple[str, ...]  # all destinations of the site

    def reached(self, names: Sequence[str], at: datetime) -> tuple[tuple[str, ...], list[str]]:
        """Return the destinations behind `names` at `at`, each once, and why each duty led to them.

        Where nobody has a duty, or it leads to nobody else, everybody is told: a
        gap in a calendar must not be a silence.
        """
        found: list[str] = []
        why: list[str] = []
        for name in names:
            duty = self.duties.get(name)
            if duty is None:
                found.append(name)
                continue
            targets, reason = self._on_duty(duty, at)
            found += targets or self.everybody
            why.append(f"{name}: {reason}")
        return tuple(dict.fromkeys(found)), why

    def _on_duty(self, duty: Duty, at: datetime) -> tuple[tuple[str, ...], str]:
        for each in duty.exceptions:
            if each.start <= at < each.end:
                return each.notify, f"{each.reason} ({each.by})"
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        today, yesterday = (self.day_of(duty, day) for day in (local.date(), local.date() - A_DAY))
        running = [
            (shift, day)
            for shift in duty.week
            for day, now in ((today, minute), (yesterday, minute + 1440))
            if day in shift.days and shift.start <= now < shift.end
        ]
        if not running:
            return (), "nobody has it now, so everybody is told"
        targets = tuple(dict.fromkeys(target for shift, _ in running for target in shift.notify))
        return targets, " and ".join(f"{DAY_NAMES[day]} {shown(shift)}" for shift, day in running)

    def day_of(self, duty: Duty, day: date) -> int:
        """Return the day of the week whose shifts hold on `day`: a holiday has its own, if it has any."""
        special = day in self.holidays and any(HOLIDAY in shift.days for shift in duty.week)
        return HOLIDAY if special else day.weekday()


def shown(shift: Shift) -> str:
    """Write a shift as people do: "20:00 to 08:00"."""
    return f"{_clock(shift.start)} to {_clock(shift.end)}"


def _clock(minute: int) -> str:
    minute = minute if minute == 1440 else minute % 1440  # noqa: PLR2004  # of a day
    return f"{minute // 60:02}:{minute % 60:02}"


def gaps(duty: Duty) -> list[str]:
    """Return the spans of an ordinary week in which nobody has the duty: "Sat 12:00 to Sun 08:00"."""
    week = [False] * (A_WEEK * 1440)
    for shift in duty.week:
        for day in shift.days - {HOLIDAY}:
            for minute in range(shift.start, shift.end):
                week[(day * 1440 + minute) % len(week)] = True
    if all(week):
        return []
    first = next((minute for minute in range(len(week)) if week[minute - 1] and not week[minute]), 0)
    found, start = [], None
    for offset in range(len(week) + 1):
        minute = (first + offset) % len(week)
        free = offset < len(week) and not week[minute]
        if free and start is None:
            start = minute
        elif not free and start is not None:
            found.append(f"{_moment(start)} to {_moment(minute)}")
            start = None
    return found


def _moment(minute: int) -> str:
    return f"{DAY_NAMES[minute // 1440]} {_clock(minute % 1440)}"
