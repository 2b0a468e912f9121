"""How values stand in the journal's tables: each as a row, and back from it.

Times are whole microseconds since 1970-01-01 UTC, durations whole microseconds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from hdmonitor.events import (
    About,
    Alarm,
    Event,
    Excursion,
    Json,
    Kind,
    LastHeard,
    Notice,
    Quarantined,
    Record,
)
from hdmonitor.model import EPOCH, Level, Priority, Quality, Reading

MICROSECOND = timedelta(microseconds=1)
# Moments that every time zone can show; what stands beyond them in a table is none, and read as one of them.
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9999, 12, 29, tzinfo=UTC)

EARLIEST_MICROS = (EARLIEST - EPOCH) // MICROSECOND
LATEST_MICROS = (LATEST - EPOCH) // MICROSECOND

Row: TypeAlias = tuple[Any, ...]
T = TypeVar("T")

log = logging.getLogger(__name__)

SELECT_READING = (
    "SELECT seq, id, reading.value, reading.measured_at, reading.received_at, reading.quality,"
    " fault, device_time, live FROM reading JOIN point ON key = point"
)
SELECT_IN_SPAN = (
    SELECT_READING + " WHERE id = ? AND reading.measured_at BETWEEN ? AND ? ORDER BY reading.measured_at"
)
COUNT_IN_SPAN = (
    "SELECT count(*) FROM reading JOIN point ON key = point"
    " WHERE id = ? AND reading.measured_at BETWEEN ? AND ?"
)
# With one min() or max(), SQLite takes the other columns from the row that has it.
SELECT_LOWEST = (
    "SELECT min(reading.value), reading.measured_at, reading.received_at"
    " FROM reading JOIN point ON key = point WHERE id = ? AND reading.measured_at BETWEEN ? AND ?"
    " AND reading.quality IN (0, 1) GROUP BY (reading.measured_at - ?) / ?"
)
SELECT_ENDS_IN_SPAN = f"{SELECT_LOWEST} UNION {SELECT_LOWEST.replace('min(', 'max(')} ORDER BY 2"
SELECT_HEARD = (
    "SELECT id, value, measured_at, received_at, live_at, quality, judged_at FROM point"
    " WHERE judged_at IS NOT NULL"
)
SELECT_EVENT = "SELECT number, at, recorded_at, kind, subject, alarm, detail, hash FROM event"
SELECT_ALARM = (
    "SELECT id, point, rule, version, level, priority, began_at, opened_at, title, active,"
    " acknowledged_by, acknowledged_at, cleared_at, closed_by, closed_at, note FROM alarm"
)
SELECT_EXCURSION = (
    "SELECT point, rule, version, level, side, began_at, ended_at, peak, missing, alarm_at, alarm"
    " FROM excursion"
)
SELECT_NOTICE = (
    "SELECT event, alarm, destination, about, priority, contained, title, body, at,"
    " row, attempts, first_failed_at, next_attempt_at, delivered_at, answer, replaced_by FROM outbox"
)
SELECT_QUARANTINED = "SELECT number, topic, received_at, reason, payload, length, sha256 FROM quarantine"

WRITE_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
WRITE_ALARM = "INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
WRITE_EXCURSION = (
    "INSERT INTO excursion (point, rule, version, level, side, began_at, ended_at, peak, missing, alarm_at,"
    " alarm) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version,"
    " ended_at = excluded.ended_at, peak = excluded.peak, missing = excluded.missing,"
    " alarm_at = excluded.alarm_at, alarm = excluded.alarm"
)
REVISE_EXCURSION = (
    "UPDATE excursion SET revised = ?"
    " WHERE point = ? AND rule = ? AND level = ? AND side = ? AND began_at = ?"
)
REMOVE_EXCURSION = (
    "DELETE FROM excursion WHERE point = ? AND rule = ? AND level = ? AND side = ? AND began_at = ?"
)
WRITE_REVISION = "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A reading with its place in the order of recording."""

    seq: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with the moment of its commit and its link of the chain."""

    event: Event
    recorded_at: datetime
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredQuarantined:
    """An undecodable message; its payload is cut, length and SHA-256 are of the whole."""

    number: int
    message: Quarantined
    length: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice that a destination has not taken yet."""

    row: int
    notice: Notice
    attempts: int  # failed so far
    first_failed_at: datetime | None
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxRow(Owed):
    """A notice with what became of it."""

    delivered_at: datetime | None
    answer: str | None  # the provider's newest
    replaced_by: int | None  # the row that tells the same destination newer things


@dataclass(frozen=True, slots=True)
class Owing:
    """How much nobody has taken yet, and since when the oldest of it is owed."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """With what a person of the site may log in; hashes only."""

    person: str
    password: str | None = None
    pin: str | None = None
    token: str | None = None  # of a board or a program
    stamp: str = ""  # sessions that began under another one are over
    disabled: bool = False
    locked_until: datetime = EPOCH


def account(row: Row) -> Account:
    """Read a row of the table `account`, without its event."""
    person, password, pin, token, stamp, disabled, locked_until = row
    return Account(person, password, pin, token, stamp, bool(disabled), moment(locked_until))


def legible(found: Iterable[Row], read: Callable[[Row], T], what: str) -> list[T]:
    """Read every row that can be read, and log one sentence for each that cannot: watching goes on."""
    kept = []
    for row in found:
        try:
            kept.append(read(row))
        except (ValueError, TypeError, OverflowError) as error:
            log.warning("%s that begins %.60r cannot be read and is left out: %s", what, row[:3], error)
    return kept


_JSON = json.JSONEncoder(allow_nan=False, sort_keys=True, separators=(",", ":"))


def micros(moment: datetime) -> int:
    """Return an aware time as it is stored."""
    return (moment - EPOCH) // MICROSECOND


def micros_or_none(moment: datetime | None) -> int | None:
    """Return a time that may be missing as it is stored."""
    return None if moment is None else micros(moment)


def moment(micros: int) -> datetime:
    """Return the UTC time that was stored, kept between `EARLIEST` and `LATEST`."""
    if EARLIEST_MICROS <= micros <= LATEST_MICROS:
        return EPOCH + timedelta(microseconds=micros)
    return EARLIEST if micros < EARLIEST_MICROS else LATEST


def moment_or_none(micros: int | None) -> datetime | None:
    """Return the UTC time that was stored, if one was."""
    return None if micros is None else moment(micros)


def json_text(body: Json) -> str:
    """Return JSON in one way of writing; raise ValueError for NaN."""
    return _JSON.encode(body)


def unicode(text: str | None) -> str | None:
    """Write out half characters, which JSON from a device may hold and UTF-8 may not."""
    return None if text is None else text.encode(errors="backslashreplace").decode()


def reading_row(reading: Reading, key: int) -> Row:
    """Return a reading without its seq; `key` stands for its point."""
    _, value, measured_at, received_at, quality, fault, device_time, live = reading
    received = micros(received_at)
    measured = received if measured_at is received_at else micros(measured_at)
    return (
        key,
        measured,
        received,
        value,
        int(quality),
        int(live),
        unicode(fault),
        micros_or_none(device_time),
    )


def reading(row: Row) -> StoredReading:
    """Read what SELECT_READING gives."""
    seq, point, value, measured_at, received_at, quality, fault, device_time, live = row
    return StoredReading(
        seq,
        Reading(
            point=point,
            value=value,
            measured_at=moment(measured_at),
            received_at=moment(received_at),
            quality=Quality(quality),
            fault=fault,
            device_time=moment_or_none(device_time),
            live=bool(live),
        ),
    )


def heard(row: Row) -> LastHeard:
    """Read what SELECT_HEARD gives after the id of the point."""
    value, measured_at, received_at, live_at, quality, judged_at = row
    return LastHeard(
        value,
        moment(measured_at),
        moment(received_at),
        moment_or_none(live_at),
        Quality(quality),
        moment(judged_at),
    )


def event_row(event: Event, recorded_at: datetime) -> Row:
    """Return an event without its hash."""
    return (
        event.number,
        micros(event.at),
        micros(recorded_at),
        event.kind.value,
        event.subject,
        event.alarm,
        json_text(event.detail),
    )


def event(row: Row) -> StoredEvent:
    """Read what SELECT_EVENT gives."""
    number, at, recorded_at, kind, subject, alarm, detail, chained = row
    what = Event(number, moment(at), Kind(kind), subject, json.loads(detail), alarm)
    return StoredEvent(what, moment(recorded_at), chained)


def alarm_row(alarm: Alarm) -> Row:
    """Return an alarm."""
    return (
        alarm.id,
        alarm.point,
        alarm.rule,
        alarm.version,
        int(alarm.level),
        int(alarm.priority),
        micros(alarm.began_at),
        micros(alarm.opened_at),
        alarm.title,
        int(alarm.active),
        alarm.acknowledged_by,
        micros_or_none(alarm.acknowledged_at),
        micros_or_none(alarm.cleared_at),
        alarm.closed_by,
        micros_or_none(alarm.closed_at),
        alarm.note,
    )


def alarm(row: Row) -> Alarm:
    """Read what SELECT_ALARM gives."""
    id_, point, rule, version, level, priority, began_at, opened_at, title, active = row[:10]
    acknowledged_by, acknowledged_at, cleared_at, closed_by, closed_at, note = row[10:]
    return Alarm(
        id=id_,
        point=point,
        rule=rule,
        version=version,
        level=Level(level),
        priority=Priority(priority),
        began_at=moment(began_at),
        opened_at=moment(opened_at),
        title=title,
        active=bool(active),
        acknowledged_by=acknowledged_by,
        acknowledged_at=moment_or_none(acknowledged_at),
        cleared_at=moment_or_none(cleared_at),
        closed_by=closed_by,
        closed_at=moment_or_none(closed_at),
        note=note,
    )


def excursion_row(excursion: Excursion) -> Row:
    """Return an excursion."""
    return (
        excursion.point,
        excursion.rule,
        excursion.version,
        int(excursion.level),
        excursion.side,
        micros(excursion.start),
        micros_or_none(excursion.end),
        excursion.peak,
        excursion.missing // MICROSECOND,
        micros_or_none(excursion.alarm_at),
        excursion.alarm,
    )


def excursion_key(excursion: Excursion) -> Row:
    """Return what names an excursion."""
    start = micros(excursion.start)
    return (excursion.point, excursion.rule, int(excursion.level), excursion.side, start)


def excursion(row: Row) -> Excursion:
    """Read what SELECT_EXCURSION gives."""
    point, rule, version, level, side, began_at, ended_at, peak, missing, alarm_at, alarm = row
    return Excursion(
        point=point,
        rule=rule,
        version=version,
        level=Level(level),
        side=side,
        start=moment(began_at),
        end=moment_or_none(ended_at),
        peak=peak,
        missing=timedelta(microseconds=missing),
        alarm_at=moment_or_none(alarm_at),
        alarm=alarm,
    )


def notice_row(notice: Notice) -> Row:
    """Return a notice as it is first owed."""
    return (
        notice.event,
        notice.alarm,
        notice.destination,
        notice.about.value,
        int(notice.priority),
        int(notice.contained),
        notice.title,
        notice.body,
        micros(notice.at),
    )


def owed(row: Row) -> Owed:
    """Read what SELECT_NOTICE gives of a notice nobody has taken."""
    number, attempts, first_failed_at, next_attempt_at = row[9:13]
    return Owed(number, _notice(row), attempts, moment_or_none(first_failed_at), moment(next_attempt_at))


def outbox_row(row: Row) -> OutboxRow:
    """Read what SELECT_NOTICE gives."""
    number, attempts, first_failed_at, next_attempt_at, delivered_at, answer, replaced_by = row[9:]
    return OutboxRow(
        row=number,
        notice=_notice(row),
        attempts=attempts,
        first_failed_at=moment_or_none(first_failed_at),
        next_attempt_at=moment(next_attempt_at),
        delivered_at=moment_or_none(delivered_at),
        answer=answer,
        replaced_by=replaced_by,
    )


def _notice(row: Row) -> Notice:
    event, alarm, destination, about, priority, contained, title, body, at = row[:9]
    return Notice(
        event=event,
        alarm=alarm,
        destination=destination,
        about=About(about),
        priority=Priority(priority),
        contained=bool(contained),
        title=title,
        body=body,
        at=moment(at),
    )


def write_record(record: Record) -> str:
    """Return how a row of a table that no judgement reads is written."""
    others = [column for column in record.values if column not in record.key]
    changed = ", ".join(f"{column} = excluded.{column}" for column in others)
    return (
        f"INSERT INTO {record.table} ({', '.join(record.values)})"  # noqa: S608  # names in our code, no text of anybody
        f" VALUES ({', '.join('?' * len(record.values))}) ON CONFLICT ({', '.join(record.key)})"
        f" DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"
    )


def find_record(record: Record) -> str:
    """Return how a row with the same key is looked for."""
    return f"SELECT 1 FROM {record.table} WHERE {' AND '.join(f'{column} = ?' for column in record.key)}"  # noqa: S608  # the same


def quarantined(row: Row) -> StoredQuarantined:
    """Read what SELECT_QUARANTINED gives."""
    number, topic, received_at, reason, payload, length, sha256 = row
    return StoredQuarantined(number, Quarantined(topic, payload, moment(received_at), reason), length, sha256)
