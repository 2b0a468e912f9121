"""The nouns of the pharmacy: sites, rooms, points, limits, readings and people.

Everything here is an immutable value without I/O. Times are aware UTC
datetimes, durations are timedeltas, values are in the canonical unit of their
quantity (see `hdmonitor.units`).

What is made anew for each message is a named tuple, which is as immutable as
a frozen dataclass and made in a third of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_TIME = timedelta(0)
# A named tuple from all its fields, in their order: its own constructor takes twice as long. For what
# is made with each value.
made = tuple.__new__
ALWAYS = datetime.min.replace(tzinfo=UTC)  # before anything


@lru_cache(maxsize=4)
def after(moment: datetime, span: timedelta) -> datetime:
    """Return a later moment, the same object for all points that one message is about."""
    return moment + span


def iso(moment: datetime | None) -> str | None:
    """Return a moment as JSON takes it."""
    return moment.isoformat() if moment is not None else None


def moment_of(text: str | None) -> datetime | None:
    """Return the moment that `iso` wrote."""
    return datetime.fromisoformat(text) if text is not None else None


class Level(IntEnum):
    """How far outside, in the order in which an alarm is raised."""

    WARNING = 1
    ALARM = 2
    CRITICAL = 3


class Priority(IntEnum):
    """How soon somebody must answer; low wakes nobody."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Side(StrEnum):
    """On which side of a limit a value lies outside."""

    HIGH = "high"
    LOW = "low"


class Force(StrEnum):
    """How binding the source of a rule is."""

    SHALL = "SHALL"
    SHOULD = "SHOULD"
    PRACTICE = "PRACTICE"


class Response(StrEnum):
    """Which escalation policy of the site answers an alarm."""

    CONTAINMENT = "containment"
    STORAGE = "storage"
    OTHER = "other"


class Phase(StrEnum):
    """Where one limit, or one alarm as a whole, stands."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    PENDING = "pending"
    ACTIVE = "active"
    CLEARING = "clearing"


class Quality(IntEnum):
    """What a stored reading is worth.

    Only GOOD is judged as it arrives, and only GOOD readings received live are a sign of
    life. LATE came after a newer one of its point and is judged with it, in the
    order of time, once no more come; NOT_JUDGED came too late for that.
    RETAINED was repeated by the broker and has no time of its own; FAULT has no value.
    """

    GOOD = 0
    LATE = 1
    RETAINED = 2
    FAULT = 3
    NOT_JUDGED = 4


@dataclass(frozen=True, slots=True)
class Threshold:
    """One limit of a rule: a level, a side, and how long outside matters."""

    level: Level
    side: Side
    limit: float  # canonical unit
    on_delay: timedelta
    priority: Priority
    name: str  # the word for being outside: "lost", "weak", "too warm"
    limit_is_inside: bool = True
    force: Force = Force.PRACTICE

    def outside(self, value: float) -> bool:
        """Tell whether `value` (canonical unit) lies outside; NaN does."""
        if self.side is Side.HIGH:
            return not (value <= self.limit if self.limit_is_inside else value < self.limit)
        return not (value >= self.limit if self.limit_is_inside else value > self.limit)

    def beyond(self, value: float, deadband: float) -> bool:
        """Tell whether `value` is back inside by at least `deadband`."""
        if deadband == 0:
            return not self.outside(value)
        if self.side is Side.HIGH:
            return value <= self.limit - deadband
        return value >= self.limit + deadband

    @property
    def rank(self) -> tuple[Level, Priority]:
        """Level first, then priority: "lost" over "weak" over "strong"."""
        return (self.level, self.priority)


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit of the catalogue as it applies to one point."""

    id: str
    version: str
    what: str
    source: str
    force: Force
    confidence: str
    thresholds: tuple[Threshold, ...]
    unit: str  # the unit the limit was written in; messages and pages use it
    deadband: float  # canonical unit
    off_delay: timedelta
    response: Response
    instruction: str  # what the first person does, fits a phone message
    latched: bool = False  # returns to service only by a named act
    holds_stock: bool = False  # an alarm puts the contents on hold


class Measure(StrEnum):
    """What a rule adds up instead of judging each value."""

    MKT = "mkt"  # mean kinetic temperature of a window, °C
    TOTAL = "total"  # seconds outside a band within a window
    EVENT = "event"  # seconds outside a band without a reading inside


@dataclass(frozen=True, slots=True)
class Exposure:
    """A rule about what the readings of a point add up to; its limits are in that unit."""

    rule: Rule
    measure: Measure
    window: timedelta  # trailing
    above: float | None = None  # the band, inclusive, canonical unit of the point; nothing for a mean
    below: float | None = None
    beside: bool = False  # nobody is called while a limit alarm of the point tells it already


@dataclass(frozen=True, slots=True)
class Leg:
    """A point whose value is part of a sum, the sign it has there, and what it is divided by."""

    point: str
    sign: int = 1
    over: float = 1.0


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A rule that a site does not apply, and who answers for that."""

    rule: str
    by: tuple[str, ...]  # names; two where one is not enough
    signed: date
    why: str

    def __str__(self) -> str:
        """Say it in one line, as it is shown wherever the rule is."""
        return f"{self.rule} switched off by {' and '.join(self.by)} on {self.signed}: {self.why}"


@dataclass(frozen=True, slots=True)
class Defrost:
    """When a freezer is said to heat its own air: local times of the site, and how long it takes."""

    starts: tuple[time, ...]
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Point:
    """One quantity measured at one place, with the rules that judge it."""

    id: str
    name: str  # as staff say it: "HD Fridge 2"
    room: str
    equipment: str | None
    quantity: str
    topic: str
    family: str
    field: str
    unit: str  # of the value as received
    every: timedelta  # expected interval
    valid_for: timedelta
    rules: tuple[Rule, ...]
    sign: int = 1
    offset: float = 0.0  # canonical unit, added after the sign
    probe: str | None = None
    replay_as: str | None = None
    guards: Priority = Priority.LOW  # what silence of this point costs
    response: Response = Response.OTHER
    to: str | None = None  # the reference room of a differential pressure
    accuracy: float = 0.0  # of the gauge of a differential pressure, canonical unit
    legs: tuple[Leg, ...] = ()  # no sensor measures it: it is the sum of these
    base: float = 0.0  # of such a sum: the part that nothing measures
    exposures: tuple[Exposure, ...] = ()
    silent_after: timedelta | None = None  # later than `valid_for` where a day is what counts
    only_while: str | None = None  # id of the point that says when there is a verdict on this one
    off: tuple[SwitchedOff, ...] = ()
    device: str | None = None  # which of several whose messages come on one topic
    twin: str | None = None  # a second point that measures the same
    defrost: Defrost | None = None  # declared, of a freezer whose probe is in air


@dataclass(frozen=True, slots=True)
class Device:
    """Everything expected on one topic."""

    topic: str
    family: str
    points: tuple[Point, ...]
    zone: str | None = None  # IANA zone of device times that carry none
    time: str | None = None  # mapped family: JMESPath of the device time
    battery: str | None = None  # mapped family: JMESPath of the battery percentage
    also: tuple[str, ...] = ()  # topics of births and deaths that belong to this one
    declared: Mapping[str, object] = field(default_factory=dict, hash=False)  # see sensors/context.py


@dataclass(frozen=True, slots=True)
class AirReport:
    """The air changes of a room, 1/h, as its certification report gives them."""

    report: str
    on: date
    hvac: float
    hood: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """A room with its role in the pressure order (never its ISO class)."""

    id: str
    name: str
    role: str
    call: str | None = None  # whom facilities messages name, "HVAC 2211"
    volume: float | None = None  # m3
    certified: AirReport | None = None


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Two rooms with a door, a wall or a ceiling between them."""

    rooms: tuple[str, str]
    through: str
    enforced: bool  # as the designated person marks it
    door: str | None = None  # the contact of the door between them


@dataclass(frozen=True, slots=True)
class Equipment:
    """A refrigerator, freezer, hood, cooler, incubator or power supply."""

    id: str
    name: str
    kind: str
    room: str
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Which stock may stand in which rooms only."""

    rule: str
    version: str
    force: Force
    kinds: frozenset[str]  # of the units
    contents: frozenset[str]
    roles: frozenset[str]  # of rooms that a rule keeps negative
    air_changes: float  # 1/h, at least


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may act on an alarm."""

    id: str
    name: str
    role: str


MIRROR = "hdmonitor/drill/"  # stands before the topic of a point in a fire drill

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "holiday")
HOLIDAY = 7  # beside the days of the week, Monday being 0


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of some days in which certain destinations have a duty."""

    days: frozenset[int]  # on which it starts: 0 is Monday, `HOLIDAY` any holiday
    start: int  # minutes since local midnight
    end: int  # the same; more than 1440 on the next day
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandIn:
    """A span in which others have a duty, whatever the weekly pattern says."""

    start: datetime
    end: datetime
    notify: tuple[str, ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Duty:
    """What one of changing people has: on-call pharmacist, technician of the shift."""

    id: str
    name: str
    week: tuple[Shift, ...]
    exceptions: tuple[StandIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """Whom an escalation tells, and how long after the alarm opened."""

    after: timedelta
    notify: tuple[str, ...]  # ids of destinations and duties


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told, who next, and how often again until somebody answers."""

    steps: tuple[Step, ...]
    repeat: timedelta
    repeat_at_most: int | None = None  # how often; critical alarms are repeated without end
    quiet: tuple[time, time] | None = None  # local; low and medium priorities wait until they end


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned out-of-service span of some points, with its reason."""

    points: frozenset[str]
    start: datetime
    end: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """What messages of some points pass through, and the topic of its own will or state."""

    id: str
    name: str
    topic: str
    points: frozenset[str]
    also: tuple[str, ...] = ()  # topics that say it is there, where those are others


@dataclass(frozen=True, slots=True)
class Site:
    """One pharmacy as the monitor sees it."""

    id: str
    name: str
    regime: str
    zone: str  # IANA
    rooms: Mapping[str, Room]
    equipment: Mapping[str, Equipment]
    points: Mapping[str, Point]
    devices: Mapping[str, Device]  # by topic
    people: Mapping[str, Person]
    policies: Mapping[Response, Policy]
    maintenance: tuple[Maintenance, ...] = ()
    config_hash: str = ""
    destinations: tuple[str, ...] = field(default=())
    recipients: Mapping[str, str] = field(default_factory=dict)  # of each destination, who reads it
    adjacencies: tuple[Adjacency, ...] = ()
    placements: tuple[Placement, ...] = ()
    duties: Mapping[str, Duty] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()  # local days
    # From opening to closing, by weekday, 7 for holidays; none: always open.
    hours: Mapping[int, tuple[time, time]] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)

    def only(self, points: Collection[str]) -> Site:
        """Return the site with some of its points, and the sums for which they are enough."""
        kept = {
            id_: point
            for id_, point in self.points.items()
            if id_ in points or (point.legs and all(leg.point in points for leg in point.legs))
        }
        devices = {
            topic: replace(device, points=told)
            for topic, device in self.devices.items()
            if (told := tuple(point for point in device.points if point.id in points))
        }
        return replace(self, points=kept, devices=devices)

    def read_by(self, person: str | None) -> list[str]:
        """Return the destinations that a person reads."""
        return [target for target, reader in self.recipients.items() if reader == person]

    @property
    def topics(self) -> list[str]:
        """Return all topics that have to be subscribed."""
        heard = {*self.devices, f"{MIRROR}#"}
        for each in self.devices.values():
            heard.update(each.also)
        for gateway in self.gateways.values():
            heard.update((gateway.topic, *gateway.also))
        return sorted(heard)


class Message(NamedTuple):
    """An MQTT publication as it arrived."""

    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False


class Value(NamedTuple):
    """One value found in a message; `value` is None when `fault` names why."""

    field: str
    quantity: str
    value: float | None  # canonical unit
    fault: str | None = None
    time: datetime | None = None  # its own, where a message has values of several times
    backfilled: bool = False  # stored and sent later
    device: str | None = None  # as the point names it


class Decoded(NamedTuple):
    """What a message says: values, the device's own time, its battery."""

    values: tuple[Value, ...] = ()
    device_time: datetime | None = None  # aware UTC; None when the device gave none
    battery: float | None = None  # percent; 0 for a bare "battery low"
    backfilled: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a message gives nothing: what is wrong, where."""

    reason: str


class Reading(NamedTuple):
    """One value, or one fault, of one point."""

    point: str
    value: float | None  # canonical unit; None for a fault
    measured_at: datetime
    received_at: datetime
    quality: Quality = Quality.GOOD
    fault: str | None = None
    device_time: datetime | None = None  # as the device said it, where another time was used
    live: bool = True  # a sign of life: neither retained, backfilled nor repeated
