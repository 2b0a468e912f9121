"""Outgoing events: what the journal has decided, sent to programs of the site, signed and in order.

A receiver is no destination of alarms. What it answers delays nothing and
calls nobody; it is logged when it changes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import urllib3

from hdmonitor.clock import Clock
from hdmonitor.inbox import Copied, Item
from hdmonitor.reader import Reader
from hdmonitor.rows import StoredEvent

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for an answer
LOOK_EVERY = 2.0  # seconds
AT_ONCE = 50  # events read together
FIRST_RETRY, SLOWEST_RETRY = 5.0, 300.0  # seconds
# Answers that mean "not now" or "not with these credentials": sent again. Of the other 4xx it is
# this event that is not wanted, and those after it must not wait for it.
AGAIN = frozenset({401, 403, 404, 408, 425, 429})
OK = range(200, 300)
OF_THE_REQUEST = range(400, 500)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where events go, and the secret that they are signed with."""

    name: str
    url: str
    secret: str

    @property
    def cursor(self) -> str:
        """Name of the journal's mark of how far this receiver is."""
        return f"webhook.{self.name}"


def signature(secret: str, time: str, body: bytes) -> str:
    """Return what `X-Hdmonitor-Signature` says: HMAC-SHA256 of the time, a dot and the body."""
    return "sha256=" + hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()


def body_of(site: str, stored: StoredEvent) -> bytes:
    """Return an event as it is sent; its number is the same if it is sent again."""
    event = stored.event
    told = {
        "site": site,
        "number": event.number,
        "at": event.at.isoformat(),
        "recorded_at": stored.recorded_at.isoformat(),
        "kind": event.kind.value,
        "subject": event.subject,
        "alarm": event.alarm,
        "detail": event.detail,
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


class Webhook:
    """The thread of one receiver. `failed` gets whatever ended it, which nothing else would notice."""

    def __init__(
        self,
        hook: Hook,
        site: str,
        reader: Callable[[], Reader],
        put: Callable[[Item], None],
        clock: Clock,
        *,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._hook, self._site, self._reader, self._put, self._clock = hook, site, reader, put, clock
        self._failed = failed
        self._http = urllib3.PoolManager(timeout=PATIENCE, retries=False)
        self._heard = True
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"webhook {hook.name}", daemon=True)

    def __enter__(self) -> Self:
        """Go on where the journal's cursor stands; a new receiver hears what happens from now on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread; an answer that hangs is left behind, the next start repeats it."""
        self._closing.set()
        self._thread.join(1.0)
        self._http.clear()

    def _live(self) -> None:
        try:
            with self._reader() as journal:
                self._send_all(journal)
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._failed(error)

    def _send_all(self, journal: Reader) -> None:
        done = journal.cursor(self._hook.cursor)
        if not done and (done := journal.newest_event()):
            self._put(Copied(self._hook.cursor, done))
        retry = FIRST_RETRY
        while not self._closing.wait(LOOK_EVERY):
            for stored in journal.events_after(done, AT_ONCE):
                while not self._sent(stored):
                    if self._closing.wait(retry):
                        return
                    retry = min(2 * retry, SLOWEST_RETRY)
                done, retry = stored.event.number, FIRST_RETRY
                self._put(Copied(self._hook.cursor, done))

    def _sent(self, stored: StoredEvent) -> bool:
        """Send an event; tell whether it is done with."""
        body, time = body_of(self._site, stored), self._clock.now().isoformat()
        headers: Mapping[str, str] = {
            "Content-Type": "application/json",
            "X-Hdmonitor-Event": str(stored.event.number),
            "X-Hdmonitor-Time": time,
            "X-Hdmonitor-Signature": signature(self._hook.secret, time, body),
        }
        try:
            status = self._http.request(
                "POST", self._hook.url, body=body, headers=headers, redirect=False
            ).status
        except urllib3.exceptions.HTTPError as error:
            self._say(False, f"could not be reached ({type(error).__name__})")
            return False
        self._say(status in OK, f"answered {status}")
        if status in OF_THE_REQUEST and status not in AGAIN:
            log.warning("webhook %s does not want event %d", self._hook.name, stored.event.number)
            return True
        return status in OK

    def _say(self, heard: bool, said: str) -> None:
        if heard is not self._heard:
            level = logging.INFO if heard else logging.WARNING
            log.log(level, "webhook %s %s", self._hook.name, said)
        self._heard = heard
