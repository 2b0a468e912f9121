"""Figures for Prometheus; `docs/watching.md` explains each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hdmonitor.alerts.numbers import Numbers
from hdmonitor.events import Alarm
from hdmonitor.model import Level
from hdmonitor.rows import Owing
from hdmonitor.status import COMMIT_BUCKETS, Status

SILENCE = "HDM-SILENCE"


@dataclass(frozen=True, slots=True, eq=False)  # a registry tells its collectors apart by identity
class Figures(Collector):
    """Everything that is told, as of one moment. The journal may be unreadable: then its part is left out."""

    status: Status
    steady: float  # time.monotonic()
    now: datetime
    waiting: int  # items in the inbox
    points: int
    working: bool
    owing: Owing | None
    alarms: list[Alarm] | None  # that nobody has closed
    day: Numbers | None = None  # of the alarms of the last 24 hours

    def collect(self) -> Iterator[Metric]:
        """Give each figure with its explanation."""
        status = self.status
        counts = {
            "readings": ("Readings recorded since the start", status.readings),
            "duplicates": ("Readings and messages dropped as already known", status.duplicates),
            "quarantined": ("Messages that could not be decoded", status.quarantined),
        }
        for name, (text, count) in counts.items():
            yield CounterMetricFamily(f"hdmonitor_{name}", text, value=count)
        yield self._commits()
        gauges = {
            "working": ("1 when /healthz answers 200", float(self.working)),
            "points": ("Points in the site file", self.points),
            "inbox_length": ("Items waiting for the core", self.waiting),
            "core_last_turn_age_seconds": ("Since the core's newest turn", self.steady - status.turned_at),
            "broker_connected": ("1 while connected to the broker", float(status.connected)),
        }
        if status.canary_at is not None:
            text = "Since our own message came back from the broker"
            gauges["canary_age_seconds"] = (text, self.steady - status.canary_at)
        if self.owing is not None:
            oldest = self.owing.oldest_at
            age = max(0.0, (self.now - oldest).total_seconds()) if oldest else 0.0
            gauges["outbox_owed"] = ("Notifications that nobody has taken yet", self.owing.count)
            gauges["outbox_oldest_age_seconds"] = ("Since the oldest of them is owed", age)
        if self.alarms is not None:
            silent = sum(alarm.active and alarm.rule == SILENCE for alarm in self.alarms)
            gauges["points_silent"] = ("Points with an active alarm about their silence", silent)
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"hdmonitor_{name}", text, value=value)
        if self.alarms is not None:
            yield self._alarms(self.alarms)
        if self.day is not None:
            yield from self._quality(self.day)

    def _commits(self) -> Metric:
        total, buckets = 0, []
        for end, count in zip([*COMMIT_BUCKETS, float("inf")], self.status.commits, strict=True):
            total += count
            buckets.append(("+Inf" if end == float("inf") else str(end), float(total)))
        text = "Duration of a transaction of the journal"
        return HistogramMetricFamily(
            "hdmonitor_commit_seconds", text, buckets=buckets, sum_value=self.status.commit_seconds
        )

    def _alarms(self, alarms: list[Alarm]) -> Metric:
        levels = Counter(alarm.level for alarm in alarms if alarm.active)
        family = GaugeMetricFamily("hdmonitor_active_alarms", "Alarms that are not over", labels=["level"])
        for level in Level:
            family.add_metric([level.name.lower()], levels[level])
        return family

    def _quality(self, day: Numbers) -> Iterator[Metric]:
        opened = GaugeMetricFamily(
            "hdmonitor_alarms_opened_24h", "Alarms that opened in the last 24 hours", labels=["priority"]
        )
        for priority, count in day.opened.items():
            opened.add_metric([priority.name.lower()], count)
        yield opened
        waits = GaugeMetricFamily(
            "hdmonitor_answer_seconds_24h", "Median time to the first answer by a person", labels=["shift"]
        )
        unanswered = GaugeMetricFamily(
            "hdmonitor_alarms_unanswered_24h", "Of these, alarms that nobody has answered", labels=["shift"]
        )
        for shift, answers in day.answers.items():
            unanswered.add_metric([shift], answers.unanswered)
            if answers.median_s is not None:
                waits.add_metric([shift], answers.median_s)
        yield waits
        yield unanswered
        gauges = {
            "alarms_stale": ("Alarms that have stood for more than 24 hours", len(day.stale)),
            "alarms_chattering_24h": ("Points and rules that chattered", len(day.chattering)),
            "alarm_flood_share_24h": (
                "Share of the time with more than 10 alarms in 10 min",
                day.flood_share,
            ),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"hdmonitor_{name}", text, value=value)


def exposition(figures: Figures) -> bytes:
    """Return the figures, and what the system says of this process, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    ProcessCollector(registry=registry)
    return generate_latest(registry)
