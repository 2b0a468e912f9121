"""A point goes on from the decisions of the journal; nothing is decided again."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from hdmonitor.alerts.flapping import Comings
from hdmonitor.builder import Builder
from hdmonitor.case import COMINGS
from hdmonitor.events import Restored
from hdmonitor.model import ALWAYS, NO_TIME, Quality
from hdmonitor.order import NEVER
from hdmonitor.watch import Watch

WATCHED = "watched"  # in the journal: since when, of points that were never heard


class Restart:
    """What a monitor that begins at `at` knows of the one before."""

    def __init__(self, restored: Restored, at: datetime) -> None:
        self._restored = restored
        self._at = at
        self._downtime = max(NO_TIME, at - (restored.stopped_at or at))
        self.states: dict[str, Any] = dict(restored.states)
        self._rows: defaultdict[str, dict[str, Any]] = defaultdict(dict)  # of sums, by their tally
        for key, state in self.states.items():
            if key.startswith("exposure:"):
                tally, _, row = key.rpartition("|")
                self._rows[tally][row] = state

    def point(self, watch: Watch, builder: Builder) -> None:
        """Let one point go on."""
        judged_at = self._newest(watch)
        states = self.states
        for case in watch.rules:
            case.restore(states.get(case.key), judged_at)
        self._silence(watch)
        builder.rebuild(watch, states)
        for case in watch.own():
            if state := states.get(case.key):
                case.restore(state, None)
        for case in (*watch.rules, watch.silence, *watch.own()):
            if known := states.get(f"{COMINGS}{case.key}"):
                case.comings = Comings.restored(known)
        self._track(watch, builder)
        self._tallies(watch)
        if watch.doubt is not None:
            watch.doubt.restore(states, self._restored.readings_since)

    def _newest(self, watch: Watch) -> datetime | None:
        """Go on from the newest reading; return when the newest value was measured."""
        heard = self._restored.heard.get(watch.point.id)
        if heard is None:
            return None
        watch.last_at = watch.moment = heard.judged_at
        watch.last_value = heard.value if heard.quality is Quality.GOOD else None
        if crossed := self.states.get(f"crossed:{watch.point.id}"):
            watch.crossed = datetime.fromisoformat(crossed[0]), crossed[1]
            if watch.part() != watch.last_value:
                watch.values = (watch.last_value, watch.part())
        if heard.value is None:
            return None
        watch.seen.value, watch.seen.at = heard.value, heard.measured_at
        return heard.measured_at

    def _silence(self, watch: Watch) -> None:
        heard = self._restored.heard.get(watch.point.id)
        watch.silence.restore(self.states.get(watch.silence.key), heard.live_at if heard else None)
        if watch.silence.key in self.states or watch.signs.heard:
            watch.signs.shift(self._downtime)  # we were deaf, the sensor need not have been
        elif since := (self.states.get(WATCHED) or {}).get(watch.point.id):
            watch.signs.since = datetime.fromisoformat(since) + self._downtime

    def _track(self, watch: Watch, builder: Builder) -> None:
        """Go on with the history of a point, and with what late data brought to light in it."""
        watch.frontier = watch.last_at or ALWAYS
        if watch.track is None:
            return
        judged_from = self._restored.judged_from.get(watch.point.id)
        watch.track.restore(self.states.get(watch.track.key), judged_from, watch.last_at)
        watch.frontier = max(watch.frontier, watch.track.passed or ALWAYS)
        if state := self.states.get(f"case:{watch.point.id}|HDM-LATE"):
            builder.late(watch).restore(state, None)

    def _tallies(self, watch: Watch) -> None:
        """Go on with what the readings of a point add up to."""
        waiting = watch.track.backlog if watch.track is not None else None
        late_until = waiting.first_at if waiting is not None else NEVER
        for tally in watch.tallies:
            its = self.states.get(f"case:{watch.point.id}|{tally.exposure.rule.id}")
            tally.restore(self._rows[tally.key], its, self._restored.readings_since, self._at, late_until)
