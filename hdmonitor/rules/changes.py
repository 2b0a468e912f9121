"""What a judgement reports: plain facts with the moment at which they became true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from hdmonitor.model import Phase, Threshold


@dataclass(frozen=True, slots=True)
class Moved:
    """The alarm as a whole went from one phase to another."""

    at: datetime
    before: Phase
    after: Phase
    threshold: Threshold | None  # the worst limit involved


@dataclass(frozen=True, slots=True)
class Raised:
    """A worse limit, or one on the other side, became active."""

    at: datetime
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Lowered:
    """The worst limit is over; a lesser one still holds."""

    at: datetime
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Span:
    """One excursion beyond one limit, so far or ended."""

    at: datetime
    threshold: Threshold
    start: datetime
    end: datetime | None
    peak: float
    missing: timedelta
    alarm_at: datetime | None


Change: TypeAlias = Moved | Raised | Lowered | Span
