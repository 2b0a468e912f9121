"""The daemon: its parts in the order in which they start, and how it ends."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from queue import Full, Queue
from time import monotonic
from types import FrameType

from hdmonitor.accounts import account_asked
from hdmonitor.adapters.control import ControlServer
from hdmonitor.adapters.heartbeat import Heartbeat
from hdmonitor.adapters.influx import Copier, InfluxConfig
from hdmonitor.adapters.messenger import Messenger, send_now
from hdmonitor.adapters.mqtt import BrokerConfig, Link
from hdmonitor.adapters.systemd import Systemd
from hdmonitor.adapters.timer import Timer
from hdmonitor.adapters.webhooks import Hook, Webhook
from hdmonitor.alerts.daily import Daily
from hdmonitor.asking import act_asked
from hdmonitor.attachments import FOLDER, missing
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.compliance.obligation import Programme
from hdmonitor.core import BEAT, INBOX_SIZE, Core
from hdmonitor.drug_list import drugs_asked
from hdmonitor.events import Act, Complete, Condition, Entry
from hdmonitor.inbox import BadLine, Item, Stop
from hdmonitor.journal import Journal, JournalRefused
from hdmonitor.links import Links
from hdmonitor.model import NO_TIME, Rule, Site
from hdmonitor.monitor import Monitor
from hdmonitor.refusal import Refusal
from hdmonitor.seals import Seals, key_beside
from hdmonitor.settings import Settings, Web
from hdmonitor.web.app import Pages
from hdmonitor.web.desk import Desk, Outside
from hdmonitor.web.health import health
from hdmonitor.web.server import WebServer, listen

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# Seconds for which one thread may keep the others waiting. With Python's own 5 ms that was half of the
# way of an alarm to a phone: decisions/0008-throughput.md.
TAKES_TURNS = 0.0005
STOP_WITHIN = 20.0  # seconds; systemd's own limit is longer


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the daemon needs to know before it starts."""

    site: Site
    own: dict[str, Rule]
    journal: Path
    socket: Path
    broker: BrokerConfig
    urls: dict[str, str]  # Apprise URL by destination
    heartbeat: str | None = None  # URL of a watcher outside
    webhooks: tuple[Hook, ...] = ()
    influx: InfluxConfig | None = None
    web: Web | None = None
    daily: Daily | None = None
    programme: Programme | None = None


def plan_of(
    settings: Settings, site: Site, daily: Daily | None = None, programme: Programme | None = None
) -> Plan:
    """Put settings and site together; relative paths are those of the settings already."""
    broker, influx = settings.broker, settings.influx
    tls = broker.tls
    return Plan(
        site=site,
        own=dict(own_rules()),
        journal=settings.record.journal,
        socket=settings.record.socket,
        broker=BrokerConfig(
            host=broker.host,
            port=broker.port,
            client_id=broker.client_id,
            user=broker.user,
            password=broker.password.get_secret_value() if broker.password else None,
            tls=tls is not None,
            ca=tls.ca if tls else None,
            certificate=tls.certificate if tls else None,
            key=tls.key if tls else None,
            keep_alive=broker.keep_alive,
        ),
        urls={name: url.get_secret_value() for name, url in settings.notifications.urls.items()},
        heartbeat=beat.get_secret_value() if (beat := settings.notifications.heartbeat) else None,
        webhooks=tuple(
            Hook(name, hook.url.get_secret_value(), hook.secret.get_secret_value())
            for name, hook in settings.notifications.webhooks.items()
        ),
        influx=InfluxConfig(
            url=influx.url, bucket=influx.bucket, org=influx.org, token=influx.token.get_secret_value()
        )
        if influx
        else None,
        web=settings.web,
        daily=daily,
        programme=programme,
    )


def _nothing() -> None:
    """Nobody copies."""


class Ended(Refusal):
    """A thread that must not end has ended."""


class Service:
    """One running daemon. `run` returns after `stop`, and raises when a part fails."""

    def __init__(self, plan: Plan, clock: Clock, systemd: Systemd | None = None) -> None:
        self._plan = plan
        self._clock = clock
        self._systemd = systemd or Systemd({})
        self._inbox: Queue[Item] = Queue(INBOX_SIZE)
        self._over = threading.Event()
        self._drained = threading.Event()
        self._error: BaseException | None = None
        self.journal = Journal.open(plan.journal)
        self._seals = Seals(key_beside(plan.journal), clock.now)

    def stop(self) -> None:
        """Ask the daemon to end; from any thread or a signal."""
        self._over.set()

    def put(self, item: Item) -> None:
        """Hand an item to the core; blocks while the inbox is full.

        Once the core has ended, items are dropped: a message stays unconfirmed
        with the broker, a delivery is repeated after the next start.
        """
        while not self._drained.is_set():
            try:
                self._inbox.put(item, timeout=1.0)
            except Full:
                continue
            return

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Start every part, wait for the end, stop in reverse order.

        On the way down the clock and people stop first, then the core decides,
        commits and acknowledges what has arrived, and the link says goodbye last.
        """
        plan = self._plan
        restored = self.journal.restore()
        now = self._clock.now()
        # A clock that was set back while we were down is a step like any other.
        back = min(now - (restored.stopped_at or now), NO_TIME)
        monitor = Monitor(
            plan.site,
            plan.own,
            now - back,
            restored,
            plan.daily,
            self.journal.recall,
            plan.programme,
            self.journal.measured,
        )
        # The site stays as long as the process. Looking through ten thousand points for garbage
        # takes longer than many commits.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(TAKES_TURNS)
        with ExitStack() as house:
            house.callback(self.journal.close)
            outside = self._outside()
            host = (
                plan.web.host
                if plan.web and (outside.elsewhere or _of_this_machine(plan.web.host))
                else LOOPBACK
            )
            door = house.enter_context(listen(host, plan.web.port)) if plan.web else None
            link = Link(
                plan.broker,
                plan.site.topics,
                self.put,
                self._clock.now,
                f"hdmonitor/{plan.site.id}/status",
                failed=self._failed,
                remembered=_remembered(restored.states.get("topics")),
            )
            links = Links(self._seals, plan.web.public_url if plan.web else None, plan.site.recipients)
            messenger = Messenger(
                plan.urls,
                self.journal.reader,
                self.put,
                self._clock,
                failed=self._failed,
                rooms=_rooms(plan.site),
                more=links.lines,
            )
            copier = self._copier()
            core = Core(
                self.journal,
                monitor,
                self._inbox,
                clock=self._clock,
                link=link,
                tell=messenger.wake,
                copy=copier.wake if copier else _nothing,
                alive=self._systemd.alive,
                beat=min(BEAT, (self._systemd.watchdog or BEAT) / 4),
            )
            # An alarm about a database that is no longer configured would stay for ever.
            core.begin(back, [] if copier else [Condition("influx", False, "no InfluxDB is configured")])
            house.enter_context(link)
            house.enter_context(self._core_thread(core))
            house.enter_context(messenger)
            if copier is not None:
                house.enter_context(copier)
            house.enter_context(
                ControlServer(plan.socket, self.put, failed=self._failed, asked=self._requested)
            )
            if door is not None and plan.web is not None:
                pages = self._pages(core, outside)
                house.enter_context(
                    WebServer(door, pages, failed=self._failed, proxy=plan.web.proxy, leaving=pages.leave)
                )
            for hook in plan.webhooks:
                sender = Webhook(
                    hook, plan.site.id, self.journal.reader, self.put, self._clock, failed=self._failed
                )
                house.enter_context(sender)
            if plan.heartbeat is not None:
                house.enter_context(Heartbeat(plan.heartbeat, lambda: self._works(core), failed=self._failed))
            daily = plan.daily.at if plan.daily else None
            house.enter_context(Timer(self.put, daily=daily, zone=plan.site.zone, failed=self._failed))
            log.info("watching %d points of %s", len(plan.site.points), plan.site.name)
            self._systemd.ready()
            ready()
            self._over.wait()
            self._systemd.stopping()
            log.info("stopping")
        if self._error is not None:
            raise Ended(f"{type(self._error).__name__}: {self._error}") from self._error

    def _outside(self) -> Outside:
        """Return how the pages are reached: from elsewhere only if somebody can log in."""
        web = self._plan.web
        if web is None or _of_this_machine(web.host):
            return Outside(web.public_url if web else None)
        with self.journal.reader() as reader:
            accounts = reader.accounts()
        if any(account.password and not account.disabled for account in accounts.values()):
            return Outside(web.public_url, elsewhere=True)
        # To watch matters more than to be seen.
        log.warning(
            "nobody can log in yet: pages are served at %s instead of %s; give an administrator a password"
            " with: hdmonitor people password PERSON, then restart",
            LOOPBACK,
            web.host,
        )
        return Outside(web.public_url)

    def _pages(self, core: Core, outside: Outside) -> Pages:
        return Pages(
            Desk(
                self._plan.site,
                self.journal.reader,
                now=self._clock.now,
                status=lambda: core.status,
                waiting=self._inbox.qsize,
                copies=self._plan.influx is not None,
                put=self.put,
                seals=self._seals,
                outside=outside,
                programme=self._plan.programme,
            )
        )

    def _requested(self, request: object) -> Act | Entry | str:
        """Return what the command line asks for: an act, or a change of an account."""
        if not isinstance(request, dict) or request.get("do") not in ("account", "drugs"):
            act = act_asked(request)
            named = act.completion.attachments if isinstance(act, Complete) else ()
            return missing(self.journal.path.parent / FOLDER, named) or act
        if request["do"] == "drugs":
            return drugs_asked(request)
        try:
            with self.journal.reader() as reader:
                return account_asked(request, self._plan.site, reader.accounts())
        except JournalRefused as refused:
            return str(refused)

    def _works(self, core: Core) -> bool:
        """Tell whether everything vital works, as `/healthz` does."""
        try:
            with self.journal.reader() as reader:
                owing = reader.owing(self._plan.site.destinations)
        except JournalRefused:
            return False
        copies = self._plan.influx is not None
        return health(core.status, owing, steady=monotonic(), now=self._clock.now(), copies=copies).works

    def _copier(self) -> Copier | None:
        if self._plan.influx is None:
            return None
        return Copier(
            self._plan.influx,
            self._plan.site,
            self.journal.reader,
            self.put,
            bad_line=lambda line, reason: self.put(BadLine(line, reason)),
            failed=self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        """End the program: a part that is dead must not look alive."""
        known = isinstance(error, JournalRefused)
        log.error("a part failed: %s: %s", type(error).__name__, error, exc_info=None if known else error)
        self._error = self._error or error
        self._over.set()

    @contextmanager
    def _core_thread(self, core: Core) -> Iterator[None]:
        """Run the core; on leaving, let it drain what came before `Stop`."""
        thread = threading.Thread(target=self._live, args=(core,), name="core", daemon=True)
        thread.start()
        try:
            yield
        finally:
            deadline = monotonic() + STOP_WITHIN
            if thread.is_alive():
                with suppress(Full):  # the core stands still, and the inbox has filled up before it
                    self._inbox.put(Stop(), timeout=STOP_WITHIN)
                thread.join(max(0.0, deadline - monotonic()))
            self._drained.set()
            if thread.is_alive():
                self._error = self._error or Ended(f"the core did not come to its end in {STOP_WITHIN:.0f} s")
            elif self._error is None:
                self.journal.checkpoint()

    def _live(self, core: Core) -> None:
        try:
            core.run()
        except JournalRefused as error:
            self._last_gasp(str(error))
            self._failed(error)
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._last_gasp(f"{type(error).__name__}: {error}")
            self._failed(error)

    def _last_gasp(self, why: str) -> None:
        """Tell the first destination directly that nothing more can be written or judged."""
        for url in list(self._plan.urls.values())[:1]:
            title = "hdmonitor STOPPED: nothing is watched"
            send_now(url, title, f"{why:.110}. Read the gauges, call IT.")


def _of_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(web: Web, outside: Outside) -> str:
    return web.host if outside.elsewhere or _of_this_machine(web.host) else LOOPBACK


def _rooms(site: Site) -> dict[str, str]:
    """Name the room of each point, as people call it."""
    return {
        id_: site.rooms[point.room].name for id_, point in site.points.items() if point.room in site.rooms
    }


def _remembered(state: object) -> list[str]:
    return [str(topic) for topic in state] if isinstance(state, list) else []


def install_signals(stop: Callable[[], None]) -> None:
    """End the daemon in order on SIGTERM and SIGINT."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
