"""Readings that do not come in the order of their times: repeated, several of one moment, late.

What has been judged out of order is judged again from the record, with the sums it is part of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hdmonitor.agenda import Agenda
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import Recall
from hdmonitor.late import Track
from hdmonitor.model import ALWAYS, NO_TIME, Quality, Reading
from hdmonitor.watch import Watch

MICROSECOND = timedelta(microseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Order:
    """Puts readings in their order; `stir` is told of every case that moves here."""

    agenda: Agenda
    recall: Recall | None
    stir: Callable[[Case], None]

    # --- readings -----------------------------------------------------------

    def look(self, watch: Watch, reading: Reading, draft: Draft) -> Reading | None:
        """Return a reading to judge now, after a look at its time; None for one that is repeated or late."""
        at, value, track = reading.measured_at, reading.value, watch.track
        overtaken = track is not None and track.passed is not None and at < track.passed
        if watch.last_at is None or at > watch.last_at:
            watch.moment, watch.values = at, ()
            if at >= watch.midnight:
                watch.midnight = track.turn_of_day(watch.last_at, at, draft) if track else NEVER
            if overtaken:
                self._judge_from(watch, reading, draft)
            return reading
        if at == watch.moment:
            told = watch.values or (watch.last_value,)
            if value in told:
                draft.outcome.duplicates += 1
                return None
            # Judged again, the smaller one comes first, whichever was told first.
            if overtaken or (value is not None and any(v is None or v > value for v in told)):
                self._judge_from(watch, reading, draft)
            watch.values = (*told, value)
            _crowd(watch, value, draft)
            return reading._replace(
                measured_at=watch.last_at + MICROSECOND, device_time=reading.device_time or at
            )
        quality = Quality.LATE
        if track is not None and value is not None:
            if not track.late(at, reading.received_at):
                quality = Quality.NOT_JUDGED
            self._waits(track, draft)
        if quality is Quality.LATE:
            self._dirty_sums(watch, reading, draft)
        draft.outcome.readings.append(reading._replace(quality=quality, live=False))
        return None

    def _judge_from(self, watch: Watch, reading: Reading, draft: Draft) -> None:
        """Have a reading judged again that was judged out of order."""
        if watch.track is not None:
            watch.track.judge_from(reading.measured_at, reading.received_at)
            self._waits(watch.track, draft)
        self._dirty_sums(watch, reading, draft)

    def _dirty_sums(self, watch: Watch, reading: Reading, draft: Draft) -> None:
        """Have what a point is part of added up again."""
        for each in watch.feeds:
            self._dirty(each, reading.measured_at, reading.received_at, draft)

    def _dirty(self, watch: Watch, at: datetime, received_at: datetime, draft: Draft) -> None:
        """Have a sum added up and judged again from `at` on: a part of it came out of order."""
        track = watch.track
        if track is None or track.parts is None:
            return
        if track.pending:
            watch.midnight = track.turn_of_day(watch.last_at, at, draft)
        track.late(at, received_at)
        self._waits(track, draft)

    def added(self, watch: Watch, part: Watch, at: datetime, received_at: datetime, draft: Draft) -> None:
        """Take the news that a sum was added up for a part measured at `at`, which may come out of order."""
        if _overtaken(watch, part, at):
            self._dirty(watch, at, received_at, draft)

    def time_moved(self, watch: Watch, at: datetime, draft: Draft) -> None:
        """Note that a limit moved at `at` without a reading: what was measured before is out of order."""
        if watch.track is not None:
            watch.track.passed = max(watch.track.passed or at, at)
            watch.frontier = max(watch.frontier, at)
            draft.outcome.states[watch.track.key] = watch.track.state()

    def _waits(self, track: Track, draft: Draft) -> None:
        draft.outcome.states[track.key] = track.state()
        self.agenda.schedule(track)

    # --- history ------------------------------------------------------------

    def look_back(self, watch: Watch, at: datetime, draft: Draft) -> None:
        """Judge the history of a point with what came late."""
        assert watch.track is not None  # noqa: S101  # the callers asked
        assert self.recall is not None  # noqa: S101  # else there is no track
        lead = max((tally.lead for tally in watch.tallies), default=NO_TIME)
        again = watch.track.look_back(at, draft, self.recall, lead)
        if again is not None and watch.legs:
            _catch_up(watch, again.values, at, draft)
        watch.frontier = max(watch.last_at or ALWAYS, watch.track.passed or ALWAYS)
        for case in (*watch.rules, watch.late):
            if case is not None:
                self.stir(case)
        if again is not None:
            for tally in watch.tallies:
                tally.retake(again.since, again.values, at, draft, beside=watch.rules)
                self.stir(tally.case)
        self._waits(watch.track, draft)

    def shift(self, watch: Watch, by: timedelta, at: datetime, draft: Draft) -> None:
        """Move the history of a point with a clock that steps at `at`; what waits is judged before."""
        if watch.track is not None:
            if watch.track.backlog is not None:
                self.look_back(watch, at, draft)
            watch.track.shift(by, watch.last_at)
            draft.outcome.states[watch.track.key] = watch.track.state()


def _crowd(watch: Watch, value: float | None, draft: Draft) -> None:
    """Note which of several values of one moment counts in sums, if another one came last."""
    known = [each for each in watch.values if each is not None]
    last = None if len(known) < len(watch.values) else max(known)
    if watch.feeds and last != value and watch.last_at is not None:
        watch.crossed = watch.last_at + MICROSECOND, last
        draft.outcome.states[f"crossed:{watch.point.id}"] = [watch.crossed[0].isoformat(), last]


def _catch_up(watch: Watch, sums: Sequence[tuple[datetime, float]], at: datetime, draft: Draft) -> None:
    """Record the sums that late parts add beyond the newest; they are judged already."""
    for moment, value in sums:
        if watch.last_at is None or moment > watch.last_at:
            draft.outcome.readings.append(Reading(watch.point.id, value, moment, max(at, moment), live=False))
            watch.last_at = watch.moment = moment
            watch.last_value, watch.values = value, ()
            watch.seen.note(value, moment)


def _overtaken(watch: Watch, part: Watch, at: datetime) -> bool:
    """Tell whether a sum has already seen a part of it that was measured after this one.

    Of one moment, the parts come in the order in which the site file names them.
    """
    mine = False
    for other, _ in watch.legs:
        if other is part:
            mine = True
        elif other.last_at is not None and (other.last_at >= at if mine else other.last_at > at):
            return True
    return False
