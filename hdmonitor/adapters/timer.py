"""Wakes the core at regular and at calendar moments; it owns no truth and decides nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import time
from types import TracebackType
from typing import Self

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from hdmonitor.inbox import Item, Tick

BEAT_SECONDS = 15  # a light at a door that missed four of these shows "monitor dead"
LEAVE = 2.0  # seconds for a tick that is being handed over when we stop


class Timer:
    """APScheduler in a thread of ours, for as long as it is entered.

    `put` gets a `Tick` from that thread, regularly and at the local time
    `daily` of `zone`. `failed` gets whatever ended the thread, which nothing
    else would notice.
    """

    def __init__(
        self,
        put: Callable[[Item], None],
        *,
        daily: time | None = None,
        zone: str = "UTC",
        failed: Callable[[BaseException], None],
    ) -> None:
        self._failed = failed
        # A late tick is as good as one in time, and two late ones are one. In the scheduler's
        # own thread: a pool whose one idle thread has died takes jobs and never runs them.
        job = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = BlockingScheduler(
            timezone="UTC", job_defaults=job, executors={"default": DebugExecutor()}
        )
        self._scheduler.add_job(put, "interval", (Tick(),), seconds=BEAT_SECONDS)
        if daily is not None:
            # Runs twice, or late, where clocks change: what is due is found by the core.
            self._scheduler.add_job(
                put, "cron", (Tick(),), hour=daily.hour, minute=daily.minute, timezone=zone
            )
        self._closing = False
        self._thread = threading.Thread(target=self._live, name="timer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop ticking; a tick that is being handed over may finish."""
        self._closing = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._thread.join(LEAVE)

    def _live(self) -> None:
        try:
            self._scheduler.start()
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._failed(error)
        else:
            if not self._closing:
                self._failed(RuntimeError("the timer has stopped"))
