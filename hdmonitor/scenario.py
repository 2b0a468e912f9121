"""Plays a story on a monitor and tells what happened, line by line.

A story is data: what sensors send, what people do, when. Playing it merges
readings, acts and due moments in time order and jumps from one to the next;
at equal times, time passes first, then values come, then people act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hdmonitor.added import measured_in
from hdmonitor.events import (
    About,
    Acknowledge,
    Alarm,
    Event,
    Excursion,
    Input,
    Json,
    Kind,
    LastHeard,
    Notice,
    OfAlarm,
    Outcome,
    Past,
    Restored,
    Snapshot,
    Where,
)
from hdmonitor.history import Key, key_of, values_of
from hdmonitor.model import EPOCH, NO_TIME, Quality, Reading, Rule, Site
from hdmonitor.monitor import Monitor


@dataclass(frozen=True, slots=True)
class Restart:
    """The daemon stops here and starts again at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A person does something about the worst alarm of a point; answers it, where no act is given."""

    point: str
    by: str
    act: OfAlarm | None = None  # its alarm is put in when the story is played


@dataclass(frozen=True, slots=True)
class Story:
    """One case of a scenario: inputs by time, and what they must lead to."""

    name: str
    site: Site
    start: datetime
    end: datetime
    inputs: tuple[tuple[datetime, Input | Restart | Answer], ...]  # in the order of play
    then: tuple[str, ...] = ()
    line: int = 0  # where it stands in its file
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()  # as written, for readers
    when: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory:
    """What a journal would know: enough to start a monitor again."""

    states: dict[str, Json] = field(default_factory=dict)
    heard: dict[str, LastHeard] = field(default_factory=dict)
    next_event: int = 1
    at: datetime | None = None
    judged: dict[str, list[tuple[datetime, float]]] = field(default_factory=dict)  # values by point
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    snapshots: dict[str, dict[datetime, Snapshot]] = field(default_factory=dict)
    excursions: dict[str, dict[Key, Excursion]] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)

    def take(self, outcome: Outcome, at: datetime) -> None:
        """Remember an outcome as the journal would."""
        self.at = at
        for key, state in outcome.states.items():
            if state is None:
                self.states.pop(key, None)
            else:
                self.states[key] = state
        for reading in outcome.readings:
            if reading.quality in (Quality.GOOD, Quality.FAULT):
                self.heard[reading.point] = _heard(reading, self.heard.get(reading.point))
            if reading.quality is Quality.GOOD and reading.value is not None:
                self.judged.setdefault(reading.point, []).append((reading.measured_at, reading.value))
        if outcome.events:
            self.next_event = outcome.events[-1].number + 1
        self._take_history(outcome)

    def _take_history(self, outcome: Outcome) -> None:
        for reading in outcome.readings:
            self.readings.setdefault(reading.point, []).append(reading)
        for one in outcome.snapshots:
            kept = self.snapshots.setdefault(one.point, {})
            if one.first:
                kept.clear()
            kept[one.at] = one
        for revision in outcome.revisions:
            for before in revision.before:
                self.excursions.setdefault(before.point, {}).pop(key_of(before), None)
            if (after := revision.after) is not None:
                self.excursions.setdefault(after.point, {})[key_of(after)] = after
        for excursion in outcome.excursions:
            self.excursions.setdefault(excursion.point, {})[key_of(excursion)] = excursion
        self.alarms.update(outcome.alarms)

    def recall(self, point: str, since: datetime, lead: timedelta = NO_TIME) -> Past | None:
        """Return what a journal would hold of a point from its newest snapshot before `since` on."""
        kept = [one for at, one in self.snapshots.get(point, {}).items() if at <= since]
        if not kept:
            return None
        newest = max(kept, key=lambda one: one.at)
        return Past(
            snapshot=newest,
            values=values_of(self.readings.get(point, ()), newest.at),
            excursions=[
                one
                for one in self.excursions.get(point, {}).values()
                if one.end is None or one.end >= newest.at or one.start >= newest.at
            ],
            closings=sorted(
                (alarm.closed_at, alarm.rule)
                for alarm in self.alarms.values()
                if alarm.point == point
                and alarm.closed_at is not None
                and alarm.closed_at == alarm.cleared_at
            ),
            before=[
                each
                for each in values_of(self.readings.get(point, ()), newest.at - lead)
                if each[0] < newest.at
            ],
        )

    def measured(self, point: str, since: datetime) -> list[tuple[datetime, float | None]]:
        """Return what a journal would hold of what a point told since then; None for a fault."""
        return measured_in(self.readings.get(point, ()), since)

    def restored(self) -> Restored:
        """Return what the next monitor is built from."""
        judged_from = {point: min(kept) for point, kept in self.snapshots.items()}
        return Restored(
            dict(self.states),
            dict(self.heard),
            self.next_event,
            self.at,
            self._since,
            {point: (at, self.snapshots[point][at].rules) for point, at in judged_from.items()},
        )

    def _since(
        self, point: str, after: datetime, late_until: datetime = EPOCH
    ) -> list[tuple[datetime, float]]:
        late = (
            (one.measured_at, one.value)
            for one in self.readings.get(point, ())
            if one.quality is Quality.LATE and one.value is not None and one.received_at < late_until
        )
        return sorted(each for each in (*self.judged.get(point, ()), *late) if each[0] > after)


def _heard(reading: Reading, before: LastHeard | None) -> LastHeard:
    """Return what the journal keeps of a point after `reading`."""
    live_at = reading.received_at if reading.live else before.live_at if before else None
    if reading.quality is Quality.FAULT and before is not None and before.value is not None:
        return replace(before, live_at=live_at, quality=reading.quality, judged_at=reading.measured_at)
    at, received_at = reading.measured_at, reading.received_at
    return LastHeard(reading.value, at, received_at, live_at, reading.quality, at)


def play(
    story: Story,
    own: Mapping[str, Rule],
    *,
    restart_always: bool = False,
    remember: Callable[[], Memory] = Memory,
) -> list[str]:
    """Play `story` and return its lines; `restart_always` restarts before every input."""
    memory = remember()
    monitor = Monitor(story.site, own, story.start, recall=memory.recall, measured=memory.measured)
    lines: list[str] = []

    def tell(outcome: Outcome, at: datetime) -> None:
        memory.take(outcome, at)
        lines.extend(_lines(story, outcome))

    for at, item in story.inputs:
        tell(monitor.handle([], at), at)
        if restart_always or isinstance(item, Restart):
            monitor = Monitor(
                story.site, own, at, memory.restored(), recall=memory.recall, measured=memory.measured
            )
        if isinstance(item, Restart):
            continue
        given = _act(item, monitor, story) if isinstance(item, Answer) else item
        if given is not None:
            tell(monitor.handle([given], at), at)
        else:
            lines.append(_line(at - story.start, f"no alarm of {_point_of(item)} to answer"))
    tell(monitor.handle([], story.end), story.end)
    return lines


def _point_of(item: object) -> str:
    return item.point if isinstance(item, Answer) else "?"


def _act(answer: Answer, monitor: Monitor, story: Story) -> OfAlarm | None:
    room = story.site.points[answer.point].room
    alarm = next((alarm for alarm in monitor.face(room).alarms if alarm.point == answer.point), None)
    if alarm is None:
        alarm = _documentable(monitor, answer.point)
    if alarm is None:
        return None
    return replace(answer.act or Acknowledge("", answer.by), alarm=alarm.id)


def _documentable(monitor: Monitor, point: str) -> Alarm | None:
    return next((alarm for alarm in monitor.undocumented() if alarm.point == point), None)


def _lines(story: Story, outcome: Outcome) -> Iterator[str]:
    """Tell an outcome in the order in which it happened."""
    notices: dict[int, list[Notice]] = {}
    for notice in outcome.notices:
        notices.setdefault(notice.event, []).append(notice)
    for event in outcome.events:
        since = event.at - story.start
        if text := _sentence(event, story):
            yield _line(since, text)
        if owed := notices.get(event.number):
            about = "" if owed[0].about is About.OPENED else f": {owed[0].about.value}"
            yield _line(since, f"notify {', '.join(notice.destination for notice in owed)}{about}")
    refused = {event.detail["reason"] for event in outcome.events if event.kind is Kind.REFUSED}
    for said in outcome.replies.values():
        yield f"{'refused' if said in refused else 'told'}: {said}"


def _sentence(event: Event, story: Story) -> str:
    """Return what one event means to a reader; nothing for those that notices or tables tell."""
    detail = event.detail
    point = story.site.points.get(event.subject)
    main = point.rules[0].id if point and point.rules else None
    subject = event.subject if detail.get("rule") in (None, main) else f"{event.subject} {detail['rule']}"
    match event.kind:
        case Kind.MOVED:
            name = f": {detail['name']}" if detail["to"] == "active" and "name" in detail else ""
            what = f"{detail['from']} -> {detail['to']}{name}"
        case Kind.RAISED | Kind.LOWERED:
            what = f"{event.kind.value}: {detail['name']}"
        case Kind.NOT_NOTIFIED:
            what = f"nobody told: {detail['reason']}"
        case Kind.ACK_EXPIRED:
            nobody = detail["where"] == Where.ON_MY_WAY
            what = f"{detail['by']} has not arrived" if nobody else "acknowledgement expired"
        case _ if event.kind in DEEDS:
            what = DEEDS[event.kind].format(**detail)
            what += f" ({detail['where']})" if detail.get("where", Where.ANSWER) != Where.ANSWER else ""
            what += f", beside {detail['beside']}" if detail.get("beside") else ""
        case Kind.LATE_DISCOVERED | Kind.LATE_EXTENDED | Kind.LATE_REVISED | Kind.LATE_WITHDRAWN:
            from_, to = (_since(detail[name], story) for name in ("start", "end"))
            what = f"{event.kind.value}: {detail['name']} from {from_} to {to}"
        case Kind.WITHDRAWN:
            what = "alarm withdrawn by late data"
        case Kind.LATE_NOT_JUDGED:
            what = f"{detail['readings']} readings came too late to be judged"
        case Kind.CLOCK_STEPPED:
            what = f"clock stepped {detail['by_s']:+g} s"
        case _:
            return ""
    return f"{subject} {what}"


# What people do, and what comes of it.
DEEDS: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGED: "acknowledged by {by}",
    Kind.CLOSED: "closed by {by}",
    Kind.SILENCED: "sounder silenced by {by}",
    Kind.DOCUMENTED: "documented by {by}: {cause}; {action}",
    Kind.SHELVED: "shelved by {by}: {reason}",
    Kind.UNSHELVED: "no longer shelved: {why}",
    Kind.OUT_OF_SERVICE: "out of service by {by}: {why}, {reason}",
    Kind.BACK_IN_SERVICE: "back in service: {why}",
    Kind.LATCHED: "latched: {point}",
    Kind.RETURNING: "{step} recorded by {by}",
    Kind.IN_USE: "in use: {in_use}, says {by}",
    Kind.HAND_READING: "read by {by}: {read:g} {unit}",
    Kind.READING_DUE: "reading by hand is due",
    Kind.OVERRIDDEN: "overridden by {by}: {reason}",
    Kind.REMINDED: "is not written up",
}


def _since(at: Json, story: Story) -> str:
    return moment(datetime.fromisoformat(str(at)) - story.start) if at else "now"


def _line(since: timedelta, text: str) -> str:
    return f"{moment(since)} {text}"


def moment(since: timedelta) -> str:
    """Write a time of a story: "5m00s", "1h02m00s", with fractions only where there are some."""
    seconds, micros = divmod(since // timedelta(microseconds=1), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return (
        f"{hours}h{minutes:02d}m{seconds:02d}{fraction}s" if hours else f"{minutes}m{seconds:02d}{fraction}s"
    )
