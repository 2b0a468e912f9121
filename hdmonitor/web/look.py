"""One look into the journal for all pages: how everything stands, as of one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hdmonitor.board import NOTHING, Acts, Against, Card, board
from hdmonitor.compliance.due import by_key, standing_against
from hdmonitor.compliance.obligation import Against as Bars
from hdmonitor.compliance.obligation import SubjectKind
from hdmonitor.events import Alarm, LastHeard
from hdmonitor.model import Point, Site
from hdmonitor.reader import JournalRefused
from hdmonitor.rows import Owing
from hdmonitor.rules.forecast import LOOKS_BACK
from hdmonitor.standing import KEYS, acts_of, calendar_against, case_key, named
from hdmonitor.vouched import Look as PointLook
from hdmonitor.vouched import away, worth
from hdmonitor.web.desk import Desk
from hdmonitor.web.health import Health
from hdmonitor.web.kept import Kept
from hdmonitor.web.machine import health_now
from hdmonitor.web.watched import RoomView, Row, Shown, Watched, warned, watched

VITAL = ("core", "broker", "canary")  # without one of them no reading is the present one
MOST_TRENDS = 100  # points; a site with more has its trends on the pages of points
MOST_ROWS = 300  # points of a site of which all are in words all the time
CALENDAR_KEPT = 30.0  # seconds; what is overdue changes by the day, and when something is filed


@dataclass(frozen=True, slots=True)
class Look:
    """How everything stands; without a record, nothing does."""

    at: datetime
    health: Health
    refused: str = ""  # why the record cannot be read
    heard: Mapping[str, LastHeard] = field(default_factory=dict)
    alarms: Sequence[Alarm] = ()  # that nobody has closed
    recent: Mapping[str, Sequence[tuple[datetime, float]]] = field(default_factory=dict)
    acts: Acts = NOTHING
    cards: tuple[Card, ...] = ()
    watched: Watched | None = None  # nothing where the record cannot be read
    partly: bool = False  # of a large site only what is outside or unknown is in words
    barred: tuple[str, ...] = ()  # names of people who by the record may not compound today

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Return the alarms that nobody has closed in words, those that are over last."""
        return (*self.watched.alarms, *self.watched.undocumented) if self.watched else ()

    @property
    def titles(self) -> dict[str, str]:
        """Return the titles of the alarms that nobody has closed, by id."""
        return {alarm.id: alarm.title for alarm in self.alarms}

    def room(self, site: Site, id_: str) -> RoomView | None:
        """Return a room with all its points in words; None where nothing is known."""
        rooms = self.watched.rooms if self.watched else ()
        if self.partly:
            inside = [point for point in site.points.values() if point.room == id_]
            rooms = self._in_words(site, inside[:MOST_ROWS]).rooms
        return next((each for each in rooms if each.id == id_), None)

    def row(self, site: Site, point: Point) -> Row | None:
        """Return a point in words; None where nothing is known."""
        rooms = self.watched.rooms if self.watched else ()
        if self.partly:
            rooms = self._in_words(site, [point]).rooms
        return next((row for room in rooms for row in room.rows if row.point == point.id), None)

    def _in_words(self, site: Site, points: Sequence[Point]) -> Watched:
        return watched(site, self.heard, self.alarms, self.at, out=dict(self.acts.out), points=points)


class Looks:
    """The newest look, made once a second at most."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept = Kept(self._looked)
        self._calendar = Kept(self._overdue, CALENDAR_KEPT)

    def __call__(self) -> Look:
        """Return it."""
        return self._kept()

    def _looked(self) -> Look:
        desk, now = self._desk, self._desk.now()
        try:
            with desk.reader() as journal:
                alarms, heard = journal.alarms(), journal.heard()
                owing: Owing = journal.owing(desk.site.destinations)
                recent = journal.recent(_trended(desk.site, alarms), now - LOOKS_BACK)
                keys = {case_key(each) for each in alarms if each.active}
                states = {key: state for prefix in KEYS for key, state in journal.states(prefix).items()}
                states |= journal.states_of(keys)
            calendar, kept_away = self._calendar()
        except JournalRefused as refused:
            return Look(now, health_now(desk, str(refused)), str(refused))
        health = health_now(desk, owing)
        acts = acts_of(desk.site, states, alarms, now, calendar)
        cards = board(desk.site, heard, alarms, now, acts, blind=blind(health))
        rows, partly = self._rows(heard, alarms, now, recent, acts)
        return Look(now, health, "", heard, alarms, recent, acts, cards, rows, partly, kept_away)

    def _rows(
        self,
        heard: Mapping[str, LastHeard],
        alarms: Sequence[Alarm],
        now: datetime,
        recent: Mapping[str, Sequence[tuple[datetime, float]]],
        acts: Acts,
    ) -> tuple[Watched, bool]:
        """Return the points in words; of a large site only those that are outside or unknown, and so many."""
        site, out = self._desk.site, dict(acts.out)
        going = warned(site, alarms)
        ahead = {point: values for point, values in recent.items() if point in going}
        if len(site.points) <= MOST_ROWS:
            return watched(site, heard, alarms, now, ahead, out), False
        gone = away(site, now) | out
        looks = {point.id: worth(point, heard, now, gone).look for point in site.points.values()}
        odd = [point for point in site.points.values() if looks[point.id] is not PointLook.INSIDE]
        rows = watched(site, heard, alarms, now, ahead, out, odd[:MOST_ROWS])
        unknown = sum(each is PointLook.UNKNOWN for each in looks.values())
        return replace(rows, unknown=unknown), True

    def _overdue(self) -> tuple[list[Against], tuple[str, ...]]:
        """Return what the calendar bars today, and the names of the people who may not compound."""
        desk, programme = self._desk, self._desk.programme
        if programme is None:
            return [], ()
        with desk.reader() as journal:
            filed = by_key(journal.completions(programme.bars))
        on = desk.now().astimezone(desk.zone).date()
        reasons = standing_against(programme, filed, on)
        people = {
            subject.id: subject.name
            for obligation, subject, _ in programme.duties()
            if subject.kind is SubjectKind.PERSON and Bars.COMPOUNDING in obligation.against
        }
        return calendar_against(reasons, frozenset(people), on), named(reasons, people)


def blind(health: Health) -> str:
    """Say why no reading is the present one; nothing where readings come and are judged."""
    wrong = [
        f"{name}: {check.says}" for name in VITAL if not (check := health.checks[name]).works and check.vital
    ]
    return f"the monitor itself is in trouble, {wrong[0]}" if wrong else ""


def _trended(site: Site, alarms: Sequence[Alarm]) -> list[str]:
    """Return the points whose last half hour pages show: all, or of a large site those with an alarm."""
    if len(site.points) <= MOST_TRENDS:
        return list(site.points)
    return list(dict.fromkeys(each.point for each in alarms if each.active))[:MOST_TRENDS]
