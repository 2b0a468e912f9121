"""What a message may quote, and how: names, figures, limits, times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hdmonitor.alerts.flapping import Comings
from hdmonitor.model import Exposure, Level, Point, Response, Room, Rule, Side, Threshold
from hdmonitor.units import UnitError, express, quantity_named, show, show_duration, show_limit, unit_named

LONGEST_VALUE = 18  # beyond this a figure is written with an exponent
A_WEEK = 7
PARTS = {
    "differential_pressure": "pressure",
    "air_velocity": "airflow",
    "contact": "door",
    "particle_count": "particles",
    "co2": "CO2",
    "flowing": "flow",
}
AIR = ("air_velocity", "airflow", "running")


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a gateway, as a message about it tells: the worst first."""

    units: int
    place: str  # the one room, or how many
    outside: tuple[str, ...]  # "HD Fridge 2 was 9.5 C and rising", those last seen outside a limit
    critical: tuple[str, ...]  # names of the units where people are exposed


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a message about one alarm may quote, at one moment."""

    alarm: str  # "A1842"
    point: Point
    rule: Rule
    threshold: Threshold | None  # the limit that is active; None for blind, fault and own alarms
    cause: str  # limit, exposure, silent, never-heard, fault, suspect, battery, clock, self, gateway
    value: float | None  # newest, canonical unit
    measured_at: datetime | None
    began_at: datetime  # first reading outside, or last heard
    at: datetime
    peak: float | None  # furthest outside so far
    rising: bool | None  # trend of the last readings, None unknown
    text: str = ""  # fault code, state of the battery, or an own condition's sentence
    room: Room | None = None
    move_to: tuple[str, ...] | None = None  # names of permitted spare units; None where nothing is moved
    door: str = ""  # "open" or "shut", across the pair of rooms
    beside: str = ""  # the other room of the pair, where the room has several
    was_outside: bool = False  # silence after a value outside
    unanswered_since: datetime | None = None  # when the running call began
    ended_at: datetime | None = None  # first reading inside again
    behind: Behind | None = None  # of a gateway
    exposure: Exposure | None = None  # what readings add up to; `value` and `peak` are of that sum
    comings: Comings | None = None  # where it comes and goes
    outlook: tuple[str, ...] = ()  # how long it may go on like this
    latched: bool = False  # its unit waits to be returned to service
    by_hand: str = ""  # who read the value from a gauge

    # --- names --------------------------------------------------------------

    @property
    def name(self) -> str:
        """What to call the unit or room, as staff say it; of a sensor, with what it measures."""
        name = self.point.name
        match self.cause:
            case "self" if self.room is not None:
                return self.room.name
            case "self":
                return self.point.id.partition(":")[2] or name
            case "gateway":
                return name
            case "limit":
                # a gauge may be named after both its rooms; people are in one
                return self.room.name if self.room is not None and self.is_room_pressure else name
        obvious = self.point.quantity == "temperature" and self.point.equipment is not None
        return name if obvious or self.part in name.lower() else f"{name} {self.part}"

    @property
    def part(self) -> str:
        """What the point measures, in a word; of a hood, the first word of what may be lost."""
        limits = [limit for rule in self.point.rules for limit in rule.thresholds]
        if self.is_hood and limits:
            return limits[0].name.partition(" ")[0]
        return PARTS.get(self.point.quantity, self.point.quantity)

    @property
    def subject(self) -> str:
        """An own condition without the prefix of its point: "notify" of "hdmonitor.notify:pharmacist"."""
        return self.point.id.removeprefix("hdmonitor.").partition(":")[0]

    @property
    def is_hood(self) -> bool:
        """Whether people have their hands in it."""
        contained = self.rule.response is Response.CONTAINMENT and self.point.equipment is not None
        return contained and self.point.quantity in AIR

    @property
    def is_room_pressure(self) -> bool:
        """Whether the point measures a room against its neighbour."""
        return self.point.equipment is None and self.point.quantity == "differential_pressure"

    @property
    def is_state(self) -> bool:
        """Whether words stand for the values: open, stopped, lost."""
        return quantity_named(self.point.quantity).words is not None

    @property
    def reached_alarm(self) -> bool:
        """Whether it was beyond more than a warning; where that is not known, it was."""
        if self.peak is None:
            return True
        return any(limit.level > Level.WARNING and limit.outside(self.peak) for limit in self.rule.thresholds)

    # --- figures ------------------------------------------------------------

    def shown(self, value: float) -> str:
        """Show a value in the unit of its limits, never rounded across the nearest of them."""
        unit, quantity = self._unit(), self.point.quantity
        rules = (self.rule, *self.point.rules) if self.cause in ("", "limit") else self.point.rules
        limits = {limit.limit for rule in rules for limit in rule.thresholds}
        text = show(value, quantity, unit, *limits)
        if len(text) <= LONGEST_VALUE:
            return text
        return f"{express(value, quantity, unit):.3e} {unit_named(unit, quantity).short}".rstrip()

    def figure(self, limit: Threshold) -> str:
        """Show a limit as it was written, without its unit."""
        return show_limit(limit.limit, self.point.quantity, self._unit())

    def _unit(self) -> str:
        for rule in (self.rule, *self.point.rules):
            try:
                return unit_named(rule.unit, self.point.quantity).name
            except UnitError:
                continue  # a rule about something else of this point: its silence, its battery
        return quantity_named(self.point.quantity).canonical

    def known_limit(self, value: float) -> Threshold | None:
        """Return the limit of alarm level that `value` is beyond, which people know; else the warning."""
        beyond = [limit for limit in self.rule.thresholds if limit.outside(value)]
        return min(beyond, key=lambda limit: (limit.level is Level.WARNING, limit.level), default=None)

    @property
    def need(self) -> str:
        """The band at alarm level: "2 to 8"; a pressure the weaker figure first, "-0.010 to -0.030"."""
        known = [limit for limit in self.rule.thresholds if limit.level > Level.WARNING]
        band = {limit.side: limit for limit in sorted(known or self.rule.thresholds, key=_widest_first)}
        pressure = self.point.quantity == "differential_pressure"
        bounds = sorted(band.values(), key=lambda limit: abs(limit.limit) if pressure else limit.limit)
        if len(bounds) == 1:
            return f"at {'most' if bounds[0].side is Side.HIGH else 'least'} {self.figure(bounds[0])}"
        return " to ".join(self.figure(bound) for bound in bounds)

    def beyond(self, limit: Threshold) -> str:
        """Say on which side of `limit`: "over 8", "weak"."""
        if self.point.quantity == "temperature":
            return f"{'over' if limit.side is Side.HIGH else 'under'} {self.figure(limit)}"
        return limit.name

    def trend(self, before: str) -> str:
        """Say "rising" or "falling" after `before`, nothing where that is not known or means nothing."""
        if self.is_state or self.by_hand:  # a fan does not fall; a person's two readings are no trend
            return ""
        return "" if self.rising is None else f"{before}{'rising' if self.rising else 'falling'}"

    # --- times --------------------------------------------------------------

    @property
    def lasted(self) -> str:
        """How long it was outside; without its end, how long its alarm stood."""
        return show_duration((self.ended_at or self.at) - self.began_at)

    def clock(self, moment: datetime, zone: str) -> str:
        """Show a local time as short as it is unmistakable: "02:41", "Mon 02:41", "2 Mar 02:41"."""
        local, today = moment.astimezone(ZoneInfo(zone)), self.at.astimezone(ZoneInfo(zone)).date()
        days = (today - local.date()).days
        day = "" if days == 0 else f"{local:%a} " if 0 < days < A_WEEK else f"{local.day} {local:%b} "
        return f"{day}{local:%H:%M}"


def _widest_first(limit: Threshold) -> int:
    return -limit.level
