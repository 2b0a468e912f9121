"""The board: each room and each hood as one large state, with the reasons for it.

The board never says yes. The best it has is "no known reason not to", and only
until the first of the readings it rests on is no longer vouched for. What is
unknown or stale is grey, and grey means no. An override shows whose it is and
why; it takes no reason away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from hdmonitor.binding import binding, rule_of
from hdmonitor.events import Alarm, LastHeard
from hdmonitor.gateways import PREFIX
from hdmonitor.model import Equipment, Level, Point, Room, Rule, Site
from hdmonitor.units import show_duration
from hdmonitor.vouched import Away, Look, Worth, away, situation, worth

COMPOUNDING = ("buffer", "buffer-hd", "sca", "c-sca", "nonsterile-hd")  # roles
ANTE = ("ante", "ante-hd")
HOODS = ("bsc-a2", "bsc-b2", "caci")  # kinds
POWER = "power"
AT_WORK = "*"  # for `Against`: every place of which the question is whether to compound there
# What says that nobody knows, and what only says that a sensor wants care.
BLIND = ("HDM-SILENCE", "HDM-FAULT", "HDM-GATEWAY")
CARE = ("HDM-SUSPECT", "HDM-BATTERY", "HDM-CLOCK")


class Verdict(IntEnum):
    """What the board says of a place, the worst last. There is no yes."""

    NONE_KNOWN = 0  # no known reason not to
    UNKNOWN = 1  # grey; means no
    NO = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands against a place, or, as NONE_KNOWN, that people there should know."""

    verdict: Verdict
    text: str
    rule: str = ""  # "800-P1 version 1, SHALL"
    alarm: str = ""  # id


@dataclass(frozen=True, slots=True)
class Against:
    """A reason that is no reading: a latch, a missing competence, a certification that is due.

    `place` is the id of a room or of equipment, or `AT_WORK`; empty for the whole site.
    """

    place: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Shelved:
    """An alarm that a person (a name) has shelved."""

    alarm: str
    by: str
    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Overridden:
    """A person (a name) who goes on in spite of what the board says."""

    place: str
    by: str
    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Acts:
    """What people and the calendar have put beside the readings, as it stands now."""

    against: Sequence[Against] = ()
    out: Sequence[tuple[str, Away]] = ()  # points, beside what the site file plans
    shelved: Sequence[Shelved] = ()
    overridden: Sequence[Overridden] = ()
    in_use: frozenset[str] = frozenset()  # rooms


NOTHING = Acts()


@dataclass(frozen=True, slots=True)
class Card:
    """One room or one hood."""

    id: str
    name: str
    room: str  # of a hood: the name of its room; of a room: nothing
    work: bool  # whether the question is if one may compound here
    verdict: Verdict
    reasons: tuple[Reason, ...]  # against, the worst first
    remarks: tuple[Reason, ...]  # what stands against nothing
    until: datetime | None  # of NONE_KNOWN: when the first reading it rests on is too old
    overridden: Overridden | None
    out: tuple[tuple[str, Away], ...]  # names of points
    shelved: tuple[Shelved, ...]
    in_use: bool

    @property
    def hood(self) -> bool:
        """Whether it is a hood."""
        return bool(self.room)


def board(
    site: Site,
    heard: Mapping[str, LastHeard],
    alarms: Sequence[Alarm],
    now: datetime,
    acts: Acts = NOTHING,
    *,
    blind: str = "",
) -> tuple[Card, ...]:
    """Return the rooms in the order of the site file, each followed by its hoods.

    `alarms` are those nobody has closed. `blind` says why nothing at all is known.
    """
    return tuple(_Board(site, heard, alarms, now, acts, blind).cards())


class _Board:
    """A board being drawn: every point looked at once."""

    def __init__(
        self,
        site: Site,
        heard: Mapping[str, LastHeard],
        alarms: Sequence[Alarm],
        now: datetime,
        acts: Acts,
        blind: str,
    ) -> None:
        self._site, self._now, self._acts, self._blind = site, now, acts, blind
        self._out = away(site, now) | dict(acts.out)
        self._worth = {point.id: worth(point, heard, now, self._out) for point in site.points.values()}
        self._at: defaultdict[str, list[Point]] = defaultdict(list)  # by equipment, else room
        self._in: defaultdict[str, list[Point]] = defaultdict(list)  # by room
        for point in site.points.values():
            self._at[point.equipment or point.room].append(point)
            self._in[point.room].append(point)
        ranked = sorted(alarms, key=lambda each: (-each.level, -each.priority, each.opened_at, each.id))
        self._alarms: defaultdict[str, list[Alarm]] = defaultdict(list)
        for alarm in ranked:
            self._alarms[alarm.point].append(alarm)
        self._lost_gateway: dict[str, Alarm] = {}  # by point
        for gateway in site.gateways.values():
            for alarm in self._alarms.get(PREFIX + gateway.id, ()):
                if alarm.active:
                    self._lost_gateway |= dict.fromkeys(gateway.points, alarm)
        self._power = [
            point
            for unit in site.equipment.values()
            if unit.kind == POWER
            for point in self._at[unit.id]
            if point.quantity == "mains"
        ]

    def cards(self) -> Iterator[Card]:
        """Yield every room with its hoods."""
        hoods: defaultdict[str, list[Equipment]] = defaultdict(list)
        for unit in self._site.equipment.values():
            if unit.kind in HOODS:
                hoods[unit.room].append(unit)
        for room in self._site.rooms.values():
            yield self._room(room)
            for unit in hoods[room.id]:
                yield self._hood(unit, room)

    # --- what a place rests on ----------------------------------------------

    def _room(self, room: Room) -> Card:
        work = room.role in COMPOUNDING
        if work:
            points = [*self._at[room.id], *self._before(room), *self._power]
        else:
            hoods = {unit.id for unit in self._site.equipment.values() if unit.kind in HOODS}
            points = [point for point in self._in[room.id] if point.equipment not in hoods]
        places = (room.id, *self._ante(room)) if work else (room.id,)
        return self._card(room.id, room.name, "", points, places, work=work)

    def _hood(self, unit: Equipment, room: Room) -> Card:
        """Return a hood: nobody works in one whose room is lost."""
        own = self._at[unit.id]
        points = [*own, *self._at[room.id], *self._before(room), *self._power]
        places = (unit.id, room.id, *self._ante(room))
        return self._card(unit.id, unit.name, room.name, points, places, work=True, own=own)

    def _ante(self, room: Room) -> list[str]:
        """Return the ante-rooms through which a compounding room is entered."""
        beside = {
            other
            for pair in self._site.adjacencies
            if room.id in pair.rooms and pair.through == "door"
            for other in pair.rooms
        }
        return [each for each in self._site.rooms if each in beside and self._site.rooms[each].role in ANTE]

    def _before(self, room: Room) -> list[Point]:
        return [point for ante in self._ante(room) for point in self._at[ante]]

    # --- what stands against it ---------------------------------------------

    def _card(
        self,
        id_: str,
        name: str,
        room: str,
        points: Sequence[Point],
        places: Collection[str],
        *,
        work: bool,
        own: Sequence[Point] | None = None,
    ) -> Card:
        judged = [point for point in points if _is_judged(point) and self._worth[point.id].asked]
        everywhere = {"", *places} | ({AT_WORK} if work else set())
        said = [reason for point in points for reason in self._reasons(point)]
        said += [each.reason for each in self._acts.against if each.place in everywhere]
        measured = judged if own is None else [point for point in own if _is_judged(point)]
        if not measured:
            said.append(Reason(Verdict.UNKNOWN, "nothing is measured here"))
        if self._blind:
            said.append(Reason(Verdict.UNKNOWN, self._blind))
        said = sorted(dict.fromkeys(said), key=lambda reason: -reason.verdict)
        reasons = tuple(reason for reason in said if reason.verdict is not Verdict.NONE_KNOWN)
        verdict = max((reason.verdict for reason in reasons), default=Verdict.NONE_KNOWN)
        shelved = {alarm.id for point in points for alarm in self._alarms[point.id]}
        return Card(
            id=id_,
            name=name,
            room=room,
            work=work,
            verdict=verdict,
            reasons=reasons,
            remarks=tuple(reason for reason in said if reason.verdict is Verdict.NONE_KNOWN),
            until=self._until(judged) if verdict is Verdict.NONE_KNOWN else None,
            overridden=next(
                (o for o in self._acts.overridden if o.place == id_ and o.until > self._now), None
            ),
            out=tuple((self._name(p), self._out[p.id]) for p in points if p.id in self._out),
            shelved=tuple(each for each in self._acts.shelved if each.alarm in shelved),
            in_use=id_ in self._acts.in_use,
        )

    def _reasons(self, point: Point) -> Iterator[Reason]:
        """Yield what a point has against the places that rest on it."""
        told = self._worth[point.id]
        alarms = [alarm for alarm in self._alarms[point.id] if alarm.active]
        for alarm in alarms:
            if alarm.rule not in BLIND:
                yield self._alarm(point, alarm)
        blind = next((alarm for alarm in alarms if alarm.rule in BLIND), None)
        blind = blind or self._lost_gateway.get(point.id)
        if not _is_judged(point) and blind is None:
            return
        if blind is not None or (told.look is Look.UNKNOWN and told.asked):
            yield self._unknown(point, told, blind)
        elif told.limit is not None and told.limit.level > Level.WARNING and not _told(alarms):
            yield self._outside(point, told)
        for alarm in self._alarms[point.id]:
            if not alarm.active:
                text = f"{alarm.title}: over, nobody has written down what was done"
                yield Reason(Verdict.NONE_KNOWN, text, alarm=alarm.id)

    def _alarm(self, point: Point, alarm: Alarm) -> Reason:
        mild = alarm.level is Level.WARNING or alarm.rule in CARE
        shelved = next((each for each in self._acts.shelved if each.alarm == alarm.id), None)
        until = f", shelved by {shelved.by} until {self._clock(shelved.until)}" if shelved else ""
        verdict = Verdict.NONE_KNOWN if mild else Verdict.NO
        return Reason(verdict, alarm.title + until, _rule(point, alarm.rule, alarm), alarm.id)

    def _unknown(self, point: Point, told: Worth, alarm: Alarm | None) -> Reason:
        says = told.says if told.look is Look.UNKNOWN or alarm is None else alarm.title
        text = f"{self._name(point)}: {says}"
        return Reason(Verdict.UNKNOWN, text, "", alarm.id if alarm else "")

    def _outside(self, point: Point, told: Worth) -> Reason:
        """Say that a value is outside although that is no alarm yet: at once (practice rule 6)."""
        assert told.limit is not None  # noqa: S101  # the caller asked
        assert told.rule is not None  # noqa: S101  # it comes with its limit
        text = f"{self._name(point)}: {told.limit.name} now"
        if told.limit.on_delay:
            text += f", an alarm if it lasts {show_duration(told.limit.on_delay)}"
        return Reason(Verdict.NO, text, _rule_words(told.rule, told.limit.level))

    def _name(self, point: Point) -> str:
        return situation(self._site, point, self._now).name

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self._site.zone)):%H:%M}"

    def _until(self, judged: Sequence[Point]) -> datetime:
        """Return the first moment at which something it rests on is no longer vouched for.

        At local midnight another day's competences and certificates count.
        """
        local = self._now.astimezone(ZoneInfo(self._site.zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        ends = [until for point in judged if (until := self._worth[point.id].until)]
        planned = [span.start for span in self._site.maintenance if span.start > self._now]
        return min([*ends, *planned, midnight.astimezone(self._now.tzinfo)])


def _is_judged(point: Point) -> bool:
    return bool(point.exposures or any(rule.thresholds for rule in point.rules))


def _told(alarms: Sequence[Alarm]) -> bool:
    """Tell whether an alarm says already that a value is outside."""
    return any(each.level > Level.WARNING and each.rule not in (*BLIND, *CARE) for each in alarms)


def _rule(point: Point, id_: str, alarm: Alarm) -> str:
    rule = rule_of(point, id_)
    told = f", {binding(rule, alarm.level)}" if rule else ""
    return f"{id_} version {alarm.version}{told}"


def _rule_words(rule: Rule, level: Level) -> str:
    return f"{rule.id} version {rule.version}, {binding(rule, level)}"
