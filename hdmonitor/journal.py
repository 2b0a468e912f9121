"""The record: one SQLite file that holds everything decided, and its one writer.

What one decision wants written down goes in with one transaction, before the
message that caused it is acknowledged. `hdmonitor.reader` is the read-only
side. Tables and guarantees: `docs/journal.md`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hdmonitor import evidence, filed, past, rows
from hdmonitor.events import Event, Json, Outcome, Past, Quarantined, Record, Restored
from hdmonitor.inbox import Copied, Sent
from hdmonitor.model import EPOCH, NO_TIME, Quality, Reading
from hdmonitor.outbox import write_notices, write_sent
from hdmonitor.reader import (
    BUSY,
    JournalRefused,
    Reader,
    genesis,
    link,
    refusing,
    schema,
    version_of,
)
from hdmonitor.rows import OutboxRow, Owed, Row, StoredEvent, StoredQuarantined, StoredReading

__all__ = [
    "Journal",
    "JournalRefused",
    "OutboxRow",
    "Owed",
    "Reader",
    "Receipt",
    "StoredEvent",
    "StoredQuarantined",
    "StoredReading",
]

# A broker gives a message id again after 65,535 messages of a session. Three quarters of the ids: what
# was processed and never confirmed is known for so many messages, however often either side died,
# and a receipt of the round before cannot pass a new message with the same steady value off as a
# redelivery, as long as no more than the other quarter wait unprocessed.
RECEIPTS = 49_151
QUARANTINED = 10_000
QUARANTINED_BYTES = 4_096
ANSWERED = 10_000  # forms whose answers are kept

TOGETHER = 50  # readings in one statement: each statement costs as much as two readings

# ON CONFLICT, not OR IGNORE, which would also ignore a value that is no number.
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT = (
    "INSERT INTO reading (point, measured_at, received_at, value, quality, live, fault, device_time)"
    " VALUES {} ON CONFLICT (point, measured_at) DO NOTHING"
)
INSERT_READING, INSERT_TOGETHER = _INSERT.format(_ROW), _INSERT.format(", ".join([_ROW] * TOGETHER))
# ?1 point, ?2 measured_at, ?3 received_at, ?4 value, ?5 quality, ?6 live
HEARD_VALUE = (
    "UPDATE point SET value = ?4, measured_at = ?2, received_at = ?3, quality = ?5, judged_at = ?2,"
    " live_at = iif(?6, ?3, live_at) WHERE key = ?1"
)
HEARD_FAULT = (
    "UPDATE point SET quality = ?5, judged_at = ?2, live_at = iif(?6, ?3, live_at),"
    " measured_at = iif(value IS NULL, ?2, measured_at), received_at = iif(value IS NULL, ?3, received_at)"
    " WHERE key = ?1"
)


class _Database(sqlite3.Connection):
    """Does nothing where nothing is to be written: each call of SQLite lets the other threads go first."""

    def executemany(self, sql: str, values: Sequence[Row], /) -> sqlite3.Cursor:  # type: ignore[override]
        return super().executemany(sql, values) if values else self.cursor()


class Receipt(NamedTuple):
    """Proof that an MQTT message was processed; `digest` is the payload's SHA-256, cut to 16 bytes."""

    mid: int
    topic: str
    digest: bytes


class Journal:
    """The one writer. Used by one thread at a time; raises `JournalRefused`."""

    def __init__(self, path: Path, lock: int, database: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._database = database
        self._keys: dict[str, int] = {}

    # --- opening and closing ------------------------------------------------

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open the journal, or begin one; bring an older one up to date.

        Raises `JournalRefused` when another process writes it, a newer
        hdmonitor wrote it, or the file is not a journal or cannot be written.
        """
        with refusing(path), ExitStack() as undo:
            lock = _locked(path)
            undo.callback(os.close, lock)
            database = sqlite3.connect(
                path, timeout=BUSY, isolation_level=None, check_same_thread=False, factory=_Database
            )
            undo.callback(database.close)
            _prepare(database, path)
            undo.pop_all()
        return cls(path, lock, database)

    def reader(self) -> Reader:
        """Open a read-only connection for the calling thread."""
        return Reader(self.path)

    def checkpoint(self) -> None:
        """Move what is committed from the write-ahead log into the file."""
        with refusing(self.path):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file and let another process write it."""
        self._database.close()
        os.close(self._lock)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with refusing(self.path):
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                except BaseException:
                    self._keys.clear()  # some may have been given in here
                    self._database.rollback()
                    raise
        except ValueError as error:  # NaN in JSON, text that is not Unicode
            raise JournalRefused(
                f"{self.path}: this decision cannot be written down ({error}),"
                " which is a fault of hdmonitor; report it"
            ) from error

    # --- writing ------------------------------------------------------------

    def commit(
        self,
        outcome: Outcome,
        *,
        receipts: Sequence[Receipt] = (),
        sent: Sequence[Sent] = (),
        copied: Sequence[Copied] = (),
        answers: Mapping[str, str] = MappingProxyType({}),
        at: datetime,
    ) -> None:
        """Write all of it in one transaction, or nothing and raise `JournalRefused`."""
        with self._transaction() as database:
            tally = Counter(duplicate=outcome.duplicates, quarantined=len(outcome.quarantined))
            self._write_readings(outcome.readings, tally)
            self._write_events(outcome.events, at)
            database.executemany(
                rows.WRITE_ALARM,
                [rows.alarm_row(alarm) for alarm in outcome.alarms.values()],
            )
            past.write_revisions(database, outcome.revisions)
            past.write_snapshots(database, outcome.snapshots, self._key)
            database.executemany(
                rows.WRITE_EXCURSION,
                [rows.excursion_row(excursion) for excursion in outcome.excursions],
            )
            filed.write(database, outcome)
            _write_states(database, outcome.states)
            for record in outcome.records:
                database.execute(rows.write_record(record), tuple(record.values.values()))
            _write_answers(database, answers)
            write_notices(database, outcome.notices)
            write_sent(database, sent)
            _write_receipts(database, receipts)
            _write_quarantined(database, outcome.quarantined)
            database.executemany(
                "INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                [(copy.cursor, copy.seq) for copy in copied],
            )
            database.executemany(
                "INSERT INTO tally VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(kind, count) for kind, count in tally.items() if count],
            )
            database.execute("UPDATE meta SET stopped_at = ?", (rows.micros(at),))

    def _write_readings(self, readings: Sequence[Reading], tally: Counter[str]) -> None:
        if not readings:
            return
        keys = self._keys
        new = [rows.reading_row(each, keys.get(each.point) or self._key(each.point)) for each in readings]
        if not self._write_together(new):
            new = self._write_singly(new, tally)
        # Only what was judged: the newest decided, which is the newest measured
        # unless the clock was set back.
        good, fault = Quality.GOOD.value, Quality.FAULT.value
        self._database.executemany(HEARD_VALUE, [row[:6] for row in new if row[4] == good])
        self._database.executemany(HEARD_FAULT, [row[:6] for row in new if row[4] == fault])

    def _write_together(self, new: Sequence[Row]) -> bool:
        """Write readings whose moments are free; if one is not, write none and return False."""
        full = len(new) - len(new) % TOGETHER
        self._database.execute("SAVEPOINT together")
        written = 0
        for start in range(0, full, TOGETHER):
            values = [value for row in new[start : start + TOGETHER] for value in row]
            written += self._database.execute(INSERT_TOGETHER, values).rowcount
        if rest := new[full:]:
            written += self._database.executemany(INSERT_READING, rest).rowcount
        if written < len(new):
            self._database.execute("ROLLBACK TO together")
        self._database.execute("RELEASE together")
        return written == len(new)

    def _write_singly(self, new: Sequence[Row], tally: Counter[str]) -> list[Row]:
        """Write readings of which some were told before; return those that were written."""
        written = []
        for row in new:
            if self._database.execute(INSERT_READING, row).rowcount:
                written.append(row)
            elif (again := self._write_again(row)) is not None:
                tally["moved"] += 1
                written.append(again)
            else:
                tally["duplicate"] += 1
        return written

    def _write_again(self, row: Row) -> Row | None:
        """Write a second reading of a point's moment some microseconds later; return it as written.

        None when it is there already: the same value, told for the same time.
        """
        point, measured_at, received_at, value, quality, live, fault, device_time = row
        told = measured_at if device_time is None else device_time
        free = measured_at
        while stored := self._database.execute(
            "SELECT value, fault, device_time FROM reading WHERE point = ? AND measured_at = ?", (point, free)
        ).fetchone():
            if stored[:2] == (value, fault) and (free == measured_at or stored[2] == told):
                return None
            free += 1
        again = (point, free, received_at, value, quality, live, fault, told)
        self._database.execute(INSERT_READING, again)
        return again

    def _key(self, point: str) -> int:
        key = self._keys.get(point)
        if key is None:
            self._database.execute("INSERT INTO point (id) VALUES (?) ON CONFLICT DO NOTHING", (point,))
            (key,) = self._database.execute("SELECT key FROM point WHERE id = ?", (point,)).fetchone()
            self._keys[point] = key
        return key

    def _write_events(self, events: Sequence[Event], at: datetime) -> None:
        if not events:
            return
        journal, last, head = self._database.execute("SELECT id, events, head FROM meta").fetchone()
        head = head or genesis(journal)
        for event in events:
            if event.number != last + 1:
                raise JournalRefused(
                    f"{self.path}: event {event.number} was to be written where {last + 1} is next,"
                    " which is a fault of hdmonitor; report it"
                )
            columns = rows.event_row(event, at)
            last, head = event.number, link(head, columns)
            self._database.execute(rows.WRITE_EVENT, (*columns, head))
        self._database.execute("UPDATE meta SET events = ?, head = ?", (last, head))

    # --- MQTT redelivery ----------------------------------------------------

    def seen(self, receipt: Receipt) -> bool:
        """Tell whether this very message was processed in this session of the broker."""
        with refusing(self.path):
            found = self._database.execute(
                "SELECT 1 FROM receipt WHERE mid = ? AND topic = ? AND digest = ?",
                (receipt.mid, receipt.topic, receipt.digest),
            )
            return found.fetchone() is not None

    def forget_receipts(self) -> None:
        """Drop all receipts: the broker lost the session and counts its message ids anew."""
        with self._transaction() as database:
            database.execute("DELETE FROM receipt")

    # --- acts of people -----------------------------------------------------

    def answered(self, form: str) -> str | None:
        """Return what the form with this name was answered, None when it is new."""
        with refusing(self.path):
            found = self._database.execute("SELECT answer FROM form WHERE id = ?", (form,)).fetchone()
            return None if found is None else str(found[0])

    def taken(self, records: Sequence[Record]) -> str:
        """Return why these rows cannot be written: one of them is there already. Nothing if they can."""
        for record in records:
            if not record.taken:
                continue
            values = tuple(record.values[column] for column in record.key)
            with refusing(self.path):
                if self._database.execute(rows.find_record(record), values).fetchone():
                    return record.taken
        return ""

    def disabled(self, person: str) -> bool:
        """Tell whether the account of somebody is disabled; who has none is not."""
        with refusing(self.path):
            found = self._database.execute(
                "SELECT disabled FROM account WHERE person = ?", (person,)
            ).fetchone()
            return found is not None and bool(found[0])

    # --- starting again -----------------------------------------------------

    def restore(self) -> Restored:
        """Return what a monitor needs to go on from the newest commit.

        `heard` gives value and times of the newest good reading and the quality
        of the newest judged one; a point that only ever had faults gives the
        times of the newest fault.
        """
        with refusing(self.path):
            states = self._database.execute("SELECT key, body FROM state").fetchall()
            heard = self._database.execute(rows.SELECT_HEARD).fetchall()
            events, stopped_at = self._database.execute("SELECT events, stopped_at FROM meta").fetchone()
            judged_from = past.judged_from(self._database)
            completions = tuple(filed.completions(self._database))
            occurrences, reminders = filed.open_occurrences(self._database)
            incidents = tuple(each.to_follow for each in evidence.incidents(self._database))
        return Restored(
            states={key: json.loads(body) for key, body in states},
            heard={row[0]: rows.heard(row[1:]) for row in heard},
            next_event=events + 1,
            stopped_at=rows.moment_or_none(stopped_at),
            readings_since=self._judged_since,
            judged_from=judged_from,
            completions=completions,
            incidents=incidents,
            occurrences=tuple(occurrences),
            reminders=tuple(reminders),
        )

    def _judged_since(
        self, point: str, after: datetime, late_until: datetime = EPOCH
    ) -> list[tuple[datetime, float]]:
        """Return the judged values of a point measured after a moment, in the order of their times.

        With those that came late, if they came before `late_until`.
        """
        with refusing(self.path):
            found = self._database.execute(
                "SELECT measured_at, value FROM reading WHERE point = (SELECT key FROM point WHERE id = ?)"
                " AND measured_at > ? AND (quality = ? OR quality = ? AND received_at < ?)"
                " ORDER BY measured_at",
                (point, rows.micros(after), Quality.GOOD, Quality.LATE, rows.micros(late_until)),
            ).fetchall()
        return [(rows.moment(at), value) for at, value in found]

    # --- looking back -------------------------------------------------------

    def recall(self, point: str, since: datetime, lead: timedelta = NO_TIME) -> Past | None:
        """Return what is recorded of a point from its newest snapshot before `since` on.

        With the values of `lead` before that snapshot.
        """
        with refusing(self.path):
            return past.recall(self._database, point, since, lead)

    def measured(self, point: str, since: datetime) -> list[tuple[datetime, float | None]]:
        """Return what a point told of the time since then, in any order; None for a fault."""
        with refusing(self.path):
            return past.measured(self._database, point, since)


def _locked(path: Path) -> int:
    """Take the lock beside the journal; the kernel frees it when the process ends, however it ends."""
    beside = path.with_name(f"{path.name}.lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise JournalRefused(
            f"{beside}: {error.strerror}; the folder of the journal must exist and be writable"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 20).decode(errors="replace")
        os.close(lock)
        raise JournalRefused(
            f"{path}: another hdmonitor (process {holder}) writes this journal; stop it, or name another file"
        ) from error
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = version_of(database, path)
    (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalRefused(f"{path}: this file system cannot hold a write-ahead log; use a local disk")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    for number, script in enumerate(schema()[version:], start=version + 1):
        database.executescript(f"BEGIN IMMEDIATE;\n{script}\nUPDATE meta SET version = {number};\nCOMMIT;")
    # SQLite opens what it may not write as read-only, without a word.
    database.execute("UPDATE meta SET version = version")


def _write_states(database: sqlite3.Connection, states: Mapping[str, Json]) -> None:
    database.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)",
        [(key, rows.json_text(body)) for key, body in states.items() if body is not None],
    )
    gone = [(key,) for key, body in states.items() if body is None]
    database.executemany("DELETE FROM state WHERE key = ?", gone)


def _write_answers(database: sqlite3.Connection, answers: Mapping[str, str]) -> None:
    if not answers:
        return
    write = "INSERT INTO form (id, answer) VALUES (?, ?) ON CONFLICT DO NOTHING"
    database.executemany(write, list(answers.items()))
    database.execute("DELETE FROM form WHERE number <= (SELECT max(number) FROM form) - ?", (ANSWERED,))


def _write_receipts(database: sqlite3.Connection, receipts: Sequence[Receipt]) -> None:
    if not receipts:
        return
    database.executemany(
        "INSERT OR REPLACE INTO receipt (mid, topic, digest) VALUES (?, ?, ?)",
        [(receipt.mid, receipt.topic, receipt.digest) for receipt in receipts],
    )
    database.execute("DELETE FROM receipt WHERE seq <= (SELECT max(seq) FROM receipt) - ?", (RECEIPTS,))


def _write_quarantined(database: sqlite3.Connection, messages: Sequence[Quarantined]) -> None:
    if not messages:
        return
    database.executemany(
        "INSERT INTO quarantine (topic, received_at, reason, payload, length, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                message.topic,
                rows.micros(message.received_at),
                rows.unicode(message.reason),
                message.payload[:QUARANTINED_BYTES],
                len(message.payload),
                hashlib.sha256(message.payload).digest(),
            )
            for message in messages
        ],
    )
    database.execute(
        "DELETE FROM quarantine WHERE number <= (SELECT max(number) FROM quarantine) - ?", (QUARANTINED,)
    )
