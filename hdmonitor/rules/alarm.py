"""The alarm state machine: one alarm per point and rule, any number of limits.

Each limit is a strand with its own phase, delay and excursion. The alarm as a
whole is derived from its strands: the worst phase and the worst limit.
On-delay, off-delay and deadband are those of ISA-18.2 / IEC 62682. Only time
that a reading vouches for counts towards a delay, so missing data can neither
mature nor clear an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import inf, nextafter
from typing import Any

from hdmonitor.model import NO_TIME, Level, Phase, Rule, Side, Threshold, iso, moment_of
from hdmonitor.rules.changes import Change, Lowered, Moved, Raised, Span

UNKNOWN, NORMAL, PENDING, ACTIVE, CLEARING = Phase

# Phase x what the value does -> phase. "Back" is inside by more than the
# deadband; inside but within the deadband does not end an active alarm.
ON_OUTSIDE = {UNKNOWN: PENDING, NORMAL: PENDING, PENDING: PENDING, ACTIVE: ACTIVE, CLEARING: ACTIVE}
ON_INSIDE = {UNKNOWN: NORMAL, NORMAL: NORMAL, PENDING: NORMAL, ACTIVE: ACTIVE, CLEARING: CLEARING}
ON_BACK = {UNKNOWN: NORMAL, NORMAL: NORMAL, PENDING: NORMAL, ACTIVE: CLEARING, CLEARING: CLEARING}
ON_TIME = {PENDING: ACTIVE, CLEARING: NORMAL}
ON_CLOSE = {UNKNOWN: UNKNOWN, NORMAL: NORMAL, PENDING: PENDING, ACTIVE: UNKNOWN, CLEARING: NORMAL}

WORST_FIRST = (ACTIVE, CLEARING, PENDING, UNKNOWN, NORMAL)
RAISED = (ACTIVE, CLEARING)
NO_LOW = -inf
STILL: Sequence[Change] = ()  # what a reading changes that is inside, where all was normal; told by identity


@dataclass(slots=True)
class Strand:
    """One limit of the rule: where it stands and the excursion beyond it."""

    threshold: Threshold
    off_delay: timedelta | None  # None: latched, time alone does not clear it
    phase: Phase = UNKNOWN
    credit: timedelta = NO_TIME  # vouched-for part of the running delay
    counted_at: datetime | None = None  # the credit is complete up to here
    start: datetime | None = None  # of the excursion, while outside
    peak: float = 0.0
    missing: timedelta = NO_TIME
    alarm_at: datetime | None = None

    def due(self, vouched_until: datetime) -> datetime | None:
        """Return when time alone moves this strand, if the readings so far vouch for it."""
        delay = self.threshold.on_delay if self.phase is PENDING else self.off_delay
        if self.phase not in ON_TIME or delay is None or self.counted_at is None:
            return None
        moment = self.counted_at + delay - self.credit
        return moment if moment <= vouched_until else None

    def settle(self, at: datetime, vouched_until: datetime) -> None:
        """Count the vouched-for time up to `at` towards the running delay."""
        if self.counted_at is not None and self.phase in ON_TIME and at > self.counted_at:
            self.credit += max(NO_TIME, min(at, vouched_until) - self.counted_at)
            self.counted_at = at

    def enter(self, phase: Phase, at: datetime) -> None:
        """Go to `phase`; a delay of zero is over at once."""
        if phase is PENDING and self.threshold.on_delay == NO_TIME:
            phase = ACTIVE
        if phase is CLEARING and self.off_delay == NO_TIME:
            phase = NORMAL
        self.phase, self.credit, self.counted_at = phase, NO_TIME, at
        if phase is ACTIVE and self.start is not None and self.alarm_at is None:
            self.alarm_at = at

    def measure(self, at: datetime, value: float, outside: bool) -> Span | None:
        """Follow the excursion; return it when it starts or ends."""
        if not outside:
            if self.start is None:
                return None
            span = self.span(at, end=at)
            self.start = self.alarm_at = None
            return span
        if self.start is None:
            self.start, self.peak, self.missing = at, value, NO_TIME
            self.alarm_at = at if self.phase in RAISED else None
            return self.span(at, end=None)
        further = max if self.threshold.side is Side.HIGH else min
        self.peak = further(self.peak, value)
        return None

    def span(self, at: datetime, end: datetime | None) -> Span:
        """Describe the excursion that is running."""
        assert self.start is not None  # noqa: S101  # callers hold one
        return Span(at, self.threshold, self.start, end, self.peak, self.missing, self.alarm_at)

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "level": int(self.threshold.level),
            "side": self.threshold.side.value,
            "phase": self.phase.value,
            "credit_us": _micros(self.credit),
            "counted_at": iso(self.counted_at),
            "start": iso(self.start),
            "peak": self.peak,
            "missing_us": _micros(self.missing),
            "alarm_at": iso(self.alarm_at),
        }


class Machine:
    """The alarm of one rule at one point, in event time.

    Values are in the point's canonical unit. `valid_for` is how long one
    reading vouches. Readings must come in the order of their times.

    At rest, and before the first reading, there are no strands: each limit is in the phase of the whole.
    """

    __slots__ = ("_high", "_low", "calm", "last_at", "phase", "rule", "strands", "top", "valid_for")

    def __init__(self, rule: Rule, valid_for: timedelta) -> None:
        self.rule = rule
        self.valid_for = valid_for
        self.strands: Sequence[Strand] = ()
        self.phase: Phase = UNKNOWN
        self.top: Threshold | None = None
        self.last_at: datetime | None = None
        self.calm = False
        self._low = max((_edge(t) for t in rule.thresholds if t.side is Side.LOW), default=NO_LOW)
        self._high = min((_edge(t) for t in rule.thresholds if t.side is Side.HIGH), default=inf)

    def observe(self, at: datetime, value: float) -> Sequence[Change]:
        """Judge one reading and return what it changes, oldest first."""
        if self.calm and self._low <= value <= self._high:
            self.last_at = at
            return STILL
        changes = self.advance(at)
        self.strands = self.strands or self._limits()
        if self.last_at is not None:
            vouched_until = self.last_at + self.valid_for
            unseen = max(NO_TIME, at - vouched_until)
            for strand in self.strands:
                strand.settle(at, vouched_until)
                if strand.start is not None:
                    strand.missing += unseen
        self.last_at = at
        for strand in self.strands:
            outside = strand.threshold.outside(value)
            back = not outside and strand.threshold.beyond(value, self.rule.deadband)
            after = (ON_OUTSIDE if outside else ON_BACK if back else ON_INSIDE)[strand.phase]
            span = strand.measure(at, value, outside)
            if after is not strand.phase:
                strand.enter(after, at)
                if outside and strand.phase is ACTIVE:
                    span = strand.span(at, end=None)
            if span is not None:
                changes.append(span)
        changes.extend(self._derive(at))
        return changes

    def advance(self, at: datetime) -> list[Change]:
        """Let time pass up to and including `at`; moves happen at their due moments."""
        changes: list[Change] = []
        while True:
            waiting = [(due, strand) for strand in self.strands if (due := self._due(strand)) and due <= at]
            if not waiting:
                return changes
            due = min(due for due, _ in waiting)
            strand = max((strand for moment, strand in waiting if moment == due), key=_first)
            strand.enter(ON_TIME[strand.phase], due)
            if strand.phase is ACTIVE and strand.start is not None:
                changes.append(strand.span(due, end=None))
            changes.extend(self._derive(due))

    def due(self) -> datetime | None:
        """Return the earliest moment at which time alone changes something."""
        if self.calm:
            return None
        return min((due for s in self.strands if (due := self._due(s))), default=None)

    def close(self, at: datetime) -> list[Change]:
        """End the alarm by a named act; still outside, it arms again at the next reading."""
        for strand in self.strands:
            if (after := ON_CLOSE[strand.phase]) is not strand.phase:
                strand.enter(after, at)
        return self._derive(at) if self.strands else []

    def shift(self, by: timedelta) -> None:
        """Move the running delays with a clock that stepped; recorded times stay."""
        if self.last_at is not None:
            self.last_at += by
        for strand in self.strands:
            if strand.counted_at is not None:
                strand.counted_at += by

    def running(self) -> list[Span]:
        """Return the excursions that have not ended, as they stand."""
        return [s.span(self.last_at, end=None) for s in self.strands if s.start and self.last_at]

    def worst_outside(self) -> Strand | None:
        """Return the strand that is outside with the highest rank."""
        return max((s for s in self.strands if s.start), key=lambda s: s.threshold.rank, default=None)

    def _due(self, strand: Strand) -> datetime | None:
        return strand.due(self.last_at + self.valid_for) if self.last_at is not None else None

    def _limits(self) -> list[Strand]:
        """Return a strand for each limit, in the phase of the whole."""
        rule, phase = self.rule, self.phase
        return [Strand(t, None if _latches(rule, t) else rule.off_delay, phase) for t in rule.thresholds]

    def _derive(self, at: datetime) -> list[Change]:
        """Recompute the alarm from its strands and report how it differs."""
        phases = {strand.phase for strand in self.strands}
        before, self.phase = self.phase, next(phase for phase in WORST_FIRST if phase in phases)
        self.calm = phases == {NORMAL}
        was, now = self.top, self._worst()
        self.top = now if self.phase in RAISED else None
        if before is not self.phase:
            changes: list[Change] = [Moved(at, before, self.phase, now or was)]
        else:
            changes = []
        if was and self.top and was is not now and before in RAISED:
            worse = self.top.rank >= was.rank or self.top.side is not was.side
            if worse and self._strand(self.top).phase is ACTIVE:
                changes.append(Raised(at, self.top))
            elif self.top.rank < was.rank:
                changes.append(Lowered(at, self.top))
        if self.calm:
            self.strands = ()
        return changes

    def _worst(self) -> Threshold | None:
        """Return the limit that governs: raised before pending, the side that is outside, by rank."""
        concerned = [s for s in self.strands if s.phase in RAISED] or [
            s for s in self.strands if s.phase is PENDING
        ]
        outside = {s.threshold.side for s in concerned if s.phase is ACTIVE}
        if outside:
            concerned = [s for s in concerned if s.threshold.side in outside]
        best = max(concerned, key=lambda s: (s.threshold.rank, s.phase is ACTIVE), default=None)
        return best.threshold if best else None

    def _strand(self, threshold: Threshold) -> Strand:
        return next(strand for strand in self.strands if strand.threshold is threshold)

    # --- persistence --------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        strands = [strand.state() for strand in self.strands]
        return {
            "last_at": iso(self.last_at),
            "strands": strands or [_at_rest(each, self.phase) for each in self.rule.thresholds],
        }

    def restore(self, state: dict[str, Any] | None, last_at: datetime | None) -> None:
        """Go on from `state`; without one, a point that was heard was calm.

        A limit that the state does not know starts from the phase of a point
        not yet judged.
        """
        self.last_at = moment_of(state["last_at"]) if state else last_at
        if state is None:
            self.phase = NORMAL if last_at is not None else UNKNOWN
            self.calm = self.phase is NORMAL
            return
        kept = {(s["level"], s["side"]): s for s in state["strands"]}
        self.strands = self._limits()
        for strand in self.strands:
            if known := kept.get((int(strand.threshold.level), strand.threshold.side.value)):
                strand.phase = Phase(known["phase"])
                strand.credit = timedelta(microseconds=known["credit_us"])
                strand.counted_at = moment_of(known["counted_at"])
                strand.start = moment_of(known["start"])
                strand.peak = known["peak"]
                strand.missing = timedelta(microseconds=known["missing_us"])
                strand.alarm_at = moment_of(known["alarm_at"])
        self._derive(last_at or datetime.min)  # noqa: DTZ901  # the changes are discarded


@lru_cache(maxsize=256)  # the first readings of a site have this written down for every point
def _at_rest(threshold: Threshold, phase: Phase) -> dict[str, Any]:
    return Strand(threshold, None, phase).state()


def _latches(rule: Rule, threshold: Threshold) -> bool:
    """Tell whether only a named act clears this limit; a warning is no loss of service."""
    return rule.latched and threshold.level is not Level.WARNING


def _first(strand: Strand) -> tuple[bool, int, int]:
    """Order limits that move at one moment so that lesser ones say nothing: worst up, least down."""
    level, priority = strand.threshold.rank
    rising = strand.phase is PENDING
    return (rising, level if rising else -level, priority if rising else -priority)


def _edge(threshold: Threshold) -> float:
    """Return the outermost value that is still inside."""
    if threshold.limit_is_inside:
        return threshold.limit
    return nextafter(threshold.limit, -inf if threshold.side is Side.HIGH else inf)


def _micros(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
