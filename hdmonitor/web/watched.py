"""What the first page shows: every point with its value, limit, age and state, and the open alarms.

Nothing here says that something is safe. A value that nobody vouches for any
more is unknown, whatever it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hdmonitor.alerts.situation import Situation
from hdmonitor.binding import UNCONFIRMED, binding, rule_of
from hdmonitor.catalogue import load_catalogue
from hdmonitor.events import Alarm, LastHeard
from hdmonitor.model import NO_TIME, Level, Point, Rule, Side, Site
from hdmonitor.rules.forecast import forecast
from hdmonitor.site_air import certificates
from hdmonitor.units import show_duration
from hdmonitor.vouched import Away, Look, away, situation, worth

OWN = "hdmonitor."  # points of the monitor itself
# Of the other alarms the state of the point says what they are about.
BESIDE = {"HDM-SUSPECT": ": doubted", "HDM-BATTERY": ": battery low", "HDM-CLOCK": ": wrong clock"}


@dataclass(frozen=True, slots=True)
class Row:
    """One point as a line of its room."""

    point: str
    name: str
    value: str  # "9.4 C", "open", "was 4.5 C", "no value"
    limit: str  # "2 to 8"
    age: str  # "12 s"; empty where nothing was ever heard
    state: str  # "inside", "too warm", "silent", …
    look: str  # "inside", "outside", "unknown"
    alarms: tuple[Shown, ...]
    rules: tuple[Mark, ...]  # what judges it
    off: tuple[str, ...]  # what does not, by whose signature


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule, and how binding it is."""

    text: str  # "SHALL 659-3", "PRACTICE STO-1, UNCONFIRMED"
    force: str  # "shall", "should", "practice"


@dataclass(frozen=True, slots=True)
class Shown:
    """One alarm that nobody has closed."""

    id: str
    level: str
    title: str
    says: str  # beside its point: "CRITICAL A12", "warning A14: battery low"
    rule: str  # "659-3 version 1, SHALL"
    began: str
    answer: str  # who answered, or that nobody has
    point: str
    room: str  # id; empty for an alarm about the monitor itself
    active: bool
    own: bool


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room and its points."""

    id: str
    name: str
    rows: tuple[Row, ...]
    reports: tuple[str, ...]  # what the certification says of air that no sensor measures


@dataclass(frozen=True, slots=True)
class Watched:
    """The whole page."""

    rooms: tuple[RoomView, ...]
    alarms: tuple[Shown, ...]  # running, the worst first
    undocumented: tuple[Shown, ...]  # over, but nobody has written down what was done
    unknown: int  # points without a value that anybody vouches for


def watched(
    site: Site,
    heard: Mapping[str, LastHeard],
    alarms: Sequence[Alarm],
    now: datetime,
    recent: Mapping[str, Sequence[tuple[datetime, float]]] = MappingProxyType({}),
    out: Mapping[str, Away] = MappingProxyType({}),
    points: Iterable[Point] | None = None,
) -> Watched:
    """Put together what the journal says of `site` at `now`.

    `alarms` are those nobody has closed, `recent` the last readings of points of which
    some are asked where they are going, `out` the points that people took out of service.
    Of a large site only some `points` may be wanted.
    """
    out = away(site, now) | dict(out)
    ranked = sorted(alarms, key=lambda alarm: (-alarm.level, -alarm.priority, alarm.opened_at))
    shown = {alarm.id: _shown(site, alarm, now) for alarm in ranked}
    at_point: defaultdict[str, list[Alarm]] = defaultdict(list)
    for alarm in ranked:
        if alarm.active:
            at_point[alarm.point].append(alarm)
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for point in site.points.values() if points is None else points:
        running = tuple(shown[alarm.id] for alarm in at_point[point.id])
        row = _row(site, point, heard, running, now, out)
        if row.look != "unknown" and (ahead := _ahead(site, point, recent.get(point.id, ()), now)):
            row = replace(row, state=f"{row.state}; {ahead}")
        rows[point.room].append(row)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    reports: defaultdict[str, list[str]] = defaultdict(list)
    for certificate in certificates(site, load_catalogue()):
        reports[certificate.room.id].append(certificate.said(today))
    return Watched(
        rooms=tuple(
            RoomView(room.id, room.name, tuple(rows[room.id]), tuple(reports[room.id]))
            for room in site.rooms.values()
            if room.id in rows
        ),
        alarms=tuple(shown[alarm.id] for alarm in ranked if alarm.active),
        undocumented=tuple(shown[alarm.id] for alarm in ranked if not alarm.active),
        unknown=sum(row.look == "unknown" for inside in rows.values() for row in inside),
    )


def _row(
    site: Site,
    point: Point,
    heard: Mapping[str, LastHeard],
    alarms: tuple[Shown, ...],
    now: datetime,
    out: Mapping[str, Away],
) -> Row:
    told, found, last = situation(site, point, now), worth(point, heard, now, out), heard.get(point.id)
    state = found.says
    if found.limit is not None and not alarms:
        state += f", an alarm if it lasts {_age(found.limit.on_delay)}"
    value = last.value if last else None
    was = "was " if found.look is Look.UNKNOWN else ""
    return Row(
        point=point.id,
        name=told.name,
        value="no value" if value is None else f"{was}{told.shown(value)}",
        limit=_limit(told),
        age="" if last is None else _age(now - last.measured_at),
        state=state,
        look=found.look.value,
        alarms=alarms,
        rules=tuple(_mark(rule) for rule in point.rules if rule.thresholds),
        off=tuple(map(str, point.off)),
    )


def warned(site: Site, alarms: Sequence[Alarm]) -> set[str]:
    """Return the points of which one wants to know where they are going: warned of, and no more yet."""
    running = [alarm for alarm in alarms if alarm.active and alarm.point in site.points]
    worse = {alarm.point for alarm in running if alarm.level > Level.WARNING}
    return {alarm.point for alarm in running} - worse


def _ahead(site: Site, point: Point, recent: Sequence[tuple[datetime, float]], now: datetime) -> str:
    """Say when the next limit is reached at this rate, as a span that scatter makes wide."""
    found = forecast(recent, [t for rule in point.rules for t in rule.thresholds]) if recent else None
    if found is None:
        return ""
    figure = situation(site, point, now).figure(found.threshold)
    way = f"{'over' if found.threshold.side is Side.HIGH else 'under'} {figure} in"
    if found.latest is None:
        return f"at this rate {way} {_age(found.earliest)} or more"
    soonest, latest = _age(_whole(found.earliest)), _age(_whole(found.latest))
    return f"at this rate {way} {soonest if soonest == latest else f'{soonest} to {latest}'}"


def _whole(span: timedelta) -> timedelta:
    """Return whole minutes: no forecast knows seconds."""
    return timedelta(minutes=max(1, round(span.total_seconds() / 60)))


def _mark(rule: Rule) -> Mark:
    sure = ", UNCONFIRMED" if rule.confidence == UNCONFIRMED else ""
    return Mark(f"{rule.force} {rule.id}{sure}", rule.force.value.lower())


def _limit(told: Situation) -> str:
    """Say what is needed, as messages do: "2 to 8", "at most 8", "closed"; nothing where none is judged."""
    if not told.rule.thresholds:
        return ""
    if told.is_state:
        return told.figure(told.rule.thresholds[0])
    return told.need


def _shown(site: Site, alarm: Alarm, now: datetime) -> Shown:
    point = site.points.get(alarm.point)
    own = alarm.point.startswith(OWN)
    level = alarm.level.name.lower()
    loud = level if alarm.level is Level.WARNING else level.upper()
    by = alarm.acknowledged_by
    name = site.people[by].name if by and by in site.people else by
    rule = rule_of(point, alarm.rule)
    told = f", {binding(rule, alarm.level)}" if rule else ""
    return Shown(
        id=alarm.id,
        level=level,
        title=alarm.title,
        says=f"{loud} {alarm.id}{BESIDE.get(alarm.rule, '')}",
        rule=f"{alarm.rule} version {alarm.version}{told}",
        began=_age(now - alarm.began_at),
        answer=f"answered by {name}" if by else "nobody has answered",
        point=alarm.point,
        room=point.room if point else "",
        active=alarm.active,
        own=own,
    )


def _age(span: timedelta) -> str:
    return show_duration(max(span, NO_TIME))
