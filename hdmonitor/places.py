"""Rooms and units as their points tell of them: what is beside, behind which door, and where stock may go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

from hdmonitor.alerts.defrost import running
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.lights import Face, face_of
from hdmonitor.model import Phase, Point, Site
from hdmonitor.placement import Known, Spares
from hdmonitor.returns import Returns
from hdmonitor.rules.doors import Doors
from hdmonitor.units import show_moment
from hdmonitor.watch import Watch


class Places:
    """The places of one site. `blind` says what cannot be relied on, `stir` is told of cases that move."""

    def __init__(
        self,
        site: Site,
        watches: Mapping[str, Watch],
        returns: Returns,
        blind: Callable[[Watch], bool],
        stir: Callable[[Case], None],
    ) -> None:
        self._site = site
        self._watches = watches
        self._returns = returns
        self._blind = blind
        self._stir = stir
        self.doors = Doors(site.adjacencies, site.points.values())
        self._spares = Spares(site)
        self._in_room: defaultdict[str, list[Watch]] = defaultdict(list)
        self._across: defaultdict[frozenset[str], list[Watch]] = defaultdict(list)  # by the rooms of a pair

    def add(self, watch: Watch) -> None:
        """Take a point that is watched."""
        point = watch.point
        watch.is_door = point.id in self.doors
        self._in_room[point.room].append(watch)
        if point.to is not None:
            self._across[frozenset((point.room, point.to))].append(watch)

    def face(self, room: str) -> Face:
        """Return what the light at the door of `room` has to show."""
        watches = self._in_room.get(room, ())
        blind = any(self._blind(watch) for watch in watches)
        return face_of(room, watches, blind=blind, latched=self._returns.in_room(room))

    def excused(self, point: Point, began: datetime, at: datetime) -> tuple[datetime, str] | None:
        """Return until when and why a door, or a defrost, explains what began then."""
        if point.defrost is not None and (defrost := running(point.defrost, self._site.zone, at)):
            begin, end = defrost
            why = f"a declared defrost explains it until {show_moment(end, self._site.zone)}"
            return (end, why) if began >= begin else None
        return self.doors.explain(point, began, at)

    def swing(self, contact: str, value: float | None, at: datetime, now: datetime, draft: Draft) -> None:
        """Take a value of a door's contact, measured at `at`; calls that it no longer holds back start."""
        doors = self.doors.observe(contact, at, value)
        draft.outcome.states.update(self.doors.states())
        pairs = [watch for rooms in {door.rooms for door in doors} for watch in self._across[rooms]]
        for watch in sorted(pairs, key=lambda watch: watch.silence.rank):  # in the order of the site
            door = self.doors.between(watch.point.room, watch.point.to)
            for case in watch.rules:
                if case.by_door and case.resume_at is not None and door is not None:
                    case.resume_at = max(min(case.resume_at, door.until or at), now)
                    case.advance(now, draft)
                    self._stir(case)

    def beside(self, point: Point) -> str:
        """Name the other room of a pair, where the room is judged against several."""
        pairs = [each for each in self._in_room.get(point.room, ()) if each.rules and each.point.to]
        other = self._site.rooms.get(point.to) if point.to and len(pairs) > 1 else None
        return other.name if other else ""

    def move_to(self, point: Point, at: datetime) -> tuple[str, ...] | None:
        """Return the units that may take the stock of a point's unit; None where nothing is moved."""
        return self._spares.of(point.equipment, lambda id_: self._standing_at(id_, at))

    def _standing_at(self, id_: str, at: datetime) -> Known:
        """Tell what is known of a point now: the placement of stock asks."""
        watch = self._watches.get(id_)
        if watch is None or self._blind(watch) or watch.last_at is None:
            return Known(None, calm=False)
        vouched = at - watch.last_at <= watch.point.valid_for
        calm = all(case.machine.phase is Phase.NORMAL and case.alarm is None for case in watch.rules)
        return Known(watch.last_value if vouched else None, calm=calm)
