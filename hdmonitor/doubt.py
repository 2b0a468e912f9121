"""A doubted sensor as a case of its own, beside the limits of its point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.case import Case, House
from hdmonitor.draft import Draft
from hdmonitor.events import Since
from hdmonitor.model import EPOCH, Point
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.honesty import HABITS, Habits, Honesty


class Doubt:
    """What is doubted of one point, and the alarm about it."""

    __slots__ = ("built", "honesty", "house", "neighbours", "point", "twin")

    def __init__(self, point: Point, habits: Habits, house: House) -> None:
        self.point = point
        self.honesty = Honesty(habits)
        self.house = house
        self.built: Case | None = None
        self.twin: Doubt | None = None
        self.neighbours: tuple[Doubt, ...] = ()  # the same quantity in the same cabinet

    @property
    def key(self) -> str:
        """Name the doubts in the journal."""
        return f"doubt:{self.point.id}"

    @property
    def case(self) -> Case:
        """The case of the doubts, built when there is something to doubt."""
        if self.built is None:
            self.built = self.house.suspect(self.point)
        return self.built

    def take(self, at: datetime, value: float, draft: Draft) -> bool:
        """Add a reading that the limits have judged; tell whether the case has moved."""
        honesty = self.honesty
        changed = honesty.take(at, value)
        if self.twin is not None or self.neighbours:
            changed |= self._beside(at, value)
        if honesty.due and (state := honesty.changed()) is not None:
            draft.outcome.states[self.key] = state
        if not changed:
            return False
        case = self.case
        case.text = honesty.text
        machine = case.machine
        assert isinstance(machine, Machine)  # noqa: S101  # by construction
        case.apply(machine.observe(at, 1.0 if honesty.doubts else 0.0), draft)
        return True

    def _beside(self, at: datetime, value: float) -> bool:
        """Hold the reading against those of the twin and the neighbours."""
        honesty, twin, changed = self.honesty, self.twin, False
        if twin is not None:
            other = twin.honesty.newest(at - twin.point.valid_for)
            if other is not None:
                changed = honesty.compare(at, value, other, twin.point.name)
        if self.neighbours:
            heard = [
                each.honesty
                for each in self.neighbours
                if each.honesty.newest(at - each.point.valid_for) is not None
            ]
            changed |= honesty.left(heard)
        return changed

    def shift(self, by: timedelta, draft: Draft) -> None:
        """Go on after the wall clock stepped."""
        self.honesty.shift(by)
        if (state := self.honesty.changed()) is not None:
            draft.outcome.states[self.key] = state

    def restore(self, states: Mapping[str, Any], since: Since) -> None:
        """Go on from the journal's state and the readings that came after it."""
        if state := states.get(self.key):
            newest = self.honesty.restore(state)
            for at, value in since(self.point.id, newest, EPOCH):
                self.honesty.take(at, value)
            self.honesty.changed()  # the journal has it


def acquaint(doubts: Iterable[Doubt]) -> None:
    """Let each know its declared twin, and who is in the same cabinet."""
    known = {each.point.id: each for each in doubts}
    together: dict[tuple[str, str], list[Doubt]] = {}
    for each in known.values():
        point = each.point
        each.twin = known.get(point.twin) if point.twin is not None else None
        if point.equipment is not None and each.honesty.habits.moved is not None:
            together.setdefault((point.equipment, point.quantity), []).append(each)
    for cabinet in together.values():
        for each in cabinet:
            each.neighbours = tuple(other for other in cabinet if other is not each)


def habits_of(point: Point) -> Habits | None:
    """Return what the sensor of a point does not do; None for states, and for sums of points."""
    return None if point.legs else HABITS.get(point.quantity)
