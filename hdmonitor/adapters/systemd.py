"""Tells systemd, where it runs us, that we are ready, alive, stopping (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

MICROSECONDS = 1_000_000
AT_MOST_EVERY = 0.25  # of the watchdog's time; a busy core need not say it at every turn


class Systemd:
    """The socket that systemd names in the environment; without one, nothing is said.

    `watchdog` is how many seconds systemd waits for a sign of life, None where
    it does not.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        asked = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        wanted = bool(name) and ours and asked.isdecimal() and int(asked) > 0
        self.watchdog = int(asked) / MICROSECONDS if wanted else None
        self._said_at = float("-inf")
        self._gone = False

    def ready(self) -> None:
        """Say that everything has started."""
        self._say("READY=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._say("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog; for the core only, at the end of a turn. Never blocks."""
        now = time.monotonic()
        if self.watchdog is not None and now - self._said_at >= self.watchdog * AT_MOST_EVERY:
            self._said_at = now
            self._say("WATCHDOG=1")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                way.setblocking(False)
                way.connect(self._address)
                way.send(text.encode())
        except OSError as error:
            if not self._gone:
                log.warning("systemd does not hear us at NOTIFY_SOCKET (%s); going on without it", error)
            self._gone = True
        else:
            self._gone = False
