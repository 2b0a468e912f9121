"""Wakes the core at regular moments; it owns no truth and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from apscheduler.schedulers.background import BackgroundScheduler

from hdmonitor.inbox import Item, Tick

BEAT_SECONDS = 15  # a light at a door that missed four of these shows "monitor dead"


class Timer:
    """APScheduler in its own thread, for as long as it is entered."""

    def __init__(self, put: Callable[[Item], None]) -> None:
        # A late tick is as good as one in time, and two late ones are one.
        job = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults=job)
        self._scheduler.add_job(put, "interval", (Tick(),), seconds=BEAT_SECONDS)

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop ticking; a tick that is being handed over may finish."""
        self._scheduler.shutdown(wait=False)
