"""The daily digest of a running monitor: how everything stands, told once for each local day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hdmonitor.alerts.daily import A_DAY, DAILY, Daily, Standing, text
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import About, Alarm, Json, Kind
from hdmonitor.model import Site


@dataclass(slots=True)
class Digest:
    """Who is told when, and the newest day that was told.

    `cleared` holds the alarms that are over but not closed, `blind` names the points that
    cannot be relied on now.
    """

    site: Site
    daily: Daily
    cases: Callable[[], list[Case]]
    cleared: Mapping[str, Alarm]
    blind: Callable[[], Sequence[str]]
    told: date | None = None

    def next_look(self, now: datetime) -> datetime:
        """Return when the next digest is owed."""
        return self.daily.moment(self._day(now), self.site.zone)

    def look(self, now: datetime, draft: Draft) -> None:
        """Write the digest that is owed now."""
        self.told = self._day(now)
        draft.outcome.states[DAILY] = day = self.told.isoformat()
        detail: dict[str, Json] = {"about": DAILY, "day": day, "destinations": [*self.daily.notify]}
        number = draft.event(now, Kind.CALLED, "monitor", detail)
        said = text(self._standing(now))
        draft.letter(number, DAILY, self.daily.notify, About.REPEATED, said, now)

    def _day(self, now: datetime) -> date:
        return self.daily.day(self.told, self.site.zone, now)

    def _standing(self, at: datetime) -> Standing:
        running = [(case, case.alarm) for case in self.cases() if case.alarm]
        alarms = [alarm for _, alarm in running]
        return Standing(
            site=self.site.name,
            points=len(self.site.points),
            open=[alarm.id for alarm in alarms],
            undocumented=list(self.cleared),
            new=[a.id for a in (*alarms, *self.cleared.values()) if at - a.opened_at < A_DAY],
            blind=self.blind(),
            batteries=[case.point.name for case, _ in running if case.cause == "battery"],
        )

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        if day := states.get(DAILY):
            self.told = date.fromisoformat(day)
