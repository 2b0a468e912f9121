"""What a person who is called to an alarm must know, on one small page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.alerts.picks import DISPOSITIONS, PICKS, Picks, kind_of
from hdmonitor.binding import binding, rule_of
from hdmonitor.events import About, Alarm, Kind, ReturnStep
from hdmonitor.model import NO_TIME, Level, Point, Priority, Response, Site
from hdmonitor.placement import Known, Spares
from hdmonitor.reader import Reader
from hdmonitor.reports.chart import Chart, chart
from hdmonitor.returns import restored_latch
from hdmonitor.rounds import is_read_by_hand
from hdmonitor.rows import OutboxRow, StoredEvent
from hdmonitor.site_limits import shown_unit
from hdmonitor.units import QUANTITIES, show_duration
from hdmonitor.vouched import Look, away, situation, worth
from hdmonitor.web.desk import Desk

BEFORE = timedelta(hours=3)  # of the picture, before the alarm began
LONGEST_PICTURE = timedelta(hours=24)
MOST_DRAWN = 240  # values: the page must come over a bad network
MOST_TOLD = 12
CALLS = frozenset({About.OPENED, About.RAISED, About.ESCALATED, About.REPEATED})
HOODS = frozenset({"bsc-a2", "bsc-b2", "caci", "cai", "lafw"})


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was told, and whether it arrived."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Phone:
    """All of the page, in words."""

    alarm: Alarm
    level: str  # "critical"
    stands: str  # "active", "over"
    needs_code: bool
    message: str  # what the newest message says
    now: str  # "9.4 C, too warm, 1 min ago"
    need: str  # "2 to 8"
    rule: str
    began: str
    answers: tuple[str, ...]  # "Lee answered at 03:12: on the way, 10 min"
    chart: Chart | None
    told: tuple[Told, ...]
    spare: tuple[str, ...] | None  # None where nothing is moved
    calls: tuple[str, ...]
    picks: Picks
    dispositions: dict[str, str]
    contained: bool
    longest_shelf: int  # minutes
    written: str  # what is written up so far
    units: tuple[str, ...]  # in which the gauge may be read by hand; none where it is not
    room: str  # id
    room_name: str
    unit: str  # id of the hood or room that waits to be returned to service
    unit_name: str
    next_step: ReturnStep | None  # of that


def phone(
    desk: Desk, journal: Reader, alarm: Alarm, events: list[StoredEvent], rows: list[OutboxRow]
) -> Phone:
    """Put together what the record says of `alarm` now."""
    now, site = desk.now(), desk.site
    point = site.points.get(alarm.point)
    rule = rule_of(point, alarm.rule)
    hood = point is not None and _is_hood(site, point)
    kind = kind_of(point, alarm.rule, hood=hood)
    contained = is_contained(site, alarm)
    unit, step = latched_unit(journal, point)
    calls = [row for row in rows if row.notice.about in CALLS] or rows
    newest = max(calls, key=lambda row: row.row, default=None)
    return Phone(
        alarm=alarm,
        level=alarm.level.name.lower(),
        stands="active" if alarm.active else "over",
        needs_code=needs_code(alarm),
        message=newest.notice.body if newest else "",
        now=_now(desk, journal, point),
        need=_need(site, point, now),
        rule=f"{alarm.rule} version {alarm.version}" + (f", {binding(rule, alarm.level)}" if rule else ""),
        began=_moment(desk, alarm.began_at),
        answers=tuple(_answers(desk, events)),
        chart=_chart(desk, journal, point, alarm),
        told=tuple(_told(desk, rows)),
        spare=_spare(desk, journal, point) if rule is not None and rule.holds_stock else None,
        calls=tuple(_calls(site, point)),
        picks=PICKS[kind],
        dispositions=dict(DISPOSITIONS),
        contained=contained,
        longest_shelf=30 if contained else 480,
        written=alarm.note,
        units=_units(point),
        room=point.room if point else "",
        room_name=site.rooms[point.room].name if point else "",
        unit=unit,
        unit_name=_place_name(site, unit),
        next_step=step,
    )


def is_contained(site: Site, alarm: Alarm) -> bool:
    """Tell whether an alarm is about a hood or a hazardous room."""
    rule = rule_of(site.points.get(alarm.point), alarm.rule)
    return rule is not None and rule.response is Response.CONTAINMENT


def needs_code(alarm: Alarm) -> bool:
    """Tell whether acts on an alarm need the PIN or the code in the message (practice rule 8)."""
    return alarm.priority is Priority.CRITICAL or alarm.level is Level.CRITICAL


def _units(point: Point | None) -> tuple[str, ...]:
    """Return the units in which people may read a gauge, the usual one first."""
    if point is None or not is_read_by_hand(point) or QUANTITIES[point.quantity].words:
        return ()
    usual = shown_unit(point)
    others = [unit.name for unit in QUANTITIES[point.quantity].units if unit.name != usual]
    return (usual, *others)


def latched_unit(journal: Reader, point: Point | None) -> tuple[str, ReturnStep | None]:
    """Return which hood or room of a point waits to be returned to service, and the step that is next."""
    states = journal.states("return:") if point is not None else {}
    for unit in (point.equipment, point.room) if point is not None else ():
        state = states.get(f"return:{unit}")
        if unit is not None and isinstance(state, dict):
            return unit, restored_latch(state).missing[0]
    return "", None


def _place_name(site: Site, id_: str) -> str:
    place = site.equipment.get(id_) or site.rooms.get(id_)
    return place.name if place is not None else id_


def _is_hood(site: Site, point: Point) -> bool:
    unit = site.equipment.get(point.equipment) if point.equipment else None
    return unit is not None and unit.kind in HOODS


def _moment(desk: Desk, at: datetime) -> str:
    local, today = at.astimezone(desk.zone), desk.now().astimezone(desk.zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _now(desk: Desk, journal: Reader, point: Point | None) -> str:
    """Say what the point measures at this moment, and how old that is."""
    if point is None:
        return ""
    now, heard = desk.now(), journal.heard()
    last, told = heard.get(point.id), situation(desk.site, point, now)
    value = worth(point, heard, now, away(desk.site, now))
    if last is None or last.value is None:
        return value.says
    was = "was " if value.look is Look.UNKNOWN else ""
    age = show_duration(max(now - last.measured_at, NO_TIME))
    return f"{was}{told.shown(last.value)}, {value.says}, {age} ago"


def _need(site: Site, point: Point | None, now: datetime) -> str:
    if point is None:
        return ""
    told = situation(site, point, now)
    if not told.rule.thresholds:
        return ""
    return told.figure(told.rule.thresholds[0]) if told.is_state else told.need


def _answers(desk: Desk, events: list[StoredEvent]) -> list[str]:
    """Say who answered, when and from where."""
    said = []
    for stored in events:
        event = stored.event
        if event.kind is not Kind.ACKNOWLEDGED:
            continue
        by, where = str(event.detail.get("by", "")), str(event.detail.get("where", ""))
        minutes = event.detail.get("minutes")
        from_where = {"on-my-way": "on the way", "at-unit": "at the unit"}.get(where, "")
        if minutes and where == "on-my-way":
            from_where += f", {minutes} min"
        name = desk.site.people[by].name if by in desk.site.people else by
        note = str(event.detail.get("note", ""))
        words = ": ".join(filter(None, (from_where, note)))
        said.append(f"{name} answered at {_moment(desk, event.at)}{f': {words}' if words else ''}")
    return said


def _chart(desk: Desk, journal: Reader, point: Point | None, alarm: Alarm) -> Chart | None:
    if point is None:
        return None
    end = desk.now()
    start = max(min(alarm.began_at, end) - BEFORE, end - LONGEST_PICTURE)
    readings = journal.history(point.id, start, end, MOST_DRAWN)
    outside = [
        each
        for each in journal.excursions_of(point.id, 20)
        if each.start <= end and (each.end is None or each.end >= start)
    ]
    return chart(point, readings, outside, start, end, desk.site.zone) if readings else None


def _told(desk: Desk, rows: list[OutboxRow]) -> list[Told]:
    """Name each destination once, and when it was last reached."""
    reached: dict[str, datetime | None] = {}
    for row in rows:
        known = reached.get(row.notice.destination)
        reached[row.notice.destination] = row.delivered_at or known
    told = []
    for destination, at in list(reached.items())[:MOST_TOLD]:
        person = desk.site.recipients.get(destination, "")
        name = desk.site.people[person].name if person in desk.site.people else destination
        says = f"told at {_moment(desk, at)}" if at is not None else "not reached yet"
        told.append(Told(f"{name} ({destination})", says))
    return told


def _spare(desk: Desk, journal: Reader, point: Point | None) -> tuple[str, ...] | None:
    """Name the units to which stock may go, of what is known now."""
    if point is None:
        return None
    now, heard, out = desk.now(), journal.heard(), away(desk.site, desk.now())
    alarmed = {alarm.point for alarm in journal.alarms()}

    def ask(id_: str) -> Known:
        other = desk.site.points[id_]
        found = worth(other, heard, now, out)
        if found.look is Look.UNKNOWN:
            return Known(None, calm=False)
        return Known(heard[id_].value, calm=found.look is Look.INSIDE and id_ not in alarmed)

    return Spares(desk.site).of(point.equipment, ask)


def _calls(site: Site, point: Point | None) -> list[str]:
    """Say whom to call beside those who were told."""
    room = site.rooms.get(point.room) if point else None
    calls = [f"{room.name}: {room.call}"] if room is not None and room.call else []
    pharmacists = [person.name for person in site.people.values() if person.role in {"pharmacist", "manager"}]
    return [*calls, f"Who decides about stock and work: {', '.join(pharmacists)}"] if pharmacists else calls
