"""The read-only side of the journal, and what both sides know of the file.

A `Reader` has a connection of its own, sees what is committed and never keeps
the writer waiting.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Self

from hdmonitor import evidence, filed, rows
from hdmonitor.completions import Completion, Occurrence, Reminder
from hdmonitor.compliance.hazardous import Drug
from hdmonitor.compliance.incidents import Drill, Incident
from hdmonitor.events import Alarm, Event, Excursion, Json, Kind, LastHeard
from hdmonitor.model import Quality, Reading
from hdmonitor.outbox import SLOWEST_RETRY
from hdmonitor.refusal import Refusal
from hdmonitor.rows import Account, OutboxRow, Owed, Owing, Row, StoredEvent, StoredQuarantined, StoredReading

BUSY = 5.0  # seconds to wait for another connection
NEWEST_EVENTS = 1_000  # among which what somebody has just done is looked for
AT_ONCE = 1_000  # events checked between two looks at the file
READINGS_AT_ONCE = 5_000  # in memory, while a journal is read in event order
FINDINGS = 100  # a broken chain needs no longer list

REFUSALS = {
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space and start again",
    sqlite3.SQLITE_READONLY: "cannot be written; let the user of hdmonitor write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its folder exists and may be read and written",
    sqlite3.SQLITE_NOTADB: "is not a journal; name another file, or move this one away",
    sqlite3.SQLITE_CORRUPT: "is damaged; keep a copy of it and go back to the last backup",
    sqlite3.SQLITE_BUSY: f"was held by another program for {BUSY:.0f} s; find and end that program",
    sqlite3.SQLITE_IOERR: "cannot be read or written; see whether the disk is full or failing",
    sqlite3.SQLITE_CONSTRAINT: "does not take this decision, which is a fault of hdmonitor; report it",
}


class JournalRefused(Refusal):
    """The journal cannot be used: which file, why, what to do. Nothing is half written."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file into a sentence for people."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        advice = REFUSALS.get(code, "cannot be used; report it")
        raise JournalRefused(f"{path}: the journal {advice} ({error})") from error


@cache
def schema() -> list[str]:
    """Return the scripts that lead from nothing to the newest version, in order."""
    folder = resources.files("hdmonitor") / "schema"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return [file.read_text(encoding="utf-8") for file in files]


def version_of(database: sqlite3.Connection, path: Path) -> int:
    """Return the schema version, 0 for an empty file; refuse what this program cannot read."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    if not {"meta", "event", "reading"} <= tables:
        raise JournalRefused(f"{path}: this is a database of another program; name another file")
    (version,) = database.execute("SELECT version FROM meta").fetchone()
    newest = len(schema())
    if version > newest:
        raise JournalRefused(
            f"{path}: a newer hdmonitor wrote this journal (version {version}, this one knows {newest});"
            " install the newer one again, or name another file"
        )
    return int(version)


def genesis(journal: str) -> bytes:
    """Return what stands before the first event of the journal with this id."""
    return hashlib.sha256(f"hdmonitor journal {journal}".encode()).digest()


def link(before: bytes, columns: Row) -> bytes:
    """Return the hash of an event: of the hash before it and its columns as they are stored."""
    return hashlib.sha256(before + json.dumps(columns, separators=(",", ":")).encode()).digest()


class Reader:
    """What the journal at `path` holds. For the thread that made it; raises `JournalRefused`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise JournalRefused(f"{path}: there is no journal; start the daemon once, or name another file")
        address = f"{path.resolve().as_uri()}?mode=ro"
        with refusing(path), ExitStack() as undo:
            self._database = sqlite3.connect(address, uri=True, timeout=BUSY, isolation_level=None)
            undo.callback(self._database.close)
            version, newest = version_of(self._database, path), len(schema())
            if version < newest:
                raise JournalRefused(
                    f"{path}: this is a journal of version {version}, this hdmonitor reads {newest};"
                    " start the daemon once, which brings it up to date"
                )
            undo.pop_all()

    def __enter__(self) -> Self:
        """Return the reader; leaving closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _rows(self, question: str, *values: object) -> list[Row]:
        with refusing(self.path):
            return self._database.execute(question, values).fetchall()

    # --- notices ------------------------------------------------------------

    def owed(self, destination: str, at: datetime, limit: int = 100) -> list[Owed]:
        """Return the notices due at `at`, the highest priority first, then the oldest.

        A try planned further ahead than the slowest retry was planned on a
        clock that has been set back since; it is due as well.
        """
        found = self._rows(
            rows.SELECT_NOTICE + " WHERE destination = ? AND delivered_at IS NULL AND replaced_by IS NULL"
            " AND NOT (next_attempt_at > ? AND next_attempt_at <= ?) ORDER BY priority DESC, row LIMIT ?",
            destination,
            rows.micros(at),
            rows.micros(at + SLOWEST_RETRY),
            limit,
        )
        return [rows.owed(row) for row in found]

    def next_owed(self, destination: str) -> datetime | None:
        """Return when the next try is planned, None when nothing is owed."""
        ((at,),) = self._rows(
            "SELECT min(next_attempt_at) FROM outbox"
            " WHERE destination = ? AND delivered_at IS NULL AND replaced_by IS NULL",
            destination,
        )
        return rows.moment_or_none(at)

    def points_of(self, alarms: Collection[str]) -> dict[str, str]:
        """Return the point of each of these alarms; what is no alarm is missing."""
        question = "SELECT id, point FROM alarm WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._rows(question, json.dumps(sorted(alarms))))

    def owing(self, destinations: Sequence[str]) -> Owing:
        """Return what is owed to these destinations together.

        A notice to one that the site has given up stays in the journal, undelivered: nobody can take it.
        """
        ((count, oldest_at),) = self._rows(
            "SELECT count(*), min(at) FROM outbox WHERE delivered_at IS NULL AND replaced_by IS NULL"
            " AND destination IN (SELECT value FROM json_each(?))",
            json.dumps(destinations),
        )
        return Owing(count, rows.moment_or_none(oldest_at))

    # --- what was recorded --------------------------------------------------

    def heard(self) -> dict[str, LastHeard]:
        """Return what was last heard of each point; one that was never heard is missing."""
        return {row[0]: rows.heard(row[1:]) for row in self._rows(rows.SELECT_HEARD)}

    def recent(self, points: Collection[str], since: datetime) -> dict[str, list[tuple[datetime, float]]]:
        """Return the values measured since then, in the order of their times, of a few points."""
        found: dict[str, list[tuple[datetime, float]]] = {}
        for name, at, value in self._rows(
            "SELECT id, reading.measured_at, reading.value FROM reading JOIN point ON key = point"
            " WHERE reading.measured_at >= ? AND reading.quality = ?"
            " AND id IN (SELECT value FROM json_each(?)) ORDER BY reading.measured_at",
            rows.micros(since),
            int(Quality.GOOD),
            json.dumps(sorted(points)),
        ):
            found.setdefault(name, []).append((rows.moment(at), value))
        return found

    def readings_after(self, seq: int, limit: int) -> list[StoredReading]:
        """Return readings in the order of recording."""
        found = self._rows(rows.SELECT_READING + " WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
        return [rows.reading(row) for row in found]

    def points(self) -> list[str]:
        """Return the points of which there are readings."""
        return [id_ for (id_,) in self._rows("SELECT id FROM point WHERE judged_at IS NOT NULL ORDER BY id")]

    def in_event_order(self, points: Collection[str]) -> Iterator[Reading]:
        """Yield what was measured of `points`, late readings in their place, in the order of measurement.

        Values that the broker repeated are left out. Reads in short steps, so that
        the daemon may go on writing, and holds a bounded number of readings.
        """
        step = (
            rows.SELECT_READING + " WHERE (reading.measured_at, point) > (?, ?)"
            " ORDER BY reading.measured_at, point LIMIT ?"
        )
        at, key = -(1 << 62), 0
        while found := self._rows(step, at, key, READINGS_AT_ONCE):
            for row in found:
                reading = rows.reading(row).reading
                if reading.point in points and reading.quality is not Quality.RETAINED:
                    yield reading
            at, ((key,),) = (
                rows.micros(reading.measured_at),
                self._rows("SELECT key FROM point WHERE id = ?", reading.point),
            )

    def events_after(self, number: int, limit: int) -> list[StoredEvent]:
        """Return events in the order of their numbers."""
        found = self._rows(rows.SELECT_EVENT + " WHERE number > ? ORDER BY number LIMIT ?", number, limit)
        return [rows.event(row) for row in found]

    def newest_event(self) -> int:
        """Return the number of the newest event, 0 when there is none."""
        ((number,),) = self._rows("SELECT events FROM meta")
        return int(number)

    def drill_events(self, number: int) -> list[Event]:
        """Return what was recorded of fire drills after the event with this number."""
        found = self._rows(
            rows.SELECT_EVENT + " WHERE number > ? AND kind = ? ORDER BY number",
            number,
            Kind.ALARM_DRILL.value,
        )
        return [rows.event(row).event for row in found]

    def cursor(self, name: str) -> int:
        """Return how far the copy called `name` is, 0 at first."""
        found = self._rows("SELECT seq FROM cursor WHERE name = ?", name)
        return int(found[0][0]) if found else 0

    def alarms(self, *, everything: bool = False) -> list[Alarm]:
        """Return the alarms nobody has closed yet, or all, in the order of their opening."""
        which = "" if everything else " WHERE closed_at IS NULL"
        found = self._rows(rows.SELECT_ALARM + which + " ORDER BY opened_at, length(id), id")
        return [rows.alarm(row) for row in found]

    def alarms_between(self, since: datetime, until: datetime) -> list[Alarm]:
        """Return the alarms that opened in a span, and all that are active, in the order of their opening."""
        which = " WHERE (opened_at >= ? AND opened_at < ?) OR active ORDER BY opened_at, length(id), id"
        found = self._rows(rows.SELECT_ALARM + which, rows.micros(since), rows.micros(until))
        return [rows.alarm(row) for row in found]

    def first_answers(self, since: datetime) -> dict[str, datetime]:
        """Return when a person first answered each of the alarms that opened since then."""
        found = self._rows(
            "SELECT alarm, min(at) FROM event WHERE kind = ?"
            " AND alarm IN (SELECT id FROM alarm WHERE opened_at >= ?) GROUP BY alarm",
            Kind.ACKNOWLEDGED.value,
            rows.micros(since),
        )
        return {alarm: rows.moment(at) for alarm, at in found}

    def numbers_told(self) -> date | None:
        """Return the newest local day of which the numbers are on record."""
        question = "SELECT detail FROM event WHERE kind = ? ORDER BY number DESC LIMIT 1"
        found = self._rows(question, Kind.NUMBERS.value)
        return date.fromisoformat(json.loads(found[0][0])["day"]) if found else None

    def alarm(self, id: str) -> tuple[Alarm, list[StoredEvent], list[OutboxRow]] | None:  # noqa: A002  # its name
        """Return one alarm with its events and its notices, None when there is none."""
        self._rows("BEGIN")  # all three as of one moment
        try:
            found = self._rows(rows.SELECT_ALARM + " WHERE id = ?", id)
            events = self._rows(rows.SELECT_EVENT + " WHERE alarm = ? ORDER BY number", id)
            notices = self._rows(rows.SELECT_NOTICE + " WHERE alarm = ? ORDER BY row", id)
        finally:
            self._database.rollback()
        if not found:
            return None
        return (
            rows.alarm(found[0]),
            [rows.event(row) for row in events],
            [rows.outbox_row(row) for row in notices],
        )

    def read_by_hand(self, point: str) -> Event | None:
        """Return the newest reading by hand of a point, if it is among the newest events."""
        found = self._rows(
            rows.SELECT_EVENT + " WHERE number > ? AND kind = ? AND subject = ? ORDER BY number DESC LIMIT 1",
            self.newest_event() - NEWEST_EVENTS,
            Kind.HAND_READING.value,
            point,
        )
        return rows.event(found[0]).event if found else None

    def excursions(self) -> list[Excursion]:
        """Return all excursions in the order of their beginning."""
        found = self._rows(rows.SELECT_EXCURSION + " ORDER BY began_at, point, rule, level, side")
        return [rows.excursion(row) for row in found]

    def outside(self, point: str, rule: str) -> bool:
        """Tell whether an excursion of this rule at this point has not ended."""
        question = "SELECT 1 FROM excursion WHERE point = ? AND rule = ? AND ended_at IS NULL LIMIT 1"
        return bool(self._rows(question, point, rule))

    def quarantined(self, limit: int = 50) -> list[StoredQuarantined]:
        """Return undecodable messages, the newest first."""
        found = self._rows(rows.SELECT_QUARANTINED + " ORDER BY number DESC LIMIT ?", limit)
        return [rows.quarantined(row) for row in found]

    def count(self, kind: str) -> int:
        """Return how many there ever were: "quarantined", "duplicate" or "moved" (see `docs/journal.md`)."""
        found = self._rows("SELECT count FROM tally WHERE kind = ?", kind)
        return int(found[0][0]) if found else 0

    # --- people -------------------------------------------------------------

    def accounts(self) -> dict[str, Account]:
        """Return who may log in, by the id of the person."""
        found = self._rows(
            "SELECT person, password, pin, token, stamp, disabled, locked_until FROM account ORDER BY person"
        )
        return {row[0]: rows.account(row) for row in found}

    # --- looking back ---------------------------------------------------------

    def history(self, point: str, start: datetime, end: datetime, most: int) -> list[Reading]:
        """Return what was measured of a point in a span, at most about `most` readings.

        Of more, the lowest and the highest of each of equal parts of the span stand for the rest,
        and no fault is told.
        """
        span = (point, rows.micros(start), rows.micros(end))
        ((count,),) = self._rows(rows.COUNT_IN_SPAN, *span)
        if count <= most:
            return [rows.reading(row).reading for row in self._rows(rows.SELECT_IN_SPAN, *span)]
        part = max(1, (span[2] - span[1]) * 2 // most)
        return [
            Reading(point, value, rows.moment(at), rows.moment(received))
            for value, at, received in self._rows(rows.SELECT_ENDS_IN_SPAN, *(*span, span[1], part) * 2)
        ]

    def excursions_of(self, point: str, limit: int) -> list[Excursion]:
        """Return the newest excursions of a point, the newest first."""
        question = rows.SELECT_EXCURSION + " WHERE point = ? ORDER BY began_at DESC, rule, level LIMIT ?"
        return [rows.excursion(row) for row in self._rows(question, point, limit)]

    def newest_alarms(self, limit: int, point: str | None = None) -> list[Alarm]:
        """Return the newest alarms, closed or not, the newest first; of one point or of all."""
        which = "" if point is None else " WHERE point = ?"
        question = rows.SELECT_ALARM + which + " ORDER BY opened_at DESC, length(id) DESC, id DESC LIMIT ?"
        return [rows.alarm(row) for row in self._rows(question, *([] if point is None else [point]), limit)]

    def states_of(self, keys: Collection[str]) -> dict[str, Json]:
        """Return what a restart would go on from, of some keys."""
        found = self._rows(
            "SELECT key, body FROM state WHERE key IN (SELECT value FROM json_each(?))",
            json.dumps(sorted(keys)),
        )
        return {key: json.loads(body) for key, body in found}

    def states(self, prefix: str) -> dict[str, Json]:
        """Return what a restart would go on from, of the keys that begin with `prefix`."""
        found = self._rows(
            "SELECT key, body FROM state WHERE key >= ? AND key < ?", prefix, prefix + "\U0010ffff"
        )
        return {key: json.loads(body) for key, body in found}

    # --- obligations --------------------------------------------------------

    def completions(self, obligations: Collection[str] | None = None) -> list[Completion]:
        """Return everything that was filed, corrections and what they correct included, in that order.

        With `obligations`, what was filed about these only.
        """
        with refusing(self.path):
            return filed.completions(self._database, obligations)

    def occurrences(self) -> list[Occurrence]:
        """Return every day on which something ever fell due, in the order of those days."""
        with refusing(self.path):
            return filed.occurrences(self._database)

    def reminders(self) -> list[Reminder]:
        """Return every step that was told, in the order of telling."""
        with refusing(self.path):
            return filed.reminders(self._database)

    # --- evidence -----------------------------------------------------------

    def drugs(self) -> list[Drug]:
        """Return the site's newest list of hazardous drugs, by name."""
        with refusing(self.path):
            return evidence.drugs(self._database)

    def incidents(self) -> list[Incident]:
        """Return every incident in the order of filing."""
        with refusing(self.path):
            return evidence.incidents(self._database)

    def drills(self) -> list[Drill]:
        """Return every spill drill, the oldest first."""
        with refusing(self.path):
            return evidence.drills(self._database)

    # --- is it intact? ------------------------------------------------------

    def verify(self) -> list[str]:
        """Recompute the hash chain; return what does not fit, nothing when it is intact.

        Reads in short steps, so that the daemon may go on writing.
        """
        ((journal,),) = self._rows("SELECT id FROM meta")
        found: list[str] = []
        last, before = 0, genesis(journal)
        step = rows.SELECT_EVENT + " WHERE number > ? ORDER BY number LIMIT ?"
        while events := self._rows(step, last, AT_ONCE):
            for *columns, chained in events:
                number = columns[0]
                if number != last + 1:
                    found.append(_missing(last + 1, number - 1))
                elif link(before, tuple(columns)) != chained:
                    found.append(f"event {number} is not the one that was recorded")
                last, before = number, chained
            if len(found) > FINDINGS:
                return [*found[:FINDINGS], "and more; the rest was not looked at"]
        return found + self._end()

    def _end(self) -> list[str]:
        """Compare the end of the chain with what the newest commit left beside it."""
        ((events, head, last, chained),) = self._rows(
            "SELECT events, head, coalesce(number, 0), hash FROM meta"
            " LEFT JOIN event ON number = (SELECT max(number) FROM event)"
        )
        if last < events:
            return [_missing(last + 1, events)]
        if last > events:
            return [f"what stands after event {events} was not recorded by hdmonitor"]
        return [] if head == chained else [f"event {last} is not the last one that was recorded"]


def _missing(first: int, last: int) -> str:
    return f"event {first} is missing" if first == last else f"events {first} to {last} are missing"
