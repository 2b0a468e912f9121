"""A sign of life to a watcher outside, for as long as everything works: its silence is the alarm."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Self

import urllib3

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds; watchers are set to a few minutes
PATIENCE = 10.0  # seconds for an answer


class Heartbeat:
    """The thread that asks for `url` once a minute while `works` says so.

    What the watcher answers is logged when it changes and decides nothing: a
    watcher that hears nothing is the one to call. `failed` gets whatever ended
    the thread.
    """

    def __init__(
        self, url: str, works: Callable[[], bool], *, failed: Callable[[BaseException], None]
    ) -> None:
        self._url = url
        self._works = works
        self._failed = failed
        self._http = urllib3.PoolManager(timeout=PATIENCE, retries=False)
        self._heard = True
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Beat at once, then every minute."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread; an answer that hangs is left behind."""
        self._closing.set()
        self._thread.join(1.0)
        self._http.clear()

    def _live(self) -> None:
        try:
            while True:
                if self._works():
                    self._beat()
                if self._closing.wait(EVERY):
                    return
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._failed(error)

    def _beat(self) -> None:
        try:
            status = self._http.request("GET", self._url).status
            said = f"answered {status}"
            heard = status < 400  # noqa: PLR2004  # of HTTP: errors from here on
        except urllib3.exceptions.HTTPError as error:
            heard, said = False, f"could not be asked ({type(error).__name__})"
        if heard is not self._heard:
            level = logging.INFO if heard else logging.WARNING
            log.log(level, "the watcher outside %s%s", said, "" if heard else "; it will call if that lasts")
        self._heard = heard
