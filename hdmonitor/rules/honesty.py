"""Reasons to doubt a sensor that says something: suspicion beside the limits, never instead of them.

A doubt changes no value, no limit and no delay; it opens an alarm of its own kind and
marks what is added up. What each quantity may do is in `HABITS`; why so in
`docs/decisions/0016-honesty.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from types import MappingProxyType
from typing import Any

from hdmonitor.model import NO_TIME, after, iso, moment_of

STUCK_READINGS = 12  # fewer the same are no sign, however long they take
SATURATED_READINGS = 3
JUMP_WITHIN = timedelta(minutes=5)  # further apart, anything may have happened in between
JUMP_LASTS = timedelta(minutes=15)
DRIFT_LASTS = timedelta(hours=2)
MARK_EVERY = timedelta(minutes=15)
STAYED = 0.25  # of the way that a moved probe went, its neighbours may have gone too


@dataclass(frozen=True, slots=True)
class Habits:
    """What sensors of one quantity do and do not do; canonical unit."""

    stuck: timedelta  # the same value for so long
    jump: float = inf  # between two readings: a wall of air does not do it, a probe in a hand does
    twin: float | None = None  # two at one place
    moved: float | None = None  # within half an hour, while the neighbours stay
    ends: frozenset[float] = frozenset()  # of the ranges of common sensors


HABITS: Mapping[str, Habits] = {
    "temperature": Habits(
        stuck=timedelta(hours=36),
        jump=25.0,
        twin=1.0,
        moved=6.0,
        ends=frozenset({-55.0, -40.0, -30.0, 125.0}),
    ),
    # 100 %RH is where a door with moist air ends; a sensor that stays there is wet or broken all the same.
    "humidity": Habits(stuck=timedelta(hours=36), twin=5.0, ends=frozenset({0.0, 100.0})),
    # A fan that trips is a jump: pressures and air have none.
    "differential_pressure": Habits(
        stuck=timedelta(hours=4),
        twin=0.75,
        ends=frozenset(side * end for side in (1, -1) for end in (15.0, 25.0, 50.0, 125.0, 250.0, 500.0)),
    ),
    "air_velocity": Habits(stuck=timedelta(hours=4), twin=0.05),
}


NO_DOUBTS: Mapping[str, str] = MappingProxyType({})


class Honesty:
    """What is doubted of one point, and why. Readings come in the order of their times."""

    __slots__ = (
        "_again",
        "_at",
        "_drift",
        "_jumped",
        "_marks",
        "_save",
        "_since",
        "_value",
        "doubts",
        "due",
        "habits",
    )

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.doubts: Mapping[str, str] = NO_DOUBTS  # kind -> what is doubted, in words
        self._value: float | None = None
        self._at: datetime | None = None
        self._since: datetime | None = None  # of the value, unchanged
        self._again = 0  # readings of it
        self._jumped: datetime | None = None
        self._drift: datetime | None = None  # away from its twin since
        # Time, value, time, value: the newest two, at least 15 minutes apart.
        self._marks: tuple[Any, ...] = ()
        self._save: datetime | None = None
        self.due = False  # the journal has to be told something

    def take(self, at: datetime, value: float) -> bool:
        """Add a reading; tell whether what is doubted has changed."""
        before, changed = self._value, False
        if value == before:
            self._again += 1
            changed = self._unchanged(at, value)
        else:
            self._value, self._since, self._again = value, at, 1
            if before is not None and abs(value - before) > self.habits.jump:
                changed = self._jump(at, value, before)
            if self.doubts:
                changed |= self._believe("stuck") | self._believe("saturated") | self._jump_over(at)
        self._at = at
        if self._save is None or at >= self._save:
            self._mark(at, value)
        if changed:
            self.due = True
        return changed

    def _jump(self, at: datetime, value: float, before: float) -> bool:
        if self._at is None or at - self._at > JUMP_WITHIN:
            return False
        self._jumped = at
        return self._doubt("jump", f"jumped from {before:.1f} to {value:.1f} at once")

    def _jump_over(self, at: datetime) -> bool:
        if self._jumped is None or at - self._jumped < JUMP_LASTS:
            return False
        self._jumped = None
        return self._believe("jump")

    def _unchanged(self, at: datetime, value: float) -> bool:
        changed = self._jump_over(at) if self._jumped is not None else False
        if self._again == SATURATED_READINGS and value in self.habits.ends:
            changed |= self._doubt("saturated", f"at the end of its range, {value:g}")
        if (
            self._since is not None
            and self._again >= STUCK_READINGS
            and at - self._since >= self.habits.stuck
        ):
            changed |= self._doubt(
                "stuck", f"exactly {value:g} for {self.habits.stuck // timedelta(hours=1)} h"
            )
        return changed

    def _mark(self, at: datetime, value: float) -> None:
        """Keep a value for later, four times an hour, and let the journal have what a restart needs."""
        self._marks = (*self._marks[-2:], at, value)
        hour = self._save is None or at.hour != self._marks[0].hour
        self._save = after(at, MARK_EVERY)
        self.due |= hour

    def newest(self, after: datetime) -> float | None:
        """Return the newest value, unless it was measured before `after`."""
        return self._value if self._at is not None and self._at >= after else None

    # --- against others -----------------------------------------------------

    def compare(self, at: datetime, value: float, twin: float, name: str) -> bool:
        """Hold a reading against the newest value of its twin; tell whether what is doubted has changed."""
        most = self.habits.twin
        if most is None:
            return False
        if abs(value - twin) <= most:
            if self._drift is None:
                return False
            self._drift, self.due = None, True
            return self._believe("drift")
        if self._drift is None:
            self._drift, self.due = at, True
        if at - self._drift < DRIFT_LASTS or "drift" in self.doubts:
            return False
        self.due = True
        return self._doubt("drift", f"differs from {name} for 2 h, one of both is wrong")

    def way(self) -> float:
        """Return how far it has gone since the older of its marks: 15 to 30 minutes."""
        if self._value is None or not self._marks:
            return 0.0
        return float(self._value - self._marks[1])

    def left(self, neighbours: Iterable[Honesty]) -> bool:
        """Look for a probe that went away from neighbours that stayed; tell whether doubts have changed."""
        most, way = self.habits.moved, abs(self.way())
        if most is None or way <= most:
            if self.doubts and way <= (most or 0) / 2 and self._believe("moved"):
                self.due = True
                return True
            return False
        if "moved" in self.doubts:
            return False
        others = [abs(each.way()) for each in neighbours]
        if not others or max(others) > STAYED * way:
            return False
        self.due = True
        return self._doubt("moved", "left its neighbours in the cabinet, which stayed: moved?")

    # --- doubts -------------------------------------------------------------

    def _doubt(self, kind: str, why: str) -> bool:
        if kind in self.doubts:
            return False
        self.doubts = {**self.doubts, kind: why}
        return True

    def _believe(self, kind: str) -> bool:
        if kind not in self.doubts:
            return False
        self.doubts = {each: why for each, why in self.doubts.items() if each != kind}
        return True

    @property
    def text(self) -> str:
        """All doubts in words."""
        return "; ".join(self.doubts[kind] for kind in sorted(self.doubts))

    # --- persistence --------------------------------------------------------

    def _pairs(self) -> Iterable[tuple[datetime, float]]:
        return zip(self._marks[::2], self._marks[1::2], strict=True)

    def shift(self, by: timedelta) -> None:
        """Go on after the wall clock stepped: what is running keeps its length."""
        if by >= NO_TIME:
            return
        for name in ("_at", "_since", "_jumped", "_drift", "_save"):
            if (moment := getattr(self, name)) is not None:
                setattr(self, name, moment + by)
        self._marks = tuple(part for at, value in self._pairs() for part in (at + by, value))
        self.due = True

    def changed(self) -> dict[str, Any] | None:
        """Return what a restart needs and the journal's readings since do not tell."""
        if not self.due or self._at is None:
            return None
        self.due = False
        return {
            "at": self._at.isoformat(),
            "value": self._value,
            "since": iso(self._since),
            "again": self._again,
            "jumped": iso(self._jumped),
            "drift": iso(self._drift),
            "marks": [[at.isoformat(), value] for at, value in self._pairs()],
            "save": iso(self._save),
            "doubts": dict(self.doubts),
        }

    def restore(self, state: Mapping[str, Any]) -> datetime:
        """Go on from `state`; return the time of the newest reading in it."""
        at = datetime.fromisoformat(state["at"])
        self._at, self._value, self._again = at, state["value"], state["again"]
        self._since, self._jumped, self._drift, self._save = (
            moment_of(state[name]) for name in ("since", "jumped", "drift", "save")
        )
        self._marks = tuple(
            part for told, value in state["marks"] for part in (datetime.fromisoformat(told), value)
        )
        self.doubts = dict(state["doubts"])
        return at
