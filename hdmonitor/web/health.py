"""Whether the monitor does its work, as one answer with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.rows import Owing
from hdmonitor.status import Status
from hdmonitor.units import show_duration

# The core turns every five seconds at least; a commit waits five seconds for the disk's lock at most.
STANDS_STILL = 15.0  # seconds
CANARY_LATE = 120.0  # seconds; sent every 15, given up after 60
OWED_TOO_LONG = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the monitor needs for its work."""

    works: bool
    says: str
    vital: bool = True  # without it the monitor is not doing its work


@dataclass(frozen=True, slots=True)
class Health:
    """All checks by name."""

    checks: dict[str, Check]

    @property
    def works(self) -> bool:
        """Whether everything that is vital works."""
        return all(check.works for check in self.checks.values() if check.vital)

    @property
    def troubles(self) -> list[str]:
        """What does not work, vital things first."""
        wrong = [(name, check) for name, check in self.checks.items() if not check.works]
        wrong.sort(key=lambda each: not each[1].vital)
        return [f"{name}: {check.says}" for name, check in wrong]


def health(status: Status, owing: Owing | str, *, steady: float, now: datetime, copies: bool) -> Health:
    """Judge the newest status at `steady` (monotonic) and `now` (UTC).

    `owing` says why instead, where the journal cannot be read. `copies` tells
    whether an InfluxDB is configured.
    """
    return Health(
        {
            "core": _core(steady - status.turned_at),
            "broker": _broker(status),
            "canary": _canary(status, steady),
            "notifications": _notifications(owing, now),
            "influx": _influx(status, copies),
        }
    )


def _core(age: float) -> Check:
    if age > STANDS_STILL:
        return Check(False, f"stands still for {_seconds(age)}: nothing is judged, nothing is announced")
    return Check(True, f"turned {age:.1f} s ago")


def _broker(status: Status) -> Check:
    if trouble := status.trouble.get("broker"):
        return Check(False, trouble)
    return Check(status.connected, "connected" if status.connected else "not connected")


def _canary(status: Status, steady: float) -> Check:
    if trouble := status.trouble.get("canary"):
        return Check(False, trouble)
    if status.canary_at is None:
        says = "our own message is on its way" if status.connected else "not connected"
        return Check(status.connected, says)
    age = steady - status.canary_at
    return Check(age <= CANARY_LATE, f"our own message came back {_seconds(age)} ago")


def _notifications(owing: Owing | str, now: datetime) -> Check:
    if isinstance(owing, str):
        return Check(False, owing)
    if owing.oldest_at is None:
        return Check(True, "none is owed")
    age = max(now - owing.oldest_at, timedelta(0))
    return Check(age <= OWED_TOO_LONG, f"{owing.count} owed, the oldest for {show_duration(age)}")


def _influx(status: Status, copies: bool) -> Check:
    if not copies:
        return Check(True, "not configured", vital=False)
    trouble = status.trouble.get("influx")
    return Check(not trouble, trouble or "no trouble known", vital=False)


def _seconds(age: float) -> str:
    return show_duration(timedelta(seconds=age))
