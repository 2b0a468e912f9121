"""Who is still owed a notice, and when to try again: the rules of the journal's `outbox` table.

A row is closed only when the provider took it, or when a newer notice about
the same alarm to the same destination stands in for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from hdmonitor import rows
from hdmonitor.events import About, Notice
from hdmonitor.inbox import Sent
from hdmonitor.model import Priority

FIRST_RETRY = timedelta(seconds=5)
URGENT_RETRY = timedelta(seconds=60)
SLOWEST_RETRY = timedelta(minutes=15)


def write_notices(database: sqlite3.Connection, notices: Sequence[Notice]) -> None:
    """Write what is owed; a notice that is there already is owed once."""
    for notice in notices:
        written = database.execute(
            "INSERT INTO outbox (event, alarm, destination, about, priority, contained, title, body, at,"
            " next_attempt_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
            " ON CONFLICT (event, destination, about) DO NOTHING",
            rows.notice_row(notice),
        )
        if written.rowcount:
            _replace_older(database, notice, written.lastrowid)


def _replace_older(database: sqlite3.Connection, notice: Notice, row: int | None) -> None:
    """Close what this destination was still owed about the alarm: the newer notice says more."""
    settled = (About.ACKNOWLEDGED.value, About.CLEARED.value, About.WITHDRAWN.value)
    database.execute(
        "UPDATE outbox SET replaced_by = ?1 WHERE alarm = ?2 AND destination = ?3 AND row < ?1"
        " AND delivered_at IS NULL AND replaced_by IS NULL"
        # practice rule 13: a critical that cleared before delivery is still told
        " AND NOT (?4 AND priority = ?5 AND about NOT IN (?6, ?7, ?8))",
        (
            row,
            notice.alarm,
            notice.destination,
            notice.about.value in settled,
            int(Priority.CRITICAL),
            *settled,
        ),
    )


def write_sent(database: sqlite3.Connection, sent: Sequence[Sent]) -> None:
    """Write what came of attempts to deliver."""
    for result in sent:
        for row in result.rows:
            if result.delivered:
                database.execute(
                    "UPDATE outbox SET delivered_at = ?, answer = ? WHERE row = ?",
                    (rows.micros(result.at), result.answer, row),
                )
            else:
                _write_failure(database, row, result)


def _write_failure(database: sqlite3.Connection, row: int, result: Sent) -> None:
    """Plan the next try: after 5 s, then twice as long each time, up to the cap of its priority."""
    found = database.execute("SELECT attempts, priority FROM outbox WHERE row = ?", (row,)).fetchone()
    if found is None:
        return
    attempts, priority = found
    cap = URGENT_RETRY if priority >= Priority.HIGH else SLOWEST_RETRY
    wait = min(FIRST_RETRY * 2 ** min(attempts, 10), cap)  # 2 ** 10 is past every cap
    database.execute(
        "UPDATE outbox SET attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, ?1),"
        " next_attempt_at = ?2, answer = ?3 WHERE row = ?4",
        (rows.micros(result.at), rows.micros(result.at + wait), result.answer, row),
    )
