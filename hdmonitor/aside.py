"""What people have put aside for a while: points out of service, rooms in use or not, reasons overridden.

Recording and excursions go on whatever stands here; only calls wait. What has
an end ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hdmonitor.draft import Draft
from hdmonitor.events import BackInService, InUse, Kind, OutOfService, Override, Why
from hdmonitor.model import Response, Site
from hdmonitor.units import show_moment

LONGEST_OUT = timedelta(days=30)  # practice: a sensor that is sent away for calibration
LONGEST_OVERRIDE = timedelta(hours=12)  # practice: not beyond a shift
# practice: who said that a room is empty said it for this shift
IDLE_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Out:
    """A point out of service by an act."""

    by: str  # id of a person
    why: Why
    reason: str
    until: datetime

    def said(self, zone: str) -> str:
        """Say why nobody is called."""
        until = show_moment(self.until, zone)
        return f"out of service until {until}: {self.why.value}, {self.reason} ({self.by})"


@dataclass(frozen=True, slots=True)
class Use:
    """What somebody said last about people in a room."""

    by: str
    in_use: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Overridden:
    """A person who works on in spite of a known reason not to."""

    by: str
    reason: str
    until: datetime


@dataclass(slots=True)
class Aside:
    """Everything that is put aside at one site; `back` is told of points that call again."""

    site: Site
    back: Callable[[frozenset[str], datetime], None]
    out: dict[str, Out] = field(default_factory=dict)  # by point
    use: dict[str, Use] = field(default_factory=dict)  # by room
    overridden: dict[str, Overridden] = field(default_factory=dict)  # by room or unit
    rank: int = field(default=0, init=False)  # on the agenda
    noted: datetime | None = field(default=None, init=False)

    # --- time ---------------------------------------------------------------

    def due(self) -> datetime | None:
        """Return when the first of them ends."""
        ends = [each.until for each in self.out.values()]
        return min([*ends, *(each.until for each in self.overridden.values())], default=None)

    def advance(self, at: datetime, draft: Draft) -> None:
        """End what is over at `at`."""
        over = [point for point, each in self.out.items() if each.until <= at]
        for point in over:
            self._return(point, "", "its time is over", at, draft)
        for place in [place for place, each in self.overridden.items() if each.until <= at]:
            del self.overridden[place]
            draft.outcome.states[f"override:{place}"] = None
        if over:
            self.back(frozenset(over), at)

    # --- questions ----------------------------------------------------------

    def out_of_service(self, point: str, at: datetime) -> tuple[datetime, str] | None:
        """Return until when and why a point calls nobody: by an act, or as the site file plans.

        A hood or a hazardous room in which people work calls all the same (practice rule 9).
        """
        found = self.site.points.get(point)
        if found is not None and found.response is Response.CONTAINMENT and self.in_use(found.room):
            return None
        if (out := self.out.get(point)) is not None and at < out.until:
            return out.until, out.said(self.site.zone)
        for span in self.site.maintenance:
            if span.start <= at < span.end and point in span.points:
                until = show_moment(span.end, self.site.zone)
                return span.end, f"out of service until {until}: {span.reason} ({span.by})"
        return None

    def in_use(self, room: str) -> bool:
        """Tell whether somebody said that people work in a room."""
        return room in self.use and self.use[room].in_use

    def known_idle(self, room: str, at: datetime) -> bool:
        """Tell whether somebody said not long ago that nobody works in a room; not knowing is not idle."""
        said = self.use.get(room)
        return said is not None and not said.in_use and at - said.at <= IDLE_LASTS

    # --- acts ---------------------------------------------------------------

    def take_out(self, act: OutOfService, at: datetime, draft: Draft) -> str:
        """Take points out of service; return why not, or nothing."""
        if unknown := self._unknown(act.points):
            return unknown
        if not at < act.until <= at + LONGEST_OUT:
            end = show_moment(act.until, self.site.zone)
            return f"out of service ends in the future, within {LONGEST_OUT.days} days, not at {end}"
        rooms = sorted({self.site.points[point].room for point in act.points if self._contained(point)})
        if used := next((room for room in rooms if self.in_use(room)), None):
            return f"people work in {used!r}; hoods and hazardous rooms stay in service while they do"
        for point in act.points:
            self.out[point] = Out(act.by, act.why, act.reason, act.until.astimezone(UTC))
            draft.outcome.states[f"out:{point}"] = _state(self.out[point])
            detail = {**_state(self.out[point])}
            draft.event(at, Kind.OUT_OF_SERVICE, point, detail)
            draft.outcome.rooms.add(self.site.points[point].room)
        return ""

    def put_back(self, act: BackInService, at: datetime, draft: Draft) -> str:
        """Put points back in service before their time; return why not, or nothing."""
        if unknown := self._unknown(act.points):
            return unknown
        if missing := [point for point in act.points if point not in self.out]:
            planned = any(
                span.start <= at < span.end and missing[0] in span.points for span in self.site.maintenance
            )
            how = "; the site file plans that, change it there" if planned else ""
            return f"{missing[0]!r} was not put out of service by an act{how}"
        for point in act.points:
            self._return(point, act.by, "put back", at, draft)
        self.back(frozenset(act.points), at)
        return ""

    def say_use(self, act: InUse, at: datetime, draft: Draft) -> str:
        """Note whether people work in a room; what calls again then calls now."""
        if act.room not in self.site.rooms:
            return f"there is no room {act.room!r:.60} in the site file"
        self.use[act.room] = Use(act.by, act.in_use, at)
        draft.outcome.states[f"use:{act.room}"] = {"by": act.by, "in_use": act.in_use, "at": at.isoformat()}
        draft.event(at, Kind.IN_USE, act.room, {"by": act.by, "in_use": act.in_use})
        draft.outcome.rooms.add(act.room)
        if act.in_use:
            points = self.site.points.values()
            self.back(
                frozenset(p.id for p in points if p.room == act.room and p.response is Response.CONTAINMENT),
                at,
            )
        return ""

    def override(self, act: Override, at: datetime, draft: Draft) -> str:
        """Note that somebody works on in spite of a known reason; return why not, or nothing."""
        if act.place not in self.site.rooms and act.place not in self.site.equipment:
            return f"there is no room and no equipment {act.place!r:.60} in the site file"
        longest = LONGEST_OVERRIDE // timedelta(minutes=1)
        if not 0 < act.minutes <= longest:
            return f"an override lasts 1 to {longest} minutes, not {act.minutes}"
        until = at + timedelta(minutes=act.minutes)
        self.overridden[act.place] = Overridden(act.by, act.reason, until)
        detail: dict[str, Any] = {"by": act.by, "reason": act.reason, "until": until.isoformat()}
        draft.outcome.states[f"override:{act.place}"] = detail
        draft.event(at, Kind.OVERRIDDEN, act.place, detail)
        return ""

    def _return(self, point: str, by: str, why: str, at: datetime, draft: Draft) -> None:
        del self.out[point]
        draft.outcome.states[f"out:{point}"] = None
        draft.event(at, Kind.BACK_IN_SERVICE, point, {"by": by or None, "why": why})
        draft.outcome.rooms.add(self.site.points[point].room)

    def _contained(self, point: str) -> bool:
        return self.site.points[point].response is Response.CONTAINMENT

    def _unknown(self, points: tuple[str, ...]) -> str:
        missing = next((point for point in points if point not in self.site.points), None)
        return f"there is no point {missing!r:.60} in the site file" if missing is not None else ""

    # --- restart ------------------------------------------------------------

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal; what the site file no longer has is forgotten."""
        for key, state in states.items():
            kind, _, name = key.partition(":")
            if state is None:
                continue
            if kind == "out" and name in self.site.points:
                self.out[name] = Out(
                    state["by"], Why(state["why"]), state["reason"], datetime.fromisoformat(state["until"])
                )
            elif kind == "use":
                self.use[name] = Use(state["by"], state["in_use"], datetime.fromisoformat(state["at"]))
            elif kind == "override":
                until = datetime.fromisoformat(state["until"])
                self.overridden[name] = Overridden(state["by"], state["reason"], until)


def _state(out: Out) -> dict[str, Any]:
    return {"by": out.by, "why": out.why.value, "reason": out.reason, "until": out.until.isoformat()}
