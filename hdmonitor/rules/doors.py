"""Doors between rooms: for how long an opening explains a lost pressure.

An opening keeps the call about the pair across that door back for a while. It
never touches the alarm, its record, or what the board shows, and it explains
only what began with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.model import NO_TIME, Adjacency, Point, iso, moment_of

# practice rule 6: at most 60 s per opening, and 5 min in any 30
LONGEST = timedelta(seconds=60)
MOST = timedelta(minutes=5)
WITHIN = timedelta(minutes=30)
# A room is back within seconds of its door being shut.
RECOVERY = timedelta(seconds=15)
# The gauge may show an opening before the message of the contact is there.
SEEN_LATE = timedelta(seconds=5)


@dataclass(slots=True)
class Door:
    """One door, as its contact tells it, in event time."""

    contact: str
    rooms: frozenset[str]
    valid_for: timedelta
    is_open: bool = False
    seen_at: datetime | None = None  # newest value of the contact; None after a fault
    opened_at: datetime | None = None  # of the newest opening that may explain anything
    until: datetime | None = None  # it explains nothing from then on
    spent: list[tuple[datetime, datetime]] = field(default_factory=list)  # earlier openings

    def stands_open(self, at: datetime) -> bool:
        """Tell whether it is known to be open; a dead contact counts as closed."""
        return self.is_open and self._vouched(at)

    def _vouched(self, at: datetime) -> bool:
        return self.seen_at is not None and at - self.seen_at <= self.valid_for

    def explains(self, began: datetime, at: datetime) -> bool:
        """Tell whether what began at `began` may be put down to this door at `at`."""
        if self.opened_at is None or self.until is None:
            return False
        return began >= self.opened_at - SEEN_LATE and self.opened_at <= at < self.until

    def open(self, at: datetime, *, alone: bool) -> None:
        """Take an opening; it explains something only after a seen close and with no other door open."""
        if not self.is_open:
            self._retire(at)
            left = MOST - self._used(at)
            if alone and self._vouched(at) and left > NO_TIME:
                self.opened_at, self.until = at, at + min(LONGEST, left)
        self.is_open, self.seen_at = True, at

    def close(self, at: datetime) -> None:
        """Take a close; the room gets a moment to come back."""
        if self.is_open:
            self.end(at + RECOVERY)
        self.is_open, self.seen_at = False, at

    def die(self, at: datetime) -> None:
        """Take a fault of the contact: closed, and not seen to be."""
        self.end(at)
        self.is_open, self.seen_at = False, None

    def end(self, at: datetime) -> None:
        """Let the running opening explain nothing from `at` on."""
        if self.until is not None and self.opened_at is not None:
            self.until = max(self.opened_at, min(self.until, at))

    def _retire(self, at: datetime) -> None:
        """Put the last opening to the earlier ones, and forget those that no longer count."""
        if self.opened_at is not None and self.until is not None:
            self.spent.append((self.opened_at, min(self.until, at)))
        self.opened_at = self.until = None
        self.spent = [(start, end) for start, end in self.spent if end > at - WITHIN]

    def _used(self, at: datetime) -> timedelta:
        return sum((end - max(start, at - WITHIN) for start, end in self.spent), NO_TIME)

    def shift(self, by: timedelta) -> None:
        """Move everything with a clock that stepped."""
        self.seen_at = _moved(self.seen_at, by)
        self.opened_at, self.until = _moved(self.opened_at, by), _moved(self.until, by)
        self.spent = [(start + by, end + by) for start, end in self.spent]

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "open": self.is_open,
            "seen_at": iso(self.seen_at),
            "opened_at": iso(self.opened_at),
            "until": iso(self.until),
            "spent": [[start.isoformat(), end.isoformat()] for start, end in self.spent],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.is_open, self.seen_at = state["open"], moment_of(state["seen_at"])
        self.opened_at, self.until = moment_of(state["opened_at"]), moment_of(state["until"])
        fromisoformat = datetime.fromisoformat
        self.spent = [(fromisoformat(start), fromisoformat(end)) for start, end in state["spent"]]


class Doors:
    """The doors of a site that have a contact, and the pairs of rooms across them."""

    def __init__(self, adjacencies: Iterable[Adjacency], points: Collection[Point]) -> None:
        contacts = {point.id: point for point in points if point.quantity == "contact"}
        self._doors = {
            each.door: Door(each.door, frozenset(each.rooms), contacts[each.door].valid_for)
            for each in adjacencies
            if each.door in contacts
        }
        self._by_rooms = {door.rooms: door for door in reversed(self._doors.values())}  # the first of several

    def __contains__(self, contact: str) -> bool:
        """Tell whether a point is the contact of one of these doors."""
        return contact in self._doors

    def between(self, room: str, other: str | None) -> Door | None:
        """Return the door between two rooms."""
        return self._by_rooms.get(frozenset((room, other))) if other else None

    def stands(self, point: Point, at: datetime) -> str:
        """Say how the door across a pair stands; nothing where none is known."""
        door = self.between(point.room, point.to)
        if door is None or door.seen_at is None:
            return ""
        return "open" if door.stands_open(at) else "shut"

    def explain(self, point: Point, began: datetime, at: datetime) -> tuple[datetime, str] | None:
        """Return until when and why a door explains a pressure that was lost at `began` (practice rule 6)."""
        door = self.between(point.room, point.to)
        if door is None or door.until is None or not door.explains(began, at):
            return None
        opened, until = iso(door.opened_at) or "", door.until.isoformat()
        return door.until, f"{door.contact} opened at {opened}, which explains it until {until}"

    def observe(self, contact: str, at: datetime, value: float | None) -> list[Door]:
        """Take a value of a contact (1 is open, None a fault); return the doors it concerns."""
        door = self._doors[contact]
        beside = [each for each in self._doors.values() if each is not door and each.rooms & door.rooms]
        if value is None:
            door.die(at)
        elif value <= 0:
            door.close(at)
        else:
            opens = not door.is_open
            door.open(at, alone=not any(each.stands_open(at) for each in beside))
            if opens:  # with both doors open neither explains anything
                for each in beside:
                    if each.stands_open(at):
                        each.end(at)
                return [door, *beside]
        return [door]

    def shift(self, by: timedelta) -> None:
        """Move everything with a clock that stepped."""
        for door in self._doors.values():
            door.shift(by)

    def states(self) -> dict[str, Any]:
        """Return what a restart needs, by key."""
        return {key(contact): door.state() for contact, door in self._doors.items()}

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        for contact, door in self._doors.items():
            if state := states.get(key(contact)):
                door.restore(state)


def key(contact: str) -> str:
    """Name the state of a door in the journal."""
    return f"door:{contact}"


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by
