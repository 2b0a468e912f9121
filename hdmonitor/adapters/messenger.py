"""Delivers what the journal owes to phones and mailboxes, through Apprise.

Each destination has a thread, an Apprise object and rows of its own, so that
one that hangs delays no other. A row stays owed until the core has written
down that the provider took it; a crash before that repeats the message, with
the same alarm id in its text. What was found about Apprise, and the choices
made here, are in `docs/decisions/0006-messages.md`.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple, Self
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, NotifyFormat

from hdmonitor.alerts.pacing import Gone, next_message, recent
from hdmonitor.clock import Clock
from hdmonitor.events import Condition, Notice
from hdmonitor.inbox import Item, Sent, Told
from hdmonitor.outbox import SLOWEST_RETRY
from hdmonitor.reader import Reader
from hdmonitor.rows import Owed

CONNECT_WITHIN = 10.0  # seconds
READ_WITHIN = 30.0  # seconds; a provider that answers in 8 s has delivered
ANSWER_WITHIN = 60.0  # seconds for a whole attempt, throttle included; then it counts as failed
MOST_HANGING = 4  # attempts of one destination that never ended; no more are started
LEAVE_WITHIN = 5.0  # seconds for attempts that are under way when we stop
TROUBLE_AFTER = timedelta(minutes=5)
AT_ONCE = 2_000  # rows looked at together
LONGEST_ANSWER = 200
SHORTEST_SECRET = 3  # characters; shorter parts of a URL tell nobody anything

# Both write whole URLs, with their tokens, when somebody turns debugging on.
# Apprise's warnings reach us with each result, not through the log.
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False
logging.getLogger("apprise").setLevel(logging.WARNING)
logging.getLogger("urllib3").setLevel(logging.WARNING)


class Delivery(NamedTuple):
    """What came of one attempt; the answer holds no secrets."""

    delivered: bool
    answer: str  # at most 200 characters


class Refused(Exception):
    """A URL that Apprise, or we, cannot work with: a sentence without its secrets."""


def accepts(url: str) -> str | None:
    """Say why `url` cannot be a destination, None if it can."""
    try:
        _loaded(url)
    except Refused as refused:
        return str(refused)
    return None


def send_now(url: str, title: str, body: str) -> Delivery:
    """Send one message past the journal: a test, or the last words of a daemon that ends."""
    try:
        return Way(url).send(title, body)
    except Refused as refused:
        return Delivery(False, str(refused)[:LONGEST_ANSWER])


# --- one way to a person ----------------------------------------------------


def _nothing(_destination: str, _notices: Sequence[Notice]) -> str:
    return ""


class Way:
    """One destination's service. `send` is for one thread at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._service = _loaded(url)
        self._hanging: list[threading.Thread] = []

    def send(self, title: str, body: str) -> Delivery:
        """Send a message; return within `ANSWER_WITHIN` seconds, whatever the provider does."""
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if len(self._hanging) >= MOST_HANGING:
            return Delivery(False, f"{MOST_HANGING} earlier attempts still hang")
        # Apprise has a limit of its own, but keeps it with one small pool of threads for
        # all destinations: a few that hang would stop the others.
        outcome: Future[Delivery] = Future()
        service = self._service
        thread = threading.Thread(
            target=lambda: outcome.set_result(self._attempt(service, title, body)), daemon=True
        )
        thread.start()
        try:
            return outcome.result(ANSWER_WITHIN)
        except NoAnswer:
            self._hanging.append(thread)
            self._service = _loaded(self._url)
            return Delivery(False, f"no answer within {ANSWER_WITHIN:.0f} s")

    def _attempt(self, service: Apprise, title: str, body: str) -> Delivery:
        try:
            result = service.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
            said = "; ".join(entry.message for entry in result.logs())
        except Exception as error:  # noqa: BLE001  # the top of a thread; a plugin's fault is a failed attempt
            return Delivery(False, type(error).__name__)
        if result:
            return Delivery(True, f"taken by {service[0].service_name}"[:LONGEST_ANSWER])
        return Delivery(False, masked(said, self._url)[:LONGEST_ANSWER] or "not taken, no reason given")


def _loaded(url: str) -> Apprise:
    """Return Apprise with the one service of `url`, set up as we need it."""
    scheme, found, _ = url.strip().partition("://")
    if not found or not re.fullmatch("[A-Za-z0-9]{1,32}", scheme):
        raise Refused("is not a URL of Apprise; write service://… as Apprise documents it")
    # No limit of its own (see Way.send). A redirected POST becomes a GET that a login page
    # answers with 200: that is no delivery.
    service = Apprise(asset=AppriseAsset(app_id="hdmonitor", service_timeout=0, http_redirects=False))
    with _said_here() as said:
        accepted = service.add(url)
    why = said[0] if said else ""
    if not accepted or not len(service):
        raise Refused(_why_not(scheme, masked(why, url)))
    if len(service) > 1:
        raise Refused(f"holds {len(service)} URLs; give each a destination of its own")
    plugin = service[0]
    # Repeating and judging are ours; an "optional" service would report every failure as success.
    plugin.retry, plugin.optional = 0, False
    plugin.socket_connect_timeout = max(plugin.socket_connect_timeout, CONNECT_WITHIN)
    plugin.socket_read_timeout = max(plugin.socket_read_timeout, READ_WITHIN)
    if len(plugin) > 1:
        raise Refused(
            f"names {len(plugin)} recipients; give each a destination of its own,"
            " or one that fails repeats it to the others"
        )
    return service


class _Overheard(logging.Handler):
    """Keeps what is logged on the thread that made it; Apprise has one logger for all destinations."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._here = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._here:
            self.said.append(record.getMessage())


@contextmanager
def _said_here() -> Iterator[list[str]]:
    """Collect what Apprise says about a URL."""
    overheard = _Overheard()
    logger = logging.getLogger("apprise")
    logger.addHandler(overheard)
    try:
        yield overheard.said
    finally:
        logger.removeHandler(overheard)


def _why_not(scheme: str, why: str) -> str:
    if why.startswith("Unparseable URL"):
        return f"begins with {scheme}://, a service that Apprise does not know; correct it"
    if "disabled" in why:
        return f"begins with {scheme}://, which needs a Python library that is not installed"
    told = why.rstrip(" .:") or "it is incomplete"
    return f"is refused by Apprise as a {scheme}:// URL: {told}; correct it"


def masked(text: str, url: str) -> str:
    """Return `text` without URLs and without any part of `url`, on one line."""
    text = re.sub(r"\S+://\S+", "***", " ".join(text.split()))
    rest = url.partition("://")[2]
    parts = {part for form in (rest, unquote(rest)) for part in re.split(r"[/@:?&=,;#+\s]+", form)}
    for part in sorted(parts | {unquote(part) for part in parts}, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text


# --- one destination --------------------------------------------------------


class Worker:
    """Delivers what one destination is owed; `live` is one thread's whole life."""

    def __init__(
        self,
        destination: str,
        way: Way,
        readers: Callable[[], Reader],
        put: Callable[[Item], None],
        clock: Clock,
        rooms: Mapping[str, str],
        more: Callable[[str, Sequence[Notice]], str] = _nothing,
    ) -> None:
        self._more = more
        self._destination = destination
        self._way = way
        self._rooms = rooms  # name by point
        self._readers = readers
        self._put = put
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = False
        self._flying: dict[int, int] = {}  # rows whose result the core has not written: attempts before it
        self._up = False  # the newest attempt was taken
        self._gone: list[Gone] = []  # what was taken lately
        self._together_at: datetime | None = None  # until then, what starts together is gathered
        self._failing_since: datetime | None = None
        self._reason = ""
        self._told: bool | None = None  # whether we said that something is wrong; None: not known

    def wake(self) -> None:
        """Look again; from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End after the attempt that is under way; from any thread."""
        self._stopping = True
        self._woken.set()

    def live(self) -> None:
        """Deliver until `stop`."""
        with self._readers() as journal:
            while True:
                self._woken.clear()
                if self._stopping:
                    return
                if not self._deliver(journal):
                    self._rest(journal)

    def _deliver(self, journal: Reader) -> bool:
        """Send the most urgent message, if any is due; newer ones are looked at before the next."""
        self._together_at = None
        started = self._clock.now()
        waiting = self._waiting(journal)
        soonest = started + SLOWEST_RETRY  # a try planned beyond was planned on a clock that was set back
        due = [each for each in waiting if self._up or not started < each.next_attempt_at <= soonest]
        if not due:
            return False
        # Whatever is due for a try, the most urgent of all goes: practice rule 13.
        message, moment = next_message(waiting, self._gone, started, self._places(journal, waiting))
        if moment > started:
            self._together_at = moment
            return False
        told = [each.notice for each in waiting if each.row in message.rows]
        result = self._way.send(message.title, message.body + self._more(self._destination, told))
        at = self._clock.now()
        rows = message.rows
        if result.delivered:
            self._gone = [*recent(self._gone, at), Gone(at, message.whole)]
        else:  # whatever else is owed would have failed as well
            rows = tuple(each.row for each in waiting)
        self._flying |= {each.row: each.attempts for each in waiting if each.row in rows}
        self._put(Sent(rows, self._destination, result.delivered, result.answer, at, message.alarms))
        self._judge(result, started, at)
        return True

    def _places(self, journal: Reader, due: Sequence[Owed]) -> dict[str, str]:
        """Return the rooms of alarms, which a message about many of them names."""
        points = journal.points_of({each.notice.alarm for each in due}) if len(due) > 1 else {}
        return {alarm: self._rooms[point] for alarm, point in points.items() if point in self._rooms}

    def _waiting(self, journal: Reader) -> Sequence[Owed]:
        """Return the rows that are owed, those that wait for their next try as well."""
        owed = journal.owed(self._destination, self._clock.now() + SLOWEST_RETRY, AT_ONCE)
        seen = {each.row: each.attempts for each in owed}
        for row, attempts in list(self._flying.items()):
            settled = seen[row] != attempts if row in seen else len(owed) < AT_ONCE
            if settled:
                del self._flying[row]
        return [each for each in owed if each.row not in self._flying]

    def _rest(self, journal: Reader) -> None:
        """Wait for the core's next commit, the next try, or the moment to raise the alarm."""
        moments = [self._together_at] if self._together_at is not None else []
        if not self._flying and not moments:
            planned = journal.next_owed(self._destination)
            if planned is None:
                self._failing_since = None
            else:
                moments.append(planned)
        if self._failing_since is not None and self._told is not True:
            moments.append(self._failing_since + TROUBLE_AFTER)
        now = self._clock.now()
        self._woken.wait(max(0.0, self._clock.seconds(min(moments) - now)) if moments else None)
        self._complain(self._clock.now())

    def _judge(self, result: Delivery, started: datetime, at: datetime) -> None:
        self._up = result.delivered
        if not result.delivered:
            self._reason = result.answer
            self._failing_since = self._failing_since or started
            self._complain(at)
            return
        self._failing_since = None
        if self._told is not False:
            self._told = False
            self._tell(False, "messages are delivered")

    def _complain(self, now: datetime) -> None:
        since = self._failing_since
        if since is not None and self._told is not True and now - since >= TROUBLE_AFTER:
            self._told = True
            minutes = TROUBLE_AFTER // timedelta(minutes=1)
            self._tell(True, f"nothing delivered for {minutes} min: {self._reason}")

    def _tell(self, wrong: bool, text: str) -> None:
        self._put(Told(Condition(f"notify:{self._destination}", wrong, text)))


class Messenger:
    """All destinations, for as long as it is entered; raises `Refused` for a URL that cannot be used.

    `put` gets `Sent` and `Told` from the workers' threads. `failed` gets
    whatever ended a worker, which nothing else would notice. `rooms` names the
    room of each point. `more` gives what is added to the body of a message for a
    destination: it is not in the record.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        readers: Callable[[], Reader],
        put: Callable[[Item], None],
        clock: Clock,
        *,
        failed: Callable[[BaseException], None],
        rooms: Mapping[str, str] | None = None,
        more: Callable[[str, Sequence[Notice]], str] = _nothing,
    ) -> None:
        self._failed = failed
        self._workers = [
            Worker(name, Way(url), readers, put, clock, rooms or {}, more) for name, url in urls.items()
        ]
        self._threads = [
            threading.Thread(target=self._live, args=(worker,), name=f"messenger {name}", daemon=True)
            for worker, name in zip(self._workers, urls, strict=True)
        ]

    def wake(self) -> None:
        """Say that something was committed."""
        for worker in self._workers:
            worker.wake()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let attempts that are under way end, up to a limit; the rest stays owed."""
        for worker in self._workers:
            worker.stop()
        deadline = time.monotonic() + LEAVE_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _live(self, worker: Worker) -> None:
        try:
            worker.live()
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._failed(error)
