"""What people and bad luck do to the pharmacy, and an ordinary working day of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from heapq import merge
from zoneinfo import ZoneInfo

OPENS = time(7)
CLOSES = time(19)


class Deed(StrEnum):
    """What can be done to a part of the pharmacy."""

    OPEN = "open"
    CLOSE = "close"
    FAIL = "fail"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """One deed at one moment, on a door or part as `Pharmacy.do` names it."""

    at: datetime
    deed: Deed
    what: str


@dataclass(frozen=True, slots=True)
class Habit:
    """How often a door is opened while the pharmacy is open, and for how long."""

    door: str
    every: float  # s, on average
    shortest: float  # s
    longest: float  # s


# A walk through a room's door takes some seconds; longer than 20 s the HD room
# would have lost its pressure. Picking stock takes longer.
HABITS = (
    Habit("hd-ante", 900.0, 5.0, 12.0),
    Habit("hd-buffer", 1500.0, 5.0, 12.0),
    Habit("hd-fridge-1", 2400.0, 10.0, 40.0),
    Habit("hd-fridge-2", 2400.0, 10.0, 40.0),
    Habit("freezer-1", 14400.0, 10.0, 30.0),
)


def working_days(seed: int, zone: str, start: datetime) -> Iterator[Act]:
    """Yield, in order and without end, the doors that staff open and close from `start` on."""
    return merge(*(_visits(habit, f"{seed} {habit.door}", ZoneInfo(zone), start) for habit in HABITS))


def _visits(habit: Habit, seed: str, zone: ZoneInfo, start: datetime) -> Iterator[Act]:
    chance = random.Random(seed)  # noqa: S311  doors, no secret
    at = start
    while True:
        at += timedelta(seconds=habit.longest + chance.expovariate(1 / habit.every))
        if OPENS <= at.astimezone(zone).time() < CLOSES:
            yield Act(at, Deed.OPEN, habit.door)
            at += timedelta(seconds=chance.uniform(habit.shortest, habit.longest))
            yield Act(at, Deed.CLOSE, habit.door)
