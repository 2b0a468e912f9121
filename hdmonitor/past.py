"""What the journal keeps so that late data can be judged: snapshots, revisions, and a look back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from hdmonitor import rows
from hdmonitor.events import Past, Revision, Snapshot
from hdmonitor.model import Quality

# As long as readings may come late; older snapshots are of no use, but for the newest of them.
KEPT = timedelta(days=90)
MICROSECOND = timedelta(microseconds=1)

# The second value of a moment was moved by microseconds, and tells its moment beside it.
VALUES = (
    "SELECT iif(measured_at - device_time BETWEEN 1 AND 999, device_time, measured_at), value FROM reading"
    " WHERE measured_at >= ? AND point = ? AND quality IN (?, ?) AND value IS NOT NULL"
)
MEASURED = (
    "SELECT iif(measured_at - device_time BETWEEN 1 AND 999, device_time, measured_at), value FROM reading"
    " WHERE measured_at >= ? AND point = ? AND quality IN (?, ?, ?)"
)
BEFORE = VALUES + " AND measured_at < ?"
EXCURSIONS = (
    rows.SELECT_EXCURSION + " WHERE point = ?1 AND (began_at >= ?2 OR ended_at IS NULL OR ended_at >= ?2)"
)
# An alarm that was closed after it had cleared was no end of anything.
CLOSINGS = (
    "SELECT closed_at, rule FROM alarm WHERE point = ? AND closed_at >= ? AND closed_at = cleared_at"
    " ORDER BY closed_at, rule"
)


def write_snapshots(
    database: sqlite3.Connection, snapshots: Sequence[Snapshot], key: Callable[[str], int]
) -> None:
    """Keep how the limits of points stood."""
    for one in snapshots:
        point, at = key(one.point), rows.micros(one.at)
        oldest = (
            at
            if one.first
            else database.execute(
                "SELECT max(at) FROM snapshot WHERE point = ? AND at <= ?",
                (point, rows.micros(one.at - KEPT)),
            ).fetchone()[0]
        )
        if oldest is not None:
            database.execute("DELETE FROM snapshot WHERE point = ? AND at < ?", (point, oldest))
        database.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)",
            (point, at, one.rules, rows.json_text(one.body)),
        )


def write_revisions(database: sqlite3.Connection, revisions: Sequence[Revision]) -> None:
    """Put what late data say in the place of what stood there, and that aside."""
    for revision in revisions:
        for before in revision.before:
            database.execute(rows.WRITE_REVISION, (revision.event, *rows.excursion_row(before)))
            database.execute(rows.REMOVE_EXCURSION, rows.excursion_key(before))
        if revision.after is not None:
            database.execute(rows.WRITE_EXCURSION, rows.excursion_row(revision.after))
            key = rows.excursion_key(revision.after)
            database.execute(rows.REVISE_EXCURSION, (revision.event, *key))


def judged_from(database: sqlite3.Connection) -> dict[str, tuple[datetime, str]]:
    """Return for each point its oldest snapshot's moment, and by which limits it was judged."""
    found = database.execute(
        "SELECT id, min(at), rules FROM snapshot JOIN point ON key = point GROUP BY point"
    ).fetchall()
    return {point: (rows.moment(at), rules) for point, at, rules in found}


def measured(
    database: sqlite3.Connection, point: str, since: datetime
) -> list[tuple[datetime, float | None]]:
    """Return what a point told of the time since then, in any order; None for a fault."""
    key = database.execute("SELECT key FROM point WHERE id = ?", (point,)).fetchone()
    if key is None:
        return []
    qualities = (Quality.GOOD, Quality.LATE, Quality.FAULT)
    found = database.execute(MEASURED, (rows.micros(since), *key, *qualities))
    return [(rows.moment(when), value) for when, value in found]


def recall(database: sqlite3.Connection, point: str, since: datetime, lead: timedelta) -> Past | None:
    """Return what is recorded of a point from its newest snapshot at or before `since` on.

    With the values measured up to `lead` before that snapshot.
    """
    found = database.execute(
        "SELECT key, at, rules, body FROM snapshot JOIN point ON key = point"
        " WHERE id = ? AND at <= ? ORDER BY at DESC LIMIT 1",
        (point, rows.micros(since)),
    ).fetchone()
    if found is None:
        return None
    key, at, rules, body = found
    qualities = (Quality.GOOD, Quality.LATE)
    earlier = (at - lead // MICROSECOND, key, *qualities, at)
    return Past(
        snapshot=Snapshot(point, rows.moment(at), rules, json.loads(body)),
        values=_values(database.execute(VALUES, (at, key, *qualities))),
        excursions=[rows.excursion(row) for row in database.execute(EXCURSIONS, (point, at))],
        closings=[(rows.moment(when), rule) for when, rule in database.execute(CLOSINGS, (point, at))],
        before=_values(database.execute(BEFORE, earlier)) if lead else (),
    )


def _values(found: Iterable[tuple[int, float]]) -> list[tuple[datetime, float]]:
    return [(rows.moment(when), value) for when, value in found]
