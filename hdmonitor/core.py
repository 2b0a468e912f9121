"""The one thread that owns the truth: drain, judge, commit, acknowledge."""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import ceil
from queue import Empty, Queue
from shutil import disk_usage
from typing import Protocol
from zoneinfo import ZoneInfo

from hdmonitor import __version__
from hdmonitor.alarm_numbers import of_day
from hdmonitor.alerts.drill import is_drill
from hdmonitor.alerts.numbers import as_json
from hdmonitor.clock import Clock
from hdmonitor.events import (
    Act,
    ClockStepped,
    Condition,
    Entry,
    Input,
    Json,
    Kind,
    Outcome,
    Quarantined,
    Remark,
)
from hdmonitor.inbox import (
    Arrivals,
    Arrived,
    Asked,
    BadLine,
    CanaryBack,
    Copied,
    Item,
    Linked,
    Sent,
    Stop,
    Tick,
    Told,
)
from hdmonitor.journal import Journal, Receipt
from hdmonitor.monitor import Monitor
from hdmonitor.status import COMMIT_BUCKETS, Status

log = logging.getLogger(__name__)

# Items, of which one may be 64 KB of messages. A full inbox blocks paho's thread: the back-pressure.
INBOX_SIZE = 100
BATCH = 500  # messages
LEAST_FREE = 500_000_000  # bytes; a month of a hundred points
CANARY_PATIENCE = timedelta(seconds=60)
BEAT = 5.0  # seconds between two turns at most, so that standing still shows
# From the signs of life of a few lights to those of the next few: all of a large site at once would hold up
# an alarm, each by itself would wake us too often. All have theirs before the next beat of the timer.
FACES_EVERY, FACES_WITHIN = timedelta(milliseconds=50), timedelta(seconds=12)


class Link(Protocol):
    """What the core asks of the connection to the broker."""

    def acknowledge(self, *arrived: Arrived) -> None:
        """Confirm messages whose consequences are committed."""

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish without blocking."""

    def send_canary(self) -> None:
        """Send a message that should come back as `CanaryBack`."""

    def rebuild(self) -> None:
        """Start over with a new client, same session."""


@dataclass(slots=True)
class Batch:
    """What was waiting in the inbox, sorted by what it is for."""

    inputs: list[Input] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    asked: list[tuple[int, Asked]] = field(default_factory=list)
    forms: dict[str, int] = field(default_factory=dict)  # by their name, the index of their act
    sent: list[Sent] = field(default_factory=list)
    copied: list[Copied] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    topics: list[Json] | None = None  # subscribed from now on
    repeated: int = 0


@dataclass(slots=True)
class Tally:
    """What the core has done since it started, and how it found itself."""

    readings: int = 0
    duplicates: int = 0
    quarantined: int = 0
    commits: list[int] = field(default_factory=lambda: [0] * (len(COMMIT_BUCKETS) + 1))
    commit_seconds: float = 0.0
    trouble: dict[str, str] = field(default_factory=dict)
    canary_at: float | None = None

    def committed(self, outcome: Outcome, seconds: float) -> None:
        """Count one transaction."""
        self.readings += len(outcome.readings)
        self.duplicates += outcome.duplicates
        self.quarantined += len(outcome.quarantined)
        self.commits[bisect_left(COMMIT_BUCKETS, seconds)] += 1
        self.commit_seconds += seconds

    def found(self, condition: Condition) -> None:
        """Note a condition of the monitor itself."""
        if condition.wrong:
            self.trouble[condition.subject] = condition.text
        else:
            self.trouble.pop(condition.subject, None)


class Core:
    """Turns inbox items into committed decisions. `run` is one thread's whole life."""

    def __init__(
        self,
        journal: Journal,
        monitor: Monitor,
        inbox: Queue[Item],
        *,
        clock: Clock,
        link: Link,
        tell: Callable[[], None],
        copy: Callable[[], None],
        alive: Callable[[], None] = lambda: None,
        beat: float = BEAT,
    ) -> None:
        self._journal = journal
        self._monitor = monitor
        self._inbox = inbox
        self._clock = clock
        self._link = link
        self._tell = tell  # there is something to say to people
        self._copy = copy  # there is something to copy
        self._alive = alive  # a turn is over
        self._beat = beat
        self._tally = Tally()
        self._up = False
        self._canary_sent: datetime | None = None
        self._failing: set[str] = set()
        self._stopping = False
        self._unlit: deque[str] = deque()  # rooms whose lights are still to get a sign of life,
        self._face_at = clock.now()  # the next few of them then
        self._few = ceil(len(monitor.site.rooms) * (FACES_EVERY / FACES_WITHIN))
        self._numbered: date | None = None  # the newest local day whose numbers are on record
        self.status = Status(time.monotonic())

    def begin(self, back: timedelta, conditions: Sequence[Condition] = ()) -> None:
        """Write down that the daemon starts; until the broker is reached nothing is heard.

        `back` is by how much (negative) the clock stands before the newest
        moment of the journal.
        """
        site = self._monitor.site
        detail: dict[str, Json] = {"version": __version__, "configuration": site.config_hash}
        if off := sorted({f"{id_}: {each}" for id_, point in site.points.items() for each in point.off}):
            detail["switched_off"] = [*off]
        inputs: list[Input] = [ClockStepped(back)] if back else []
        inputs.append(Remark(Kind.STARTED, "monitor", detail))
        inputs.extend(conditions)
        inputs.append(Condition("broker", True, "the broker has not been reached yet"))
        self._commit(Batch(inputs))
        self._turned()

    def run(self) -> None:
        """Turn until `Stop`; any error of the journal ends it."""
        while not self._stopping:
            self.turn(self._take())
            self._turned()

    def _turned(self) -> None:
        """Let others see how we are; only here does the watchdog of the system get its sign of life."""
        done = self._tally
        self.status = Status(
            turned_at=time.monotonic(),
            connected=self._up,
            canary_at=done.canary_at,
            trouble=dict(done.trouble),
            readings=done.readings,
            duplicates=done.duplicates,
            quarantined=done.quarantined,
            commits=tuple(done.commits),
            commit_seconds=done.commit_seconds,
        )
        self._alive()

    def turn(self, items: Sequence[Item]) -> None:
        """Decide and commit `items`; a change of connection stands in a batch of its own."""
        batch = Batch()
        if step := self._clock.step():
            log.warning("the clock stepped by %s", step)
            batch.inputs.append(ClockStepped(step))
            self._face_at += step
        for item in items:
            if isinstance(item, Arrivals):
                for each in item.messages:
                    self._arrived(each, batch)
            elif isinstance(item, Linked):
                self._commit(batch)
                batch = Batch()
                self._linked(item, batch)
            elif isinstance(item, Asked) and isinstance(item.act, Entry):
                # Whether its rows may be written is asked of what is committed.
                self._commit(batch)
                batch = Batch()
                self._asked(item, batch)
                self._commit(batch)
                batch = Batch()
            else:
                self._sort(item, batch)
        self._commit(batch)
        while self._unlit and self._face_at <= self._clock.now():
            for _ in range(min(self._few, len(self._unlit))):
                self._publish_face(self._unlit.popleft())
            self._face_at += FACES_EVERY

    def _take(self) -> list[Item]:
        """Wait for an item, the next due moment or the next beat, then take what else is waiting."""
        try:
            items = [self._inbox.get_nowait()]
        except Empty:
            try:
                items = [self._inbox.get(timeout=self._patience())]
            except Empty:
                return []
        taken = _messages(items[0])
        while taken < BATCH:
            try:
                items.append(self._inbox.get_nowait())
            except Empty:
                break
            taken += _messages(items[-1])
        return items

    def _patience(self) -> float:
        """Return for how many seconds nothing happens by itself; at most a beat."""
        moments = (self._monitor.next_due(), self._face_at if self._unlit else None)
        now = self._clock.now()
        waits = [self._clock.seconds(each - now) for each in moments if each is not None]
        return max(0.0, min([self._beat, *waits]))

    def _sort(self, item: Item, batch: Batch) -> None:
        match item:
            case Asked():
                self._asked(item, batch)
            case Told():
                level = logging.WARNING if item.condition.wrong else logging.INFO
                log.log(level, "%s: %s", item.condition.subject, item.condition.text)
                batch.inputs.append(item.condition)
            case Sent():
                self._sent(item, batch)
            case Copied():
                batch.copied.append(item)
            case CanaryBack():
                self._canary_sent, self._tally.canary_at = None, time.monotonic()
                batch.inputs.append(Condition("canary", False, "messages come back from the broker"))
            case Tick():
                self._tick(batch)
            case BadLine():
                what = Quarantined("influx", item.line.encode(), self._clock.now(), item.reason)
                batch.quarantined.append(what)
            case Stop():
                batch.inputs.append(Remark(Kind.STOPPED, "monitor", {}))
                self._stopping = True

    # --- acts of people -----------------------------------------------------

    def _asked(self, item: Asked, batch: Batch) -> None:
        """Take an act, unless its form was sent before or its rows are taken."""
        if item.once and (answered := self._journal.answered(item.once)) is not None:
            item.reply.put(answered)
            return
        if refusal := self._not_taken(item.act):
            note = item.act.kind.value if isinstance(item.act, Entry) else ""
            detail: dict[str, Json] = {"by": item.act.by, "reason": refusal, "note": note}
            batch.inputs.append(Remark(Kind.REFUSED, "monitor", detail))
            item.reply.put(refusal)
            return
        index = batch.forms.get(item.once, len(batch.inputs))
        batch.asked.append((index, item))
        if index == len(batch.inputs):
            batch.inputs.append(item.act)
            if item.once:
                batch.forms[item.once] = index

    def _not_taken(self, act: Act | Entry) -> str:
        """Say why the record itself stands against an act; nothing if it does not."""
        # Whether an account may be changed is decided where accounts are known whole.
        own = isinstance(act, Entry) and act.kind is Kind.ACCOUNT
        if not own and self._journal.disabled(act.by):
            return f"{act.by} is disabled and does nothing here; an administrator may enable that account"
        return self._journal.taken(act.records) if isinstance(act, Entry) else ""

    # --- the broker ---------------------------------------------------------

    def _arrived(self, item: Arrived, batch: Batch) -> None:
        batch.arrived.append(item)
        if item.mid:
            receipt = Receipt(item.mid, item.message.topic, sha256(item.message.payload).digest()[:16])
            if item.duplicate and self._journal.seen(receipt):
                batch.repeated += 1
                return
            batch.receipts.append(receipt)
        batch.inputs.append(item.message)

    def _linked(self, item: Linked, batch: Batch) -> None:
        self._up, self._canary_sent = item.up, None
        if item.up and not item.session_present:
            self._journal.forget_receipts()
        log.log(logging.INFO if item.up else logging.WARNING, "%s", item.text)
        kind = Kind.CONNECTED if item.up else Kind.DISCONNECTED
        detail: dict[str, Json] = {
            "connection": item.connection,
            "session_present": item.session_present,
            "text": item.text,
        }
        batch.inputs.append(Remark(kind, "broker", detail))
        batch.inputs.append(Condition("broker", not item.up, item.text))
        if item.up:
            batch.topics = list(self._monitor.site.topics)
            self._beat_lights()

    def _tick(self, batch: Batch) -> None:
        """Beat for the lights at the doors, and see whether the broker still hears us."""
        now = self._clock.now()
        self._beat_lights()
        free = disk_usage(self._journal.path.parent).free
        text = f"{free // 1_000_000} MB are left for the journal; free some space"
        batch.inputs.append(Condition("disk", free < LEAST_FREE, text))
        self._count_alarms(now, batch)
        if not self._up:
            return
        if self._canary_sent is None:
            self._canary_sent = now
            self._link.send_canary()
        elif self._clock.seconds(now - self._canary_sent) > CANARY_PATIENCE.total_seconds():
            self._canary_sent = None
            text = "our own message did not come back from the broker; the connection is built anew"
            batch.inputs.append(Condition("canary", True, text))
            self._link.rebuild()

    def _count_alarms(self, now: datetime, batch: Batch) -> None:
        """Write down the numbers of the alarms of yesterday, once it is over."""
        zone = self._monitor.site.zone
        yesterday = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        if self._numbered is not None and yesterday <= self._numbered:
            return
        with self._journal.reader() as reader:
            told = reader.numbers_told()
            if told is None or told < yesterday:
                detail: dict[str, Json] = {
                    "day": yesterday.isoformat(),
                    **as_json(of_day(reader, yesterday, zone)),
                }
                batch.inputs.append(Remark(Kind.NUMBERS, "monitor", detail))
        self._numbered = yesterday

    # --- deliveries ---------------------------------------------------------

    def _sent(self, item: Sent, batch: Batch) -> None:
        batch.sent.append(item)
        detail: dict[str, Json] = {
            "rows": list(item.rows),
            "alarms": list(item.alarms),
            "answer": item.answer,
        }
        if item.delivered:
            self._failing.discard(item.destination)
            batch.inputs.append(Remark(Kind.DELIVERED, item.destination, detail))
        elif item.destination not in self._failing or any(map(is_drill, item.alarms)):
            self._failing.add(item.destination)
            log.warning("%s could not be reached: %s", item.destination, item.answer)
            batch.inputs.append(Remark(Kind.UNDELIVERED, item.destination, detail))

    # --- commit and after ---------------------------------------------------

    def _commit(self, batch: Batch) -> None:
        at = self._clock.now()
        if not self._inbox.empty() and batch.inputs:
            # Time must not overtake what is still waiting to be decided.
            at = max((a.message.received_at for a in batch.arrived), default=self._monitor.now)
        outcome = self._monitor.handle(batch.inputs, at)
        outcome.duplicates += batch.repeated
        outcome.quarantined.extend(batch.quarantined)
        if batch.topics is not None:
            outcome.states["topics"] = batch.topics
        if batch.receipts or batch.sent or batch.copied or batch.forms or _any(outcome):
            started = time.monotonic()
            self._journal.commit(
                outcome,
                receipts=batch.receipts,
                sent=batch.sent,
                copied=batch.copied,
                answers={once: outcome.replies.get(index, "") for once, index in batch.forms.items()},
                at=self._monitor.now,
            )
            self._tally.committed(outcome, time.monotonic() - started)
        for item in batch.inputs:
            if isinstance(item, Condition):
                self._tally.found(item)
        if outcome.notices or batch.sent:
            self._tell()
        self._link.acknowledge(*batch.arrived)
        for index, asked in batch.asked:
            asked.reply.put(outcome.replies.get(index, ""))
        for message in outcome.quarantined:
            log.warning("quarantined a message on %s: %s", message.topic, message.reason)
        self._publish(outcome)
        self._copy()

    def _publish(self, outcome: Outcome) -> None:
        """Publish what was decided: the lights at the doors, and what is asked of edge nodes."""
        for room in outcome.rooms & self._monitor.site.rooms.keys():
            self._publish_face(room)
        for topic, payload in outcome.requests:
            self._link.publish(topic, payload, retain=False)

    def _beat_lights(self) -> None:
        """Let every light get a sign of life, those first that wait for one already."""
        if not self._unlit:
            self._face_at = self._clock.now()
        self._unlit = deque(dict.fromkeys([*self._unlit, *self._monitor.site.rooms]))

    def _publish_face(self, room: str) -> None:
        topic = f"hdmonitor/{self._monitor.site.id}/room/{room}"
        self._link.publish(topic, self.face(room), retain=True)

    def face(self, room: str) -> bytes:
        """Return the retained state of a room, with the beat by which a light sees us alive."""
        face = self._monitor.face(room)
        body = {
            "room": room,
            "state": face.level.name.lower() if face.level else "unknown" if face.unknown else "normal",
            "unknown": face.unknown,
            "unacknowledged": face.unacknowledged,
            "lost": face.lost,
            "silenced": face.silenced,
            "latched": list(face.latched),
            "alarms": [
                {"id": alarm.id, "title": alarm.title, "acknowledged_by": alarm.acknowledged_by}
                for alarm in face.alarms
            ],
            "at": self._clock.now().isoformat(timespec="seconds"),
        }
        return json.dumps(body).encode()


def _messages(item: Item) -> int:
    return len(item.messages) if isinstance(item, Arrivals) else 1


def _any(outcome: Outcome) -> bool:
    return bool(
        outcome.readings
        or outcome.quarantined
        or outcome.events
        or outcome.states
        or outcome.excursions
        or outcome.duplicates
    )
