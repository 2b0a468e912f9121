"""Which steps before and after a due day have been reached, and whom each is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from hdmonitor.compliance.due import Due

WEEK = 7
ALONE = 7  # days; so early only who has to see to it is told


@dataclass(frozen=True, slots=True)
class Told:
    """What is new about one due day: the steps that were reached, of which the nearest is told."""

    due: Due
    day: date
    steps: tuple[int, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Return who is told: the person alone, then the supervisor, then the pharmacist in charge."""
        nearest = min(self.steps)
        line = self.due.subject.tells
        return line[:1] if nearest >= ALONE else line[:2] if nearest > -WEEK else line


def reached(due: Due, on: date, told: Collection[int]) -> Told | None:
    """Return the steps that are reached on a local day and not in `told`; None when nothing is new.

    A step as long as half the interval would come as soon as the thing is done; it is left out.
    After the last step there is one each week.
    """
    day = due.day
    if day is None:
        return None
    half = due.case.every.days / 2
    left = (day - on).days
    steps = [step for step in due.obligation.steps if step < half and left <= step]
    steps += range(-WEEK, left - 1, -WEEK)
    new = tuple(step for step in steps if step not in told)
    return Told(due, day, new) if new else None
