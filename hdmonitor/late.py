"""Readings that come late: when a point's history is judged again, and what follows from it.

A point's history is judged again once no late reading of it has come for a
minute, ten minutes after the first one at the latest. What differs from the
record is told; people's acts stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hdmonitor.added import Parts
from hdmonitor.alerts import wording
from hdmonitor.case import CLOSED, Case, House
from hdmonitor.draft import Draft
from hdmonitor.events import About, Alarm, Excursion, Json, Kind, Outcome, Past, Recall, Revision, Where
from hdmonitor.history import (
    MICROSECOND,
    Difference,
    Judged,
    described,
    differences,
    in_order,
    judge,
    key_of,
    limits_mark,
    midnights,
    snapshot,
    values_of,
)
from hdmonitor.model import EPOCH, Level, Point, Rule, Threshold, iso, moment_of
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.changes import Span
from hdmonitor.rules.found import Found
from hdmonitor.seen import Seen

QUIET = timedelta(seconds=60)
PATIENCE = timedelta(minutes=10)
HOT = timedelta(days=90)  # as long as the journal keeps readings at hand


class LateCase(Case):
    """What late data brought to light at one point, until somebody has seen it."""

    def __init__(self, point: Point, rule: Rule, *, seen: Seen, house: House) -> None:
        self.found = Found()
        super().__init__(point, rule, self.found, seen=seen, house=house, cause="late")

    def find(self, span: Span, at: datetime, draft: Draft) -> str | None:
        """Ask for an answer about an excursion; return the alarm that does."""
        self.apply(self.found.observe(at, span), draft)
        return self.alarm.id if self.alarm else None

    def acknowledge(
        self,
        by: str,
        name: str,
        note: str,
        at: datetime,
        draft: Draft,
        *,
        where: Where = Where.ANSWER,
        arrives: timedelta | None = None,
    ) -> None:
        """Take the answer of a person; what is left to do is to document."""
        super().acknowledge(by, name, note, at, draft, where=where, arrives=arrives)
        self.apply(self.found.close(at), draft)

    def _start(self, about: About, at: datetime, draft: Draft, withhold: str = "", *, step: int = 0) -> None:
        """Call people while the site is open; at opening otherwise, for it is over (practice rule 3)."""
        opening = self.house.opening(at)
        super()._start(about, at, draft, withhold or (CLOSED if opening > at else ""), step=step)
        if opening > at:
            self.resume_at = opening

    @property
    def resting(self) -> bool:
        """Tell whether there is nothing to remember."""
        return self.alarm is None

    def _began(self, at: datetime) -> datetime:
        return self.found.span.start if self.found.span else at

    def _situation(self, at: datetime, *, advice: bool = True) -> wording.Situation:
        situation = super()._situation(at, advice=advice)
        span = self.found.span
        if span is None:
            return situation
        return replace(
            situation,
            rule=self._about(span),
            threshold=span.threshold,
            began_at=span.start,
            ended_at=span.end,
            peak=span.peak,
        )

    def _about(self, span: Span) -> Rule:
        return next(rule for rule in self.point.rules if span.threshold in rule.thresholds)

    def whole_state(self) -> Json:
        """Return all there is to know of the case, with the excursion."""
        state: Any = super().whole_state()
        span = self.found.span
        if span is not None:
            found = described(self.point, self.rule, span)
            state["found"] = {**_figures(found), "level": int(found.level), "side": found.side}
            state["found"]["rule"] = self._about(span).id
        return state  # type: ignore[no-any-return]  # JSON

    def restore(self, state: Any, heard_at: datetime | None) -> None:
        """Go on from `state`."""
        super().restore(state, heard_at)
        if state and (found := state.get("found")):
            threshold = _threshold(self.point, Level(found["level"]), found["side"], found["rule"])
            if threshold is not None:
                start, end, alarm_at = (moment_of(found[name]) for name in ("start", "end", "alarm_at"))
                missing = timedelta(seconds=found["missing_s"])
                self.found.top = threshold
                self.found.span = Span(
                    end or start or EPOCH, threshold, start or EPOCH, end, found["peak"], missing, alarm_at
                )


@dataclass(slots=True)
class Backlog:
    """What came late since the history of a point was last judged."""

    since: datetime | None  # the oldest time that has to be judged again
    first_at: datetime  # reception
    newest_at: datetime
    refused: int = 0  # came too late for that
    refused_from: datetime | None = None
    refused_to: datetime | None = None


class Again(NamedTuple):
    """What adds up is another from `since` on: the values of a point, in the order of their times."""

    since: datetime
    values: list[tuple[datetime, float]]


class Track:
    """The history of one point: from where it can be judged again, and what waits for that."""

    __slots__ = ("backlog", "cases", "floor", "house", "noted", "parts", "passed", "pending", "point", "rank")

    def __init__(self, point: Point, cases: Sequence[Case], house: House) -> None:
        self.point = point
        self.cases = cases
        self.house = house
        self.backlog: Backlog | None = None
        self.passed: datetime | None = None  # the newest move of a limit that no reading made
        self.floor = EPOCH  # nothing older is judged again
        self.pending = True  # the first snapshot is not taken yet
        self.parts: Parts | None = None  # of a sum: it is added up again from them
        self.rank = 0  # on the agenda
        self.noted: datetime | None = None

    @property
    def key(self) -> str:
        """Name the track in the journal."""
        return f"late:{self.point.id}"

    def due(self) -> datetime | None:
        """Return when the history is judged again."""
        if self.backlog is None:
            return None
        return min(self.backlog.newest_at + QUIET, self.backlog.first_at + PATIENCE)

    # --- readings -----------------------------------------------------------

    def late(self, at: datetime, received_at: datetime) -> bool:
        """Note that a value measured at `at` came late; tell whether it can still be judged."""
        if at >= max(self.floor, received_at - HOT):
            self.judge_from(at, received_at)
            return True
        backlog = self._waiting(received_at)
        backlog.refused += 1
        backlog.refused_from = min(backlog.refused_from or at, at)
        backlog.refused_to = max(backlog.refused_to or at, at)
        return False

    def judge_from(self, at: datetime, received_at: datetime) -> None:
        """Note that the history has to be judged again from `at` on."""
        backlog = self._waiting(received_at)
        backlog.since = min(backlog.since or at, at)

    def _waiting(self, received_at: datetime) -> Backlog:
        if self.backlog is None:
            self.backlog = Backlog(None, received_at, received_at)
        self.backlog.newest_at = max(self.backlog.newest_at, received_at)
        return self.backlog

    def turn_of_day(self, last_at: datetime | None, at: datetime, draft: Draft) -> datetime:
        """Take the snapshots due before a reading of `at`; return when to come back."""
        day, following = midnights(at, self.house.zone)
        behind = max((m for m in (last_at, self.passed) if m is not None), default=None)
        if self.pending:
            if at < self.floor:
                return min(following, self.floor)
            begin = EPOCH if behind is None else max(self.floor, behind + MICROSECOND)
            if begin > at:
                return at
            self.floor, self.pending = begin, False
            self._snapshot(begin, draft, first=True)
        elif last_at is not None and last_at < day:
            self._snapshot(day, draft, take=behind is not None and behind <= day)
        return following

    def _snapshot(self, at: datetime, draft: Draft, *, first: bool = False, take: bool = True) -> None:
        """Write down how the limits stand, and the excursions that run, as far as they have come."""
        machines = _machines(self.cases)
        for case in self.cases:
            case.apply(case.machine.running(), draft)
        if take:
            draft.outcome.snapshots.append(snapshot(self.point, machines, at, first=first))

    # --- clocks and restarts ------------------------------------------------

    def shift(self, by: timedelta, last_at: datetime | None) -> None:
        """Judge nothing again across a step of the clock: the times before it are others."""
        behind = [moment for moment in (last_at, self.passed) if moment is not None]
        if behind:
            self.floor = max(*behind, *(moment + by for moment in behind), self.floor) + MICROSECOND
            self.pending = True
        self.passed = self.passed and self.passed + by

    def state(self) -> Json:
        """Return what a restart needs."""
        backlog = self.backlog
        floor = self.floor if self.pending and self.floor > EPOCH else None
        if backlog is None and floor is None and self.passed is None:
            return None
        return {
            "floor": iso(floor),
            "passed": iso(self.passed),
            "backlog": None
            if backlog is None
            else {
                "since": iso(backlog.since),
                "first_at": iso(backlog.first_at),
                "newest_at": iso(backlog.newest_at),
                "refused": backlog.refused,
                "refused_from": iso(backlog.refused_from),
                "refused_to": iso(backlog.refused_to),
            },
        }

    def restore(self, state: Any, judged_from: tuple[datetime, str] | None, last_at: datetime | None) -> None:
        """Go on from `state`. Other limits than before judge only what comes from now on."""
        if state:
            self.passed = moment_of(state["passed"])
            if waiting := state["backlog"]:
                moments = {name: moment_of(waiting[name]) for name in waiting if name != "refused"}
                self.backlog = Backlog(refused=waiting["refused"], **moments)  # type: ignore[arg-type]  # never None
        stepped = moment_of(state["floor"]) if state else None
        if stepped is not None:
            self.floor = stepped
        elif judged_from is not None and judged_from[1] == limits_mark(self.point):
            self.floor, self.pending = judged_from[0], False
        elif last_at is not None:
            self.floor = max(last_at, self.passed or last_at) + MICROSECOND

    # --- judging again ------------------------------------------------------

    def look_back(self, at: datetime, draft: Draft, recall: Recall, lead: timedelta) -> Again | None:
        """Judge the history with what came late, and tell what is different.

        Return what is to be added up again, with the values of `lead` before it, or what a sum was.
        """
        backlog, self.backlog = self.backlog, None
        assert backlog is not None  # noqa: S101  # else nothing is due
        if backlog.refused:
            self._tell_refused(backlog, at, draft)
        if backlog.since is not None and backlog.since >= self.floor:
            past = _overlaid(self.point, backlog.since, draft.outcome, recall, lead)
            if past is not None and self.parts is not None:
                sums = self.parts.since(self.point, past.snapshot.at, draft.outcome.readings)
                self._judge(replace(past, values=sums), at, draft)
                return Again(backlog.since, sums)
            if past is not None:
                self._judge(past, at, draft)
                return Again(backlog.since, in_order([*past.before, *past.values], EPOCH) if lead else [])
        return None

    def _tell_refused(self, backlog: Backlog, at: datetime, draft: Draft) -> None:
        detail: dict[str, Json] = {
            "readings": backlog.refused,
            "from": iso(backlog.refused_from),
            "to": iso(backlog.refused_to),
            "judged_from": iso(max(self.floor, backlog.first_at - HOT)),
        }
        draft.event(at, Kind.LATE_NOT_JUDGED, self.point.id, detail)

    def _judge(self, past: Past, at: datetime, draft: Draft) -> None:
        begin = past.snapshot.at
        judged = judge(self.point, past, at, self.house.zone)
        recorded = [one for one in past.excursions if one.start >= begin or key_of(one) in judged.seeds]
        cases = {case.rule.id: case for case in self.cases}
        now = [described(self.point, cases[rule].rule, span) for (rule, *_), span in judged.spans.items()]
        found = differences(recorded, sorted(now, key=lambda one: one.start))
        numbers = [self._tell(each, at, draft) for each in found]
        self._withdraw_cleared(found, begin, now, at, draft)
        for rule, case in cases.items():
            lost = case.alarm is not None and _lost(case.alarm, at, begin, now)
            case.rejudged(judged.machines[rule], at, draft, withdrawn=lost)
        asked = self._ask(found, judged, at, draft)
        for number, each in zip(numbers, found, strict=True):
            self._revise(number, each, judged, asked, draft)
        draft.outcome.snapshots.extend(judged.snapshots)
        draft.outcome.rooms.add(self.point.room)
        self.passed = judged.moved_at

    def _tell(self, difference: Difference, at: datetime, draft: Draft) -> int:
        one = difference.worst
        threshold = _threshold(self.point, one.level, one.side, one.rule)
        case = next(case for case in self.cases if case.rule.id == one.rule)
        detail: dict[str, Json] = {**case.named(threshold), **_figures(one)}
        if difference.kind in (Kind.LATE_EXTENDED, Kind.LATE_REVISED):
            detail["before"] = [_figures(before) for before in difference.before]
        alarm = next((before.alarm for before in difference.before if before.alarm), None)
        return draft.event(at, difference.kind, self.point.id, detail, alarm)

    def _ask(self, found: Sequence[Difference], judged: Judged, at: datetime, draft: Draft) -> str | None:
        """Put a hold for the worst excursion at alarm level that nobody was called for."""
        missed = [
            judged.spans[key_of(each.after)]
            for each in found
            if each.after is not None
            and each.kind in (Kind.LATE_DISCOVERED, Kind.LATE_EXTENDED)
            and each.after.level >= Level.ALARM
            and each.after.alarm_at is not None
            and self._present(each.after, judged) is None
        ]
        if not missed:
            return None
        worst = max(missed, key=lambda span: (span.threshold.rank, span.start))
        return self.house.missed(self.point, worst, at, draft)

    def _present(self, one: Excursion, judged: Judged) -> str | None:
        """Return the alarm that stands because of an excursion."""
        case = next(case for case in self.cases if case.rule.id == one.rule)
        since = judged.raised.get(one.rule)
        if case.alarm is None or since is None or one.alarm_at is None or one.alarm_at < since:
            return None
        return case.alarm.id

    def _revise(
        self, number: int, difference: Difference, judged: Judged, asked: str | None, draft: Draft
    ) -> None:
        """Replace what was recorded, and what this batch was about to record."""
        outcome, after = draft.outcome, difference.after
        gone = {key_of(before) for before in difference.before}
        outcome.excursions[:] = [
            one for one in outcome.excursions if one.point != self.point.id or key_of(one) not in gone
        ]
        if after is not None and after.alarm_at is not None:
            known = next((before.alarm for before in difference.before if before.alarm), None)
            mine = asked if after.level >= Level.ALARM else None
            after = replace(after, alarm=self._present(after, judged) or known or mine)
        outcome.revisions.append(Revision(number, difference.before, after))

    def _withdraw_cleared(
        self,
        found: Sequence[Difference],
        begin: datetime,
        now: Sequence[Excursion],
        at: datetime,
        draft: Draft,
    ) -> None:
        """Say of alarms that are over but not documented that they never should have been."""
        for id_ in dict.fromkeys(before.alarm for each in found for before in each.before):
            alarm = draft.cleared.get(id_ or "")
            if alarm is None or not _lost(alarm, alarm.cleared_at or alarm.opened_at, begin, now):
                continue
            alarm = replace(alarm, title=wording.withdrawn_title(self.point.name))
            detail: dict[str, Json] = {"rule": alarm.rule, "version": alarm.version}
            draft.event(at, Kind.WITHDRAWN, self.point.id, detail, alarm.id)
            draft.keep(alarm)


def _lost(alarm: Alarm, until: datetime, begin: datetime, now: Sequence[Excursion]) -> bool:
    """Tell whether no excursion that became an alarm is left of what opened this one."""
    return alarm.began_at >= begin and not any(
        one.rule == alarm.rule
        and one.alarm_at is not None
        and one.start <= until
        and (one.end is None or one.end > alarm.began_at)
        for one in now
    )


def _machines(cases: Sequence[Case]) -> dict[str, Machine]:
    return {case.rule.id: case.machine for case in cases if isinstance(case.machine, Machine)}


def _threshold(point: Point, level: Level, side: str, rule_id: str) -> Threshold | None:
    return next(
        (
            limit
            for rule in point.rules
            for limit in rule.thresholds
            if rule_id == rule.id and limit.level is level and limit.side.value == side
        ),
        None,
    )


def _overlaid(
    point: Point, since: datetime, outcome: Outcome, recall: Recall, lead: timedelta
) -> Past | None:
    """Return the record of a point together with what this batch is about to add to it."""
    past = recall(point.id, since, lead)
    snapshots = [past.snapshot] if past else []
    snapshots += [one for one in outcome.snapshots if one.point == point.id and one.at <= since]
    if not snapshots:
        return None
    newest = max(reversed(snapshots), key=lambda one: one.at)  # of one moment, the last one taken
    table = {key_of(one): one for one in past.excursions} if past else {}
    for revision in outcome.revisions:
        concerned = [*revision.before, *([revision.after] if revision.after else [])]
        if concerned[0].point == point.id:
            for before in revision.before:
                table.pop(key_of(before), None)
            if revision.after:
                table[key_of(revision.after)] = revision.after
    table |= {key_of(one): one for one in outcome.excursions if one.point == point.id}
    closings = {
        (alarm.closed_at, alarm.rule)
        for alarm in outcome.alarms.values()
        if alarm.point == point.id and alarm.closed_at is not None and alarm.closed_at == alarm.cleared_at
    }
    return Past(
        snapshot=newest,
        values=[
            *(one for one in (past.values if past else ()) if one[0] >= newest.at or newest is snapshots[0]),
            *values_of((one for one in outcome.readings if one.point == point.id), newest.at),
        ],
        excursions=list(table.values()),
        closings=sorted(closings.union(past.closings if past else ())),
        before=[
            *((*past.before, *past.values) if past else ()),
            *values_of((one for one in outcome.readings if one.point == point.id), EPOCH),
        ],
    )


def _figures(one: Excursion) -> dict[str, Json]:
    return {
        "start": iso(one.start),
        "end": iso(one.end),
        "peak": one.peak,
        "missing_s": one.missing.total_seconds(),
        "alarm_at": iso(one.alarm_at),
    }
