"""Completions, occurrences and reminders in the journal: how they are written, and read back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import date

from hdmonitor import rows
from hdmonitor.completions import Completion, Occurrence, Reminder, Result
from hdmonitor.events import Outcome
from hdmonitor.rows import Row

SELECT_COMPLETION = (
    "SELECT number, obligation, subject, day, run, result, filed_by, filed_at, done_by, evaluator, second,"
    " measured, method, certificate, attachments, remark, corrects FROM completion"
)
SELECT_OCCURRENCE = (
    "SELECT obligation, subject, due, rule, version, opened_at, ended_at, ended FROM occurrence"
)


def write(database: sqlite3.Connection, outcome: Outcome) -> None:
    """Write what a decision files; a reminder that is there already refuses the whole decision."""
    database.executemany(
        "INSERT INTO completion VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_completion_row(each) for each in outcome.completions],
    )
    database.executemany(
        "INSERT INTO occurrence VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " rule = excluded.rule, version = excluded.version,"
        " ended_at = excluded.ended_at, ended = excluded.ended",
        [_occurrence_row(each) for each in outcome.occurrences],
    )
    database.executemany(
        "INSERT INTO reminder VALUES (?, ?, ?, ?, ?)",
        [(e.obligation, e.subject, e.due.isoformat(), e.step, e.event) for e in outcome.reminders],
    )


def completions(database: sqlite3.Connection, obligations: Collection[str] | None = None) -> list[Completion]:
    """Return everything that was filed, in that order; or about some obligations only."""
    if obligations is None:
        found = database.execute(SELECT_COMPLETION + " ORDER BY number")
        return rows.legible(found, _completion, "a completion")
    which = " WHERE obligation IN (SELECT value FROM json_each(?)) ORDER BY number"
    found = database.execute(SELECT_COMPLETION + which, (json.dumps(sorted(obligations)),))
    return rows.legible(found, _completion, "a completion")


def occurrences(database: sqlite3.Connection) -> list[Occurrence]:
    """Return every occurrence in the order of its day."""
    found = database.execute(SELECT_OCCURRENCE + " ORDER BY due, obligation, subject")
    return rows.legible(found, _occurrence, "an occurrence")


def reminders(database: sqlite3.Connection) -> list[Reminder]:
    """Return every reminder in the order of telling."""
    found = database.execute(
        "SELECT obligation, subject, due, step, event FROM reminder"
        " ORDER BY event, obligation, subject, due, step DESC"
    )
    return rows.legible(found, _reminder, "a reminder")


def open_occurrences(database: sqlite3.Connection) -> tuple[list[Occurrence], list[Reminder]]:
    """Return the occurrences that have not ended, and every reminder: a day may fall due again."""
    found = database.execute(SELECT_OCCURRENCE + " WHERE ended_at IS NULL ORDER BY due, obligation, subject")
    return rows.legible(found, _occurrence, "an occurrence"), reminders(database)


def _completion_row(each: Completion) -> Row:
    assert each.filed_at is not None  # noqa: S101  # given together with the number
    return (
        each.number,
        each.obligation,
        each.subject,
        each.on.isoformat(),
        each.run,
        each.result.value,
        each.filed_by,
        rows.micros(each.filed_at),
        rows.unicode(each.done_by),
        rows.unicode(each.evaluator),
        each.second,
        rows.json_text(dict(each.values)),
        rows.unicode(each.method),
        rows.unicode(each.certificate),
        rows.json_text(list(each.attachments)),
        rows.unicode(each.remark),
        each.corrects,
    )


def _completion(row: Row) -> Completion:
    number, obligation, subject, day, run, result, filed_by, filed_at, done_by, evaluator, second = row[:11]
    measured, method, certificate, attachments, remark, corrects = row[11:]
    return Completion(
        obligation=obligation,
        subject=subject,
        on=date.fromisoformat(day),
        result=Result(result),
        filed_by=filed_by,
        done_by=done_by,
        evaluator=evaluator,
        second=second,
        values=json.loads(measured),
        method=method,
        certificate=certificate,
        attachments=tuple(json.loads(attachments)),
        remark=remark,
        run=run,
        corrects=corrects,
        number=number,
        filed_at=rows.moment(filed_at),
    )


def _occurrence_row(each: Occurrence) -> Row:
    return (
        each.obligation,
        each.subject,
        each.due.isoformat(),
        each.rule,
        each.version,
        rows.micros(each.opened_at),
        rows.micros_or_none(each.ended_at),
        each.ended,
    )


def _occurrence(row: Row) -> Occurrence:
    obligation, subject, due, rule, version, opened_at, ended_at, ended = row
    return Occurrence(
        obligation,
        subject,
        date.fromisoformat(due),
        rule,
        version,
        rows.moment(opened_at),
        rows.moment_or_none(ended_at),
        ended,
    )


def _reminder(row: Row) -> Reminder:
    obligation, subject, due, step, event = row
    return Reminder(obligation, subject, date.fromisoformat(due), step, event)
