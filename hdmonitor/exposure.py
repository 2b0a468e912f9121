"""What the readings of a point add up to, observed by a case like any value.

A tally feeds a window or a clock (`rules/rolling`, `rules/outside`) with every judged
reading and hands what comes out to the machine of its rule. It never touches the
cases about the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.alerts import sums
from hdmonitor.case import Case, House
from hdmonitor.draft import Draft
from hdmonitor.events import Since
from hdmonitor.model import EPOCH, NO_TIME, Exposure, Level, Measure, Point
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.mkt import rate
from hdmonitor.rules.outside import Outside
from hdmonitor.rules.rolling import Rolling

AN_HOUR = timedelta(hours=1)  # the longest bucket: a verdict vouches until the next one


def gauge_of(point: Point, exposure: Exposure) -> Rolling | Outside:
    """Return the window or clock of a rule at a point, with nothing in it."""
    if exposure.measure is Measure.MKT:
        return Rolling(exposure.window, point.valid_for)
    return Outside(exposure.window, point.valid_for, exposure.above, exposure.below)


def left_of(exposure: Exposure, gauge: Rolling | Outside, value: float, since: timedelta) -> str:
    """Say what is left until the rule fails at `value`, read `since` ago; nothing where it does not."""
    limit = exposure.rule.thresholds[-1].limit
    if isinstance(gauge, Rolling):
        left = gauge.left(value, limit)
        return sums.mean_left(exposure, left and max(NO_TIME, left - since))
    if limit == 0:
        return ""
    used = gauge.total() if exposure.measure is Measure.TOTAL else gauge.event()
    passed = since if gauge.beyond(value) else NO_TIME
    return sums.time_left(exposure, max(NO_TIME, timedelta(seconds=limit - used) - passed))


class Tally:
    """One exposure rule at one point."""

    __slots__ = ("_edge", "built", "exposure", "gauge", "house", "point")

    def __init__(self, point: Point, exposure: Exposure, house: House) -> None:
        self.point = point
        self.exposure = exposure
        self.gauge = gauge_of(point, exposure)
        self.house = house
        self.built: Case | None = None
        self._edge = (
            rate(min(each.limit for each in exposure.rule.thresholds))
            if exposure.measure is Measure.MKT
            else 0
        )

    @property
    def case(self) -> Case:
        """The case of the sum, built when there is one to speak of."""
        if self.built is None:
            self.built = self.house.added_up(self.point, self.exposure)
        return self.built

    @property
    def key(self) -> str:
        """Name the sums in the journal; "|" and a row follow."""
        return f"exposure:{self.point.id}|{self.exposure.rule.id}"

    def take(self, at: datetime, value: float, draft: Draft, doubted: bool, beside: Sequence[Case]) -> bool:
        """Add a judged reading; tell whether the case has moved. `beside` are the limits of the point."""
        gauge = self.gauge
        if isinstance(gauge, Outside) and gauge.ignores(value):
            return False  # nearly always
        figure = self._figure(at, value, doubted)
        self._write(draft)
        if figure is None:
            return False
        return self._judge(at, at, figure, draft, beside)

    def _judge(
        self, at: datetime, measured_at: datetime, figure: float, draft: Draft, beside: Sequence[Case]
    ) -> bool:
        """Let the case see what it adds up to by `measured_at`; tell whether it has moved."""
        self.case.seen.value, self.case.seen.at = figure, measured_at
        machine = self.case.machine
        assert isinstance(machine, Machine)  # noqa: S101  # by construction
        calm = machine.calm
        if machine.last_at is not None and at < machine.last_at:
            at = machine.last_at  # it was judged again after this was measured
        changes = machine.observe(at, figure)
        if not changes and calm:
            return False
        self.case.apply(changes, draft, withhold=self._told_by(beside))
        return True

    def _figure(self, at: datetime, value: float, doubted: bool) -> float | None:
        gauge = self.gauge
        if isinstance(gauge, Outside):
            return self._outside(gauge, value) if gauge.take(at, value) else None
        return self._mean(gauge) if gauge.take(at, value, doubted) else None

    def _outside(self, gauge: Outside, value: float) -> float:
        if self.exposure.measure is Measure.EVENT:
            return gauge.event()
        # Inside again nothing is added, and nobody need be called for what the window still holds.
        return gauge.total() if gauge.beyond(value) else 0.0

    def _mean(self, gauge: Rolling) -> float | None:
        calm = self.built is None or self.built.machine.calm
        if calm and gauge.silent_below(self._edge):
            return None  # the mean itself costs more than all the sums
        mean = gauge.mean()
        self.case.text = sums.both(mean.all, mean.trusted)
        return mean.governing

    # --- late data ----------------------------------------------------------

    @property
    def lead(self) -> timedelta:
        """How far back from a late reading `retake` needs the others."""
        vouched = self.point.valid_for + AN_HOUR  # from the bucket in which it lies
        whole = isinstance(self.gauge, Outside) and not self.gauge.idle
        return vouched + self.exposure.window if whole else vouched

    def retake(
        self,
        since: datetime,
        values: Sequence[tuple[datetime, float]],
        at: datetime,
        draft: Draft,
        *,
        beside: Sequence[Case],
    ) -> None:
        """Add up again, with what came late and was measured at `since` or after, and judge it `at` now.

        `values` are those of the point in the order of their times, from `lead` before `since` on.
        """
        if not values:
            return
        gauge, (measured_at, value) = self.gauge, values[-1]
        if isinstance(gauge, Outside):
            gauge.retake(values)
            figure: float | None = self._outside(gauge, value)
        else:
            gauge.retake(since, values)
            figure = self._mean(gauge)
        self._write(draft)
        if figure is None:
            return
        self._judge(at, measured_at, figure, draft, beside)
        machine = self.case.machine
        if isinstance(machine, Machine) and machine.calm:
            machine.last_at = EPOCH  # as a restart has it

    def _told_by(self, beside: Sequence[Case]) -> str:
        """Say which open alarm tells the same already."""
        if not self.exposure.beside:
            return ""
        alarms = (case.alarm for case in beside)
        telling = next((each.id for each in alarms if each and each.level > Level.WARNING), None)
        return f"{telling} tells it already" if telling else ""

    def outlook(self, value: float, since: timedelta) -> str:
        """Say how long until this rule fails if the point stays at `value`; nothing if it does not.

        `since` is how long ago the newest reading was taken.
        """
        gauge = self.gauge
        if isinstance(gauge, Outside) and not gauge.beyond(value):
            return ""
        return left_of(self.exposure, gauge, value, since)

    # --- persistence --------------------------------------------------------

    def shift(self, by: timedelta, draft: Draft) -> None:
        """Go on after the wall clock stepped."""
        self.gauge.shift(by)
        self._write(draft)

    def _write(self, draft: Draft) -> None:
        if changed := self.gauge.changed():
            draft.outcome.states.update({f"{self.key}|{row}": body for row, body in changed.items()})

    def restore(
        self, rows: Mapping[str, Any], case: Any, since: Since, now: datetime, late_until: datetime
    ) -> None:
        """Go on from the rows of the journal and the readings that came after them.

        What came late counts if it came before `late_until`: the rest waits to be judged.
        """
        if case:
            self.case.restore(case, None)
        if isinstance(self.gauge, Outside):
            self.gauge.restore(dict(rows))
            return
        newest = self.gauge.restore(dict(rows))
        doubted = self.gauge.doubted
        begin = newest or now - self.exposure.window - self.point.valid_for
        for at, value in since(self.point.id, begin, late_until):
            self.gauge.take(at, value, doubted=doubted)
